package run

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"tasks/internal/fault"
)

const (
	// LeaseTime is how long a claim or a lease holds without being renewed.
	LeaseTime = 10 * time.Second
	// RenewEvery is how often a supervisor renews its lease.
	RenewEvery = 3 * time.Second
)

// ErrLost says that the lease is another's by now, or nobody's: whoever gets it must end
// its agent and touch nothing any more.
var ErrLost = fault.New(fault.Conflict, "the run is no longer this supervisor's: its lease was lost")

// Claim reserves a queued or retrying run for one supervisor and returns the lease's
// token, which that supervisor takes with Take. Not ok where the run is not to be
// started any more, or was claimed by another. The claim lapses after LeaseTime.
func (s *Store) Claim(ctx context.Context, id string, now time.Time) (token string, ok bool, err error) {
	if s.db == nil {
		return "", false, nil
	}
	var b [16]byte
	rand.Read(b[:])
	token = hex.EncodeToString(b[:])
	n, err := s.exec(ctx, "claim", id, `update runs set state = 'dispatching', lease = ?, lease_until = ?, pid = 0, pid_start = '',
		phase = 'preparing', stop = '', retry_at = null, reason_code = '', reason_text = '', ended_at = null
		where id = ? and lease = '' and state in ('queued','retrying')`, token, at(now.Add(LeaseTime)), id)
	return token, n == 1, err
}

// Unclaim gives back a claim that no supervisor took: the run waits again as it did.
func (s *Store) Unclaim(ctx context.Context, id, token string, reason *Reason, retryAt time.Time) (bool, error) {
	why := orEmpty(reason)
	n, err := s.exec(ctx, "unclaim", id, `update runs set state = case attempt when 0 then 'queued' else 'retrying' end,
		lease = '', lease_until = null, phase = '', reason_code = ?, reason_text = ?, retry_at = ?
		where id = ? and lease = ? and state = 'dispatching' and pid = 0`, why.Code, why.Text, at(retryAt), id, token)
	return n == 1, err
}

// Take makes the claimed run the supervisor's, running, with its next attempt, and
// returns it. ErrLost where the claim has lapsed or is another's.
func (s *Store) Take(ctx context.Context, id, token string, pid int, pidStart string, now time.Time) (*Run, error) {
	if s.db == nil {
		return nil, ErrLost
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("take run %s: %w", id, err)
	}
	defer tx.Rollback()
	res, err := tx.ExecContext(ctx, `update runs set state = 'running', attempt = attempt + 1, pid = ?, pid_start = ?,
		lease_until = ?, started_at = coalesce(started_at, ?), event_at = null
		where id = ? and lease = ? and state = 'dispatching'`, pid, pidStart, at(now.Add(LeaseTime)), at(now), id, token)
	if err != nil {
		return nil, fmt.Errorf("take run %s: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return nil, errors.Join(ErrLost, err)
	}
	r, err := one(ctx, tx, `where r.id = ?`, id)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, `insert into attempts (run, n, worker, session, started_at) values (?, ?, ?, ?, ?)`,
		id, r.Attempt, r.Worker, r.Session, at(now)); err != nil {
		return nil, fmt.Errorf("take run %s: %w", id, err)
	}
	if err := tx.Commit(); err != nil {
		return nil, fmt.Errorf("take run %s: %w", id, err)
	}
	return r, nil
}

// Renew holds the lease for another LeaseTime, and tells why the run is asked to end,
// "" where it is not. ErrLost where the lease is gone.
func (s *Store) Renew(ctx context.Context, id, token string, now time.Time) (stop string, err error) {
	if s.db == nil {
		return "", ErrLost
	}
	err = s.db.QueryRowContext(ctx, `update runs set lease_until = ? where id = ? and lease = ? returning stop`,
		at(now.Add(LeaseTime)), id, token).Scan(&stop)
	if isNone(err) {
		return "", ErrLost
	}
	if err != nil {
		return "", fmt.Errorf("renew run %s: %w", id, err)
	}
	return stop, nil
}

