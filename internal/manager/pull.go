package manager

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tasks/internal/fault"
	"tasks/internal/forge"
	"tasks/internal/run"
)

// Pushed is what a push brought where.
type Pushed struct {
	Run    run.Run
	Remote forge.Remote
	Commit string
}

// Consent is the user's word that work may go to a remote from now on: it is told which,
// and an error says that another was meant. nil gives none.
type Consent func(forge.Remote) error

// Push brings the work of a run to the remote of the name, "" for the one that its base
// is pulled from. Forbidden, with the address, until the user has confirmed that
// remote; with a consent it is confirmed first.
func (m *Manager) Push(ctx context.Context, slug, remote string, consent Consent) (Pushed, error) {
	if m.Forge == nil {
		return Pushed{}, forge.NoForge("this process knows none")
	}
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return Pushed{}, err
	}
	out := Pushed{Run: *r}
	if err := pushable(r); err != nil {
		return out, err
	}
	if out.Commit, err = m.Git.Resolve(ctx, "refs/heads/"+r.Branch); err != nil {
		return out, err
	}
	if out.Commit == "" {
		return out, fault.New(fault.NotFound, "%s was not pushed: its branch %s is gone", r.Slug, r.Branch)
	}
	if out.Remote, err = m.Forge.Remote(ctx, remote, r.Base); err != nil {
		return out, err
	}
	if consent != nil {
		if err := consent(out.Remote); err != nil {
			return out, err
		}
		if err := m.Forge.Confirm(out.Remote); err != nil {
			return out, err
		}
	}
	return out, m.Forge.Push(ctx, out.Remote, r.Branch, out.Commit)
}

// pushable says why the work of a run cannot leave this machine now, nil where it can.
func pushable(r *run.Run) error {
	switch {
	case r.State.Leased():
		return fault.New(fault.Conflict, "%s was not pushed: its agent is at work", r.Slug).WithHint("wait for review, or tasks run stop %s", word(r.Slug))
	case r.Branch == "" || r.Head == "" || r.Head == r.Begin:
		return fault.New(fault.Conflict, "%s was not pushed: nothing was made for it yet", r.Slug)
	case r.State == run.Accepted || r.State == run.Rejected:
		return fault.New(fault.Conflict, "%s was not pushed: its run is %s", r.Slug, r.State)
	}
	return nil
}

// Way is a remote that the work of a run can go to.
type Way struct {
	forge.Remote
	Confirmed bool // the user lets this root's work go there
	Pulls     bool // gh is there, and may know it: a pull request can be tried
}

// Ways are the remotes that the work of a run can go to now, the likeliest first; none
// where it cannot leave at all.
func (m *Manager) Ways(ctx context.Context, r *run.Run) ([]Way, error) {
	if m.Forge == nil || pushable(r) != nil {
		return nil, nil
	}
	list, err := m.Forge.Remotes(ctx)
	if err != nil {
		return nil, err
	}
	first, _ := m.Forge.Likeliest(ctx, list, r.Base) // where none is, the list's order is as good
	gh := m.Forge.Installed()
	var out []Way
	for _, remote := range list {
		w := Way{Remote: remote, Pulls: gh && remote.Repository() != ""}
		if w.Confirmed, err = m.Forge.Confirmed(remote); err != nil {
			return nil, err
		}
		if remote.Name == first.Name {
			out = slices.Insert(out, 0, w)
		} else {
			out = append(out, w)
		}
	}
	return out, nil
}

// Leaves tells whether the work of a run can go to a remote now: what a page asks before it
// offers Ways.
func (m *Manager) Leaves(ctx context.Context, r *run.Run) bool {
	return m.Forge != nil && pushable(r) == nil && m.Forge.Any(ctx)
}

// OpenPull pushes the work of a run and makes a pull request of it, or finds the one that
// it has; made tells which. Unavailable where there is no forge; then nothing is pushed.
func (m *Manager) OpenPull(ctx context.Context, slug, remote string, consent Consent) (p *forge.Pull, made bool, err error) {
	if m.Forge == nil {
		return nil, false, forge.NoForge("this process knows none")
	}
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return nil, false, err
	}
	to, err := m.Forge.Remote(ctx, remote, r.Base)
	if err != nil {
		return nil, false, err
	}
	probed, err := m.Forge.Probe(ctx, to)
	if err != nil {
		return nil, false, err
	}
	if _, err := m.Push(ctx, slug, remote, consent); err != nil {
		return nil, false, err
	}
	p, made, err = m.Forge.Create(ctx, probed, forge.Want{
		Branch: r.Branch, Base: r.Base, Title: cmp.Or(r.Title, r.Slug),
		Body: fmt.Sprintf("The task `%s` (`%s`).\n\nTask: %s\n", r.Slug, r.Path, r.Slug),
	})
	if err != nil {
		return nil, false, err
	}
	if err := m.Runs.SetPR(ctx, r.ID, p.URL); err != nil {
		return p, made, err
	}
	if err := m.Runs.SetPull(ctx, r.ID, known(p)); err != nil {
		return p, made, err
	}
	m.kick()
	return p, made, nil
}

// MergePull merges the pull request of a run that is ready for review, as one commit
// where squash. Only what was reviewed is merged: Conflict where it stands elsewhere. The
// next beat sees it and ends the run.
func (m *Manager) MergePull(ctx context.Context, slug string, squash bool) (*forge.Pull, error) {
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return nil, err
	}
	if r.State != run.Review {
		return nil, fault.New(fault.Conflict, "the pull request of %s was not merged: its run is %s, not ready for review", r.Slug, r.State)
	}
	probed, number, err := m.pullOf(ctx, r)
	if err != nil {
		return nil, err
	}
	p, err := m.Forge.Merge(ctx, probed, number, r.Head, squash)
	if err != nil {
		return p, err
	}
	if err := m.Runs.SetPull(ctx, r.ID, known(p)); err != nil {
		return p, err
	}
	m.kick()
	return p, nil
}

// pullOf is where to ask for a run's pull request.
func (m *Manager) pullOf(ctx context.Context, r *run.Run) (forge.Probed, int, error) {
	if m.Forge == nil {
		return forge.Probed{}, 0, forge.NoForge("this process knows none")
	}
	remote, number, ok := forge.ParsePull(r.PRURL)
	if !ok {
		return forge.Probed{}, 0, fault.New(fault.NotFound, "%s has no pull request", r.Slug).WithHint("tasks run pr %s makes one", word(r.Slug))
	}
	probed, err := m.Forge.Probe(ctx, remote)
	return probed, number, err
}

func known(p *forge.Pull) run.Pull {
	return run.Pull{State: p.State, Checks: string(p.Checks), Conflicts: p.Conflicts}
}
