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
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// Config is what a manager works with.
type Config struct {
	Git      *git.Checkout
	Repo     *repo.Repo
	Tracker  *tracker.Tracker
	Runs     *run.Store // of no database where only status is asked for
	Settings *config.Settings
	StateDir string
	Log      *slog.Logger           // nil: silent
	Now      func() time.Time       // nil: time.Now
	Changed  func(generation int64) // called when the projection has changed; may be nil
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

// Kickoff checks the task strictly and records a queued run with the worksheet's
// bytes and hash, or a blocked one where it has to wait for others. A run that is on
// already is returned with already true. Invalid with the findings in the message
// where the check fails, Conflict for a task that is over.
func (m *Manager) Kickoff(ctx context.Context, slug, source, note string) (r run.Run, already bool, err error) {
	return m.KickoffExact(ctx, slug, "", source, note)
}

// KickoffExact is Kickoff of the worksheet whose bytes have the hash: Conflict where
// the file is another by now. An empty hash takes any.
func (m *Manager) KickoffExact(ctx context.Context, slug, hash, source, note string) (r run.Run, already bool, err error) {
	t, src, err := m.Tracker.Read(ctx, slug)
	if err != nil {
		return run.Run{}, false, err
	}
	if on, err := m.Runs.Latest(ctx, t.Slug); err != nil {
		return run.Run{}, false, err
	} else if on != nil && on.State.Active() {
		return *on, true, nil
	}
	if hash != "" && hash != t.Hash {
		return run.Run{}, false, changed(t)
	}
	if err := m.check(ctx, t); err != nil {
		return run.Run{}, false, err
	}
	tasks, err := m.Tracker.All(ctx)
	if err != nil {
		return run.Run{}, false, err
	}
	base, err := m.Base(ctx)
	if err != nil {
		return run.Run{}, false, err
	}
	want := run.Run{
		Slug: t.Slug, Path: t.Path, State: run.Queued, Base: base, Worksheet: src, Hash: t.Hash,
		Note: note, Source: source, Priority: t.Priority, QueuedAt: m.Now(),
	}
	if why := waits(t, bySlug(tasks), m.owner()); why != nil {
		want.State, want.Reason = run.Blocked, why
	}
	r, fresh, err := m.Runs.Enqueue(ctx, want)
	if err != nil {
		return run.Run{}, false, err
	}
	m.kick()
	return r, !fresh, nil
}

// Base is the branch that work kicked off now is for: the one checked out at the
// root. Unavailable where there is none.
func (m *Manager) Base(ctx context.Context) (string, error) {
	base, err := m.Git.Branch(ctx)
	if err == nil && base == "" {
		err = fault.New(fault.Unavailable, "nothing can be kicked off: no branch is checked out, so the work has no base").
			WithHint("git switch to the branch that the work is for")
	}
	return base, err
}

// Check is kickoff's check alone: nil where the task may be kicked off, or is on.
func (m *Manager) Check(ctx context.Context, slug string) error {
	t, _, err := m.Tracker.Read(ctx, slug)
	if err != nil {
		return err
	}
	if on, err := m.Runs.Latest(ctx, t.Slug); err != nil || on != nil && on.State.Active() {
		return err
	}
	if _, err := m.Base(ctx); err != nil {
		return err
	}
	return m.check(ctx, t)
}

// check refuses what an agent should not be sent to work on. t is what was read:
// a file that changes under the check is refused as well.
func (m *Manager) check(ctx context.Context, t *task.Task) error {
	switch {
	case t.Broken != nil:
		return fault.New(fault.Invalid, "cannot kick off %s: its file is broken: %s:%d: %s", t.Slug, t.Path, t.Broken.Line, t.Broken.Reason).
			WithHint("mend the front matter; tasks validate %s checks it", word(t.Slug))
	case t.Status == task.Completed || t.Status == task.Cancelled:
		return fault.New(fault.Conflict, "cannot kick off %s: it is %s", t.Slug, t.Status).
			WithHint("write a follow-up task with tasks new, or open it again with tasks update %s --status not_started", word(t.Slug))
	}
	findings, err := m.Tracker.Validate(ctx, []string{t.Path}, true)
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		said := make([]string, len(findings))
		for i, f := range findings {
			said[i] = fmt.Sprintf("%s:%d: %s: %s", f.Path, f.Line, f.Code, f.Message)
		}
		return fault.New(fault.Invalid, "cannot kick off %s: it does not pass the strict check: %s", t.Slug, strings.Join(said, "; ")).
			WithHint("tasks check %s says what to write next", word(t.Slug))
	}
	now, _, err := m.Tracker.Read(ctx, t.Path)
	if err != nil {
		return err
	}
	if now.Hash != t.Hash {
		return changed(t)
	}
	return nil
}

func changed(t *task.Task) error {
	return fault.New(fault.Conflict, "cannot kick off %s: %s has changed meanwhile", t.Slug, t.Path).
		WithHint("look at it again, then kick it off again")
}

// Unqueue takes a task out of the queue, also one whose file is gone. NotFound where
// it is not in the queue, Conflict where its run is past it.
func (m *Manager) Unqueue(ctx context.Context, slug string) (run.Run, error) {
	t, err := m.Tracker.Find(ctx, slug)
	switch {
	case err == nil:
		slug = t.Slug
	case fault.CodeOf(err) != fault.NotFound:
		return run.Run{}, err
	default:
		if on, lookErr := m.Runs.Latest(ctx, slug); lookErr != nil || on == nil {
			return run.Run{}, err
		}
	}
	r, err := m.Runs.Unqueue(ctx, slug)
	if err != nil {
		return run.Run{}, err
	}
	m.kick()
	return r, nil
}

// kick tells the loop here, and the one of a server that runs, to look again. Where
// the file cannot be touched that server still looks every 30 s.
func (m *Manager) kick() {
	m.TasksChanged()
	name := filepath.Join(m.StateDir, kickFile)
	if err := os.WriteFile(name, []byte(m.Now().UTC().Format(time.RFC3339Nano)+"\n"), 0o600); err != nil {
		m.Log.Warn("a running server was not told of the queue", "path", name, "err", err)
	}
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
	w.Health = m.health(ctx)
	return w, nil
}
