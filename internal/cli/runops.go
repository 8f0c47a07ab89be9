package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/task"
)

// runOp is a command that does something to the latest run of a task.
func (a *app) runOp(use, short, long string, flags func(*cobra.Command), do func(context.Context, *manager.Manager, string) (run.Run, string, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Args: one("SLUG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withManager(cmd.Context(), func(ctx context.Context, h *house, m *manager.Manager) error {
				r, words, err := do(ctx, m, h.name(args[0]))
				if err != nil {
					return err
				}
				return a.printRun(r, words)
			})
		},
	}
	if flags != nil {
		flags(cmd)
	}
	a.jsonFlag(cmd)
	return cmd
}

func newRunSend(a *app) *cobra.Command {
	var now bool
	cmd := &cobra.Command{
		Use:   "send SLUG MESSAGE [--now] [--json]",
		Short: "Send a message to the agent of a run",
		Long: `Send a message to the agent of a run: it gets it after its present step, or at once with
--now, which interrupts it. It goes on in the same worktree and session. A run that is
ready for review, failed or stopped goes on with it.`,
		Example: `  tasks run send retry-failed-uploads "keep the old name as an alias"
  tasks run send retry-failed-uploads "stop, that file is generated" --now`,
		Args: slugAndMessage,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withManager(cmd.Context(), func(ctx context.Context, h *house, m *manager.Manager) error {
				text := args[1]
				if strings.TrimSpace(text) == "" {
					return fault.New(fault.Usage, "there is nothing to send: the message is empty")
				}
				r, err := m.Send(ctx, h.name(args[0]), text, now, "", "cli")
				if err != nil {
					return err
				}
				how := "gets it after its present step"
				switch {
				case r.State == run.Retrying:
					how = "goes on with it in its next attempt"
				case r.State.Waiting():
					how = "gets it when it begins"
				case now:
					how = "is interrupted for it"
				}
				return a.printRun(r, fmt.Sprintf("sent: the agent of %s %s", r.Slug, how))
			})
		},
	}
	cmd.Flags().BoolVar(&now, "now", false, "interrupt the agent")
	a.jsonFlag(cmd)
	return cmd
}

func newRunStop(a *app) *cobra.Command {
	var why string
	return a.runOp("stop SLUG [--why TEXT] [--json]", "End a run", `End the run of a task: its agent, where it is at work, with all that it started. What it
made stays in its worktree and on its branch; retry goes on with it.`,
		func(cmd *cobra.Command) { cmd.Flags().StringVar(&why, "why", "", "a `text` for who looks at it later") },
		func(ctx context.Context, m *manager.Manager, slug string) (run.Run, string, error) {
			r, err := m.Stop(ctx, slug, why)
			return r, r.Slug + " is " + stateWords(&r), err
		})
}

func newRunRetry(a *app) *cobra.Command {
	return a.runOp("retry SLUG [--json]", "Try a run again", `Give a run that failed, was stopped, or is ready for review another attempt, in the same
worktree and, where the agent has one, the same session. A running server, or the next
beat, starts it.`, nil,
		func(ctx context.Context, m *manager.Manager, slug string) (run.Run, string, error) {
			r, err := m.Retry(ctx, slug)
			return r, r.Slug + " is " + stateWords(&r), err
		})
}

func newRunAccept(a *app) *cobra.Command {
	var merge bool
	return a.runOp("accept SLUG [--merge] [--json]", "Bring a run's work onto its base branch", `Bring the work of a run that is ready for review onto its base branch, as one commit, with
the task completed in the same commit; with --merge as a merge commit. Where the checkout has
changes of its own in a path that the work touches, or the work conflicts with the base,
the paths are named and nothing is changed.`,
		func(cmd *cobra.Command) {
			cmd.Flags().BoolVar(&merge, "merge", false, "make a merge commit, and keep the work's own commits")
		},
		func(ctx context.Context, m *manager.Manager, slug string) (run.Run, string, error) {
			behind, verified := unproven(ctx, m, slug)
			r, err := m.Accept(ctx, slug, merge)
			if err == nil && behind > 0 && verified {
				a.warn("%s was %d %s ahead of this work, and what verify said is of the work alone; tasks run rebase before has it verified on top", r.Base, behind, plural(behind, "commit", "commits"))
			}
			return r, fmt.Sprintf("%s is on %s as %.12s", r.Slug, r.Base, r.LandedAs), err
		})
}

