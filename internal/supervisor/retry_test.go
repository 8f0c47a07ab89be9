package supervisor

import (
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/run"
)

// The wait before an attempt doubles from the first on, and the limit of the longest one
// holds; an agent that asks for more gets it.
func TestRetriesAreSpaced(t *testing.T) {
	h := newHouse(t, `exit 3`)
	m := config.Manager{Attempts: 9, RetryDelay: 10 * time.Second, RetryMax: 60 * time.Second}
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	h.config.Settings.Manager.Attempts = 9
	r := h.queue("")
	for n, want := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, time.Minute} {
		got := h.attempt(r.ID) // a real one, whose own wait is short
		if got.Attempt != n+1 {
			t.Fatalf("attempt %d, want %d", got.Attempt, n+1)
		}
		s := &supervisor{Config: h.config, run: got, limits: m}
		s.Now = func() time.Time { return now }
		s.planRetry(t.Context(), got, end{reason: &run.Reason{}})
		if wait := got.RetryAt.Sub(now); wait != want {
			t.Errorf("after attempt %d: %s, want %s", got.Attempt, wait, want)
		}
		s.planRetry(t.Context(), got, end{reason: &run.Reason{}, after: time.Hour})
		if wait := got.RetryAt.Sub(now); wait != time.Hour {
			t.Errorf("after attempt %d: %s, and an hour was asked for", got.Attempt, wait)
		}
	}
}
