package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/store"
)

func newKickoff(a *app) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use:   "kickoff SLUG [--note TEXT] [--json]",
		Short: "Hand a task to the queue",
		Long: `Check a task strictly and put it into the queue, with its worksheet as it is now. The
file is not touched. A task that is queued or running already is said to be so.`,
		Example: `  tasks kickoff retry-failed-uploads
  tasks kickoff retry-failed-uploads --note "before the release" --json`,
		Args:              one("SLUG"),
		ValidArgsFunction: a.slugs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withManager(cmd.Context(), func(ctx context.Context, h *house, m *manager.Manager) error {
				r, already, err := a.kickoffTask(ctx, m, h.name(args[0]), note)
				if err != nil {
					return err
				}
				return a.printRun(r, kickoffWords(r, already))
			})
		},
	}
	cmd.Flags().StringVar(&note, "note", "", "a `text` for who looks at the queue")
	a.jsonFlag(cmd)
	return cmd
}

// kickoff hands a task of h to the queue and says where it stands. It is what
// `tasks kickoff` does, for other commands.
func (a *app) kickoff(ctx context.Context, h *house, slug string) error {
	return a.manage(ctx, h, func(ctx context.Context, m *manager.Manager) error {
		r, already, err := a.kickoffTask(ctx, m, slug, "")
		if err != nil {
			return err
		}
		a.say("%s.", kickoffWords(r, already))
		return nil
	})
}

// canKickoff says what would keep any task of h from being kicked off, before a
// command has written anything.
func (a *app) canKickoff(ctx context.Context, h *house) error {
	return a.manage(ctx, h, func(ctx context.Context, m *manager.Manager) error {
		_, err := m.Base(ctx)
		return err
	})
}

// kickoffWords tell people where the task stands.
func kickoffWords(r run.Run, already bool) string {
	switch {
	case already && !r.State.Waiting():
		return fmt.Sprintf("%s is %s already", r.Slug, r.State)
	case already && r.State == run.Blocked && r.Reason != nil:
		return fmt.Sprintf("%s is in the queue already, at place %d, and waits: %s", r.Slug, r.Place, r.Reason.Text)
	case already:
		return fmt.Sprintf("%s is in the queue already, at place %d", r.Slug, r.Place)
	case r.State == run.Blocked && r.Reason != nil:
		return fmt.Sprintf("%s is in the queue at place %d, and waits: %s", r.Slug, r.Place, r.Reason.Text)
	}
	return fmt.Sprintf("%s is in the queue at place %d", r.Slug, r.Place)
}

// withManager opens the checkout and its database and calls fn with the manager.
func (a *app) withManager(ctx context.Context, fn func(context.Context, *house, *manager.Manager) error) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	return a.manage(ctx, h, func(ctx context.Context, m *manager.Manager) error { return fn(ctx, h, m) })
}

// manage calls fn with the manager of h, over a database that may be written.
func (a *app) manage(ctx context.Context, h *house, fn func(context.Context, *manager.Manager) error) error {
	if h.settings == nil {
		if err := a.load(ctx, h, nil); err != nil {
			return err
		}
	}
	db, err := store.Open(ctx, h.git.StateDir())
	if err != nil {
		return err
	}
	defer db.Close()
	return fn(ctx, a.newManager(h, run.New(db)))
}

// newManager makes the manager of a checkout whose settings are loaded.
func (a *app) newManager(h *house, runs *run.Store) *manager.Manager {
	return manager.New(manager.Config{
		Git: h.git, Repo: h.repo, Tracker: h.tracker, Runs: runs, Settings: h.settings, Trust: h.trust, Workflow: h.flow, StateDir: h.git.StateDir(),
		Spawn: a.spawn(h.git.Root, h.git.StateDir()), BeforeRemove: a.beforeRemove(h, runs), Forge: a.forge(h),
	})
}

// printRun prints a run as JSON where that is asked for, else the words.
func (a *app) printRun(r run.Run, words string) error {
	if a.json {
		return a.emit("run", struct {
			Run *run.JSON `json:"run"`
		}{r.JSON()})
	}
	return a.write(func(w io.Writer) { fmt.Fprintln(w, oneLine(words)) })
}

// jsonFlag gives a command that prints data its --json.
func (a *app) jsonFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.json, "json", false, "print one JSON object")
}
