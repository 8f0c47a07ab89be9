package manager

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

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

// Push brings the work of a run to the remote of the name, "" for the one that its base
// is pulled from. Forbidden, with the address, until the user has confirmed that
// remote; confirm confirms it.
func (m *Manager) Push(ctx context.Context, slug, remote string, confirm bool) (Pushed, error) {
	if m.Forge == nil {
		return Pushed{}, forge.NoForge("this process knows none")
	}
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return Pushed{}, err
	}
	out := Pushed{Run: *r}
	switch {
	case r.State.Leased():
		return out, fault.New(fault.Conflict, "%s was not pushed: its agent is at work", r.Slug).WithHint("wait for review, or tasks run stop %s", word(r.Slug))
	case r.Branch == "" || r.Head == "" || r.Head == r.Begin:
		return out, fault.New(fault.Conflict, "%s was not pushed: nothing was made for it yet", r.Slug)
	case r.State == run.Accepted || r.State == run.Rejected:
		return out, fault.New(fault.Conflict, "%s was not pushed: its run is %s", r.Slug, r.State)
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
	if confirm {
		if err := m.Forge.Confirm(out.Remote); err != nil {
			return out, err
		}
	}
	return out, m.Forge.Push(ctx, out.Remote, r.Branch, out.Commit)
}

// OpenPull pushes the work of a run and makes a pull request of it, or finds the one that
// it has; made tells which. Unavailable where there is no forge; then nothing is pushed.
func (m *Manager) OpenPull(ctx context.Context, slug, remote string, confirm bool) (p *forge.Pull, made bool, err error) {
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
	if _, err := m.Push(ctx, slug, remote, confirm); err != nil {
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
	m.pulls.put(r.ID, known(p))
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

func known(p *forge.Pull) Pull {
	return Pull{URL: p.URL, State: p.State, Checks: string(p.Checks), Conflicts: p.Conflicts}
}

// askEvery is how often the forge is asked about pull requests that are open.
const askEvery = time.Minute

// pullBook is the pull requests as last asked for, by run, and those to ask for.
type pullBook struct {
	mu   sync.Mutex
	last map[string]Pull
	want []*run.Run
}

func (b *pullBook) put(id string, p Pull) (changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == nil {
		b.last = map[string]Pull{}
	}
	changed = b.last[id] != p
	b.last[id] = p
	return changed
}

// lastPulls is Pulls: it asks nobody, and notes which are wanted.
func (m *Manager) lastPulls(runs []*run.Run) map[string]Pull {
	m.pulls.mu.Lock()
	defer m.pulls.mu.Unlock()
	m.pulls.want = m.pulls.want[:0]
	out := map[string]Pull{}
	for _, r := range runs {
		if r.PRURL == "" {
			continue
		}
		if p, ok := m.pulls.last[r.ID]; ok {
			out[r.ID] = p
			if p.State != "open" {
				continue
			}
		}
		m.pulls.want = append(m.pulls.want, r)
	}
	return out
}

// watchPulls asks the forge about the pull requests of the runs, and has the loop look
// where an answer is new. It returns at ctx's end.
func (m *Manager) watchPulls(ctx context.Context) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		m.askPulls(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (m *Manager) askPulls(ctx context.Context) {
	m.pulls.mu.Lock()
	want := append([]*run.Run(nil), m.pulls.want...)
	m.pulls.mu.Unlock()
	for _, r := range want {
		probed, number, err := m.pullOf(ctx, r)
		var p *forge.Pull
		if err == nil {
			p, err = m.Forge.State(ctx, probed, number)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			m.Log.Warn("the pull request cannot be asked for", "run", r.ID, "url", r.PRURL, "err", err)
			continue
		}
		if m.pulls.put(r.ID, known(p)) {
			m.TasksChanged()
		}
	}
}
