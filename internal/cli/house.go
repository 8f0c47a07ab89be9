package cli

import (
	"context"
	"os"
	"path/filepath"

	"tasks/internal/config"
	"tasks/internal/git"
	"tasks/internal/process"
	"tasks/internal/repo"
	"tasks/internal/tracker"
)

// house is the checkout that a command works on. Only what nearly every command
// needs is opened at once; the database is opened by the commands that use it.
type house struct {
	git      *git.Checkout
	repo     *repo.Repo
	tracker  *tracker.Tracker
	settings *config.Settings
}

// open finds the checkout. Unavailable outside a git work tree.
func (a *app) open(ctx context.Context) (*house, error) {
	dir := a.dir
	if dir == "" {
		var err error
		if dir, err = os.Getwd(); err != nil {
			return nil, err
		}
	}
	c, err := git.Find(ctx, dir)
	if err != nil {
		return nil, err
	}
	rg, err := process.Look("rg", c.Root)
	if err != nil {
		rg = "" // searching does without
	}
	r, err := repo.Open(c.Root, repo.Options{
		ExcludesFile:   c.ExcludesFile(ctx),
		InfoExclude:    c.InfoExclude(),
		TrackedIgnored: c.TrackedIgnored,
		Index:          c.Index(),
		LockDir:        filepath.Join(c.StateDir(), "locks"),
		Ripgrep:        rg,
	})
	if err != nil {
		return nil, err
	}
	return &house{git: c, repo: r, tracker: tracker.New(r)}, nil
}
