package run

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/store"
)

// Store holds the runs of one checkout. Safe for concurrent use, also beside other
// processes.
type Store struct {
	db *store.DB
}

// New makes a store; a nil db is an empty one that cannot be written.
func New(db *store.DB) *Store { return &Store{db: db} }

// Ready tells whether there is a database to write to.
func (s *Store) Ready() bool { return s.db != nil }

// stamp is the form of times in the database: UTC, of one width, so that they sort.
const stamp = "2006-01-02T15:04:05.000000000Z"

const (
	// queue numbers the waiting runs by priority, age and slug, as the manager takes them.
	// The place is counted anew on each read, so it is never stale.
	queue = `with queue(id, n) as (
		select id, row_number() over (order by case priority when '' then 'p2' else priority end, queued_at, slug, id)
		from runs where state in ('queued','blocked')) `

	// columns are in the order of scan; %s is the worksheet.
	columns = `r.id, r.slug, r.path, r.state, r.reason_code, r.reason_text, coalesce(queue.n, 0),
		r.attempt, r.worker, r.session, r.branch, r.base, r.worktree, %s, r.hash, r.note, r.source,
		r.priority, r.cost_usd, r.pr_url, r.pr_state, r.pr_checks, r.pr_conflicts, r.queued_at, r.started_at, r.ended_at,
		r.title, r.workstream, r.owner, r.lease, r.lease_until, r.pid, r.pid_start, r.phase, r.retry_at, r.crashes,
		r.begin, r.head, r.port, r.turns, r.input_tokens, r.output_tokens, r.event_at, r.stop, r.landed, r.proof`

	from = ` from runs r left join queue on queue.id = r.id `
)

var (
	// selectRun is of one run: its place is counted by itself, where it has one.
	selectRun  = "select " + strings.Replace(fmt.Sprintf(columns, "r.worksheet"), "coalesce(queue.n, 0)", "0", 1) + " from runs r "
	selectBare = queue + "select " + fmt.Sprintf(columns, "null") + from
)

