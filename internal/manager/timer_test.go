package manager

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tasks/internal/run"
	"tasks/internal/store"
	"tasks/internal/task"
)

// looping runs the loop over a real queue in a bubble of time.
func looping(t *testing.T, spawn func(s *run.Store) Spawn, test func(t *testing.T, m *Manager, looks func() int)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.Context(), filepath.Join(dir, "tasks"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		runs := run.New(db)
		var mu sync.Mutex
		n := 0
		c := Config{Runs: runs, StateDir: db.Dir, Kill: func(context.Context, *run.Run) ([]int, error) { return nil, nil }}
		if spawn != nil {
			c.Spawn = spawn(runs)
		}
		m := New(c)
		m.agent.at = time.Now() // no program is asked for its version
		m.alive = func(int, string) bool { return false }
		m.see = func(ctx context.Context) (World, error) {
			mu.Lock()
			n++
			mu.Unlock()
			all, err := runs.LatestAll(ctx)
			return World{At: time.Now(), Runs: all, Tasks: []*task.Task{{Slug: "a", Path: "tasks/a.md", Status: task.Ready}}}, err
		}
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { m.loop(ctx, wg.Go) })
		test(t, m, func() int {
			mu.Lock()
			defer mu.Unlock()
			return n
		})
		stop()
		wg.Wait()
	})
}

func TestAnIdleLoopLooksOnceABeat(t *testing.T) {
	looping(t, nil, func(t *testing.T, m *Manager, looks func() int) {
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		if n := looks(); n != 21 {
			t.Errorf("it looked %d times in ten minutes", n)
		}
		before := looks()
		m.TasksChanged()
		synctest.Wait()
		if looks() != before+1 {
			t.Error("it did not look when it was told of a change")
		}
		if next := m.nextBeat(); next == nil || next.Sub(time.Now()) > 30*time.Second || next.Before(time.Now()) {
			t.Errorf("the next beat is at %v", next)
		}
	})
}

func TestTheLoopWakesWhenALeaseLapsesAndWhenARetryIsDue(t *testing.T) {
	var took []time.Duration
	var began time.Time
	spawn := func(s *run.Store) Spawn {
		return func(ctx context.Context, id, token string) (int, error) {
			took = append(took, time.Since(began))
			_, err := s.Take(ctx, id, token, 1<<30, "gone", time.Now())
			return os.Getpid(), err
		}
	}
	looping(t, spawn, func(t *testing.T, m *Manager, looks func() int) {
		synctest.Wait()
		began = time.Now()
		if _, _, err := m.Runs.Enqueue(t.Context(), run.Run{Slug: "a", Path: "tasks/a.md", QueuedAt: began}); err != nil {
			t.Fatal(err)
		}
		m.TasksChanged()
		// Each supervisor is gone at once: ten seconds for its lease, one until the next.
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(took) != maxCrashes {
			t.Fatalf("%d supervisors: %v", len(took), took)
		}
		for i, d := range took {
			want := time.Duration(i) * (run.LeaseTime + crashDelay)
			if d < want || d > want+time.Duration(i)*100*time.Millisecond {
				t.Errorf("supervisor %d came after %s, want %s", i, d, want)
			}
		}
		r, err := m.Runs.Latest(t.Context(), "a")
		if err != nil || r.State != run.Failed || r.Reason == nil {
			t.Errorf("%+v %v", r, err)
		}
		if n := looks(); n > 45 {
			t.Errorf("it looked %d times in two minutes", n)
		}
	})
}

func TestABeatsJSONIsTheContracts(t *testing.T) {
	failed := "no"
	data, err := json.Marshal(Beat{DryRun: true, Actions: []*Did{
		{Action: Action{Key: "hold:r:limit", Verb: Hold, Slug: "a", Run: "r", Reason: "full", r: &run.Run{}}, Result: Planned},
		{Action: Action{Key: "prune:x", Verb: Prune, Reason: "gone"}, Result: Failed, Error: &failed},
	}})
	want := `{"dry_run":true,"actions":[` +
		`{"key":"hold:r:limit","verb":"hold","slug":"a","run":"r","reason":"full","result":"planned","error":null},` +
		`{"key":"prune:x","verb":"prune","slug":null,"run":null,"reason":"gone","result":"failed","error":"no"}]}`
	if err != nil || string(data) != want {
		t.Errorf("%s\n%s\n%v", data, want, err)
	}
}
