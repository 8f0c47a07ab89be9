package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/store"
	"tasks/internal/tracker"
	"tasks/internal/trust"
	"tasks/internal/workflow"
)

// house is the checkout that a command works on. Only what nearly every command
// needs is opened at once; settings and database by the commands that use them.
type house struct {
	git      *git.Checkout
	repo     *repo.Repo
	tracker  *tracker.Tracker
	settings *config.Settings // nil before load
	trust    *trust.Book      // the user's own record
	flow     *workflow.Holder // read when it is asked for
	start    string           // the folder that the command was started in, or -C
}

// open finds the checkout. Unavailable outside a git work tree.
func (a *app) open(ctx context.Context) (*house, error) {
	dir := a.dir
	if dir == "" {
		var err error
		if dir, err = os.Getwd(); err != nil {
			return nil, fault.New(fault.Unavailable, "the working directory is gone: %w", err)
		}
	}
	c, err := git.Find(ctx, dir)
	if err != nil {
		return nil, err
	}
	r, err := repo.Open(c.Root, repo.Options{
		ExcludesFile:   c.ExcludesFile(ctx),
		InfoExclude:    c.InfoExclude(),
		TrackedIgnored: c.TrackedIgnored,
		Index:          c.Index(),
		LockDir:        filepath.Join(c.StateDir(), "locks"),
	})
	if err != nil {
		return nil, err
	}
	return &house{git: c, repo: r, tracker: tracker.New(r), trust: trust.New(a.getenv), flow: workflow.NewHolder(c.Root, workflow.UserDir(a.getenv)), start: dir}, nil
}

// close lets the checkout go.
func (h *house) close() { h.repo.Close() }

// load reads the settings; flags are those that were given, by option key. What was
// ignored is told on standard error.
func (a *app) load(ctx context.Context, h *house, flags map[string]string) (err error) {
	h.settings, err = config.Load(config.Options{
		Root: h.git.Root, Getenv: a.getenv, Flags: flags,
		Tracked: func(name string) (bool, error) { return h.git.Tracked(ctx, name) },
	})
	if err != nil {
		return err
	}
	for _, w := range h.settings.Warnings {
		a.warn("%s", w)
	}
	return nil
}

// runs reads the records of runs and creates nothing. done lets the database go.
func (h *house) runs(ctx context.Context) (s *run.Store, done func(), err error) {
	db, err := store.OpenExisting(ctx, h.git.StateDir())
	if err != nil {
		return nil, nil, err
	}
	if db == nil {
		return run.New(nil), func() {}, nil
	}
	return run.New(db), func() { db.Close() }, nil
}

// latest is the newest run of a task, nil where there is none.
func (h *house) latest(ctx context.Context, slug string) (*run.Run, error) {
	s, done, err := h.runs(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return s.Latest(ctx, slug)
}

// name is a task as the user names it: a path may be relative to where they are.
func (h *house) name(arg string) string {
	if !strings.Contains(arg, "/") && !strings.HasSuffix(arg, ".md") {
		return arg
	}
	at := arg
	if !filepath.IsAbs(at) {
		at = filepath.Join(h.start, at)
	}
	abs, err := filepath.Abs(at)
	if err != nil {
		return arg
	}
	if real, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(real, filepath.Base(abs))
	}
	rel, err := filepath.Rel(h.git.Root, abs)
	if err != nil {
		return arg
	}
	if _, err := h.repo.Stat(filepath.ToSlash(rel)); err != nil {
		return arg
	}
	return filepath.ToSlash(rel)
}

// say is a sentence for people.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.stderr, "%s\n", printable(fmt.Sprintf(format, args...)))
}

// warn is a sentence that deserves a look.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.stderr, "tasks: warning: %s\n", oneLine(fmt.Sprintf(format, args...)))
}
