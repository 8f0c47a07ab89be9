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
)

const (
	// kickFile in the state folder is written by a command that changed the queue.
	kickFile = "kick"
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

// Run is the server's loop of beats: at once, when it is told of a change, when another
// process kicks, when the next attempt or lease is due, and every manager.beat. It
// returns nil at ctx's end. Supervisors go on without it.
func (m *Manager) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var others sync.WaitGroup
	defer others.Wait()
	defer stop()
	others.Go(func() {
		if err := m.Watch(ctx, m.TasksChanged); err != nil {
			m.Log.Warn("the queue is looked at every so often only", "every", m.every(), "err", err)
		}
	})
	if m.Forge != nil {
		others.Go(func() { m.watchPulls(ctx) })
	}
	m.loop(ctx, others.Go)
	return nil
}

// loop beats until ctx ends. It sleeps until it is woken, or until the world changes by
// time alone; nothing is polled.
func (m *Manager) loop(ctx context.Context, later func(func())) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	var place *os.File
	defer func() { place.Close() }() // of nil is nothing
	for {
		if place == nil && !m.Idle { // who asks whether the place is taken has it for a moment
			place = m.hold()
		}
		timer.Reset(m.turn(ctx, later))
		select {
		case <-ctx.Done():
			return
		case <-m.wake:
		case <-timer.C:
		}
	}
}

// turn does one beat of the loop and says when the next one is due at the latest.
func (m *Manager) turn(ctx context.Context, later func(func())) time.Duration {
	var err error
	if m.Idle {
		_, err = m.beatOf(ctx, BeatOptions{DryRun: true}, func(string) bool { return false }, nil)
	} else {
		_, err = m.beatOf(ctx, BeatOptions{Dispatch: m.Spawn != nil}, func(string) bool { return true }, later)
	}
	if err != nil {
		if ctx.Err() == nil {
			m.Log.Error("the beat failed", "err", err)
		}
		return min(m.every(), 5*time.Second)
	}
	if m.Spawn != nil && !m.Idle && m.toProbe() {
		later(func() { m.probe(ctx) })
	}
	return m.until()
}

// Settle brings the waiting runs in line with what is so now, and tells a running
// server to look.
func (m *Manager) Settle(ctx context.Context) error {
	_, err := m.beatOf(ctx, BeatOptions{}, func(verb string) bool { return verb == Hold || verb == Release || verb == StopRun }, nil)
	if err != nil {
		return err
	}
	m.kick()
	return nil
}

// count gives st its generation: a new one where anything but the time is new.
func (m *Manager) count(st *Status) int64 {
	same := *st
	same.At, same.NextBeat, same.Generation = time.Time{}, nil, 0
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
// until ctx ends, and once when it can see that: what was changed before, nobody would
// tell of. Where the state folder cannot be watched it is polled. It returns
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
	fn()
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
	fn()
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
