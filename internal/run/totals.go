package run

import (
	"context"
	"fmt"
	"time"
)

// Totals is what all runs there are have used so far.
type Totals struct {
	InputTokens, OutputTokens int64
	Seconds                   float64 // of all attempts, those that are on included
	CostUSD                   float64
}

// Totals sums up all runs; now is where attempts that are on are cut off.
func (s *Store) Totals(ctx context.Context, now time.Time) (Totals, error) {
	var t Totals
	if s.db == nil {
		return t, nil
	}
	err := s.db.QueryRowContext(ctx, `select coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cost_usd), 0.0) from runs`).
		Scan(&t.InputTokens, &t.OutputTokens, &t.CostUSD)
	if err == nil {
		err = s.db.QueryRowContext(ctx, `select coalesce(sum(max(0, (julianday(coalesce(ended_at, ?)) - julianday(started_at)) * 86400)), 0.0) from attempts`, at(now)).
			Scan(&t.Seconds)
	}
	if err != nil {
		return t, fmt.Errorf("sum up runs: %w", err)
	}
	return t, nil
}
