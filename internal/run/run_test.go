package run_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/store"
)

func open(t testing.TB) (*run.Store, *store.DB) {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tasks"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return run.New(db), db
}

func enqueue(t testing.TB, s *run.Store, slug, priority string) run.Run {
	t.Helper()
	r, fresh, err := s.Enqueue(t.Context(), run.Run{Slug: slug, Path: "tasks/" + slug + ".md", Hash: "h", Priority: priority})
	if err != nil || !fresh {
		t.Fatalf("Enqueue(%s) = %v, %v; want a fresh run", slug, fresh, err)
	}
	return r
}

func TestEnqueueKeepsWhatWasKickedOff(t *testing.T) {
	s, _ := open(t)
	want := run.Run{
		Slug: "a", Path: "tasks/a.md", Worksheet: []byte("---\r\n\xff bytes"), Hash: "hash", Note: "note",
		Source: "cli", Priority: "p1", Base: "main", QueuedAt: time.Date(2026, 2, 3, 4, 5, 6, 7000, time.FixedZone("", 3600)),
	}
	if _, _, err := s.Enqueue(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got, err := s.Latest(t.Context(), "a")
	if err != nil || got == nil {
		t.Fatalf("Latest = %v, %v", got, err)
	}
	if !bytes.Equal(got.Worksheet, want.Worksheet) || got.Hash != "hash" || got.Note != "note" || got.Source != "cli" || got.Base != "main" || got.Place != 1 || got.State != run.Queued || got.Reason != nil {
		t.Errorf("Latest = %+v", got)
	}
	if !got.QueuedAt.Equal(want.QueuedAt) || !got.StartedAt.IsZero() || !got.EndedAt.IsZero() {
		t.Errorf("times = %v, %v, %v", got.QueuedAt, got.StartedAt, got.EndedAt)
	}
	all, err := s.LatestAll(t.Context())
	if err != nil || len(all) != 1 || all["a"].ID != got.ID || all["a"].Worksheet != nil {
		t.Errorf("LatestAll = %v, %v", all, err)
	}
}

func TestPlaceIsByPriorityThenKickoff(t *testing.T) {
	s, db := open(t)
	for _, slug := range []string{"none", "low p3", "second p2", "urgent p0"} {
		name, priority := slug, ""
		fmt.Sscan(slug, &name, &priority)
		enqueue(t, s, name, priority)
	}
	if _, fresh, err := s.Enqueue(t.Context(), run.Run{Slug: "held", Priority: "p1", State: run.Blocked, Reason: &run.Reason{Code: run.Dependency, Text: "waits"}}); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	check := func(want map[string]int) {
		t.Helper()
		all, err := s.LatestAll(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for slug, place := range want {
			if all[slug].Place != place {
				t.Errorf("place of %s = %d, want %d", slug, all[slug].Place, place)
			}
			if one, err := s.Latest(t.Context(), slug); err != nil || one.Place != place {
				t.Errorf("Latest(%s) = %+v, %v; want place %d", slug, one, err, place)
			}
		}
	}
	check(map[string]int{"urgent": 1, "held": 2, "none": 3, "second": 4, "low": 5})
	if _, err := db.Exec("update runs set state = 'running' where slug = 'urgent'"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Unqueue(t.Context(), "none"); err != nil {
		t.Fatal(err)
	}
	check(map[string]int{"urgent": 0, "held": 1, "second": 2, "low": 3})
}

func TestOneActiveRunATask(t *testing.T) {
	s, db := open(t)
	first := enqueue(t, s, "a", "")
	for _, state := range []run.State{run.Queued, run.Blocked, run.Dispatching, run.Running, run.Retrying, run.Verifying, run.Review} {
		if !state.Active() {
			t.Errorf("%s is not active", state)
		}
		if _, err := db.Exec("update runs set state = ?", state); err != nil {
			t.Fatal(err)
		}
		again, fresh, err := s.Enqueue(t.Context(), run.Run{Slug: "a"})
		if err != nil || fresh || again.ID != first.ID || again.State != state {
			t.Errorf("while %s: Enqueue = %+v, %v, %v; want the first run", state, again, fresh, err)
		}
	}
	for _, state := range []run.State{run.Accepted, run.Rejected, run.Failed, run.Interrupted} {
		if state.Active() {
			t.Errorf("%s is active", state)
		}
		if _, err := db.Exec("update runs set state = ?", state); err != nil {
			t.Fatal(err)
		}
		next := enqueue(t, s, "a", "")
		if latest, err := s.Latest(t.Context(), "a"); err != nil || latest.ID != next.ID {
			t.Errorf("after %s: Latest = %v, %v; want the new run", state, latest, err)
		}
	}
}

func TestUnqueue(t *testing.T) {
	s, db := open(t)
	if _, err := s.Unqueue(t.Context(), "a"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("nothing there: %v, want not_found", err)
	}
	r := enqueue(t, s, "a", "")
	if got, err := s.Unqueue(t.Context(), "a"); err != nil || got.ID != r.ID || got.State != run.Queued {
		t.Errorf("Unqueue = %+v, %v", got, err)
	}
	if latest, err := s.Latest(t.Context(), "a"); latest != nil || err != nil {
		t.Errorf("Latest after Unqueue = %+v, %v; want none", latest, err)
	}
	enqueue(t, s, "a", "")
	for state, want := range map[run.State]fault.Code{run.Running: fault.Conflict, run.Review: fault.Conflict, run.Failed: fault.NotFound} {
		if _, err := db.Exec("update runs set state = ?", state); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Unqueue(t.Context(), "a"); fault.CodeOf(err) != want {
			t.Errorf("Unqueue while %s: %v, want %s", state, err, want)
		}
	}
}

func TestHoldMovesOnlyWaitingRuns(t *testing.T) {
	s, db := open(t)
	r := enqueue(t, s, "a", "")
	if ok, err := s.Hold(t.Context(), r.ID, &run.Reason{Code: run.Dependency, Text: "b is not completed"}); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if got, _ := s.Latest(t.Context(), "a"); got.State != run.Blocked || got.Reason == nil || got.Reason.Text != "b is not completed" {
		t.Errorf("held: %+v", got)
	}
	if ok, err := s.Hold(t.Context(), r.ID, nil); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if got, _ := s.Latest(t.Context(), "a"); got.State != run.Queued || got.Reason != nil {
		t.Errorf("let go: %+v", got)
	}
	if _, err := db.Exec("update runs set state = 'running'"); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Hold(t.Context(), r.ID, &run.Reason{Code: run.Limit}); ok || err != nil {
		t.Errorf("Hold of a running run = %v, %v; want false", ok, err)
	}
}

func TestWithoutADatabaseItIsEmpty(t *testing.T) {
	s := run.New(nil)
	if r, err := s.Latest(t.Context(), "a"); r != nil || err != nil {
		t.Error(r, err)
	}
	if all, err := s.LatestAll(t.Context()); len(all) != 0 || all == nil || err != nil {
		t.Error(all, err)
	}
	if _, err := s.Unqueue(t.Context(), "a"); fault.CodeOf(err) != fault.NotFound {
		t.Error(err)
	}
	if _, _, err := s.Enqueue(t.Context(), run.Run{Slug: "a"}); fault.CodeOf(err) != fault.Unavailable {
		t.Error(err)
	}
}

func TestKickoffsAtOnceMakeOneRun(t *testing.T) {
	s, _ := open(t)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		fresh int
		ids   = map[string]bool{}
	)
	for range 16 {
		wg.Go(func() {
			r, made, err := s.Enqueue(t.Context(), run.Run{Slug: "a"})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if made {
				fresh++
			}
			ids[r.ID] = true
		})
	}
	wg.Wait()
	if fresh != 1 || len(ids) != 1 {
		t.Errorf("%d fresh runs, %d ids; want one", fresh, len(ids))
	}
}

func TestIDsSortByTime(t *testing.T) {
	s, _ := open(t)
	last := ""
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 50 {
		r, _, err := s.Enqueue(t.Context(), run.Run{Slug: fmt.Sprint(i), QueuedAt: at.Add(time.Duration(i) * 777 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if r.ID <= last || len(r.ID) != 26 {
			t.Fatalf("id %q after %q", r.ID, last)
		}
		last = r.ID
	}
}

func TestJSONHasTheContractsKeys(t *testing.T) {
	var none *run.Run
	if b, _ := json.Marshal(none.JSON()); string(b) != "null" {
		t.Errorf("no run = %s, want null", b)
	}
	r := run.Run{ID: "1", Slug: "a", State: run.Queued, Place: 2, QueuedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	got, err := json.Marshal(r.JSON())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"1","slug":"a","state":"queued","reason":null,"place":2,"attempt":0,"worker":null,"session":null,"branch":null,"base":null,"worktree":null,"queued_at":"2026-01-02T03:04:05Z","started_at":null,"ended_at":null,"cost_usd":null,"pr_url":null,"pr":null}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func BenchmarkLatestAll(b *testing.B) {
	s, _ := open(b)
	for i := range 1000 {
		if _, _, err := s.Enqueue(b.Context(), run.Run{Slug: fmt.Sprint("t", i), Worksheet: make([]byte, 8000)}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := s.LatestAll(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
