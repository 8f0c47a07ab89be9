// Package worktree is a run's checkout: made, checked, committed, kept and removed.
//
// The checkout of a task is .worktrees/<slug> at the root, on the branch task/<slug>,
// whose first commit is the worksheet as kicked off, with the trailers Task and Run.
//
// Nothing is written or removed outside a folder that is ours by four signs: it lies, by
// its real path, in .worktrees; its .git file leads to a folder below worktrees/ of this
// repository; that one leads back to it; and it holds our mark, which names task and run.
// Anything else in the way is a Conflict, and stays as it is. Branches move only from
// where they were last seen. Before a branch, a tree or git's own data of a tree goes,
// what it alone held (commits, staged and uncommitted content) gets a ref below
// refs/tasks/kept/<slug>/. Ignored files go with their tree.
//
// Making a tree can be killed at any step: it is made complete beside its place and
// renamed; what is left of an earlier try is swept away by the next call.
package worktree

import (
	"context"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/git"
)

const (
	// Folder is the folder of all trees, at the root.
	Folder = ".worktrees"
	// BranchPrefix stands before a slug in the name of its branch.
	BranchPrefix = "task/"
	// KeptPrefix is under which work is kept: refs/tasks/kept/<slug>/<run>.
	KeptPrefix = "refs/tasks/kept/"
)

// Branch is the branch of a task's tree.
func Branch(slug string) string { return BranchPrefix + slug }

// Trees are the work trees of one checkout. Safe for concurrent use, also beside other
// processes: what writes waits for the others.
type Trees struct {
	Git      *git.Checkout
	StateDir string
}

// Want says which tree is wanted.
type Want struct {
	Run, Slug string
	Base      string // branch that it begins at, as kicked off
	Path      string // of the worksheet, relative to the root
	Worksheet []byte // as kicked off
	Title     string
	Begin     string // commit that the run's branch began at, of an earlier attempt; "" for none
}

// Tree is a run's checkout.
type Tree struct {
	Dir     string // absolute
	Branch  string // task/<slug>
	Run     string // whose it is
	Begin   string // where the branch began, before the worksheet
	Head    string // the branch's newest commit
	Created bool   // the folder was made by this call
	admin   string
}

// Admin is git's folder for the tree, "" where it was not looked at.
func (k Tree) Admin() string { return k.admin }

// At is the tree of a task as it should be, without looking at the disk.
func (t *Trees) At(slug, run, begin, head string) Tree {
	return Tree{Dir: t.dir(slug), Branch: Branch(slug), Run: run, Begin: begin, Head: head}
}

func (t *Trees) dir(slug string) string { return filepath.Join(t.Git.Root, Folder, slug) }

// slug is the task of the tree.
func (k Tree) slug() string { return strings.TrimPrefix(k.Branch, BranchPrefix) }