// Save writes what a supervisor changes of its run: state, reason, phase, worker, session,
// branch, worktree, commits, port, use, time of the newest event. ErrLost where the
// lease is gone.
func (s *Store) Save(ctx context.Context, r *Run, token string) error {
	why := orEmpty(r.Reason)
	n, err := s.exec(ctx, "save", r.ID, `update runs set state = ?, reason_code = ?, reason_text = ?, phase = ?, worker = ?, session = ?,
		branch = ?, worktree = ?, begin = ?, head = ?, port = ?, turns = ?, input_tokens = ?, output_tokens = ?, cost_usd = ?, event_at = ?
		where id = ? and lease = ?`,
		r.State, why.Code, why.Text, r.Phase, r.Worker, r.Session, r.Branch, r.Worktree, r.Begin, r.Head, r.Port,
		r.Turns, r.InputTokens, r.OutputTokens, r.CostUSD, at(r.EventAt), r.ID, token)
	if err == nil && n != 1 {
		err = ErrLost
	}
	return err
}

// Finish ends the attempt: the run goes to r.State with r.Reason (retrying at r.RetryAt,
// review, failed, interrupted), the lease is given back, open questions lapse. ErrLost
// where the lease is gone.
func (s *Store) Finish(ctx context.Context, r *Run, token string, a Attempt, now time.Time) error {
	if s.db == nil {
		return ErrLost
	}
	if r.State.Leased() || r.State.Waiting() {
		return fmt.Errorf("finish run %s: %s is not the end of an attempt", r.ID, r.State)
	}
	if r.State != Retrying {
		r.EndedAt, r.RetryAt = now, time.Time{}
	}
	r.Phase, r.Lease, r.PID, r.PIDStart, r.Stop = "", "", 0, "", ""
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("finish run %s: %w", r.ID, err)
	}
	defer tx.Rollback()
	why := orEmpty(r.Reason)
	res, err := tx.ExecContext(ctx, `update runs set state = ?, reason_code = ?, reason_text = ?, phase = '', worker = ?, session = ?,
		branch = ?, worktree = ?, begin = ?, head = ?, port = ?, turns = ?, input_tokens = ?, output_tokens = ?, cost_usd = ?,
		event_at = ?, retry_at = ?, ended_at = ?, crashes = 0, lease = '', lease_until = null, pid = 0, pid_start = '', stop = ''
		where id = ? and lease = ?`,
		r.State, why.Code, why.Text, r.Worker, r.Session, r.Branch, r.Worktree, r.Begin, r.Head, r.Port,
		r.Turns, r.InputTokens, r.OutputTokens, r.CostUSD, at(r.EventAt), at(r.RetryAt), at(r.EndedAt), r.ID, token)
	if err != nil {
		return fmt.Errorf("finish run %s: %w", r.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrLost, err)
	}
	a.Run = r.ID
	if err := endAttempt(ctx, tx, a, now); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("finish run %s: %w", r.ID, err)
	}
	return nil
}

