package manager_test

import (
	"testing"

	"tasks/internal/git"
	"tasks/internal/run"
	"tasks/internal/worktree"
)

// ensure makes the worktree of a run.
func ensure(t *testing.T, g *git.Checkout, stateDir string, r *run.Run) worktree.Tree {
	t.Helper()
	trees := &worktree.Trees{Git: g, StateDir: stateDir}
	tree, err := trees.Ensure(t.Context(), worktree.Want{Run: r.ID, Slug: r.Slug, Base: r.Base, Path: r.Path, Worksheet: r.Worksheet, Title: r.Slug})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
