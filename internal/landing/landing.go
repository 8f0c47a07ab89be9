// Package landing is what becomes of a run's work: its diff, whether it would merge, and
// accept, reject and rebase.
//
// Nothing is merged in a work tree: the result is made of objects, the base moves by
// update-ref from where it was seen, and then each tree that has it checked out moves with
// it, only in the paths that the landing changes. Staged and untracked work of other
// paths stays byte for byte. A path that is changed there and would have to be written is
// a Conflict that names it, before anything is changed; one that holds the bytes kicked
// off or the new ones is not in the way. A file is replaced whole, by a rename.
//
// A landing is written down before the base moves (<state>/landing/<run>.json). One that
// was cut off by the end of its process is finished by Recover, or by the next Accept: when
// the base has moved, the trees follow; when it has not, nothing has happened.
package landing

import (
	"cmp"
	"context"
	"path/filepath"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/run"
	"tasks/internal/worktree"
)

// Lander lands runs of one checkout. Safe for concurrent use, also beside other processes.
type Lander struct {
	Git      *git.Checkout
	Trees    *worktree.Trees
	StateDir string
	// BeforeRemove is called with the run whose tree is about to go after its landing; nil
	// for nothing. The tree goes all the same.
	BeforeRemove func(ctx context.Context, run string)
}

// New is the lander of a checkout.
func New(g *git.Checkout, stateDir string) *Lander {
	return &Lander{Git: g, Trees: &worktree.Trees{Git: g, StateDir: stateDir}, StateDir: stateDir}
}

// Options are how a run is accepted.
type Options struct {
	Merge bool      // a merge commit in place of a squash
	Owner string    // who completed it, where the worksheet has no owner; may be ""
	Now   time.Time // of completion; zero is now
}

// step is where tests end the process; it does nothing else.
var step = func(string) {}

func (l *Lander) lock(ctx context.Context) (in context.Context, unlock func(), err error) {
	return worktree.Lock(ctx, filepath.Join(l.StateDir, "locks", "landing.lock"))
}

func (l *Lander) tree(r *run.Run) worktree.Tree {
	return l.Trees.At(r.Slug, r.ID, r.Begin, r.Head)
}

// Accept lands the run's work on its base branch, with the worksheet completed in the
// same commit, and returns that commit. Tree and branch of the run are removed; their
// commits stay under refs/tasks/kept/. Conflict, with the paths named and nothing changed,
// where it does not merge or a path of the base's tree is in the way; also where the run's
// record says that it has landed.
func (l *Lander) Accept(ctx context.Context, r *run.Run, o Options) (commit string, err error) {
	if r.LandedAs != "" {
		return "", fault.New(fault.Conflict, "the run of %s was accepted already, as %.12s", r.Slug, r.LandedAs)
	}
	ctx, unlock, err := l.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if j, err := l.readJournal(r.ID); err != nil {
		return "", err
	} else if j != nil {
		if err := l.recoverOne(ctx, j); err != nil {
			return "", err
		}
		if j.Kind == landed && j.Done {
			return j.New, nil
		}
	}
	w, err := l.prepare(ctx, r)
	if err != nil {
		return "", err
	}
	if err := w.onTask(ctx); err != nil {
		return "", err
	}
	tree, paths, err := w.merge(ctx)
	if err != nil {
		return "", err
	}
	if len(paths) > 0 {
		return "", inTheWay(r.Slug, "it conflicts with "+r.Base, paths).
			WithHint("tasks run rebase %s asks its agent to solve it", r.Slug)
	}
	if tree, err = w.withSheet(ctx, tree, o); err != nil {
		return "", err
	}
	if commit, err = w.commit(ctx, tree, o.Merge); err != nil {
		return "", err
	}
	m := &move{l: l, journal: journal{Kind: landed, Run: r.ID, Slug: r.Slug, Ref: w.ref, Old: w.base, New: commit, Head: w.head}}
	if err := m.alsoClean(ctx, w.gw, r); err != nil {
		return "", err
	}
	if err := m.do(ctx, "accept "+r.Slug); err != nil {
		return "", err
	}
	return commit, l.afterLanding(ctx, &m.journal)
}

// onTask makes sure that the tree, where there is one, is on its branch: work that was
// done elsewhere in it would be left behind.
func (w *work) onTask(ctx context.Context) error {
	trees, err := w.l.Trees.List(ctx)
	if err != nil {
		return err
	}
	for _, t := range trees {
		if t.Tree.Branch == worktree.Branch(w.r.Slug) && t.Ours && !t.Missing && t.Tree.Run == w.r.ID {
			k := t.Tree
			k.Begin = w.r.Begin
			return w.l.Trees.Check(ctx, k)
		}
	}
	return nil
}

// commit makes the commit that lands the tree.
func (w *work) commit(ctx context.Context, tree string, merge bool) (string, error) {
	title := strings.Join(strings.Fields(w.r.Title), " ")
	if title == "" {
		title = w.r.Slug
	}
	args := []string{"commit-tree"}
	switch {
	case w.base != "":
		args = append(args, "-p", w.base)
	case w.begin != "":
		args = append(args, "-p", w.begin)
	}
	if merge {
		title = "Merge " + worktree.Branch(w.r.Slug) + ": " + title
		if w.base == "" {
			args = []string{"commit-tree"}
		}
		args = append(args, "-p", w.head)
	}
	out, err := w.gw.Feed(ctx, []byte(title+"\n\nTask: "+w.r.Slug+"\nRun: "+w.r.ID+"\n"), append(args, tree)...)
	return strings.TrimSpace(string(out)), err
}

// afterLanding removes tree and branch of what has landed. That they cannot be removed,
// locked or moved by hand, does not undo the landing: they stay for gc, which says why.
func (l *Lander) afterLanding(ctx context.Context, j *journal) error {
	if l.BeforeRemove != nil {
		l.BeforeRemove(ctx, j.Run)
	}
	_, err := l.Trees.Remove(ctx, l.Trees.At(j.Slug, j.Run, "", j.Head), j.Run)
	if err != nil && fault.CodeOf(err) != fault.Conflict {
		return err
	}
	if j.Head != "" {
		if _, err := l.Trees.KeepCommit(ctx, j.Slug, j.Run, j.Head); err != nil {
			return err
		}
	}
	step("cleared")
	j.Done = true
	return l.writeJournal(j)
}

// Reject removes tree and branch of the run; all that they held is kept under the ref
// that is returned, "" where other refs have it or there was nothing. What was under review
// is kept also where somebody has deleted the branch or moved it away from there.
func (l *Lander) Reject(ctx context.Context, r *run.Run) (ref string, err error) {
	ctx, unlock, err := l.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	ref, err = l.Trees.Remove(ctx, l.tree(r), r.ID)
	if err != nil || r.Head == "" {
		return ref, err
	}
	head, err := l.Git.Resolve(ctx, r.Head)
	if err != nil || head == "" { // git has thrown it away
		return ref, err
	}
	also, err := l.Trees.KeepCommit(ctx, r.Slug, r.ID, head)
	return cmp.Or(ref, also), err
}
