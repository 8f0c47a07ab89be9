// Package store is the database in the state folder: open, migrate, nothing else.
// The rooms that own a table hold its queries.
//
// The state folder has mode 0700 and is ours; one that is a link, another user's
// or wider is refused (forbidden). The database is SQLite in WAL mode with a busy
// timeout of 5 s, so that commands work beside a server. A schema newer than this
// program's is refused, never downgraded.
package store

import (
	"context"
	"database/sql"
)

// DB is the open database of one checkout.
type DB struct {
	*sql.DB
	Dir string // the state folder
}

// Open opens the database in the state folder dir, making both when they are
// missing, and brings the schema up to date.
func Open(ctx context.Context, dir string) (*DB, error) { panic("skeleton") }

// OpenExisting is Open for reading commands: it creates nothing and returns nil,
// nil where there is no database yet.
func OpenExisting(ctx context.Context, dir string) (*DB, error) { panic("skeleton") }
