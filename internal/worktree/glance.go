package worktree

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
)

// The most that a Glance reads: what is more is looked at when the work is done.
const (
	glanceFiles = 2000
	glanceBytes = 32 << 20
)

// Glance is a commit of the tree as it is at this moment: its head, or one on top of it with
// what is not committed yet. Nothing of the tree changes and no ref leads to the commit, so
// that git forgets it in time; a tree that is the same has the same commit. It needs no lock,
// since an agent that writes meanwhile is what it is for. Unavailable where that is too much
// to be read at a glance.
func (t *Trees) Glance(ctx context.Context, k Tree) (commit string, err error) {
	p, err := t.mine(k)
	if err != nil {
		return "", err
	}
	gw, err := t.Git.WriterAt(ctx, p.dir, p.admin)
	if err != nil {
		return "", err
	}
	head, err := gw.Line(ctx, "rev-parse", "--quiet", "--verify", "HEAD^{commit}")
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "tasks-index-")
	if err != nil {
		return "", fault.New(fault.Unavailable, "no place for a temporary index: %w", err)
	}
	defer os.RemoveAll(dir)
	iw := gw.Index(filepath.Join(dir, "index"))
	if err := copyFile(filepath.Join(dir, "index"), filepath.Join(p.admin, "index")); err != nil {
		return "", err
	}
	names, _, err := differing(ctx, iw)
	if err != nil {
		return "", err
	}
	if err := few(p.dir, names); err != nil {
		return "", err
	}
	if err := takeIn(ctx, iw, names); err != nil {
		return "", err
	}
	tree, err := iw.Line(ctx, "write-tree")
	if err != nil {
		return "", err
	}
	if was, err := gw.Line(ctx, "rev-parse", head+"^{tree}"); err != nil || was == tree {
		return head, err
	}
	// Without a time of its own: the same tree is the same commit.
	const who = "tasks <tasks@localhost> 0 +0000"
	text := "tree " + tree + "\nparent " + head + "\nauthor " + who + "\ncommitter " + who + "\n\n" + p.mark.Slug + ": what is not committed\n"
	out, err := gw.Feed(ctx, []byte(text), "hash-object", "-t", "commit", "-w", "--stdin")
	return strings.TrimSpace(string(out)), err
}

// few refuses files that are too many or too large to be read in passing.
func few(dir string, names []string) error {
	size := int64(0)
	for _, name := range names {
		if info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); err == nil { // else it was removed
			size += info.Size()
		}
	}
	if len(names) > glanceFiles || size > glanceBytes {
		return fault.New(fault.Unavailable, "what is not committed in %s is too much to be looked at in passing: %d files, %d bytes", dir, len(names), size)
	}
	return nil
}
