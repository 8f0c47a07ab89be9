package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"

	"tasks/internal/fault"
)

// lockWait is how long a writer waits for another.
const lockWait = 5 * time.Second

// keyedLocks is one lock for each file written, among the goroutines of this process.
type keyedLocks struct{ m sync.Map } // string → chan struct{}

// lock takes the lock of the file real, among all processes where there is a
// LockDir, and answers with what lets it go. Conflict, naming the holder, after 5 s.
func (r *Repo) lock(ctx context.Context, real string) (unlock func(), err error) {
	timer := time.NewTimer(lockWait)
	defer timer.Stop()
	deadline := time.Now().Add(lockWait)

	// Of this process one writer at a time stands in the line of the processes.
	held, _ := r.locks.m.LoadOrStore(Fold(real), make(chan struct{}, 1))
	token := held.(chan struct{})
	select {
	case token <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, locked(real, holder())
	}
	if r.options.LockDir == "" {
		return func() { <-token }, nil
	}
	f, err := r.lockFile(ctx, real, deadline)
	if err != nil {
		<-token
		return nil, err
	}
	return func() {
		f.Truncate(0)
		f.Close() // lets the lock go
		<-token
	}, nil
}

// lockFile takes the lock among processes. Waiting is by asking again at short,
// random intervals: a queue in the kernel could not be left in time.
func (r *Repo) lockFile(ctx context.Context, real string, deadline time.Time) (*os.File, error) {
	if err := makePrivate(r.options.LockDir); err != nil {
		return nil, err
	}
	name := filepath.Join(r.options.LockDir, Hash([]byte(r.path + "\x00" + Fold(real)))[:32])
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|noFollow, 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "cannot lock %q: %w", real, cause(err))
	}
	for {
		ok, err := tryLock(f)
		switch {
		case err != nil:
			f.Close()
			return nil, fault.New(fault.Unavailable, "cannot lock %q: %w", real, err)
		case ok:
			f.Truncate(0)
			f.WriteAt([]byte(holder()), 0)
			return f, nil
		case time.Now().After(deadline):
			who := make([]byte, 512)
			n, _ := f.ReadAt(who, 0)
			f.Close()
			return nil, locked(real, string(who[:n]))
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(time.Millisecond + rand.N(4*time.Millisecond)):
		}
	}
}

// makePrivate makes the folder of the locks and the state folder above it, and
// refuses either where it is a link or others may write to it.
func makePrivate(dir string) error {
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Mkdir(d, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return fault.New(fault.Unavailable, "cannot make the state folder %s: %w", d, cause(err))
		}
		info, err := os.Lstat(d)
		if err != nil {
			return fault.New(fault.Unavailable, "cannot use the state folder %s: %w", d, cause(err))
		}
		if !info.IsDir() || !private(info) {
			return fault.New(fault.Forbidden, "the state folder %s is refused: it is a link, not ours, or open to others", d).
				WithHint("look at it, and if it is yours: chmod 700 %s", d)
		}
	}
	return nil
}

// holder is how this process names itself to those who wait for it.
func holder() string {
	line := strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, strings.Join(os.Args, " "))
	if len(line) > 200 {
		line = strings.ToValidUTF8(line[:200], "") + "…"
	}
	return fmt.Sprintf("process %d (%s)", os.Getpid(), line)
}

func locked(real, who string) error {
	if who == "" {
		who = "another process"
	}
	return fault.New(fault.Conflict, "%q is being written by %s: waited %d s for it", real, who, int(lockWait.Seconds())).
		WithHint("try again when it has ended")
}
