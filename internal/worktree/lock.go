package worktree

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"tasks/internal/fault"
	"tasks/internal/git"
)

// lock keeps other processes, and other calls, from changing trees until the returned
// function is called. The context is for what is done under it.
func (t *Trees) lock(ctx context.Context) (in context.Context, unlock func(), err error) {
	return Lock(ctx, filepath.Join(t.StateDir, "locks", "trees.lock"))
}

// Lock takes the lock of the file, which is made where it is missing, and waits for it as
// long as ctx lasts. The kernel lets it go when the process ends, however it ends, and the
// git that it has started with the returned context.
func Lock(ctx context.Context, name string) (in context.Context, unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, nil, fault.New(fault.Unavailable, "cannot lock %s: %w", name, err)
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, nil, fault.New(fault.Unavailable, "cannot lock %s: %w", name, err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return git.HoldOpen(ctx, f), func() { f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			f.Close()
			return nil, nil, fault.New(fault.Unavailable, "cannot lock %s: %w", name, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, nil, ctx.Err()
		case <-tick.C:
		}
	}
}
