package run

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// The outcomes of an attempt.
const (
	Done   = "finished" // the agent ended as one that is done
	Fail   = "failed"
	Halted = "stopped" // a person or a message ended it
	Lost   = "lost"    // its supervisor was lost
)

// Attempt is one agent session's work between two states of rest. Outcome is "" while it
// is on.
type Attempt struct {
	Run             string
	N               int
	Worker, Session string
	StartedAt       time.Time
	EndedAt         time.Time // zero while it is on
	Outcome         string
	Reason          *Reason
	ExitCode        *int   // nil where the program did not end by itself
	LastWords       string // the end of what it said, at most 2 KB
	Commits         []string
	Turns           int
	InputTokens     int64
	OutputTokens    int64
	CostUSD         *float64
}

// execer is what a database and a transaction share.
type execer interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}

// endAttempt writes how the attempt a.N of a.Run ended, and lets its questions lapse.
func endAttempt(ctx context.Context, x execer, a Attempt, now time.Time) error {
	why := orEmpty(a.Reason)
	_, err := x.ExecContext(ctx, `update attempts set ended_at = ?, outcome = ?, reason_code = ?, reason_text = ?, exit_code = ?,
		last_words = ?, commits = ?, turns = ?, input_tokens = ?, output_tokens = ?, cost_usd = ?,
		worker = case ? when '' then worker else ? end, session = case ? when '' then session else ? end
		where run = ? and n = ? and ended_at is null`,
		at(now), a.Outcome, why.Code, why.Text, a.ExitCode, a.LastWords, strings.Join(a.Commits, " "),
		a.Turns, a.InputTokens, a.OutputTokens, a.CostUSD, a.Worker, a.Worker, a.Session, a.Session, a.Run, a.N)
	if err == nil {
		_, err = x.ExecContext(ctx, `update run_asks set state = 'lapsed', answered_at = ? where run = ? and state = 'open'`, at(now), a.Run)
	}
	if err != nil {
		return fmt.Errorf("end attempt %d of run %s: %w", a.N, a.Run, err)
	}
	return nil
}

// Attempts are those of a run, oldest first.
func (s *Store) Attempts(ctx context.Context, id string) ([]Attempt, error) {
	if s.db == nil {
		return nil, nil
	}
	rows, err := s.db.QueryContext(ctx, `select run, n, worker, session, started_at, coalesce(ended_at, ''), outcome, reason_code, reason_text,
		exit_code, last_words, commits, turns, input_tokens, output_tokens, cost_usd from attempts where run = ? order by n`, id)
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	defer rows.Close()
	var list []Attempt
	for rows.Next() {
		var a Attempt
		var started, ended, commits string
		var why Reason
		if err := rows.Scan(&a.Run, &a.N, &a.Worker, &a.Session, &started, &ended, &a.Outcome, &why.Code, &why.Text,
			&a.ExitCode, &a.LastWords, &commits, &a.Turns, &a.InputTokens, &a.OutputTokens, &a.CostUSD); err != nil {
			return nil, fmt.Errorf("read attempts: %w", err)
		}
		if why.Code != "" {
			a.Reason = &why
		}
		a.Commits = strings.Fields(commits)
		if a.StartedAt, err = instant(started); err == nil {
			a.EndedAt, err = instant(ended)
		}
		if err != nil {
			return nil, fmt.Errorf("read attempts: %w", err)
		}
		list = append(list, a)
	}
	return list, rows.Err()
}