var goodSlug = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,127}$`)

func (w Want) check() error {
	clean := path.Clean(w.Path)
	switch {
	case !goodSlug.MatchString(w.Slug):
		return fault.New(fault.Usage, "cannot make a worktree: %q is no task's name", w.Slug)
	case w.Run == "" || strings.ContainsAny(w.Run, "/ \n~^:?*[\\"):
		return fault.New(fault.Usage, "cannot make a worktree for %s: %q is no run", w.Slug, w.Run)
	case w.Base == "":
		return fault.New(fault.Usage, "cannot make a worktree for %s: its run has no base branch", w.Slug)
	case clean != w.Path || path.IsAbs(clean) || clean == "." || clean == ".." || strings.HasPrefix(clean, "../"):
		return fault.New(fault.Usage, "cannot make a worktree for %s: %q is no path of a worksheet", w.Slug, w.Path)
	}
	return nil
}

// Ensure is the tree of a run. One that the run has already is answered as it is,
// whatever is in it, without the locks that a killed git left; one whose folder is gone is made anew at its branch's head, or at
// what was kept of it; tree and branch of an earlier run of the task are kept and removed
// first. Conflict where something else is in the way, or the tree is not on its branch.
func (t *Trees) Ensure(ctx context.Context, w Want) (Tree, error) {
	if err := w.check(); err != nil {
		return Tree{}, err
	}
	ctx, unlock, err := t.lock(ctx)
	if err != nil {
		return Tree{}, err
	}
	defer unlock()
	if err := t.ready(ctx); err != nil {
		return Tree{}, err
	}
	if err := t.prune(ctx); err != nil {
		return Tree{}, err
	}
	p, err := t.look(w.Slug)
	if err != nil {
		return Tree{}, err
	}
	if p.is == orphan {
		if p, err = t.reattach(ctx, w, p); err != nil {
			return Tree{}, err
		}
	}
	switch {
	case p.is == foreign:
		return Tree{}, p.inTheWay()
	case p.is == ours && p.mark.Run == w.Run:
		// Who works there next needs git. Where another is at it, that one's locks stay.
		if err := t.unstick(ctx, p); err != nil && fault.CodeOf(err) != fault.Conflict {
			return Tree{}, err
		}
		k := Tree{Dir: p.dir, Branch: Branch(w.Slug), Run: w.Run, Begin: p.mark.Begin, admin: p.admin}
		k.Head, err = t.onBranch(ctx, k, p)
		return k, err
	case p.is == ours:
		if _, err := t.remove(ctx, p, p.mark.Run); err != nil {
			return Tree{}, err
		}
	}
	b, err := t.branch(ctx, w)
	if err != nil {
		return Tree{}, err
	}
	return t.make(ctx, w, b)
}

// Check tells whether the tree is still what we left: ours by git's data, on its own
// branch, and the branch still one that began where it did. Conflict where not, with
// what is the matter; nothing is changed.
func (t *Trees) Check(ctx context.Context, k Tree) error {
	p, err := t.mine(k)
	if err != nil {
		return err
	}
	_, err = t.onBranch(ctx, k, p)
	return err
}

// Head is the newest commit of the tree's branch. Conflict where the branch is gone.
func (t *Trees) Head(ctx context.Context, k Tree) (string, error) {
	head, err := t.Git.Resolve(ctx, "refs/heads/"+k.Branch)
	if err == nil && head == "" {
		err = fault.New(fault.Conflict, "the branch %s is gone", k.Branch)
	}
	return head, err
}

// mine is the place of a tree that must be ours, and its run's.
func (t *Trees) mine(k Tree) (place, error) {
	slug := k.slug()
	if !goodSlug.MatchString(slug) {
		return place{}, fault.New(fault.Usage, "%q is no task's name", slug)
	}
	p, err := t.look(slug)
	if err != nil {
		return p, err
	}
	switch p.is {
	case absent:
		return p, fault.New(fault.Conflict, "the worktree of %s is gone: %s is not there", slug, p.dir).
			WithHint("tasks run retry %s makes it anew from its branch", slug)
	case orphan:
		return p, fault.New(fault.Conflict, "the worktree of %s is cut off: %s", slug, p.why).
			WithHint("tasks run retry %s puts it right", slug)
	case foreign:
		return p, p.inTheWay()
	}
	if k.Run != "" && k.Run != p.mark.Run {
		return p, fault.New(fault.Conflict, "the worktree of %s is another run's by now: %s", slug, p.mark.Run)
	}
	return p, nil
}

// onBranch is the head of the tree's branch, Conflict where the tree is on another one or
// the branch does not hold its first commit any more.
func (t *Trees) onBranch(ctx context.Context, k Tree, p place) (head string, err error) {
	slug, want := k.slug(), "refs/heads/"+k.Branch
	at, err := readLine(filepath.Join(p.admin, "HEAD"))
	if err != nil {
		return "", fault.New(fault.Conflict, "the worktree of %s cannot be read: %w", slug, err)
	}
	if at != "ref: "+want {
		now := "at no branch"
		if name, is := strings.CutPrefix(at, "ref: refs/heads/"); is {
			now = "on the branch " + name
		} else if busy := Unfinished(p.admin); busy != "" {
			now += ", in the middle of a " + busy
		}
		return "", fault.New(fault.Conflict, "the worktree of %s is %s, not on %s", slug, now, k.Branch).
			WithHint("in %s, finish what is going on or switch back: git switch %s", p.dir, k.Branch)
	}
	if head, err = t.Git.Resolve(ctx, want); err != nil {
		return "", err
	}
	if head == "" {
		return "", fault.New(fault.Conflict, "the branch %s is gone", k.Branch).
			WithHint("its commits: git -C %s reflog", p.dir)
	}
	for _, must := range []string{p.mark.First, k.Begin} {
		in, err := t.Git.HasAncestor(ctx, must, head)
		if err == nil && !in && must != "" {
			err = fault.New(fault.Conflict, "the branch %s was moved by hand: the commit %.10s that it began with is not in it any more", k.Branch, must).
				WithHint("its earlier commits: git reflog %s", k.Branch)
		}
		if err != nil {
			return "", err
		}
	}
	return head, nil
}

// Rebegin records that the tree's branch begins anew: with the commit first, after begin.
func (t *Trees) Rebegin(ctx context.Context, k Tree, begin, first string) error {
	ctx, unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	p, err := t.mine(k)
	if err != nil {
		return err
	}
	p.mark.Begin, p.mark.First = begin, first
	return writeMark(p.admin, p.mark)
}
