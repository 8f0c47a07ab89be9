package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tasks/internal/manager"
	"tasks/internal/run"
)

// maxRuns is how many runs are listed.
const maxRuns = 1000

func newRuns(a *app) *cobra.Command {
	var active bool
	cmd := &cobra.Command{
		Use:   "runs [--active] [--json]",
		Short: "List the runs, newest first",
		Long: `List the runs that there were and are, newest first: a line each with its state, why it
is so, and what it cost.`,
		Example: `  tasks runs --active
  tasks runs --json`,
		Args: nothing,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.listRuns(cmd.Context(), active) },
	}
	cmd.Flags().BoolVar(&active, "active", false, "only those that hold their task")
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) listRuns(ctx context.Context, active bool) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	runs, done, err := h.runs(ctx)
	if err != nil {
		return err
	}
	defer done()
	list, err := runs.All(ctx, active, maxRuns)
	if err != nil {
		return err
	}
	if a.json {
		out := []*run.JSON{}
		for _, r := range list {
			out = append(out, r.JSON())
		}
		return a.emit("run-list", struct {
			Runs []*run.JSON `json:"runs"`
		}{out})
	}
	if len(list) == 0 {
		a.say("No runs.")
		return nil
	}
	return a.write(func(w io.Writer) {
		var rows [][]cell
		for _, r := range list {
			rows = append(rows, []cell{{oneLine(r.Slug), bold}, {string(r.State), runLook(r.State)}, {when(r), dim}, {cost(r.CostUSD), plain}, {oneLine(reasonText(r)), plain}, {r.ID, dim}})
		}
		a.table(w, rows)
	})
}

func runLook(s run.State) style {
	switch s {
	case run.Review, run.Accepted:
		return green
	case run.Failed, run.Interrupted, run.Rejected:
		return red
	case run.Queued, run.Blocked, run.Retrying:
		return yellow
	}
	return blue
}

// when is the time that says most about a run.
func when(r *run.Run) string {
	at := r.QueuedAt
	if !r.StartedAt.IsZero() {
		at = r.StartedAt
	}
	if !r.EndedAt.IsZero() {
		at = r.EndedAt
	}
	return at.Local().Format("2006-01-02 15:04")
}

func cost(usd *float64) string {
	if usd == nil {
		return ""
	}
	return fmt.Sprintf("$%.2f", *usd)
}

func reasonText(r *run.Run) string {
	if r.Reason == nil {
		return ""
	}
	return r.Reason.Text
}

// took is how long something lasted, in words of a sensible grain.
func took(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	if d < time.Minute {
		return d.Round(time.Second / 10).String()
	}
	return d.Round(time.Second).String()
}

func newRun(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run COMMAND SLUG",
		Short: "Look at a run, talk to it, land it",
		Long: `Look at the latest run of a task, talk to its agent, end it, and bring what it made onto
the base branch or put it aside. --run ID means another run of the task.`,
		Example: `  tasks run logs retry-failed-uploads --follow
  tasks run send retry-failed-uploads "keep the old name as an alias"
  tasks run accept retry-failed-uploads`,
		Args: a.noSuchCommand,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noSuchCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	for _, add := range []func(*app) *cobra.Command{
		newRunShow, newRunLogs, newRunSend, newRunStop, newRunDiff, newRunPush, newRunPR, newRunAccept, newRunRebase, newRunReject, newRunRetry,
	} {
		sub := add(a)
		sub.DisableFlagsInUseLine = true
		sub.Args = asUsage(sub.Args)
		sub.ValidArgsFunction = a.ranSlugs
		if sub.Flags().Lookup("run") != nil {
			complete(sub, map[string]completer{"run": a.runIDs})
		}
		completeRest(sub)
		cmd.AddCommand(sub)
	}
	return cmd
}

// runFlag gives a command its --run.
func runFlag(cmd *cobra.Command, id *string) {
	cmd.Flags().StringVar(id, "run", "", "the run with this `ID` in place of the latest")
}

// onRun calls fn with the manager, for a command about a run. Reading makes no database.
func (a *app) onRun(ctx context.Context, fn func(context.Context, *house, *manager.Manager) error) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	if err := a.load(ctx, h, nil); err != nil {
		return err
	}
	runs, done, err := h.runs(ctx)
	if err != nil {
		return err
	}
	defer done()
	return fn(ctx, h, a.newManager(h, runs))
}

// ranSlugs offers the tasks that have a run, once, with how that stands.
func (a *app) ranSlugs(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.offerRuns(cmd, func(r *run.Run, newest bool) string {
		if !newest || !strings.HasPrefix(r.Slug, typed) {
			return ""
		}
		return r.Slug + "\t" + string(r.State) + ": " + oneLine(r.Title)
	})
}

// runIDs offers the runs of the task that was named.
func (a *app) runIDs(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return a.offerRuns(cmd, func(r *run.Run, _ bool) string {
		if len(args) > 0 && r.Slug != args[0] || !strings.HasPrefix(r.ID, typed) {
			return ""
		}
		return r.ID + "\t" + oneLine(r.Slug) + ", " + string(r.State) + ", " + when(r)
	})
}

// offerRuns offers what word makes of each run, newest first; newest tells of the first of
// its task. "" is left out.
func (a *app) offerRuns(cmd *cobra.Command, word func(r *run.Run, newest bool) string) ([]string, cobra.ShellCompDirective) {
	return a.offer(cmd, func(h *house) (out []string) {
		runs, done, err := h.runs(cmd.Context())
		if err != nil {
			return nil
		}
		defer done()
		list, _ := runs.All(cmd.Context(), false, maxRuns)
		seen := map[string]bool{}
		for _, r := range list {
			if w := word(r, !seen[r.Slug]); w != "" {
				out = append(out, w)
			}
			seen[r.Slug] = true
		}
		return out
	})
}
