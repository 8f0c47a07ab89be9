package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/runlog"
)

func newDispatch(a *app) *cobra.Command {
	var wait bool
	cmd := &cobra.Command{
		Use:   "dispatch SLUG [--wait] [--json]",
		Short: "Start a run of a task now",
		Long: `Start a run now, before its turn and beside the limits, but not before what it depends
on is completed, not without the check, and not twice. A task that is not in the queue
is kicked off first. The command returns when the run's supervisor has taken over; with
--wait when the run has come to a rest: exit status 0 at review, 1 at failed or
interrupted. What is running goes on when the command is interrupted.`,
		Example: `  tasks dispatch retry-failed-uploads
  tasks dispatch retry-failed-uploads --wait && tasks run diff retry-failed-uploads`,
		Args:              one("SLUG"),
		ValidArgsFunction: a.slugs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withManager(cmd.Context(), func(ctx context.Context, h *house, m *manager.Manager) error {
				r, err := a.dispatch(ctx, m, h.name(args[0]))
				if err != nil && ctx.Err() != nil {
					a.say("whether the run has begun is not known yet: tasks run show %s tells", shellWord(args[0]))
					return quiet{1}
				}
				if err != nil {
					return err
				}
				if wait {
					return a.await(ctx, m, r)
				}
				return a.printRun(r, fmt.Sprintf("%s is %s: tasks run logs %s --follow shows it", r.Slug, r.State, shellWord(r.Slug)))
			})
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the run is ready for review, failed or interrupted")
	a.jsonFlag(cmd)
	return cmd
}

// lookEvery is how often a run that is waited for is looked at where nothing tells of it.
const lookEvery = 500 * time.Millisecond

// await follows the run to its rest, and starts its next attempt when that is due, since
// there may be no server that would.
func (a *app) await(ctx context.Context, m *manager.Manager, r run.Run) error {
	changed := make(chan struct{}, 1)
	watch, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := m.Watch(watch, func() {
			select {
			case changed <- struct{}{}:
			default:
			}
		}); err != nil {
			m.Log.Warn("changes are not told", "err", err)
		}
	}()
	defer func() { stop(); <-done }()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	said := ""
	for {
		now, err := m.RunOf(ctx, r.Slug, r.ID)
		if ctx.Err() != nil {
			a.say("%s goes on: tasks run logs %s --follow shows it, tasks run stop %s ends it", r.Slug, shellWord(r.Slug), shellWord(r.Slug))
			return quiet{1} // what was waited for has not come
		}
		if err != nil {
			return err
		}
		if words := stateWords(now); words != said {
			a.say("%s: %s", now.Slug, words)
			said = words
		}
		switch {
		case now.State == run.Review || !now.State.Active():
			return a.atRest(*now)
		case now.State == run.Retrying && !now.RetryAt.After(time.Now()):
			if _, err := m.Resume(ctx, now.ID); err != nil && fault.CodeOf(err) != fault.Conflict {
				return err
			}
		case now.State.Leased() && time.Since(now.LeaseUntil) > lookEvery:
			// Its supervisor is lost, and there may be no server that would see to it.
			if _, err := m.Reconcile(ctx, false); err != nil && fault.CodeOf(err) != fault.Conflict {
				return err
			}
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-tick.C:
		}
	}
}

// atRest prints the run as it ended, and makes the exit status of it.
func (a *app) atRest(r run.Run) error {
	if err := a.printRun(r, r.Slug+" is "+stateWords(&r)); err != nil {
		return err
	}
	if r.State == run.Review || r.State == run.Accepted {
		return nil
	}
	return quiet{1}
}

// stateWords tell people how a run stands, in one line: the reason may be an agent's words.
func stateWords(r *run.Run) string {
	words := string(r.State)
	if r.State == run.Running && r.Phase != "" && r.Phase != run.Working {
		words += ", " + string(r.Phase)
	}
	if r.Attempt > 1 {
		words += fmt.Sprintf(" (attempt %d)", r.Attempt)
	}
	if r.Reason != nil && r.Reason.Text != "" {
		words += ": " + oneLine(r.Reason.Text)
	}
	return words
}

// quiet is an end with an exit status and without a word: all was said.
type quiet struct{ status int }

func (q quiet) Error() string { return fmt.Sprintf("exit status %d", q.status) }

// maxLogged is how much of what a tool said is told to people, in runes; --json has all.
const maxLogged = 200

// printEvent tells people one event of a run, as a line or two.
func printEvent(w io.Writer, e runlog.Event) {
	line := func(mark, text string) {
		if text = oneLine(text); text != "" {
			fmt.Fprintf(w, "%s %s\n", mark, text)
		}
	}
	switch e.Type {
	case runlog.State:
		line("==", e.Status+dash(e.Text))
	case runlog.Session:
		line("--", e.Name+" "+e.Title)
	case runlog.Prompt:
		line(">>", "told: "+e.Name)
	case runlog.Text, runlog.Output:
		for _, l := range splitLines(printable(e.Text + e.Output)) {
			fmt.Fprintf(w, "   %s\n", l)
		}
	case runlog.Tool:
		title := e.Title
		if title == "" {
			title = e.Name
		}
		line("->", short(title, maxLogged))
	case runlog.ToolResult:
		how := ""
		if e.Exit != nil && *e.Exit != 0 {
			how = fmt.Sprintf("exit status %d", *e.Exit)
		} else if e.Status == "error" {
			how = "failed"
		}
		if how != "" {
			line("!!", how+dash(short(e.Output, maxLogged)))
		}
	case runlog.Ask:
		line("??", "asks: "+e.Name+" "+e.Title)
	case runlog.Answer:
		line("??", e.Status+dash(e.Text))
	case runlog.Hook:
		line("--", "hook "+e.Name+" "+e.Status+dash(e.Text))
	case runlog.Verify:
		exit := ""
		if e.Exit != nil {
			exit = fmt.Sprintf(" (exit status %d, %s)", *e.Exit, e.Took.Round(10*time.Millisecond))
		}
		line("--", "verify "+e.Status+": "+e.Title+exit)
	case runlog.Commit:
		line("++", fmt.Sprintf("%.10s %s", e.ID, e.Title))
	case runlog.Notice:
		line("!!", e.Text)
	case runlog.End:
		line("==", e.Status+dash(e.Text))
	}
}

func dash(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}
