package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
)

// Prune has git forget the trees whose folders are gone. What only git's data of them held
// is kept first. Their branches stay.
func (t *Trees) Prune(ctx context.Context) error {
	ctx, unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := t.sweep(); err != nil {
		return err
	}
	return t.prune(ctx)
}

func (t *Trees) prune(ctx context.Context) error {
	all, err := t.linked()
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, e := range all {
		if !e.locked && (e.gone() || seen[e.tree]) {
			if err := t.keepEntry(ctx, e); err != nil {
				return err
			}
		}
		seen[e.tree] = true
	}
	gw, err := t.Git.Writer(ctx)
	if err == nil {
		_, err = gw.Run(ctx, "worktree", "prune")
	}
	return err
}

// keepEntry keeps what git's folder for a tree that is gone holds alone: a detached HEAD,
// what was staged, and the commits of its log.
func (t *Trees) keepEntry(ctx context.Context, e entry) error {
	slug, run := e.mark.Slug, e.mark.Run
	if !goodSlug.MatchString(slug) || run == "" {
		if slug, run = e.name, "pruned"; !goodSlug.MatchString(slug) {
			slug = "worktree"
		}
	}
	gw, err := t.Git.Writer(ctx)
	if err != nil {
		return err
	}
	at, err := readLine(filepath.Join(e.admin, "HEAD"))
	if err != nil {
		return nil // an entry that was never whole
	}
	head, err := t.Git.Resolve(ctx, strings.TrimPrefix(at, "ref: "))
	if err != nil || head == "" {
		return err
	}
	tip := head
	dir, err := os.MkdirTemp("", "tasks-index-")
	if err != nil {
		return fault.New(fault.Unavailable, "no place for a temporary index: %w", err)
	}
	defer os.RemoveAll(dir)
	err = copyFile(filepath.Join(dir, "index"), filepath.Join(e.admin, "index"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Unavailable, "cannot read the index of a worktree that is gone: %w", err)
	}
	if err == nil {
		staged, err1 := gw.Index(filepath.Join(dir, "index")).Line(ctx, "write-tree")
		was, err2 := gw.Line(ctx, "rev-parse", head+"^{tree}")
		if err1 == nil && err2 == nil && staged != was {
			out, err := gw.Feed(ctx, []byte(slug+": what was staged\n\nRun: "+run+"\n"), "commit-tree", "-p", head, staged)
			if err != nil {
				return err
			}
			tip = strings.TrimSpace(string(out))
		}
	}
	if tip != head || e.head != "" {
		if _, err := t.keepAs(ctx, slug, run, tip); err != nil {
			return err
		}
	}
	return t.keepMore(ctx, slug, run, tip, append(t.logged(e.admin, ""), head))
}
