package repo

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"tasks/internal/fault"
)

// Replace writes data to name, atomically and durably (temporary file in the same
// folder, fsync, rename, folder fsync), if the file's hash is want; want "" means
// that the file must not exist yet (its folders are made). Conflict otherwise.
// Mode bits are kept. It holds the lock of name while it compares and renames.
func (r *Repo) Replace(ctx context.Context, name string, data []byte, want string) (hash string, err error) {
	err = r.locking(ctx, name, func(t target) error {
		now, err := r.current(t)
		if err != nil {
			return err
		}
		if now.Hash != want {
			return changedSince(name, now.Hash, want)
		}
		return r.swap(t, data, want)
	})
	if err != nil {
		return "", err
	}
	return Hash(data), nil
}

// Remove deletes name if its hash is want. Used by undo of a creation only.
func (r *Repo) Remove(ctx context.Context, name, want string) error {
	return r.locking(ctx, name, func(t target) error {
		if !t.exists {
			return r.failed(name, fs.ErrNotExist)
		}
		now, err := r.current(t)
		if err != nil {
			return err
		}
		if now.Hash != want {
			return changedSince(name, now.Hash, want)
		}
		return r.unlink(t)
	})
}

// Update is a read-modify-write under the lock of name: fn gets the current bytes
// and returns the new ones; nothing is written when they are equal or fn fails.
// It waits up to 5 s for whoever holds the lock and then says who that is (Conflict); while
// one after the other has it, up to a minute.
func (r *Repo) Update(ctx context.Context, name string, fn func(File) ([]byte, error)) (File, error) {
	var result File
	err := r.locking(ctx, name, func(t target) error {
		if !t.exists {
			return r.failed(name, fs.ErrNotExist)
		}
		now, err := r.current(t)
		if err != nil {
			return err
		}
		data, err := fn(now)
		if err != nil {
			return err
		}
		if Hash(data) == now.Hash { // not the bytes: fn may have changed them in place
			result = now
			return nil
		}
		if err := r.swap(t, data, now.Hash); err != nil {
			return err
		}
		result, err = r.ReadFile(t.real, 0)
		return err
	})
	return result, err
}

// target is the file that a write is about.
type target struct {
	name   string // as asked for
	real   string // after links
	exists bool
}

func (t target) split() (dir, base string) {
	dir, base = path.Split(t.real)
	return strings.TrimSuffix(dir, "/"), base
}

// locking runs fn with the lock of the file that name leads to.
func (r *Repo) locking(ctx context.Context, name string, fn func(target) error) error {
	for range maxHops {
		before, err := r.target(name)
		if err != nil {
			return err
		}
		unlock, err := r.lock(ctx, before.real)
		if err != nil {
			return err
		}
		// What held the lock may have made, removed or linked the file.
		t, err := r.target(name)
		if err == nil && t.real == before.real {
			err = fn(t)
			unlock()
			return err
		}
		unlock()
		if err != nil {
			return err
		}
	}
	return changing(name)
}

// target resolves a file to be written, which need not exist yet.
func (r *Repo) target(name string) (target, error) {
	real, m, err := r.resolve(name)
	if err == nil {
		if m.mode.IsDir() {
			return target{}, fault.New(fault.Usage, "%q is a folder, not a file", name)
		}
		return target{name: name, real: real, exists: true}, nil
	}
	if fault.CodeOf(err) != fault.NotFound {
		return target{}, err
	}
	clean, err := Clean(name)
	if err != nil {
		return target{}, err
	}
	dir, err := r.newDir(path.Dir(clean))
	if err != nil {
		return target{}, err
	}
	t := target{name: name, real: join(dir, path.Base(clean))}
	if _, err := Clean(t.real); err != nil {
		return target{}, err
	}
	return t, r.hidden(name, t.real, false)
}

// newDir resolves a folder of which the last parts may not exist yet.
func (r *Repo) newDir(dir string) (string, error) {
	real, m, err := r.resolve(dir)
	switch {
	case err == nil && !m.mode.IsDir():
		return "", fault.New(fault.Usage, "%q is a file, not a folder", dir)
	case err == nil:
		return real, nil
	case fault.CodeOf(err) != fault.NotFound || dir == ".":
		return "", err
	}
	up, err := r.newDir(path.Dir(dir))
	if err != nil {
		return "", err
	}
	real = join(up, path.Base(dir))
	return real, r.hidden(dir, real, true)
}

// current is the target's content; of a file that does not exist, nothing with the
// empty hash.
func (r *Repo) current(t target) (File, error) {
	if !t.exists {
		return File{}, nil
	}
	f, err := r.ReadFile(t.real, 0)
	if err == nil && f.Cut {
		err = fault.New(fault.Invalid, "%q is too large to be written: over %d MB", t.name, maxFile>>20)
	}
	return f, err
}

func changedSince(name, now, want string) error {
	switch {
	case want == "":
		return fault.New(fault.Conflict, "%q exists already", name).WithHint("read it and edit it, or choose another name")
	case now == "":
		return fault.New(fault.Conflict, "%q is gone: it was removed since it was read", name)
	}
	return fault.New(fault.Conflict, "%q has changed since it was read", name).WithHint("read it again and repeat the change")
}

// writeFailed gives an error while writing its meaning; the file is as it was.
func (r *Repo) writeFailed(name string, err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fault.New(fault.Forbidden, "%q cannot be written: %w", name, cause(err))
	case errors.Is(err, errLink), swapped(err) == errLink:
		return changing(name)
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Conflict, "%q was not written: its folder went away meanwhile", name)
	}
	return fault.New(fault.Internal, "%q was not written: %w", name, cause(err))
}