// Enqueue records a queued run, or a blocked one where r.State says so. Where the
// task has an active run already it returns that one and false. The id is made
// here; a zero QueuedAt is now.
func (s *Store) Enqueue(ctx context.Context, r Run) (Run, bool, error) {
	if s.db == nil {
		return Run{}, false, fault.New(fault.Unavailable, "cannot queue %s: there is no database", r.Slug)
	}
	if r.QueuedAt.IsZero() {
		r.QueuedAt = time.Now()
	}
	if r.State == "" {
		r.State = Queued
	}
	if !r.State.Waiting() {
		return Run{}, false, fmt.Errorf("enqueue %s: state %q is not one of the queue", r.Slug, r.State)
	}
	if r.Reason == nil {
		r.Reason = &Reason{}
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return Run{}, false, fmt.Errorf("enqueue %s: %w", r.Slug, err)
	}
	defer tx.Rollback()
	active, err := one(ctx, tx, `where r.slug = ? and r.state in ('queued','blocked','dispatching','running','retrying','verifying','review')`, r.Slug)
	if err != nil {
		return Run{}, false, err
	}
	if active != nil {
		return *active, false, nil
	}
	r.ID = newID(r.QueuedAt)
	_, err = tx.ExecContext(ctx, `insert into runs
		(id, slug, path, state, reason_code, reason_text, place, worker, branch, base,
		 worksheet, hash, note, source, priority, queued_at, title, workstream, owner)
		values (?, ?, ?, ?, ?, ?, (select coalesce(max(place), 0) + 1 from runs), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.Slug, r.Path, r.State, r.Reason.Code, r.Reason.Text, r.Worker, r.Branch, r.Base,
		notNil(r.Worksheet), r.Hash, r.Note, r.Source, r.Priority, r.QueuedAt.UTC().Format(stamp), r.Title, r.Workstream, r.Owner)
	if err != nil {
		return Run{}, false, fmt.Errorf("enqueue %s: %w", r.Slug, err)
	}
	made, err := one(ctx, tx, `where r.id = ?`, r.ID)
	if err != nil {
		return Run{}, false, err
	}
	if err := tx.Commit(); err != nil {
		return Run{}, false, fmt.Errorf("enqueue %s: %w", r.Slug, err)
	}
	return *made, true, nil
}

// Unqueue takes a queued or blocked run of slug out and returns it as it was; it
// never began, so nothing of it is kept. NotFound where there is none, Conflict
// where it is past the queue.
func (s *Store) Unqueue(ctx context.Context, slug string) (Run, error) {
	none := fault.New(fault.NotFound, "%s is not in the queue", slug)
	if s.db == nil {
		return Run{}, none
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return Run{}, fmt.Errorf("unqueue %s: %w", slug, err)
	}
	defer tx.Rollback()
	r, err := one(ctx, tx, `where r.slug = ? order by r.place desc limit 1`, slug)
	switch {
	case err != nil:
		return Run{}, err
	case r == nil || !r.State.Active():
		return Run{}, none
	case !r.State.Waiting():
		return Run{}, fault.New(fault.Conflict, "%s cannot be taken out of the queue: its run is %s already", slug, r.State).
			WithHint("tasks run stop %s ends the run", slug)
	}
	if _, err := tx.ExecContext(ctx, `delete from runs where id = ?`, r.ID); err != nil {
		return Run{}, fmt.Errorf("unqueue %s: %w", slug, err)
	}
	if err := tx.Commit(); err != nil {
		return Run{}, fmt.Errorf("unqueue %s: %w", slug, err)
	}
	return *r, nil
}

// Hold moves a waiting run between queued (reason nil) and blocked. It tells
// whether it did: a run that has left the queue meanwhile is left alone.
func (s *Store) Hold(ctx context.Context, id string, reason *Reason) (bool, error) {
	if s.db == nil {
		return false, nil
	}
	state, why := Queued, Reason{}
	if reason != nil {
		state, why = Blocked, *reason
	}
	res, err := s.db.ExecContext(ctx, `update runs set state = ?, reason_code = ?, reason_text = ?
		where id = ? and state in ('queued','blocked')`, state, why.Code, why.Text, id)
	if err != nil {
		return false, fmt.Errorf("hold run %s: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// Latest is the newest run of slug, nil where there is none.
func (s *Store) Latest(ctx context.Context, slug string) (*Run, error) {
	if s.db == nil {
		return nil, nil
	}
	return one(ctx, s.db, `where r.slug = ? order by r.place desc limit 1`, slug)
}

// LatestAll is the newest run of every task that has one, by slug, without the
// worksheets' bytes.
func (s *Store) LatestAll(ctx context.Context) (map[string]*Run, error) {
	out := map[string]*Run{}
	if s.db == nil {
		return out, nil
	}
	rows, err := s.db.QueryContext(ctx, selectBare+`
		where r.place in (select max(place) from runs group by slug)`)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out[r.Slug] = r
	}
	return out, rows.Err()
}

// querier is what a database and a transaction share.
type querier interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// one reads the run that the clause finds, nil where there is none.
func one(ctx context.Context, q querier, clause string, args ...any) (*Run, error) {
	r, err := scan(q.QueryRowContext(ctx, selectRun+clause, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil || !r.State.Waiting() {
		return r, err
	}
	err = q.QueryRowContext(ctx, `select count(*) from runs where state in ('queued','blocked')
		and (case priority when '' then 'p2' else priority end, queued_at, slug, id) <= (?, ?, ?, ?)`,
		cmp.Or(r.Priority, "p2"), r.QueuedAt.UTC().Format(stamp), r.Slug, r.ID).Scan(&r.Place)
	if err != nil {
		return nil, fmt.Errorf("read run %s: %w", r.ID, err)
	}
	return r, nil
}

// Held is where a waiting run goes: blocked for the reason, or queued for none.
type Held struct {
	ID     string
	Reason *Reason
}

// HoldAll is Hold of many at once.
func (s *Store) HoldAll(ctx context.Context, all []Held) error {
	if s.db == nil || len(all) == 0 {
		return nil
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("hold runs: %w", err)
	}
	defer tx.Rollback()
	change, err := tx.PrepareContext(ctx, `update runs set state = ?, reason_code = ?, reason_text = ?
		where id = ? and state in ('queued','blocked')`)
	if err != nil {
		return fmt.Errorf("hold runs: %w", err)
	}
	defer change.Close()
	for _, h := range all {
		state := Queued
		if h.Reason != nil {
			state = Blocked
		}
		why := orEmpty(h.Reason)
		if _, err := change.ExecContext(ctx, state, why.Code, why.Text, h.ID); err != nil {
			return fmt.Errorf("hold run %s: %w", h.ID, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("hold runs: %w", err)
	}
	return nil
}

// Reorder gives waiting runs, by their ids, another priority.
func (s *Store) Reorder(ctx context.Context, priorities map[string]string) error {
	if s.db == nil || len(priorities) == 0 {
		return nil
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("reorder runs: %w", err)
	}
	defer tx.Rollback()
	for id, priority := range priorities {
		if _, err := tx.ExecContext(ctx, `update runs set priority = ? where id = ? and state in ('queued','blocked')`, priority, id); err != nil {
			return fmt.Errorf("reorder run %s: %w", id, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("reorder runs: %w", err)
	}
	return nil
}

func scan(row interface{ Scan(...any) error }) (*Run, error) {
	var (
		r              Run
		reason         Reason
		queued         string
		started, ended sql.NullString
		lease, retry   sql.NullString
		event          sql.NullString
	)
	err := row.Scan(&r.ID, &r.Slug, &r.Path, &r.State, &reason.Code, &reason.Text, &r.Place,
		&r.Attempt, &r.Worker, &r.Session, &r.Branch, &r.Base, &r.Worktree,
		&r.Worksheet, &r.Hash, &r.Note, &r.Source, &r.Priority, &r.CostUSD, &r.PRURL, &r.Pull.State, &r.Pull.Checks, &r.Pull.Conflicts,
		&queued, &started, &ended,
		&r.Title, &r.Workstream, &r.Owner, &r.Lease, &lease, &r.PID, &r.PIDStart, &r.Phase, &retry, &r.Crashes,
		&r.Begin, &r.Head, &r.Port, &r.Turns, &r.InputTokens, &r.OutputTokens, &event, &r.Stop, &r.LandedAs, &r.Proof)
	if err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	if reason.Code != "" {
		r.Reason = &reason
	}
	var e [6]error
	r.QueuedAt, e[0] = instant(queued)
	r.StartedAt, e[1] = instant(started.String)
	r.EndedAt, e[2] = instant(ended.String)
	r.LeaseUntil, e[3] = instant(lease.String)
	r.RetryAt, e[4] = instant(retry.String)
	r.EventAt, e[5] = instant(event.String)
	if err := errors.Join(e[:]...); err != nil {
		return nil, fmt.Errorf("read run %s: %w", r.ID, err)
	}
	return &r, nil
}

// instant reads a stamp; the zero time for none.
func instant(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(stamp, text)
}

// notNil keeps an empty worksheet from being written as null.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Lately is the runs of which something is told within the bounds (both included;
// a zero one is none): queued, started or ended. The newest kickoffs first, at most
// limit, without the worksheets' bytes.
func (s *Store) Lately(ctx context.Context, since, until time.Time, limit int) ([]*Run, error) {
	if s.db == nil {
		return nil, nil
	}
	if until.IsZero() {
		until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	from, to := since.UTC().Format(stamp), until.UTC().Format(stamp)
	rows, err := s.db.QueryContext(ctx, selectBare+`
		where r.queued_at between ? and ? or r.started_at between ? and ? or r.ended_at between ? and ?
		order by r.place desc limit ?`, from, to, from, to, from, to, limit)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	defer rows.Close()
	var list []*Run
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
