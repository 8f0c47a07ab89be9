package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tasks/internal/fault"
)

// staleAfter is how old a lock of an index must be before it can be one left behind. Those of
// refs must be five times that: git has them closed while it holds them, and runs hooks then.
var staleAfter = 2 * time.Second

// unstick takes away the locks that a killed git left on the tree: on its index, its HEAD and
// its branch, and only where no process has them open. Conflict where one has.
func (t *Trees) unstick(ctx context.Context, p place) error {
	branch := filepath.Join(t.Git.CommonDir, "refs", "heads", filepath.FromSlash(Branch(p.mark.Slug))+".lock")
	for _, lock := range []struct {
		name  string
		after time.Duration
	}{{filepath.Join(p.admin, "index.lock"), staleAfter}, {filepath.Join(p.admin, "HEAD.lock"), 5 * staleAfter}, {branch, 5 * staleAfter}} {
		if err := p.unlock(ctx, lock.name, lock.after); err != nil {
			return err
		}
	}
	return nil
}

// unlock waits until the lock is so old, and takes it away.
func (p place) unlock(ctx context.Context, name string, after time.Duration) error {
	for began := time.Now(); ; {
		info, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !info.Mode().IsRegular() {
			return fault.New(fault.Conflict, "git in the worktree of %s is locked by %s", p.mark.Slug, name)
		}
		wait := after - time.Since(info.ModTime())
		if wait <= 0 || time.Since(began) > after { // a clock may have been set back
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(wait, 100*time.Millisecond)):
		}
	}
	held, err := heldOpen(name)
	if err != nil || held {
		return fault.New(fault.Conflict, "git is at work in the worktree of %s: %s is there", p.mark.Slug, name).
			WithHint("try again when it has ended")
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Unavailable, "cannot take away a lock left behind: %w", err)
	}
	return nil
}

// heldOpen tells whether a process has the file open, as far as the system says. An error
// where it cannot be told.
func heldOpen(name string) (bool, error) {
	mine, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	procs, globErr := filepath.Glob("/proc/[0-9]*/fd")
	if err = errors.Join(err, globErr); err != nil || len(procs) == 0 {
		return false, errors.Join(err, fs.ErrInvalid)
	}
	for _, dir := range procs {
		fds, err := os.ReadDir(dir)
		if err != nil {
			continue // another user's, or gone
		}
		for _, fd := range fds {
			// Its path may be another one for a process in a namespace of its own.
			if info, err := os.Stat(filepath.Join(dir, fd.Name())); err == nil && os.SameFile(info, mine) {
				return true, nil
			}
		}
	}
	return false, nil
}
