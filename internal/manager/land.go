package manager

import (
	"context"
	"fmt"
	"time"

	"tasks/internal/fault"
	"tasks/internal/landing"
	"tasks/internal/run"
)

// Accept brings the work of a run that is ready for review onto its base, as one commit or,
// where merge, as a merge commit, with the task completed in the same commit. Conflict, with
// the paths named and nothing changed, where the checkout has changes of its own in a
// path that the work touches, or the work does not fit on the base.
func (m *Manager) Accept(ctx context.Context, slug string, merge bool) (run.Run, error) {
	r, unlock, err := m.lockRun(ctx, slug, acceptable)
	if err != nil {
		return orNone(r), err
	}
	defer unlock()
	commit, err := m.lander().Accept(ctx, r, landing.Options{Merge: merge, Owner: m.owner(), Now: m.Now()})
	if err != nil {
		return *r, err
	}
	if err := m.Runs.SetTree(ctx, r.ID, "", r.Begin, r.Head); err != nil {
		return *r, err
	}
	if err := m.Runs.SetLanded(ctx, r.ID, commit); err != nil {
		return *r, err
	}
	// A message or a stop may have come meanwhile: the work is on the base all the same.
	from := []run.State{run.Review, run.Retrying, run.Interrupted}
	if _, err := m.Runs.Move(ctx, r.ID, from, run.Accepted, &run.Reason{Code: run.Landed, Text: "accepted onto " + r.Base}, time.Time{}, m.Now()); err != nil {
		return *r, err
	}
	m.kick()
	return m.fresh(ctx, r.ID)
}

// acceptable says why a run cannot be accepted, nil where it can.
func acceptable(r *run.Run) error {
	switch r.State {
	case run.Review:
		return nil
	case run.Accepted:
		return fault.New(fault.Conflict, "the run of %s was accepted already, as %.12s", r.Slug, r.LandedAs)
	}
	return fault.New(fault.Conflict, "the run of %s cannot be accepted: it is %s, not ready for review", r.Slug, r.State).
		WithHint("tasks run show %s", word(r.Slug))
}

// lockRun is the run as it is under the beat's lock, which keeps beats and other people's
// decisions from it until unlock. It may have moved on while the lock was waited for: may,
// which says why it cannot be done, is asked before and after.
func (m *Manager) lockRun(ctx context.Context, slug string, may func(*run.Run) error) (r *run.Run, unlock func(), err error) {
	if r, err = m.RunOf(ctx, slug, ""); err != nil {
		return nil, nil, err
	}
	if err := may(r); err != nil {
		return r, nil, err
	}
	if unlock, err = m.lockBeat(ctx); err != nil {
		return r, nil, err
	}
	now, err := m.fresh(ctx, r.ID)
	if err == nil {
		err = may(&now)
	}
	if err != nil {
		unlock()
		return r, nil, err
	}
	return &now, unlock, nil
}

func orNone(r *run.Run) run.Run {
	if r == nil {
		return run.Run{}
	}
	return *r
}

// Reject puts the work of a run aside and returns the ref under which it is kept, ""
// where it had made nothing.
func (m *Manager) Reject(ctx context.Context, slug, why string) (run.Run, string, error) {
	r, unlock, err := m.lockRun(ctx, slug, rejectable)
	if err != nil {
		return orNone(r), "", err
	}
	// The state is changed first: from then on no attempt begins in the worktree, and nothing lands.
	text := why
	if text == "" {
		text = "a person rejected it"
	}
	moved, err := m.Runs.Move(ctx, r.ID, []run.State{run.Review, run.Retrying, run.Failed, run.Interrupted}, run.Rejected, &run.Reason{Code: run.Declined, Text: text}, time.Time{}, m.Now())
	unlock()
	if err != nil {
		return *r, "", err
	}
	if !moved {
		return *r, "", fault.New(fault.Conflict, "the run of %s has moved on: look at it again", r.Slug).WithHint("tasks run show %s", word(r.Slug))
	}
	kept, err := m.putAside(ctx, r)
	if err != nil {
		return *r, "", err
	}
	if err := m.Runs.SetTree(ctx, r.ID, "", r.Begin, r.Head); err != nil {
		return *r, kept, err
	}
	m.kick()
	now, err := m.fresh(ctx, r.ID)
	return now, kept, err
}

// rejectable says why a run cannot be rejected, nil where it can.
func rejectable(r *run.Run) error {
	switch {
	case r.State == run.Accepted || r.State == run.Rejected:
		return fault.New(fault.Conflict, "the run of %s cannot be rejected: it is %s", r.Slug, r.State)
	case r.State.Leased():
		return fault.New(fault.Conflict, "the run of %s cannot be rejected while its agent is at work", r.Slug).WithHint("tasks run stop %s ends it first", word(r.Slug))
	case r.State.Waiting():
		return fault.New(fault.Conflict, "the run of %s cannot be rejected: nothing was made for it yet", r.Slug).WithHint("tasks unqueue %s takes it out of the queue", word(r.Slug))
	}
	return nil
}

// lander lands runs of this checkout.
func (m *Manager) lander() *landing.Lander {
	l := landing.New(m.Git, m.StateDir)
	l.BeforeRemove = func(ctx context.Context, id string) {
		if r, err := m.Runs.ByID(ctx, id); err == nil && r != nil {
			m.leave(ctx, r)
		}
	}
	return l
}

// leave runs the hook before the worktree of a run goes. It goes all the same.
func (m *Manager) leave(ctx context.Context, r *run.Run) {
	if m.BeforeRemove == nil || r.Worktree == "" {
		return
	}
	if err := m.BeforeRemove(ctx, r); err != nil {
		m.Log.Warn("the hook before_remove failed", "run", r.ID, "err", err)
	}
}

// Diff is what changed between the commits of a Span, with its lines.
func (m *Manager) Diff(ctx context.Context, from, to string) (*landing.Diff, error) {
	return m.lander().Diff(ctx, from, to)
}

// Fits tells whether the work of a run would merge onto its base as it is now, and the paths
// that conflict where not.
func (m *Manager) Fits(ctx context.Context, r *run.Run) (bool, []string, error) {
	return m.lander().Predict(ctx, r)
}

// putAside keeps and removes what the run made.
func (m *Manager) putAside(ctx context.Context, r *run.Run) (string, error) {
	if r.Branch == "" {
		return "", nil // it had not come so far
	}
	m.leave(ctx, r)
	return m.lander().Reject(ctx, r)
}

// landings are the Landing of a real repository.
type landings struct{ *landing.Lander }

// Recover ends what was cut off and tells how many runs that were.
func (l landings) Recover(ctx context.Context) ([]string, error) {
	before, err := l.Pending(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.Lander.Recover(ctx); err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("%d brought to an end", len(before))}, nil
}
