package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"sort"
	"strconv"
	"strings"

	"tasks/internal/fault"
)

// schema holds one file a version, NNNN_what.sql. A file that was released is
// never changed again: the next version is a new file.
//
//go:embed schema/*.sql
var schema embed.FS

// step is one version of the schema.
type step struct {
	version int
	sql     string
}

// migrate brings the schema up to the newest version, all steps in one transaction.
func migrate(ctx context.Context, db *sql.DB) error {
	steps, err := steps(schema)
	if err != nil {
		return err
	}
	newest := steps[len(steps)-1].version
	have, err := version(ctx, db)
	if err != nil {
		return err
	}
	if have == newest {
		return nil
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// Read again: another process may have migrated while this one waited for the lock.
	if have, err = version(ctx, tx); err != nil {
		return err
	}
	if have > newest {
		return fault.New(fault.Unavailable, "the database was written by a newer program: its schema is %d, this program knows %d", have, newest).
			WithHint("use the newer program on this repository")
	}
	for _, s := range steps {
		if s.version <= have {
			continue
		}
		if _, err := tx.ExecContext(ctx, s.sql); err != nil {
			return fmt.Errorf("schema %d: %w", s.version, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("pragma user_version = %d", newest)); err != nil {
		return err
	}
	return tx.Commit()
}

func version(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (int, error) {
	var v int
	err := q.QueryRowContext(ctx, "pragma user_version").Scan(&v)
	return v, err
}

// steps reads the schema files, which must be numbered from 1 without a gap.
func steps(files fs.FS) ([]step, error) {
	names, err := fs.Glob(files, "schema/*.sql")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	out := make([]step, 0, len(names))
	for i, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "schema/"), "_")
		v, err := strconv.Atoi(number)
		if err != nil || v != i+1 {
			return nil, fmt.Errorf("schema file %s: its number must be %d", name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		out = append(out, step{v, string(text)})
	}
	return out, nil
}
