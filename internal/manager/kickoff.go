package manager

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/trust"
)

// Kickoff checks the task strictly and records a queued run with the worksheet's
// bytes and hash, or a blocked one where it has to wait for others. A run that is on
// already is returned with already true. Invalid with the findings in the message
// where the check fails, Conflict for a task that is over.
func (m *Manager) Kickoff(ctx context.Context, slug, source, note string) (r run.Run, already bool, err error) {
	r, already, _, err = m.kickoff(ctx, slug, "", source, note, false)
	return r, already, err
}

// KickoffExact is Kickoff of the worksheet whose bytes have the hash: Conflict where
// the file is another by now. An empty hash takes any.
func (m *Manager) KickoffExact(ctx context.Context, slug, hash, source, note string) (r run.Run, already bool, err error) {
	r, already, _, err = m.kickoff(ctx, slug, hash, source, note, false)
	return r, already, err
}

// kickoff is all kickoffs. byHand: the user's own, which may be the first that trusts.
func (m *Manager) kickoff(ctx context.Context, slug, hash, source, note string, byHand bool) (r run.Run, already bool, trusted []trust.Command, err error) {
	t, src, err := m.Tracker.Read(ctx, slug)
	if err != nil {
		return run.Run{}, false, nil, err
	}
	if on, err := m.Runs.Latest(ctx, t.Slug); err != nil {
		return run.Run{}, false, nil, err
	} else if on != nil && on.State.Active() {
		r, trusted, err := m.again(ctx, t, on, byHand)
		return r, true, trusted, err
	}
	if hash != "" && hash != t.Hash {
		return run.Run{}, false, nil, changed(t)
	}
	if err := m.check(ctx, t); err != nil {
		return run.Run{}, false, nil, err
	}
	tasks, err := m.Tracker.All(ctx)
	if err != nil {
		return run.Run{}, false, nil, err
	}
	base, err := m.Base(ctx)
	if err != nil {
		return run.Run{}, false, nil, err
	}
	if byHand {
		trusted = m.trustFirst(tasks)
	}
	want := run.Run{
		Slug: t.Slug, Path: t.Path, State: run.Queued, Base: base, Worksheet: src, Hash: t.Hash,
		Note: note, Source: source, Priority: t.Priority, QueuedAt: m.Now(),
		Title: t.Title, Workstream: t.Workstream, Owner: t.Owner,
	}
	w, err := m.world(ctx, tasks, map[string]*run.Run{t.Slug: &want})
	if err != nil {
		return run.Run{}, false, trusted, err
	}
	if why := set(w).objection(&want); why != nil {
		want.State, want.Reason = run.Blocked, why
	}
	r, fresh, err := m.Runs.Enqueue(ctx, want)
	if err != nil {
		return run.Run{}, false, trusted, err
	}
	m.kick()
	return r, !fresh, trusted, nil
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
		if slug, err = m.named(ctx, slug, t.Slug); err != nil {
			return run.Run{}, err
		}
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
