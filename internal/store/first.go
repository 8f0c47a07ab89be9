package store

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"tasks/internal/fault"
)

const (
	// firstFile in the state folder is locked by whoever opens the database.
	firstFile = "open.lock"
	// firstWait is how long an opening waits for another one that makes the database.
	firstWait = 30 * time.Second
)

// first lets one process, and one call, at a time make its first connection, until unlock
// is called. Of several that bring a new database into WAL mode at once SQLite refuses all
// but one with "database is locked", whatever the busy timeout. The lock is a file of its
// own, since to close the database's file would let go of SQLite's locks in this process.
func first(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, firstFile), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(firstWait); ; {
		ok, err := tryLock(f)
		switch {
		case err != nil:
			f.Close()
			return nil, err
		case ok:
			return func() { f.Close() }, nil
		case time.Now().After(deadline):
			f.Close()
			return nil, fault.New(fault.Unavailable, "another process has been opening the database in %s for %s", dir, firstWait).WithHint("try again in a moment")
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
