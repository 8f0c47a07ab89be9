package manager

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"tasks/internal/fault"
	"tasks/internal/run"
)

const (
	// kickFile in the state folder is written by a command that changed the queue.
	kickFile = "kick"
	// beatEvery bounds how old a server's picture can get when nobody tells it anything.
	beatEvery = 30 * time.Second
	// pollEvery is how often the kick file is looked at where it cannot be watched.
	pollEvery = time.Second
)

// TasksChanged tells the loop that task files, or the queue, have changed. It never
// waits.
func (m *Manager) TasksChanged() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Run is the server's loop: it looks at once, when it is told of a change, when
// another process kicks, and every 30 s. It returns nil at ctx's end.
func (m *Manager) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	defer watcher.Wait()
	defer stop()
	watcher.Go(func() {
		if err := m.Watch(ctx, m.TasksChanged); err != nil {
			m.Log.Warn("the queue is looked at every 30 s only", "err", err)
		}
	})
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		if err := m.beat(ctx); err != nil && ctx.Err() == nil {
			m.Log.Error("the queue could not be looked at", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-m.wake:
		case <-tick.C:
		}
	}
}

// Settle brings the waiting runs in line with what is so now, and tells a running
// server to look.
func (m *Manager) Settle(ctx context.Context) error {
	if err := m.beat(ctx); err != nil {
		return err
	}
	m.kick()
	return nil
}

// beat looks once: it brings the waiting runs' states in line with the files, and
// the projection up to date.
func (m *Manager) beat(ctx context.Context) error {
	w, err := m.observe(ctx)
	if err != nil {
		return err
	}
	known := bySlug(w.Tasks)
	for slug, t := range known {
		was, now := w.Runs[slug], settled(w, known, t)
		if was == nil || now == nil || was.State == now.State && sameReason(was.Reason, now.Reason) {
			continue
		}
		if _, err := m.Runs.Hold(ctx, was.ID, now.Reason); err != nil {
			return err
		}
	}
	m.count(Project(w))
	return nil
}

func sameReason(a, b *run.Reason) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// count gives st its generation: a new one where anything but the time is new.
func (m *Manager) count(st *Status) int64 {
	same := *st
	same.At, same.Generation = time.Time{}, 0
	data, err := json.Marshal(same)
	if err != nil {
		m.Log.Error("the status has no JSON form", "err", err)
	}
	sum := sha256.Sum256(data)
	m.mu.Lock()
	first, is := m.last == [32]byte{}, m.last == sum
	if !is {
		m.last = sum
		if !first {
			m.generation++
		}
	}
	n := m.generation
	m.mu.Unlock()
	if !is && !first && m.Changed != nil {
		m.Changed(n)
	}
	return n
}

// Watch calls fn, from one goroutine, whenever a process has changed the queue,
// until ctx ends. Where the state folder cannot be watched it is polled. It returns
// nil at ctx's end, and an error where there is no state folder.
func (m *Manager) Watch(ctx context.Context, fn func()) error {
	if info, err := os.Stat(m.StateDir); err != nil || !info.IsDir() {
		return fault.New(fault.Unavailable, "cannot watch the state folder %s: it is not there", m.StateDir)
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return m.poll(ctx, fn)
	}
	defer w.Close()
	if err := w.Add(m.StateDir); err != nil {
		return m.poll(ctx, fn)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-w.Events:
			if !ok {
				return m.poll(ctx, fn)
			}
			if filepath.Base(e.Name) == kickFile && e.Has(fsnotify.Create|fsnotify.Write) {
				fn()
			}
		case err, ok := <-w.Errors:
			if !ok {
				return m.poll(ctx, fn)
			}
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				fn() // a kick may be among what was lost
			}
		}
	}
}

// poll is Watch by looking at the kick file's time.
func (m *Manager) poll(ctx context.Context, fn func()) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	seen := m.kicked()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if now := m.kicked(); !now.Equal(seen) {
				seen = now
				fn()
			}
		}
	}
}

func (m *Manager) kicked() time.Time {
	info, err := os.Stat(filepath.Join(m.StateDir, kickFile))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
