package worktree

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/git"
)

// Check makes sure that the tree is as we made it: git's records lead to it and back, and
// its own branch is checked out. Conflict, with what is otherwise, where not.
func (t *Trees) Check(ctx context.Context, tree Tree) error {
	trees, err := t.Git.WorkTrees(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(trees, func(w git.WorkTree) bool { return w.Dir == tree.Dir })
	if i < 0 || trees[i].Missing {
		return fault.New(fault.Conflict, "the work tree %s is gone", tree.Dir).WithHint("tasks run retry makes it anew from its branch")
	}
	w := trees[i]
	mark, err := t.mark(w)
	switch {
	case err != nil:
		return fault.New(fault.Conflict, "the work tree is not as it was made: %s %w", tree.Dir, err)
	case mark != tree.Run:
		return fault.New(fault.Conflict, "the work tree %s is another run's by now", tree.Dir)
	case w.Branch == "":
		return fault.New(fault.Conflict, "the work tree %s has no branch checked out: its HEAD is at %.12s", tree.Dir, w.Head).
			WithHint("git -C %s switch %s", tree.Dir, tree.Branch)
	case w.Branch != "refs/heads/"+tree.Branch:
		return fault.New(fault.Conflict, "the work tree %s was switched to another branch: %s", tree.Dir, strings.TrimPrefix(w.Branch, "refs/heads/")).
			WithHint("git -C %s switch %s", tree.Dir, tree.Branch)
	}
	if tree.Begin != "" && w.Head != "" {
		if ok, err := t.Git.HasAncestor(ctx, tree.Begin, w.Head); err != nil || !ok {
			if err != nil {
				return err
			}
			return fault.New(fault.Conflict, "the branch %s no longer holds the commit that it began at", tree.Branch)
		}
	}
	return nil
}

// Head is the commit of the tree's branch.
func (t *Trees) Head(ctx context.Context, tree Tree) (string, error) {
	head, err := t.Git.Resolve(ctx, "refs/heads/"+tree.Branch)
	if err == nil && head == "" {
		err = fault.New(fault.Conflict, "the branch %s is gone", tree.Branch)
	}
	return head, err
}

// maxCommits bounds a list of commits.
const maxCommits = 500

// Commits are those after from up to to, oldest first.
func (t *Trees) Commits(ctx context.Context, from, to string) ([]git.Commit, error) {
	if from == to {
		return nil, nil
	}
	return t.Git.Range(ctx, from, to, maxCommits)
}

// CommitRest commits all that the tree holds beside its branch, files that git does not
// know yet included, and what it ignores not. No commit where there is nothing.
func (t *Trees) CommitRest(ctx context.Context, tree Tree, subject string) (commit string, files []string, err error) {
	if err := t.Check(ctx, tree); err != nil {
		return "", nil, err
	}
	c := t.at(tree)
	// A git that was killed leaves its lock; nothing of the run is alive now.
	if err := os.Remove(filepath.Join(tree.admin, "index.lock")); err != nil && !os.IsNotExist(err) {
		return "", nil, fault.New(fault.Unavailable, "a lock that a killed git left cannot be removed: %w", err)
	}
	out, err := c.Write(ctx, git.Call{Args: []string{"status", "--porcelain", "-z", "--untracked-files=all", "--no-renames"}})
	if err != nil {
		return "", nil, err
	}
	for _, line := range strings.Split(out, "\x00") {
		if len(line) > 3 {
			files = append(files, line[3:])
		}
	}
	if len(files) == 0 {
		return "", nil, nil
	}
	if _, err := c.Write(ctx, git.Call{Args: []string{"add", "--all", "--", "."}}); err != nil {
		return "", files, err
	}
	message := subject + "\n\nTask: " + strings.TrimPrefix(tree.Branch, BranchPrefix) + "\nRun: " + tree.Run + "\n"
	if _, err := c.Write(ctx, git.Call{Args: []string{"commit", "--quiet", "--no-verify", "--allow-empty", "-F", "-"}, Stdin: strings.NewReader(message)}); err != nil {
		return "", files, err
	}
	head, err := t.Head(ctx, tree)
	return head, files, err
}

// Keep keeps all of the tree under refs/tasks/kept/<slug>/<run>: its branch, with what is
// uncommitted as a commit on top. It returns the ref.
func (t *Trees) Keep(ctx context.Context, tree Tree, run string) (string, error) {
	slug := strings.TrimPrefix(tree.Branch, BranchPrefix)
	if _, err := os.Lstat(tree.Dir); err == nil {
		if _, _, err := t.CommitRest(ctx, tree, slug+": what was uncommitted when it was kept"); err != nil {
			return "", err
		}
	}
	head, err := t.Head(ctx, tree)
	if err != nil {
		return "", err
	}
	return KeptPrefix + slug + "/" + run, t.keepRef(ctx, slug, run, head)
}

// Remove keeps the tree and removes it and its branch. It returns the ref under which
// all of it is kept.
func (t *Trees) Remove(ctx context.Context, tree Tree, run string) (kept string, err error) {
	if kept, err = t.Keep(ctx, tree, run); err != nil {
		return "", err
	}
	head, err := t.Head(ctx, tree)
	if err != nil {
		return kept, err
	}
	if _, err := os.Lstat(tree.Dir); err == nil {
		// Ignored files are all that is in it beside what was kept.
		if _, err := t.Git.Write(ctx, git.Call{Args: []string{"worktree", "remove", "--force", tree.Dir}}); err != nil {
			return kept, err
		}
	} else if err := t.Prune(ctx); err != nil {
		return kept, err
	}
	return kept, t.Git.MoveRef(ctx, "refs/heads/"+tree.Branch, "", head, "kept under "+kept)
}

// Linked is a work tree of a task.
type Linked struct {
	Tree    Tree
	Ours    bool
	Missing bool
	Locked  bool
	On      string // the branch that is checked out, "" for none
}

// List is every work tree below the folder of ours.
func (t *Trees) List(ctx context.Context) ([]Linked, error) {
	trees, err := t.Git.WorkTrees(ctx)
	if err != nil {
		return nil, err
	}
	var out []Linked
	for _, w := range trees {
		if filepath.Dir(w.Dir) != filepath.Join(t.Git.Root, Folder) {
			continue
		}
		mark, err := t.mark(w)
		slug := filepath.Base(w.Dir)
		out = append(out, Linked{
			Tree: Tree{Dir: w.Dir, Branch: BranchPrefix + slug, Run: mark, Head: w.Head, admin: w.Admin},
			Ours: err == nil && mark != "", Missing: w.Missing, Locked: w.Locked, On: strings.TrimPrefix(w.Branch, "refs/heads/"),
		})
	}
	return out, nil
}
