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
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return run.Run{}, err
	}
	if r.State == run.Accepted {
		return *r, fault.New(fault.Conflict, "the run of %s was accepted already, as %.12s", r.Slug, r.LandedAs)
	}
	if r.State != run.Review {
		return *r, fault.New(fault.Conflict, "the run of %s cannot be accepted: it is %s, not ready for review", r.Slug, r.State).
			WithHint("tasks run show %s", word(r.Slug))
	}
	commit, err := m.landing(ctx, r, merge)
	if err != nil {
		return *r, err
	}
	if err := m.Runs.SetTree(ctx, r.ID, "", r.Begin, r.Head); err != nil {
		return *r, err
	}
	if err := m.Runs.SetLanded(ctx, r.ID, commit); err != nil {
		return *r, err
	}
	if _, err := m.Runs.Move(ctx, r.ID, []run.State{run.Review}, run.Accepted, &run.Reason{Code: run.Landed, Text: "accepted onto " + r.Base}, time.Time{}, m.Now()); err != nil {
		return *r, err
	}
	m.kick()
	return m.fresh(ctx, r.ID)
}

// Reject puts the work of a run aside and returns the ref under which it is kept, ""
// where it had made nothing.
func (m *Manager) Reject(ctx context.Context, slug, why string) (run.Run, string, error) {
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return run.Run{}, "", err
	}
	switch {
	case r.State == run.Accepted || r.State == run.Rejected:
		return *r, "", fault.New(fault.Conflict, "the run of %s cannot be rejected: it is %s", r.Slug, r.State)
	case r.State.Leased():
		return *r, "", fault.New(fault.Conflict, "the run of %s cannot be rejected while its agent is at work", r.Slug).WithHint("tasks run stop %s ends it first", word(r.Slug))
	case r.State.Waiting():
		return *r, "", fault.New(fault.Conflict, "the run of %s cannot be rejected: nothing was made for it yet", r.Slug).WithHint("tasks unqueue %s takes it out of the queue", word(r.Slug))
	}
	// The state is changed first: from then on no attempt begins in the worktree.
	text := why
	if text == "" {
		text = "a person rejected it"
	}
	moved, err := m.Runs.Move(ctx, r.ID, []run.State{run.Review, run.Retrying, run.Failed, run.Interrupted}, run.Rejected, &run.Reason{Code: run.Declined, Text: text}, time.Time{}, m.Now())
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

// Diff is what the run changed, with its lines, nil where it has made nothing yet.
func (m *Manager) Diff(ctx context.Context, r *run.Run) (*landing.Diff, error) {
	from, to, err := m.span(ctx, r)
	if err != nil || from == "" || to == "" {
		return nil, err
	}
	return m.lander().Diff(ctx, from, to)
}

// Fits tells whether the work of a run would merge onto its base as it is now, and the paths
// that conflict where not.
func (m *Manager) Fits(ctx context.Context, r *run.Run) (bool, []string, error) {
	return m.lander().Predict(ctx, r)
}

// landing brings the work onto the base. The beat's lock keeps anything else from being
// done to the run meanwhile.
func (m *Manager) landing(ctx context.Context, r *run.Run, merge bool) (string, error) {
	unlock, err := m.lockBeat(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	return m.lander().Accept(ctx, r, landing.Options{Merge: merge, Owner: m.owner(), Now: m.Now()})
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
