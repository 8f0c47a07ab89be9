package manager

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/run"
	"tasks/internal/worktree"
)

// GC removes the worktrees and branches of runs that are over, and those that no run knows
// of. What has commits or bytes that are nowhere else is kept under refs/tasks/kept/
// first, and the action's reason says so. What a run may still go on with stays.
func (m *Manager) GC(ctx context.Context, dry bool) (*Beat, error) {
	if !dry {
		unlock, err := m.lockBeat(ctx)
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	b := &Beat{DryRun: dry, Actions: []*Did{}}
	// A branch can go when its worktree has.
	for _, list := range []func(context.Context, World) ([]Action, error){m.deadTrees, m.deadBranches} {
		w, err := m.see(ctx)
		if err != nil {
			return nil, err
		}
		if w.Unreadable != "" {
			return nil, fault.New(fault.Unavailable, "nothing is cleared away: the tasks cannot be read: %s", w.Unreadable)
		}
		actions, err := list(ctx, w)
		if err != nil {
			return nil, err
		}
		var now []*Did
		for _, a := range actions {
			now = append(now, &Did{Action: a, Result: Planned})
		}
		b.Actions = append(b.Actions, now...)
		if !dry {
			m.act(ctx, &w, now, BeatOptions{}, nil)
		}
	}
	return b, nil
}

// deadTrees are the worktrees that nobody goes on with.
func (m *Manager) deadTrees(_ context.Context, w World) ([]Action, error) {
	var out []Action
	done := map[string]bool{}
	for _, a := range Plan(w) { // what each beat does anyway
		if a.Verb == Clean || a.Verb == Prune {
			out = append(out, a)
			done[a.Slug] = true
		}
	}
	s := set(w)
	for dir, tree := range w.Trees {
		slug := filepath.Base(dir)
		if why := s.dead(slug); why != "" && !tree.Missing && !done[slug] {
			a := Action{Key: "clean:" + slug, Verb: Clean, Slug: slug, Reason: why, r: w.Runs[slug]}
			if a.r != nil {
				a.Run = a.r.ID
			}
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Action) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

// dead says why nothing goes on in the worktree or on the branch of the slug, "" where it
// may.
func (s *scene) dead(slug string) string {
	r := s.Runs[slug]
	if r == nil {
		return "no run knows of it"
	}
	if _, landing := s.Landings[r.ID]; landing || r.State.Active() {
		return ""
	}
	over, final := s.over(r)
	switch {
	case r.State == run.Accepted || r.State == run.Rejected:
		return "its run is " + string(r.State)
	case final:
		return over
	case over != "" && s.taskOf(r) == nil:
		return over
	}
	return ""
}

// deadBranches are the branches of runs that have no worktree and no use.
func (m *Manager) deadBranches(ctx context.Context, w World) ([]Action, error) {
	out, err := m.Git.Output(ctx, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/"+worktree.BranchPrefix)
	if err != nil {
		return nil, err
	}
	s := set(w)
	var list []Action
	for line := range strings.Lines(string(out)) {
		ref, head, _ := strings.Cut(strings.TrimSpace(line), " ")
		slug := strings.TrimPrefix(ref, "refs/heads/"+worktree.BranchPrefix)
		_, tree := w.Trees[filepath.Join(w.Root, worktree.Folder, slug)]
		why := s.dead(slug)
		if tree || why == "" || w.Branch == worktree.BranchPrefix+slug {
			continue
		}
		a := Action{Key: "branch:" + slug, Verb: Branch, Slug: slug, Reason: why, r: w.Runs[slug], head: head}
		if a.r != nil {
			a.Run = a.r.ID
		}
		list = append(list, a)
	}
	return list, nil
}

// dropBranch removes a branch that nobody has checked out. What it brings is kept, but
// where the base holds it.
func (m *Manager) dropBranch(ctx context.Context, a *Action) error {
	ref := "refs/heads/" + worktree.BranchPrefix + a.Slug
	base, r := a.base(ctx, m), a.r
	if base == "" || r.Begin == "" || m.compare(ctx, r, a.head, base).merged == "" {
		kept := worktree.KeptPrefix + a.Slug + "/" + a.head[:min(len(a.head), 12)]
		if err := m.Git.MoveRef(ctx, kept, a.head, git.Zero, "kept by tasks gc"); err != nil && fault.CodeOf(err) != fault.Conflict {
			return err
		}
		now, err := m.Git.Output(ctx, "rev-parse", "--verify", "--quiet", kept)
		if err != nil || strings.TrimSpace(string(now)) != a.head {
			return fault.New(fault.Internal, "the branch of %s stays: it could not be kept", a.Slug)
		}
		a.Reason += "; kept under " + kept
	}
	return m.Git.MoveRef(ctx, ref, "", a.head, "its run is over")
}

// base is the branch that the action's work was for, as a commit; "" where nothing says.
func (a *Action) base(ctx context.Context, m *Manager) string {
	if a.r == nil || a.r.Base == "" {
		return ""
	}
	out, err := m.Git.Output(ctx, "rev-parse", "--verify", "--quiet", "refs/heads/"+a.r.Base)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
