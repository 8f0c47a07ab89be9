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
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite" // and the driver named so
	sqlite3 "modernc.org/sqlite/lib"

	"tasks/internal/fault"
)

// file is the database's name in the state folder.
const file = "tasks.db"

// DB is the open database of one checkout.
type DB struct {
	*sql.DB
	Dir string // the state folder
}

// Open opens the database in the state folder dir, making both when they are
// missing, and brings the schema up to date. The folder above dir must exist.
// Forbidden for a folder or file that is not safely ours, Unavailable where the
// database cannot be read or is of a newer program.
func Open(ctx context.Context, dir string) (*DB, error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	name := filepath.Join(dir, file)
	// SQLite makes its files with the mode of the first one, so that one is ours to make.
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case err == nil:
		err = f.Close()
	case errors.Is(err, fs.ErrExist):
		err = checkFile(name)
	}
	if err != nil {
		return nil, unusable(name, err)
	}
	return open(ctx, dir)
}

// OpenExisting is Open for reading commands: it makes neither folder nor database
// and returns nil, nil where there is no database yet.
func OpenExisting(ctx context.Context, dir string) (*DB, error) {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	name := filepath.Join(dir, file)
	err := checkFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unusable(name, err)
	}
	return open(ctx, dir)
}

// open opens the database file, which exists, and migrates it.
func open(ctx context.Context, dir string) (*DB, error) {
	name := filepath.Join(dir, file)
	db, err := sql.Open("sqlite", dsn(name))
	if err != nil {
		return nil, unusable(name, err)
	}
	// A command uses one connection; more of them cost time only where a server
	// wants to read beside a write.
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	// The first connection brings the file into WAL mode, for which SQLite waits for nobody.
	unlock, err := first(ctx, dir)
	if err == nil {
		err = migrate(ctx, db)
		unlock()
	}
	if err != nil {
		db.Close()
		return nil, unusable(name, err)
	}
	return &DB{DB: db, Dir: dir}, nil
}

// dsn is the driver's name for a database. The busy timeout stands first because to look
// at the mode may already have to wait for another process.
func dsn(name string) string {
	u := url.URL{Scheme: "file", Path: name}
	return u.String() + "?mode=rw" +
		"&_pragma=busy_timeout(5000)" +
		"&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(NORMAL)" +
		"&_pragma=foreign_keys(1)" +
		"&_txlock=immediate"
}

// unusable gives err words for people where it has none yet.
func unusable(name string, err error) error {
	var known *fault.Error
	if errors.As(err, &known) || fault.Canceled(err) {
		return err
	}
	out := fault.New(fault.Unavailable, "cannot use the database %s: %w", name, err)
	var e *sqlite.Error
	if errors.As(err, &e) {
		// Only SQLite's own word that the file is no whole database is a reason to part with it.
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL:
			return out.WithHint("look whether the disk is full or refuses writes, then try again; the database is kept as it is")
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			return out.WithHint("look at the rights of the folder %s and whether its disk can be written", filepath.Dir(name))
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return out.WithHint("another process writes to it for long: try again")
		}
	}
	return out.WithHint("it holds the queue and the history, no work: where it is damaged, move it aside and a new one is made")
}
