package e2e

import (
	"os"
	"testing"
)

// sweep skips a test that goes through every page, in every form, where nobody has
// asked for it: ./check does, with TASKS_E2E set.
func sweep(t *testing.T) {
	t.Helper()
	if testing.Short() || os.Getenv("TASKS_E2E") == "" {
		t.Skip("skipped: it goes through every page, which takes minutes; TASKS_E2E=full runs it, and ./check does")
	}
}