// unproven is how far the base is ahead of a run's work, and whether verify was run on that.
func unproven(ctx context.Context, m *manager.Manager, slug string) (behind int, verified bool) {
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return 0, false // accept says so
	}
	return m.Behind(ctx, r), len(task.Parse(r.Path, r.Worksheet).Verify) > 0
}

func newRunRebase(a *app) *cobra.Command {
	return a.runOp("rebase SLUG [--json]", "Put a run's work onto its base as that is now", `Put the work of a run that is ready for review onto its base branch as that is now. Where
it does not apply nothing is changed, and the conflict is sent back to the run's own agent.`, nil,
		func(ctx context.Context, m *manager.Manager, slug string) (run.Run, string, error) {
			r, conflicts, err := m.Rebase(ctx, slug, "cli")
			words := r.Slug + " is " + stateWords(&r)
			if len(conflicts) > 0 {
				words = fmt.Sprintf("%s conflicts with %s in %s: its agent is asked to solve it", r.Slug, r.Base, strings.Join(conflicts, ", "))
			}
			return r, words, err
		})
}

func newRunReject(a *app) *cobra.Command {
	var why string
	return a.runOp("reject SLUG [--why W] [--json]", "Put a run's work aside", `Put the work of a run aside: its branch, with all that was uncommitted, is kept under
refs/tasks/kept/, and its worktree is removed. The task can be kicked off again.`,
		func(cmd *cobra.Command) { cmd.Flags().StringVar(&why, "why", "", "why, for who looks at it later") },
		func(ctx context.Context, m *manager.Manager, slug string) (run.Run, string, error) {
			r, kept, err := m.Reject(ctx, slug, why)
			if kept == "" {
				return r, r.Slug + " is rejected: it had made nothing that would have to be kept", err
			}
			return r, fmt.Sprintf("%s is rejected: what it made is kept as %s", r.Slug, kept), err
		})
}

func newRunDiff(a *app) *cobra.Command {
	var (
		id   string
		stat bool
	)
	cmd := &cobra.Command{
		Use:   "diff SLUG [--stat] [--run ID] [--json]",
		Short: "Show what a run changed",
		Long:  `Show what a run changed, against where its branch began, as a patch.`,
		Args:  one("SLUG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onRun(cmd.Context(), func(ctx context.Context, h *house, m *manager.Manager) error {
				r, err := m.RunOf(ctx, h.name(args[0]), id)
				if err != nil {
					return err
				}
				if a.json {
					return a.emit("diff", struct {
						Run      *run.JSON         `json:"run"`
						Diffstat *manager.Diffstat `json:"diffstat"`
					}{r.JSON(), m.Diffstat(ctx, r)})
				}
				if stat {
					return a.printStat(ctx, m, r)
				}
				patch, err := m.Patch(ctx, r)
				if err != nil {
					return err
				}
				return a.write(func(w io.Writer) { a.printPatch(w, patch) })
			})
		},
	}
	runFlag(cmd, &id)
	cmd.Flags().BoolVar(&stat, "stat", false, "only how much of which file")
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) printStat(ctx context.Context, m *manager.Manager, r *run.Run) error {
	stat := m.Diffstat(ctx, r)
	return a.write(func(w io.Writer) {
		if stat == nil {
			fmt.Fprintln(w, "nothing yet")
			return
		}
		var rows [][]cell
		for _, f := range stat.Files {
			rows = append(rows, []cell{{oneLine(f.Path), plain}, {fmt.Sprintf("+%d", f.Added), green}, {fmt.Sprintf("-%d", f.Removed), red}})
		}
		a.table(w, rows)
		fmt.Fprintln(w, stat.Words())
	})
}

// printPatch prints a patch: as it is into a file or a pipe, painted and made harmless on a
// terminal.
func (a *app) printPatch(w io.Writer, patch string) {
	if !a.terminal() {
		io.WriteString(w, patch)
		return
	}
	paint := a.colour()
	for _, line := range splitLines(printable(patch)) {
		look := plain
		switch {
		case strings.HasPrefix(line, "@@"):
			look = blue
		case strings.HasPrefix(line, "diff "), strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
			look = bold
		case strings.HasPrefix(line, "+"):
			look = green
		case strings.HasPrefix(line, "-"):
			look = red
		}
		if paint && look != plain {
			line = "\x1b[" + string(look) + "m" + line + "\x1b[0m"
		}
		fmt.Fprintln(w, line)
	}
}
