package manager_test

import (
	"strings"
	"testing"

	"tasks/internal/manager"
)

// The queue is gone through by the priorities that the files have, not by those they had
// at kickoff: the page shows the new one, and who sets it means the order.
func TestANewPriorityMovesAWaitingRun(t *testing.T) {
	at := func(priority string) string {
		return strings.Replace(sheet("X", "ready", ""), "priority: p1", "priority: "+priority, 1)
	}
	root := repository(t, map[string]string{"tasks/a.md": at("p1"), "tasks/b.md": at("p1"), "tasks/c.md": at("p1")})
	m, began := supervised(t, root, nil)
	kickoff(t, m, "a", "b", "c")
	place := func(slug string, want int) {
		t.Helper()
		if r, err := m.Runs.Latest(t.Context(), slug); err != nil || r.Place != want {
			t.Errorf("%s: place %d, want %d, %v", slug, r.Place, want, err)
		}
	}
	write(t, root, "tasks/c.md", at("p0"))
	write(t, root, "tasks/a.md", at("p7")) // no priority: it keeps the one it had
	dry, err := m.Beat(t.Context(), manager.BeatOptions{Dispatch: true, DryRun: true})
	if err != nil || len(dry.Actions) != 3 || dry.Actions[0].Slug != "c" {
		t.Errorf("planned %+v, %v", dry, err)
	}
	place("c", 3)
	if _, err := m.Reconcile(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	place("c", 1)
	place("a", 2)
	beat(t, m)
	if got := strings.Join(*began, " "); got != "c a b" {
		t.Errorf("began %q", got)
	}
}
