package web_test

import (
	"os"
	"testing"

	"tasks/internal/process"
)

func TestMain(m *testing.M) {
	if process.Guardian() {
		return
	}
	os.Exit(m.Run())
}
