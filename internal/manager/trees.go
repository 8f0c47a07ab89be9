package manager

import (
	"cmp"
	"context"
	"path/filepath"

	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/worktree"
)

// checkouts are the Trees of a real repository.
type checkouts struct{ *worktree.Trees }

func newTrees(g *git.Checkout, stateDir string) Trees {
	return checkouts{&worktree.Trees{Git: g, StateDir: stateDir}}
}

// Glance is the tree of the task's run as it is now.
func (c checkouts) Glance(ctx context.Context, slug, run string) (string, error) {
	return c.Trees.Glance(ctx, c.At(slug, run, "", ""))
}

// Remove keeps and removes the tree at the slug's place. None there is no fault; one that
// is not ours is.
func (c checkouts) Remove(ctx context.Context, slug, run string) (string, error) {
	trees, err := c.List(ctx)
	if err != nil {
		return "", err
	}
	for _, t := range trees {
		if filepath.Base(t.Tree.Dir) != slug {
			continue
		}
		switch {
		case !t.Ours:
			return "", fault.New(fault.Conflict, "%s is left alone: it is not as we made it", t.Tree.Dir).
				WithHint("look at it with git worktree list")
		case t.Locked:
			return "", fault.New(fault.Conflict, "%s is left alone: it is locked", t.Tree.Dir)
		}
		return c.Trees.Remove(ctx, t.Tree, cmp.Or(run, t.Tree.Run, "unknown"))
	}
	return "", nil
}
