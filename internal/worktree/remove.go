package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"tasks/internal/fault"
	"tasks/internal/git"
)

const leaving = ".gone-" // prefix of the folders of trees that are being removed

// Remove removes tree and branch of the task's run, and returns the ref under which what
// was uncommitted or unmerged is kept, "" where other refs have it all. Nested repositories
// and those of submodules are moved to .worktrees/.kept/<slug>-<run>. What is gone already
// is no error. Conflict where the tree is another run's, locked, or not ours.
func (t *Trees) Remove(ctx context.Context, k Tree, run string) (kept string, err error) {
	slug := k.slug()
	if !goodSlug.MatchString(slug) || run == "" {
		return "", fault.New(fault.Usage, "cannot remove the worktree of %q", slug)
	}
	ctx, unlock, err := t.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if err := t.sweep(); err != nil {
		return "", err
	}
	p, err := t.look(slug)
	if err == nil && p.is == orphan {
		p, err = t.reattach(ctx, Want{Run: run, Slug: slug}, p)
	}
	switch {
	case err != nil:
		return "", err
	case p.is == foreign:
		return "", p.inTheWay()
	case p.is == ours && p.mark.Run != run:
		return "", fault.New(fault.Conflict, "the worktree of %s is another run's: %s", slug, p.mark.Run)
	case p.is == ours:
		return t.remove(ctx, p, run)
	}
	if err := t.prune(ctx); err != nil {
		return "", err
	}
	b, err := t.known(ctx, slug)
	if err != nil || b.first == "" || b.run != run {
		return "", err
	}
	return t.keptOf(ctx, slug, run, t.dropBranch(ctx, slug, run, b.head))
}

// keptOf is the ref of a run, where there is one: that of its work, or of commits that only
// a log still held.
func (t *Trees) keptOf(ctx context.Context, slug, run string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	for _, name := range []string{run, run + "-more"} {
		ref := KeptPrefix + slug + "/" + name
		if at, err := t.Git.Resolve(ctx, ref); at != "" || err != nil {
			return ref, err
		}
	}
	return "", nil
}

// remove removes a tree that is ours, and its branch.
func (t *Trees) remove(ctx context.Context, p place, run string) (kept string, err error) {
	slug := p.mark.Slug
	if _, err := os.Lstat(filepath.Join(p.admin, "locked")); !errors.Is(err, fs.ErrNotExist) {
		return "", fault.New(fault.Conflict, "the worktree of %s is locked and stays", slug).
			WithHint("git worktree unlock %s lets it go", p.dir)
	}
	if err := t.unstick(ctx, p); err != nil && fault.CodeOf(err) != fault.Conflict {
		return "", err
	}
	kept, nested, err := t.keep(ctx, p, run)
	if err != nil {
		return "", err
	}
	step("kept")
	if err := t.setAside(p, run, nested); err != nil {
		return "", err
	}
	parent, err := os.MkdirTemp(filepath.Dir(p.dir), leaving)
	if err == nil {
		err = os.Rename(p.dir, filepath.Join(parent, slug))
	}
	if err != nil {
		return "", fault.New(fault.Unavailable, "cannot remove the worktree of %s: %w", slug, err)
	}
	step("moved away")
	if err := removeAll(parent); err != nil {
		return "", fault.New(fault.Unavailable, "cannot remove the worktree of %s: %w", slug, err)
	}
	step("removed")
	if err := os.Remove(filepath.Join(p.admin, "index")); err != nil && !errors.Is(err, fs.ErrNotExist) { // it is kept
		return "", fault.New(fault.Unavailable, "cannot remove the worktree of %s: %w", slug, err)
	}
	if err := t.prune(ctx); err != nil {
		return "", err
	}
	step("pruned")
	head, err := t.Git.Resolve(ctx, "refs/heads/"+Branch(slug))
	if err == nil && head != "" {
		err = t.dropBranch(ctx, slug, run, head)
	}
	if err != nil || kept != "" {
		return kept, err
	}
	return t.keptOf(ctx, slug, run, nil)
}

// setAside moves what is a repository of its own out of a tree that is to go: its commits
// are in no other.
func (t *Trees) setAside(p place, run string, nested []string) error {
	to := filepath.Join(t.Git.Root, Folder, ".kept", p.mark.Slug+"-"+run) // not in the state folder: that may be deleted
	move := map[string]string{}
	for _, name := range nested {
		move[filepath.Join(p.dir, filepath.FromSlash(name))] = filepath.Join(to, filepath.FromSlash(name))
	}
	modules := filepath.Join(p.admin, "modules")
	if _, err := os.Lstat(modules); err == nil {
		move[modules] = filepath.Join(to, ".modules")
	}
	for from, to := range move {
		err := os.MkdirAll(filepath.Dir(to), 0o755)
		if _, there := os.Lstat(to); err == nil && there == nil {
			to, err = os.MkdirTemp(filepath.Dir(to), filepath.Base(to)+"-") // an empty folder is renamed over
		}
		if err == nil {
			err = os.Rename(from, to)
		}
		if err != nil {
			return fault.New(fault.Conflict, "%s is a repository of its own and could not be moved aside, so the worktree stays: %w", from, err)
		}
	}
	return nil
}

// dropBranch deletes the branch of a task's run after all that it held is kept, unless it
// is checked out: then it stays.
func (t *Trees) dropBranch(ctx context.Context, slug, run, head string) error {
	list, err := t.Git.WorkTrees(ctx)
	if err != nil {
		return err
	}
	for _, l := range list {
		if l.Branch == "refs/heads/"+Branch(slug) {
			return nil
		}
	}
	if _, err := t.keepAs(ctx, slug, run, head); err != nil {
		return err
	}
	if err := t.keepMore(ctx, slug, run, head, t.logged("", slug)); err != nil {
		return err
	}
	gw, err := t.Git.Writer(ctx)
	if err != nil {
		return err
	}
	return gw.MoveRef(ctx, "refs/heads/"+Branch(slug), git.Nothing, head, "remove "+slug)
}

// removeAll is os.RemoveAll that also enters folders that may not be written.
func removeAll(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil {
		return nil
	}
	filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			os.Chmod(name, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
