// Package manager is the queue and its projection: kickoff, unqueue, status.
//
// What is shown anywhere about queue and runs (page, JSON, command, tool) comes
// from the one projection here, Project, a pure function of a World. The task files
// are never written: the queue lives in the state folder. The loop that takes
// queued tasks (Run) keeps the waiting runs' reasons true and tells of changes; in
// this version it starts no agent, and the projection says so.
package manager

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"tasks/internal/config"
	"tasks/internal/git"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/tracker"
	"tasks/internal/trust"
)

// Config is what a manager works with.
type Config struct {
	Git      *git.Checkout
	Repo     *repo.Repo
	Tracker  *tracker.Tracker
	Runs     *run.Store // of no database where only status is asked for
	Settings *config.Settings
	Trust    *trust.Book // nil trusts nothing
	StateDir string
	Log      *slog.Logger           // nil: silent
	Now      func() time.Time       // nil: time.Now
	Changed  func(generation int64) // called when the projection has changed; may be nil
	Spawn    Spawn                  // nil: this process starts no run
}

// Manager works on one checkout. Safe for concurrent use.
type Manager struct {
	Config
	wake chan struct{} // holds one: look again

	mu         sync.Mutex
	generation int64
	last       [32]byte // of the newest projection, times aside
}

// New makes a manager.
func New(c Config) *Manager {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	m := &Manager{Config: c, wake: make(chan struct{}, 1)}
	// From the clock, so that a page that outlived a server does not take the next
	// one's generation for its own.
	m.generation = c.Now().UnixMilli()
	return m
}

// owner is the canonical form of the owner whose tasks this manager takes, "" for all.
func (m *Manager) owner() string {
	if m.Settings == nil {
		return ""
	}
	return task.Owner(m.Settings.Owner)
}

// TaskStatus is what the manager knows of one task, or of all: JSON for the model.
// Of all, only the tasks that are in the queue, worked on, ready or broken are
// listed, at most 50.
func (m *Manager) TaskStatus(ctx context.Context, slug string) (json.RawMessage, error) {
	if slug != "" {
		t, err := m.Tracker.Find(ctx, slug)
		if err != nil {
			return nil, err
		}
		slug = t.Slug
	}
	st, err := m.Status(ctx)
	if err != nil {
		return nil, err
	}
	return st.brief(slug)
}

// Status makes the projection of what is so now.
func (m *Manager) Status(ctx context.Context) (*Status, error) {
	w, err := m.observe(ctx)
	if err != nil {
		return nil, err
	}
	st := Project(w)
	st.Generation = m.count(st)
	return st, nil
}

// Generation is the number of the newest projection.
func (m *Manager) Generation() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.generation
}

// observe reads all that the projection is made of.
func (m *Manager) observe(ctx context.Context) (World, error) {
	w := World{Root: m.Git.Root, Owner: m.owner(), At: m.Now()}
	var err error
	if w.Tasks, err = m.Tracker.All(ctx); err != nil {
		return World{}, err
	}
	if w.Runs, err = m.Runs.LatestAll(ctx); err != nil {
		return World{}, err
	}
	w.Untrusted = m.untrusted(w.Tasks)
	w.Health = m.health(ctx)
	if w.Untrusted != nil {
		w.Health = append(w.Health, Health{"trust", "warn", w.Untrusted.Text})
	}
	return w, nil
}
