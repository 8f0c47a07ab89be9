package manager

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tasks/internal/run"
	"tasks/internal/store"
)

// A supervisor may take its lease, and end, between the look at the run and the look at
// the process: that it could not start is not so then.
func TestASupervisorThatWasFasterThanTheLookHasStarted(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tasks"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	runs, between := run.New(db), func() {}
	m := New(Config{Runs: runs, StateDir: db.Dir, Now: func() time.Time { between(); return time.Now() }})
	r, _, err := runs.Enqueue(t.Context(), run.Run{Slug: "a", Path: "tasks/a.md", Base: "main", Hash: "h"})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := runs.Claim(t.Context(), r.ID, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	between = func() { // the time is asked for when the claim is to be given back
		once.Do(func() {
			on, err := runs.Take(t.Context(), r.ID, token, 1<<30, "gone", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			on.State, on.Reason = run.Review, &run.Reason{Code: run.Finished, Text: "done"}
			if err := runs.Finish(t.Context(), on, token, run.Attempt{N: 1, Outcome: run.Done}, time.Now()); err != nil {
				t.Fatal(err)
			}
		})
	}
	if got, err := m.taken(t.Context(), r.ID, token, 1<<30); err != nil || got.State != run.Review {
		t.Errorf("%+v, %v", got, err)
	}
}

// Two that ask at once whether a loop looks at the queue are none.
func TestWhoAsksForTheLoopIsNoLoop(t *testing.T) {
	m := New(Config{StateDir: t.TempDir()})
	name := filepath.Join(m.StateDir, loopFile)
	if err := os.WriteFile(name, []byte("123\n"), 0o600); err != nil { // of a loop that has ended
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if free, err := tryShared(f); !free || err != nil {
		t.Fatal(free, err)
	}
	if pid, on := m.looped(); on {
		t.Errorf("process %d, which has ended, is taken for a loop", pid)
	}
	f.Close()
	place := m.hold()
	defer place.Close()
	if pid, on := m.looped(); !on || pid != os.Getpid() {
		t.Errorf("%d %v", pid, on)
	}
}

// What is changed before the watch stands, nobody tells of: the loop looks then.
func TestAWatchThatBeginsLooks(t *testing.T) {
	m := New(Config{StateDir: t.TempDir()})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for what, watch := range map[string]func(context.Context, func()) error{"watched": m.Watch, "polled": m.poll} {
		told, ended := make(chan bool, 9), make(chan error, 1)
		go func() { ended <- watch(ctx, func() { told <- true }) }()
		select {
		case <-told:
		case err := <-ended:
			t.Fatalf("%s: %v", what, err)
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: it did not look", what)
		}
	}
}
