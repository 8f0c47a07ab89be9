package run_test

import (
	"math"
	"testing"
	"time"

	"tasks/internal/run"
)

func TestTotalsSumUpAllRuns(t *testing.T) {
	s, _ := open(t)
	now := time.Date(2026, 2, 3, 4, 5, 6, 789, time.UTC)
	var cost = 0.25
	for i, slug := range []string{"a", "b"} {
		id := enqueue(t, s, slug, "p1").ID
		token, ok, err := s.Claim(t.Context(), id, now)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		r, err := s.Take(t.Context(), id, token, 1, "x", now)
		if err != nil {
			t.Fatal(err)
		}
		r.InputTokens, r.OutputTokens, r.CostUSD = 100, 10, &cost
		if i == 0 { // one is on, one is over
			err = s.Save(t.Context(), r, token)
		} else {
			r.State = run.Failed
			err = s.Finish(t.Context(), r, token, run.Attempt{N: 1, Outcome: run.Fail}, now.Add(30*time.Second))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Totals(t.Context(), now.Add(90*time.Second))
	if err != nil || got.InputTokens != 200 || got.OutputTokens != 20 || got.CostUSD != 0.5 || math.Abs(got.Seconds-120) > 0.1 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := run.New(nil).Totals(t.Context(), now); err != nil || got != (run.Totals{}) {
		t.Errorf("without a database: %+v, %v", got, err)
	}
}
