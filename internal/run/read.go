package run

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Dir is the folder of a run below the state folder: its log, outputs and evidence.
func Dir(stateDir, id string) string { return filepath.Join(stateDir, "runs", id) }

// ByID is the run with the id, nil where there is none.
func (s *Store) ByID(ctx context.Context, id string) (*Run, error) {
	if s.db == nil {
		return nil, nil
	}
	return one(ctx, s.db, `where r.id = ?`, id)
}

// OfSlug is the runs of a task, newest first, at most limit, without the worksheets' bytes.
func (s *Store) OfSlug(ctx context.Context, slug string, limit int) ([]*Run, error) {
	return s.list(ctx, `where r.slug = ? order by r.place desc limit ?`, slug, limit)
}

// All is the runs, newest first, at most limit; only those that hold their task where active.
func (s *Store) All(ctx context.Context, active bool, limit int) ([]*Run, error) {
	clause := ""
	if active {
		clause = `where r.state in ('queued','blocked','dispatching','running','retrying','verifying','review')`
	}
	return s.list(ctx, clause+` order by r.place desc limit ?`, limit)
}

func (s *Store) list(ctx context.Context, clause string, args ...any) ([]*Run, error) {
	if s.db == nil {
		return nil, nil
	}
	rows, err := s.db.QueryContext(ctx, selectBare+clause, args...)
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

// exec runs one statement and tells how many rows it changed.
func (s *Store) exec(ctx context.Context, what, id, query string, args ...any) (int64, error) {
	if s.db == nil {
		return 0, nil
	}
	res, err := s.db.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("%s run %s: %w", what, id, err)
	}
	return res.RowsAffected()
}

// at is t as it is stored, null for the zero time.
func at(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(stamp)
}

func orEmpty(r *Reason) Reason {
	if r == nil {
		return Reason{}
	}
	return *r
}

func isNone(err error) bool { return errors.Is(err, sql.ErrNoRows) }

func isUnique(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}
