package manager_test

import (
	"context"
	"fmt"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/runlog"
)

// looked is a tree of which each look gives another commit, or an error.
type looked struct {
	looks int
	fails map[int]error
}

func (l *looked) Glance(context.Context, string, string) (string, error) {
	l.looks++
	return fmt.Sprint("seen ", l.looks), l.fails[l.looks]
}
func (l *looked) Remove(context.Context, string, string) (string, error) { return "", nil }
func (l *looked) Prune(context.Context) error                            { return nil }

// TestWhatAnAgentSaidIsSeen: a page asked for when the agent has said what it did shows it, also
// where another page was asked for just before it did it.
func TestWhatAnAgentSaidIsSeen(t *testing.T) {
	trees := &looked{fails: map[int]error{3: fault.New(fault.Internal, "a file went meanwhile"), 5: fault.New(fault.Unavailable, "too much")}}
	m := open(t, repository(t, nil), manager.Config{Trees: trees})
	r := &run.Run{ID: "r1", Slug: "alpha", Begin: "b", Head: "h", State: run.Running, Worktree: "/w"}
	log, err := runlog.Open(run.Dir(m.StateDir, r.ID), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for i, want := range []string{"seen 1", "seen 2", "seen 4", "h"} {
		if _, err := log.Append(runlog.Event{Type: runlog.Text, Text: "I have written a file"}); err != nil {
			t.Fatal(err)
		}
		if _, to, err := m.Span(t.Context(), r); err != nil || to != want {
			t.Errorf("look %d: %q, %v; want %q", i+1, to, err, want)
		}
	}
}
