package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"tasks/internal/config"
	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/store"
)

func newKickoff(a *app) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use:   "kickoff SLUG",
		Short: "Hand a task to the queue",
		Long: `Check a task strictly and put it into the queue, with its worksheet as it is now.
The file is not touched. A task that is queued or running already is said to be so.`,
		Example: `  tasks kickoff parse-dates
  tasks kickoff parse-dates --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withManager(cmd.Context(), func(ctx context.Context, m *manager.Manager) error {
				r, already, err := m.Kickoff(ctx, args[0], "cli", note)
				if err != nil {
					return err
				}
				return a.printRun(r, kickoffWords(r, already))
			})
		},
	}
	cmd.Flags().StringVar(&note, "note", "", "a word for who looks at the queue")
	a.jsonFlag(cmd)
	return cmd
}

// kickoff hands a task of h to the queue and says where it stands. It is what
// `tasks kickoff` does, for other commands.
func (a *app) kickoff(ctx context.Context, h *house, slug string) error {
	return a.manage(ctx, h, func(ctx context.Context, m *manager.Manager) error {
		r, already, err := m.Kickoff(ctx, slug, "cli", "")
		if err != nil {
			return err
		}
		fmt.Fprintln(a.stderr, kickoffWords(r, already))
		return nil
	})
}

// kickoffCheck is nil where kickoff would take the task as it is now, or a run of it
// is on. Nothing is changed.
func (a *app) kickoffCheck(ctx context.Context, h *house, slug string) error {
	db, err := store.OpenExisting(ctx, h.git.StateDir())
	if err != nil {
		return err
	}
	if db != nil {
		defer db.Close()
	}
	return newManager(h, run.New(db), h.settings).Check(ctx, slug)
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
func (a *app) withManager(ctx context.Context, fn func(context.Context, *manager.Manager) error) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.repo.Close()
	return a.manage(ctx, h, fn)
}

// manage calls fn with the manager of h, over a database that may be written.
func (a *app) manage(ctx context.Context, h *house, fn func(context.Context, *manager.Manager) error) error {
	s, err := a.managerSettings(ctx, h)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, h.git.StateDir())
	if err != nil {
		return err
	}
	defer db.Close()
	return fn(ctx, newManager(h, run.New(db), s))
}

// managerSettings are the settings of h, loaded where no one did yet.
func (a *app) managerSettings(ctx context.Context, h *house) (*config.Settings, error) {
	if h.settings != nil {
		return h.settings, nil
	}
	return config.Load(config.Options{
		Root: h.git.Root, Getenv: a.getenv,
		Tracked: func(name string) (bool, error) { return h.git.Tracked(ctx, name) },
	})
}

// newManager makes the manager of a checkout; s may be nil where only the check is
// wanted.
func newManager(h *house, runs *run.Store, s *config.Settings) *manager.Manager {
	return manager.New(manager.Config{
		Git: h.git, Repo: h.repo, Tracker: h.tracker, Runs: runs, Settings: s, StateDir: h.git.StateDir(),
	})
}

// printRun prints a run as JSON where that is asked for, else the words.
func (a *app) printRun(r run.Run, words string) error {
	if !a.json {
		_, err := fmt.Fprintln(a.stdout, words)
		return err
	}
	return a.printJSON("run", map[string]any{"run": r.JSON()})
}

// jsonFlag gives a command that prints data its --json.
func (a *app) jsonFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.json, "json", false, "print one JSON object")
}

// printJSON prints the members of v, an object, in the envelope of the kind.
func (a *app) printJSON(kind string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, `{"schemaVersion":1,"kind":%q,%s`+"\n", kind, body[1:])
	return err
}
