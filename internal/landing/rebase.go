package landing

import (
	"bytes"
	"context"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/worktree"
)

// Rebase puts the run's commits onto the base as it is now, branch and tree together, and
// returns where the branch begins then and where it is. Where they do not apply the paths
// are returned, and nothing is changed. Conflict where the tree has uncommitted changes or
// is not on its branch, or the work holds merges. The commits as they were are kept.
//
// Authors, times and messages stay; the committer is the user. The branch may hold commits
// that were not under review.
func (l *Lander) Rebase(ctx context.Context, r *run.Run) (begin, head string, conflicts []string, err error) {
	ctx, unlock, err := l.lock(ctx)
	if err != nil {
		return "", "", nil, err
	}
	defer unlock()
	if j, err := l.readJournal(r.ID); err != nil {
		return "", "", nil, err
	} else if j != nil {
		if err := l.recoverOne(ctx, j); err != nil {
			return "", "", nil, err
		}
	}
	now := *r
	now.Head = "" // any: what is on the branch is what is rebased
	w, err := l.prepare(ctx, &now)
	if err != nil {
		return "", "", nil, err
	}
	if up, err := l.Git.HasAncestor(ctx, w.base, w.head); err != nil || up || w.base == "" {
		return l.beginOf(ctx, r), w.head, nil, err // it stands on the base already
	}
	if err := l.quiet(ctx, r); err != nil {
		return "", "", nil, err
	}
	commits, err := w.own(ctx)
	if err != nil {
		return "", "", nil, err
	}
	first, head := "", w.base
	for _, c := range commits {
		if head, conflicts, err = w.pick(ctx, c, head); err != nil || len(conflicts) > 0 {
			return "", "", conflicts, err
		}
		if first == "" {
			first = head
		}
	}
	if _, err := l.Trees.KeepCommit(ctx, r.Slug, r.ID+"-before-rebase", w.head); err != nil {
		return "", "", nil, err
	}
	m := &move{l: l, journal: journal{Kind: rebased, Run: r.ID, Slug: r.Slug, Ref: "refs/heads/" + worktree.Branch(r.Slug),
		Old: w.head, New: head, Begin: w.base, First: first}}
	if err := m.do(ctx, "rebase "+r.Slug); err != nil {
		return "", "", nil, err
	}
	return w.base, head, nil, l.afterRebase(ctx, &m.journal)
}

// beginOf is where the run's branch begins, as its tree has it written down.
func (l *Lander) beginOf(ctx context.Context, r *run.Run) string {
	trees, err := l.Trees.List(ctx)
	if err == nil {
		for _, t := range trees {
			if t.Ours && t.Tree.Run == r.ID {
				return t.Tree.Begin
			}
		}
	}
	return r.Begin
}

// quiet makes sure that the run's tree is there, on its branch, and holds nothing that is
// not committed.
func (l *Lander) quiet(ctx context.Context, r *run.Run) error {
	changed, err := l.Trees.Clean(ctx, l.Trees.At(r.Slug, r.ID, r.Begin, ""))
	if err == nil && len(changed) > 0 {
		err = inTheWay(r.Slug, "its worktree has uncommitted changes", changed)
	}
	return err
}

// own are the commits of the work, oldest first.
func (w *work) own(ctx context.Context) ([]string, error) {
	out, err := w.gw.Run(ctx, "rev-list", "--reverse", "--topo-order", "--parents", "--end-of-options", w.head, "^"+w.base)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		f := strings.Fields(line)
		if len(f) != 2 {
			return nil, fault.New(fault.Conflict, "the branch of %s cannot be rebased: it holds merges, or a commit without one before it", w.r.Slug).
				WithHint("tasks run accept %s takes it as it is where it does not conflict", w.r.Slug)
		}
		list = append(list, f[0])
	}
	return list, nil
}

// pick makes a commit again, on another one. git's merge finds the base of two commits by
// itself, so that two stand-ins with the commit's parent before them are merged.
func (w *work) pick(ctx context.Context, commit, onto string) (made string, conflicts []string, err error) {
	from, err := w.standIn(ctx, commit+"^", "")
	if err != nil {
		return "", nil, err
	}
	ours, err := w.standIn(ctx, onto, from)
	if err != nil {
		return "", nil, err
	}
	theirs, err := w.standIn(ctx, commit, from)
	if err != nil {
		return "", nil, err
	}
	tree, conflicts, err := mergeTrees(ctx, w.gw, ours, theirs)
	if err != nil || len(conflicts) > 0 {
		return "", conflicts, err
	}
	raw, err := w.gw.Run(ctx, "cat-file", "commit", commit)
	if err != nil {
		return "", nil, err
	}
	who, err := w.gw.Line(ctx, "var", "GIT_COMMITTER_IDENT")
	if err != nil {
		return "", nil, err
	}
	out, err := w.gw.Feed(ctx, remake(raw, tree, onto, who), "hash-object", "-t", "commit", "-w", "--stdin")
	return strings.TrimSpace(string(out)), nil, err
}

// standIn is a commit with the tree of another one and the given one before it.
func (w *work) standIn(ctx context.Context, of, parent string) (string, error) {
	args := []string{"commit-tree", of + "^{tree}"}
	if parent != "" {
		args = append(args, "-p", parent)
	}
	out, err := w.gw.Feed(ctx, []byte("stand-in\n"), args...)
	return strings.TrimSpace(string(out)), err
}

// remake is a commit's own text with another tree, parent and committer, and without a
// signature, which would not fit any more.
func remake(raw []byte, tree, parent, who string) []byte {
	head, body, _ := bytes.Cut(raw, []byte("\n\n"))
	out := []byte("tree " + tree + "\nparent " + parent + "\n")
	skip := false
	for _, line := range bytes.Split(head, []byte("\n")) {
		key, _, _ := bytes.Cut(line, []byte(" "))
		if len(key) > 0 { // else it goes on with the line before
			skip = false
			switch string(key) {
			case "tree", "parent", "gpgsig", "gpgsig-sha256", "mergetag":
				skip = true
			case "committer":
				line = []byte("committer " + who)
			}
		}
		if !skip {
			out = append(append(out, line...), '\n')
		}
	}
	return append(append(out, '\n'), body...)
}

// afterRebase records where the branch begins now.
func (l *Lander) afterRebase(ctx context.Context, j *journal) error {
	if err := l.Trees.Rebegin(ctx, l.Trees.At(j.Slug, j.Run, "", ""), j.Begin, j.First); err != nil {
		return err
	}
	j.Done = true
	return l.writeJournal(j)
}
