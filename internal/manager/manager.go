// Package manager is the queue and its projection: kickoff, unqueue, status.
//
// What is shown anywhere about queue and runs (page, JSON, command, tool) comes
// from the one projection here, Project, a pure function of a World. The task files
// are never written: the queue lives in the state folder.
//
// The beat (Beat, and Run, which is the server's loop of it) looks at tasks, runs,
// worktrees and processes once, asks Plan, a pure function of the same World, what there
// is to do, and does it: lost supervisors are reaped, waiting runs are held or let go,
// what is next begins, what is over is cleared away. One beat at a time for a root. A
// beat after which nothing has changed does nothing.
package manager

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"tasks/internal/config"
	"tasks/internal/forge"
	"tasks/internal/git"
	"tasks/internal/process"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/tracker"
	"tasks/internal/trust"
	"tasks/internal/workflow"
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
	Trees    Trees                  // nil: those of Git
	Landing  Landing                // nil: the landings of Git
	Kill     Kill                   // nil: real processes
	Workflow *workflow.Holder       // nil: of the root's own file alone
	// BeforeRemove runs the hook of that name in the worktree of a run; nil: there is none.
	BeforeRemove func(ctx context.Context, r *run.Run) error
	// Forge is where work is pushed to and pull requests are; nil: there is none.
	Forge *forge.Forge
	// Idle makes the loop look and tell, and change nothing.
	Idle bool
}

// Manager works on one checkout. Safe for concurrent use.
type Manager struct {
	Config
	wake chan struct{} // holds one: look again
	see  func(context.Context) (World, error)
	// alive tells whether the process is there that had the pid when it started.
	alive func(pid int, start string) bool

	memory
	glances sync.Map // run -> glanced, of those at work

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
	if c.Trees == nil && c.Git != nil {
		c.Trees = newTrees(c.Git, c.StateDir)
	}
	if c.Kill == nil {
		c.Kill = killRun
	}
	if c.Workflow == nil {
		root := ""
		if c.Git != nil {
			root = c.Git.Root
		}
		c.Workflow = workflow.NewHolder(root, "")
	}
	m := &Manager{Config: c, wake: make(chan struct{}, 1)}
	m.see, m.alive = m.observe, process.Alive
	m.pulls.tried, m.pulls.fresh = map[string]bool{}, make(chan struct{}, 1)
	if m.Landing == nil && m.Git != nil {
		m.Landing = landings{m.lander()}
	}
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
	brief, err := st.brief(slug)
	if err != nil || slug == "" {
		return brief, err
	}
	return m.withRun(ctx, slug, brief)
}

// Status makes the projection of what is so now.
func (m *Manager) Status(ctx context.Context) (*Status, error) {
	w, err := m.see(ctx)
	if err != nil {
		return nil, err
	}
	st := Project(w)
	st.NextBeat = m.nextBeat()
	st.Generation = m.count(st)
	return st, nil
}

// Generation is the number of the newest projection.
func (m *Manager) Generation() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.generation
}
