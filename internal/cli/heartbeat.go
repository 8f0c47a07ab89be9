package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tasks/internal/manager"
)

func newHeartbeat(a *app) *cobra.Command {
	var o manager.BeatOptions
	cmd := &cobra.Command{
		Use:   "heartbeat [--dispatch] [--dry-run] [--json]",
		Short: "Do one beat of the manager: observe, plan, act",
		Long: `Look at tasks, runs and worktrees once, plan what there is to do, and do it: a line for
each action with its reason. Without --dispatch no run is started. One beat at a time;
a running server beats by itself, and this works beside it.`,
		Example: `  tasks heartbeat --dry-run
  tasks heartbeat --dispatch`,
		Args: nothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.beat(cmd.Context(), "nothing is to be done", func(ctx context.Context, m *manager.Manager) (*manager.Beat, error) {
				return m.Beat(ctx, o)
			})
		},
	}
	cmd.Flags().BoolVar(&o.Dispatch, "dispatch", false, "start the runs whose turn it is")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "only say what would be done")
	a.jsonFlag(cmd)
	return cmd
}

func newReconcile(a *app) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "reconcile [--dry-run] [--json]",
		Short: "Repair the state of runs",
		Long: `Bring the records of runs in line with what is so: supervisors that are gone, landings
that were cut off, runs whose task is over or whose work is on its base already, worktrees
of runs that are over. A line for each repair with its reason. No run is started, and
done again it does nothing.`,
		Example: `  tasks reconcile --dry-run`,
		Args:    nothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.beat(cmd.Context(), "nothing is to be repaired", func(ctx context.Context, m *manager.Manager) (*manager.Beat, error) {
				return m.Reconcile(ctx, dry)
			})
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would be done")
	a.jsonFlag(cmd)
	return cmd
}

// beat does one and prints what it did. An action that failed makes the exit status 1.
func (a *app) beat(ctx context.Context, none string, do func(context.Context, *manager.Manager) (*manager.Beat, error)) error {
	return a.withManager(ctx, func(ctx context.Context, _ *house, m *manager.Manager) error {
		b, err := do(ctx, m)
		if err != nil {
			return err
		}
		if a.json {
			err = a.emit("beat", b)
		} else {
			err = a.write(func(w io.Writer) { a.printBeat(w, b, none) })
		}
		if err == nil && b.Failures() != nil {
			err = quiet{1}
		}
		return err
	})
}

func (a *app) printBeat(w io.Writer, b *manager.Beat, none string) {
	if len(b.Actions) == 0 {
		fmt.Fprintln(w, none)
		return
	}
	looks := map[manager.Result]style{manager.Done: green, manager.Planned: blue, manager.Held: yellow, manager.Failed: red}
	var rows [][]cell
	for _, d := range b.Actions {
		what := d.Slug
		if what == "" {
			what = "-"
		}
		text := d.Reason
		if d.Error != nil {
			text += " (" + *d.Error + ")"
		}
		rows = append(rows, []cell{{string(d.Result), looks[d.Result]}, {d.Verb, plain}, {oneLine(what), bold}, {oneLine(text), plain}})
	}
	a.table(w, rows)
}
