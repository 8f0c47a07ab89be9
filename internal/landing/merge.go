package landing

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/run"
	"tasks/internal/worktree"
)

// Predict tells whether the run's work would merge onto its base as it is now, and the
// paths that conflict where not.
func (l *Lander) Predict(ctx context.Context, r *run.Run) (clean bool, paths []string, err error) {
	p, err := l.prepare(ctx, r)
	if err != nil {
		return false, nil, err
	}
	_, paths, err = p.merge(ctx)
	return err == nil && len(paths) == 0, paths, err
}

// Conflicts are the paths in which the run does not fit onto its base, nil where it fits.
func (l *Lander) Conflicts(ctx context.Context, r *run.Run) ([]string, error) {
	_, paths, err := l.Predict(ctx, r)
	return paths, err
}

// work is a run's work and where it is to land.
type work struct {
	l     *Lander
	r     *run.Run
	gw    *git.Writer
	ref   string // of the base
	base  string // its commit, "" before the first
	head  string // of the run's branch
	begin string
}

// prepare finds the commits. Conflict where the branch is not at what was reviewed, or the
// base is gone.
func (l *Lander) prepare(ctx context.Context, r *run.Run) (*work, error) {
	if r.Base == "" || r.Slug == "" || r.ID == "" {
		return nil, fault.New(fault.Usage, "the run has no base branch to land on")
	}
	w := &work{l: l, r: r, ref: "refs/heads/" + r.Base, begin: r.Begin}
	var err error
	if w.gw, err = l.Git.Writer(ctx); err != nil {
		return nil, err
	}
	if w.base, err = l.Git.Resolve(ctx, w.ref); err != nil {
		return nil, err
	}
	if w.base == "" {
		if on, err := l.Git.Branch(ctx); err != nil || on != r.Base {
			return nil, errors.Join(err, fault.New(fault.Conflict, "%s cannot land: its base branch %s is not there any more", r.Slug, r.Base).
				WithHint("git branch %s %.10s brings it back as it was at kickoff; where it was renamed, give the new name in place of the commit", r.Base, w.begin))
		}
	}
	now, err := l.Git.Resolve(ctx, "refs/heads/"+worktree.Branch(r.Slug))
	if err != nil {
		return nil, err
	}
	w.head = now
	if now == "" {
		if w.head, err = l.Git.Resolve(ctx, r.Head); err != nil {
			return nil, err
		}
	}
	switch {
	case w.head == "":
		return nil, fault.New(fault.NotFound, "%s cannot land: its branch %s is gone", r.Slug, worktree.Branch(r.Slug)).
			WithHint("git for-each-ref %s%s/ lists what is kept", worktree.KeptPrefix, r.Slug)
	case r.Head != "" && r.Head != w.head:
		return nil, fault.New(fault.Conflict, "%s cannot land: its branch was at %.10s for the review and is at %.10s now", r.Slug, r.Head, w.head).
			WithHint("tasks run rebase %s takes it into review as it is now", r.Slug)
	}
	return w, nil
}

// merge is the tree of base and work together, or the paths that conflict.
func (w *work) merge(ctx context.Context) (tree string, paths []string, err error) {
	if w.base == "" {
		tree, err = w.gw.Line(ctx, "rev-parse", w.head+"^{tree}")
		return tree, nil, err
	}
	var more []string
	if w.begin != "" { // a run that began before the base's first commit has no commit in common with it
		if parent, err := w.l.Git.Resolve(ctx, w.begin+"^"); err == nil && parent == "" {
			more = []string{"--allow-unrelated-histories"}
		}
	}
	return mergeTrees(ctx, w.gw, w.base, w.head, more...)
}

// mergeTrees merges two commits into a tree, without a work tree.
func mergeTrees(ctx context.Context, gw *git.Writer, a, b string, more ...string) (tree string, paths []string, err error) {
	out, err := gw.Feed(ctx, nil, append(append([]string{"merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"}, more...), a, b)...)
	switch git.ExitStatus(err) {
	case 1:
		f := fields(out)
		if len(f) < 2 {
			return "", nil, err
		}
		paths = slices.DeleteFunc(f[1:], func(s string) bool { return s == "" })
		slices.Sort(paths)
		return "", slices.Compact(paths), nil
	case 129:
		return "", nil, fault.New(fault.Unavailable, "this git cannot merge without a work tree: %w", err).WithHint("install git 2.38 or newer")
	}
	if err != nil {
		if strings.Contains(err.Error(), "unrelated histories") {
			err = fault.New(fault.Conflict, "the base has no commit in common with the work any more").
				WithHint("kick the task off again")
		}
		return "", nil, err
	}
	return strings.TrimRight(string(out), "\x00\n"), nil, nil
}

// inTheWay is the fault for paths that keep the work from landing.
func inTheWay(slug, why string, paths []string) *fault.Error {
	const most = 20
	named := strings.Join(paths[:min(len(paths), most)], ", ")
	if more := len(paths) - most; more > 0 {
		named += " and " + plural(more) + " more"
	}
	return fault.New(fault.Conflict, "%s cannot land: %s: %s", slug, why, named)
}