// Lose takes a lapsed lease from a supervisor that is gone, and moves the run to next
// (retrying at retryAt, or failed). Whoever calls it has made sure that nothing of the
// run's processes is left. Not ok where the lease was renewed, or is another's by now.
func (s *Store) Lose(ctx context.Context, id, token string, next State, reason Reason, retryAt, now time.Time) (bool, error) {
	if s.db == nil {
		return false, nil
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("lose run %s: %w", id, err)
	}
	defer tx.Rollback()
	var ended time.Time
	if next != Retrying {
		ended, retryAt = now, time.Time{}
	}
	res, err := tx.ExecContext(ctx, `update runs set state = ?, reason_code = ?, reason_text = ?, retry_at = ?, ended_at = ?,
		crashes = crashes + 1, phase = '', lease = '', lease_until = null, pid = 0, pid_start = '', stop = ''
		where id = ? and lease = ? and lease_until < ? and state in ('running','verifying')`,
		next, reason.Code, reason.Text, at(retryAt), at(ended), id, token, at(now))
	if err != nil {
		return false, fmt.Errorf("lose run %s: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return false, err
	}
	var last int
	if err := tx.QueryRowContext(ctx, `select attempt from runs where id = ?`, id).Scan(&last); err != nil {
		return false, fmt.Errorf("lose run %s: %w", id, err)
	}
	if err := endAttempt(ctx, tx, Attempt{Run: id, N: last, Outcome: Lost, Reason: &reason}, now); err != nil {
		return false, err
	}
	if err := tx.Commit(); err != nil {
		return false, fmt.Errorf("lose run %s: %w", id, err)
	}
	return true, nil
}

// AskStop asks the supervisor of a leased run to end it, for the reason why. Not ok where
// no supervisor holds it.
func (s *Store) AskStop(ctx context.Context, id, why string) (bool, error) {
	if s.db == nil {
		return false, nil
	}
	n, err := s.exec(ctx, "stop", id, `update runs set stop = ? where id = ? and lease <> '' and state in ('dispatching','running','verifying')`, why, id)
	return n == 1, err
}

// Move is every change of a run that no supervisor holds: from one of the states to the
// other. A zero retryAt is none; states that end a run get their time. Not ok where the
// run is in another state by now. Conflict where its task has another active run.
func (s *Store) Move(ctx context.Context, id string, from []State, to State, reason *Reason, retryAt, now time.Time) (bool, error) {
	if s.db == nil {
		return false, nil
	}
	var ended any
	switch {
	case to == Review || !to.Active():
		ended = at(now)
		retryAt = time.Time{}
	}
	args := []any{to, orEmpty(reason).Code, orEmpty(reason).Text, at(retryAt), ended, id}
	in := ""
	for i, f := range from {
		if i > 0 {
			in += ","
		}
		in += "?"
		args = append(args, f)
	}
	n, err := s.exec(ctx, "move", id, `update runs set state = ?, reason_code = ?, reason_text = ?, retry_at = ?, ended_at = ?, phase = '', stop = ''
		where id = ? and lease = '' and state in (`+in+`)`, args...)
	if isUnique(err) {
		return false, fault.New(fault.Conflict, "the run cannot go on: its task has another run that is on").
			WithHint("tasks runs shows it")
	}
	return n == 1, err
}

// SetLanded records the commit that brought the run onto its base.
func (s *Store) SetLanded(ctx context.Context, id, commit string) error {
	_, err := s.exec(ctx, "land", id, `update runs set landed = ? where id = ?`, commit, id)
	return err
}

// SetTree records branch, worktree and commits of a run that no supervisor holds, after a repair, a
// rebase or a removal. An empty worktree is none.
func (s *Store) SetTree(ctx context.Context, id, worktree, begin, head string) error {
	_, err := s.exec(ctx, "move", id, `update runs set worktree = ?, begin = ?, head = ? where id = ? and lease = ''`, worktree, begin, head, id)
	return err
}

// SetProof records whether the next attempt of a run is of verify alone.
func (s *Store) SetProof(ctx context.Context, id string, proof bool) error {
	_, err := s.exec(ctx, "mark", id, `update runs set proof = ? where id = ?`, proof, id)
	return err
}

// SetPull records what the forge said of the run's pull request.
func (s *Store) SetPull(ctx context.Context, id string, p Pull) error {
	_, err := s.exec(ctx, "pull request of", id, `update runs set pr_state = ?, pr_checks = ?, pr_conflicts = ? where id = ?`, p.State, p.Checks, p.Conflicts, id)
	return err
}

// SetPR records the pull request of a run; of another one than before nothing is known yet.
func (s *Store) SetPR(ctx context.Context, id, url string) error {
	_, err := s.exec(ctx, "pull request of", id, `update runs set pr_url = ?1, pr_state = '', pr_checks = '', pr_conflicts = 0 where id = ?2 and pr_url <> ?1`, url, id)
	return err
}
