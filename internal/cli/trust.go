package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/trust"
)

// trustJSON is the JSON of trust.
type trustJSON struct {
	Root     string          `json:"root"`
	Standing trust.Standing  `json:"standing"` // as it is now
	Commands []trust.Command `json:"commands"`
}

func newTrust(a *app) *cobra.Command {
	var revoke bool
	cmd := &cobra.Command{
		Use:   "trust [--revoke] [--json]",
		Short: "Let this repository's own commands run",
		Long: `Let the commands that stand in this repository (the verify commands of its tasks, the
hooks and the prompt of its WORKFLOW.md) run when a task is worked on. They are printed, one a line, and are trusted as
they are now: a new or changed one must be trusted again. Runs of a repository that
has commands and is not trusted wait. A repository without any needs no trust.`,
		Example: `  tasks trust
  tasks trust --revoke`,
		Args: nothing,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.trust(cmd.Context(), revoke) },
	}
	cmd.Flags().BoolVar(&revoke, "revoke", false, "take the trust back; runs wait until it is given again")
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) trust(ctx context.Context, revoke bool) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	all, err := h.tracker.All(ctx)
	if err != nil {
		return err
	}
	flow, err := h.flow.Get()
	if err != nil && !revoke {
		return err
	}
	out := trustJSON{Root: h.git.Root, Commands: append([]trust.Command{}, trust.Commands(all, flow.Commands()...)...)}
	if revoke {
		return a.revoke(ctx, h, out)
	}
	if !a.json { // before they are trusted: who stops it here has trusted nothing
		err := a.write(func(w io.Writer) {
			for _, c := range out.Commands {
				fmt.Fprintln(w, commandOf(c))
			}
		})
		if err != nil {
			return err
		}
	}
	if len(out.Commands) > 0 {
		if err := h.trust.Trust(h.git.Root, out.Commands); err != nil {
			return err
		}
		if err := a.queueLooks(ctx, h); err != nil {
			return err
		}
	}
	if out.Standing, err = h.trust.Look(h.git.Root, out.Commands); err != nil {
		return err
	}
	switch {
	case a.json:
		return a.emit("trust", out)
	case len(out.Commands) == 0:
		a.say("Nothing is there to trust: this repository has no commands of its own.")
	case len(out.Commands) == 1:
		a.say("This command of %s may run from now on. %s trust --revoke takes it back.", h.git.Root, a.name)
	default:
		a.say("These %d commands of %s may run from now on. %s trust --revoke takes it back.", len(out.Commands), h.git.Root, a.name)
	}
	return nil
}

// revoke takes the trust back.
func (a *app) revoke(ctx context.Context, h *house, out trustJSON) error {
	was, err := h.trust.Revoke(h.git.Root)
	if err != nil {
		return err
	}
	if err := a.queueLooks(ctx, h); err != nil {
		return err
	}
	if out.Standing, err = h.trust.Look(h.git.Root, out.Commands); err != nil {
		return err
	}
	switch {
	case a.json:
		return a.emit("trust", out)
	case was:
		a.say("The commands of %s may not run any more. %s trust lets them.", h.git.Root, a.name)
	default:
		a.say("The commands of %s were not trusted, and no kickoff will trust them by itself.", h.git.Root)
	}
	return nil
}

// queueLooks has what waits in the queue looked at again, by the server that runs too.
// Where there is no database nothing waits, and none is made.
func (a *app) queueLooks(ctx context.Context, h *house) error {
	runs, done, err := h.runs(ctx)
	if err != nil {
		return err
	}
	defer done()
	if !runs.Ready() {
		return nil
	}
	if err := a.load(ctx, h, nil); err != nil {
		return err
	}
	return a.newManager(h, runs).Settle(ctx)
}

// trustCheck is doctor's line about this root's own commands; none where it has none.
func (a *app) trustCheck(ctx context.Context, h *house) []check {
	all, err := h.tracker.All(ctx)
	if err != nil {
		return []check{{"trust", "bad", err.Error(), fault.HintOf(err)}}
	}
	flow, err := h.flow.Get()
	if err != nil {
		return []check{{"workflow", "bad", err.Error(), fault.HintOf(err)}}
	}
	commands := trust.Commands(all, flow.Commands()...)
	standing, err := h.trust.Look(h.git.Root, commands)
	what := fmt.Sprintf("%d commands of this repository", len(commands))
	if len(commands) == 1 {
		what = "1 command of this repository"
	}
	switch {
	case err != nil:
		return []check{{"trust", "bad", err.Error(), fault.HintOf(err)}}
	case standing == trust.NotNeeded:
		return nil
	case standing == trust.Trusted:
		return []check{{"trust", "ok", what + " may run", ""}}
	}
	return []check{{"trust", "warn", what + " may not run, so its runs wait", a.name + " trust shows and allows them"}}
}

// commandOf is a command as it is shown: one of a task as it is, others with what they
// are for.
func commandOf(c trust.Command) string {
	if c.Kind == trust.Verify {
		return commandLine(c.Text)
	}
	return fmt.Sprintf("%s %s: %s", c.Path, c.Kind, commandLine(c.Text))
}

// commandLine is a command in one line, exactly: what would not be seen as it is
// stands in quotes with escapes.
func commandLine(text string) string {
	if strings.TrimSpace(text) != text || strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// byHand tells whether a person types: the program reads from a terminal. A kickoff of
// an agent or a script trusts nothing.
func (a *app) byHand() bool {
	in, is := a.stdin.(*os.File)
	return is && isatty.IsTerminal(in.Fd())
}

// kickoffTask is m.Kickoff, or by hand in a terminal the one that trusts and says so.
func (a *app) kickoffTask(ctx context.Context, m *manager.Manager, slug, note string) (run.Run, bool, error) {
	if !a.byHand() {
		return m.Kickoff(ctx, slug, "cli", note)
	}
	r, already, trusted, err := m.KickoffByHand(ctx, slug, "cli", note)
	a.tellTrusted(trusted)
	return r, already, err
}

// dispatch is m.Dispatch, or by hand in a terminal the one that trusts and says so.
func (a *app) dispatch(ctx context.Context, m *manager.Manager, slug string) (run.Run, error) {
	if !a.byHand() {
		return m.Dispatch(ctx, slug, "cli")
	}
	r, trusted, err := m.DispatchByHand(ctx, slug, "cli")
	a.tellTrusted(trusted)
	return r, err
}

// tellTrusted says which commands a first kickoff by hand lets run.
func (a *app) tellTrusted(trusted []trust.Command) {
	if len(trusted) == 0 {
		return
	}
	a.say("This first kickoff lets the repository's own commands run from now on; %s trust --revoke takes it back:", a.name)
	for _, c := range trusted {
		a.say("  %s", commandOf(c))
	}
}
