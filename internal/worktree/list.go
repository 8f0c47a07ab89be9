package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/git"
)

// Linked is a work tree below the folder of ours.
type Linked struct {
	Tree    Tree   // with what it should be on; Run is "" where it is not ours
	Ours    bool   // it bears our mark and, where it is there, all other signs
	Missing bool   // its folder is not there
	Locked  bool   // somebody locked it
	On      string // the branch that is checked out, "" for none
}

// List is every work tree below the folder of ours.
func (t *Trees) List(ctx context.Context) ([]Linked, error) {
	trees, err := t.Git.WorkTrees(ctx)
	if err != nil {
		return nil, err
	}
	var list []Linked
	for _, w := range trees {
		slug := filepath.Base(w.Dir)
		if w.Dir != t.dir(slug) || w.Admin == "" {
			continue
		}
		l := Linked{
			Tree:    Tree{Dir: w.Dir, Branch: Branch(slug), Head: w.Head, admin: w.Admin},
			Missing: w.Missing, Locked: w.Locked, On: strings.TrimPrefix(w.Branch, "refs/heads/"),
		}
		m, err := readMark(w.Admin)
		l.Ours = err == nil && m.Slug == slug && goodSlug.MatchString(slug)
		if l.Ours && !w.Missing {
			p, err := t.look(slug)
			l.Ours = err == nil && p.is == ours
		}
		if l.Ours {
			l.Tree.Run, l.Tree.Begin = m.Run, m.Begin
		}
		list = append(list, l)
	}
	return list, nil
}

// Branches are the branches of tasks, by slug, with their heads, whoever made them.
func (t *Trees) Branches(ctx context.Context) (map[string]string, error) {
	refs, err := t.Git.RefsTo(ctx, "refs/heads/task/")
	all := map[string]string{}
	for _, r := range refs {
		all[strings.TrimPrefix(r.Name, "refs/heads/task/")] = r.Hash
	}
	return all, err
}

// Kept lists what is kept of a task's runs, of all tasks for "".
func (t *Trees) Kept(ctx context.Context, slug string) ([]git.Ref, error) {
	prefix := KeptPrefix
	if slug != "" {
		prefix += slug + "/"
	}
	return t.Git.RefsTo(ctx, prefix)
}

// maxCommits bounds a list of commits.
const maxCommits = 500

// Commits are those of to that are not of from, oldest first, at most 500.
func (t *Trees) Commits(ctx context.Context, from, to string) ([]git.Commit, error) {
	if from == to {
		return nil, nil
	}
	return t.Git.Range(ctx, from, to, maxCommits)
}

// entry is git's folder for one tree, as its files tell.
type entry struct {
	name, admin string
	tree        string // "" where the folder does not say
	head        string // commit of a detached HEAD, else ""
	lock        string // reason
	locked      bool
	mark        mark
}

// gone tells whether the tree is not there, so that git would prune the entry.
func (e entry) gone() bool {
	if e.locked {
		return false
	}
	if e.tree == "" {
		return true
	}
	_, err := os.Lstat(filepath.Join(e.tree, ".git"))
	return errors.Is(err, fs.ErrNotExist)
}

// linked reads git's folders of all linked trees.
func (t *Trees) linked() ([]entry, error) {
	dir := filepath.Join(t.Git.CommonDir, "worktrees")
	names, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Unavailable, "cannot look at the worktrees: %w", err)
	}
	var list []entry
	for _, n := range names {
		if !n.IsDir() {
			continue
		}
		e := entry{name: n.Name(), admin: filepath.Join(dir, n.Name())}
		e.tree = treeOf(e.admin)
		if head, err := readLine(filepath.Join(e.admin, "HEAD")); err == nil && !strings.HasPrefix(head, "ref: ") {
			e.head = head
		}
		if text, err := readLine(filepath.Join(e.admin, "locked")); err == nil || !errors.Is(err, fs.ErrNotExist) {
			e.locked, e.lock = true, text
		}
		e.mark, _ = readMark(e.admin) // an entry without is one of others
		list = append(list, e)
	}
	return list, nil
}
