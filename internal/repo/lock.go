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
	"sync/atomic"
	"time"
	"unicode"

	"tasks/internal/fault"
)

// lockWait is how long a writer waits for another, lockPatience for many that come one after
// the other: a line that moves is no reason to refuse anybody.
const (
	lockWait     = 5 * time.Second
	lockPatience = time.Minute
)

// keyedLocks is one lock for each file written, among the goroutines of this process.
type keyedLocks struct{ m sync.Map } // string → *keyedLock

type keyedLock struct {
	token chan struct{}
	taken atomic.Int64 // when the present holder, or the last one, took it: Unix, in ns
}

// patience is when a writer that has waited since begun gives up, where the lock was last
// taken at taken: when one holder has made it wait too long, or all together have.
func patience(begun time.Time, taken int64) time.Time {
	one, all := begun.Add(lockWait), begun.Add(lockPatience)
	if at := time.Unix(0, taken).Add(lockWait); at.After(one) {
		one = at
	}
	if one.After(all) {
		return all
	}
	return one
}

// lock takes the lock of the file real, among all processes where there is a
// LockDir, and answers with what lets it go. Conflict, naming the holder, when that has
// made this one wait for 5 s, and after a minute in any case.
func (r *Repo) lock(ctx context.Context, real string) (unlock func(), err error) {
	begun := time.Now()
	// Of this process one writer at a time stands in the line of the processes.
	held, _ := r.locks.m.LoadOrStore(Fold(real), &keyedLock{token: make(chan struct{}, 1)})
	lock := held.(*keyedLock)
	if err := lock.take(ctx, real, begun); err != nil {
		return nil, err
	}
	if r.options.LockDir == "" {
		return func() { <-lock.token }, nil
	}
	f, err := r.lockFile(ctx, real, begun)
	if err != nil {
		<-lock.token
		return nil, err
	}
	return func() {
		f.Truncate(0)
		f.Close() // lets the lock go
		<-lock.token
	}, nil
}

// take takes the lock among the goroutines of this process.
func (l *keyedLock) take(ctx context.Context, real string, begun time.Time) error {
	for {
		timer := time.NewTimer(time.Until(patience(begun, l.taken.Load())))
		select {
		case l.token <- struct{}{}:
			timer.Stop()
			l.taken.Store(time.Now().UnixNano())
			return nil
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case now := <-timer.C:
			if !now.Before(patience(begun, l.taken.Load())) {
				return locked(real, holder(), begun)
			}
		}
	}
}

// lockFile takes the lock among processes. Waiting is by asking again at short,
// random intervals: a queue in the kernel could not be left in time.
func (r *Repo) lockFile(ctx context.Context, real string, begun time.Time) (*os.File, error) {
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
		case !time.Now().Before(patience(begun, lastWritten(f))):
			who := make([]byte, 512)
			n, _ := f.ReadAt(who, 0)
			f.Close()
			return nil, locked(real, string(who[:n]), begun)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(time.Millisecond + rand.N(4*time.Millisecond)):
		}
	}
}

// lastWritten is when f was written last: each who gets the lock writes its name there.
func lastWritten(f *os.File) int64 {
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.ModTime().UnixNano()
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

func locked(real, who string, begun time.Time) error {
	if who == "" {
		who = "another process"
	}
	return fault.New(fault.Conflict, "%q is being written by %s: waited %d s for it", real, who, int(time.Since(begun).Seconds())).
		WithHint("try again when it has ended")
}
