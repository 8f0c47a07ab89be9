package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/llm"
	"tasks/internal/process"
	"tasks/internal/store"
	"tasks/internal/tool"
	"tasks/internal/worker"
)

type doctorOptions struct{ model, report bool }

// check is one line of doctor's answer.
type check struct {
	Key   string `json:"key"`
	Level string `json:"level"` // ok, warn, bad
	Text  string `json:"text"`
	Fix   string `json:"-"` // "" where there is nothing to do
}

// checkLine is the JSON of a check.
type checkLine struct {
	check
	Fix *string `json:"fix"`
}

func newDoctor(a *app) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor [--model] [--report] [--json]",
		Short: "Look at what tasks needs here, one line each with the fix",
		Long: `Look at what tasks needs here: git, ripgrep, Claude Code, the agent of runs, the
assistant's model, the port, the rights of the state folder. Nothing is changed. Exit status 7 where
something that is needed is missing.`,
		Example: "  tasks doctor\n  tasks doctor --model     # ask the model's server one short question\n  tasks doctor --report    # for a bug report: no paths of yours, no keys",
		Args:    nothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.doctor(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.model, "model", false, "ask the model's server one short question")
	cmd.Flags().BoolVar(&o.report, "report", false, "print a report for a bug report, without paths and keys")
	a.jsonFlag(cmd)
	return cmd
}

// withoutPaths takes the root and the user's folder out of what the checks say.
func (a *app) withoutPaths(ctx context.Context, checks []check) {
	hide := []string{}
	if h, err := a.open(ctx); err == nil {
		hide = append(hide, h.git.Root, "ROOT")
		h.close()
	}
	if home, _ := os.UserHomeDir(); home != "" && home != "/" {
		hide = append(hide, home, "~")
	}
	r := strings.NewReplacer(hide...)
	for i := range checks {
		checks[i].Text, checks[i].Fix = r.Replace(checks[i].Text), r.Replace(checks[i].Fix)
	}
}

func (a *app) doctor(ctx context.Context, o doctorOptions) error {
	checks := a.checks(ctx, o)
	if o.report {
		a.withoutPaths(ctx, checks)
	}
	bad := 0
	lines := make([]checkLine, len(checks))
	for i, c := range checks {
		lines[i].check = c
		if c.Fix != "" {
			lines[i].Fix = &c.Fix
		}
		if c.Level == "bad" {
			bad++
		}
	}
	var err error
	if a.json {
		err = a.emit("doctor", struct {
			Checks []checkLine `json:"checks"`
		}{lines})
	} else {
		err = a.write(func(w io.Writer) {
			if o.report {
				fmt.Fprintf(w, "tasks %s, %s/%s, %s\n", Version, runtime.GOOS, runtime.GOARCH, runtime.Version())
			}
			for _, c := range checks {
				line := oneLine(c.Text)
				if c.Fix != "" {
					line += "; fix: " + oneLine(c.Fix)
				}
				fmt.Fprintf(w, "%-5s %-10s %s\n", c.Level, c.Key, line)
			}
		})
	}
	if err != nil {
		return err
	}
	if bad > 0 {
		return fault.New(fault.Unavailable, "%d of %d checks failed", bad, len(checks)).WithHint("each line ends with its fix")
	}
	return nil
}

// checks looks at everything; what needs a checkout is left out without one.
func (a *app) checks(ctx context.Context, o doctorOptions) []check {
	h, err := a.open(ctx)
	if err != nil {
		return []check{{"git", "bad", err.Error(), fault.HintOf(err)}}
	}
	defer h.close()
	out := []check{gitCheck(ctx, h.git)}
	if err := a.load(ctx, h, nil); err != nil {
		return append(out, check{"settings", "bad", err.Error(), fault.HintOf(err)})
	}
	s := h.settings
	out = append(out, ripgrepCheck(), claudeCheck(s, h.git.Root, a.getenv), a.agentCheck(ctx, s, h.git.Root), sandboxCheck(), keyCheck(s))
	if o.model {
		out = append(out, modelCheck(ctx, s))
	}
	out = append(out, portCheck(ctx, s.Addr), a.stateCheck(ctx, h.git.StateDir()))
	return append(out, a.trustCheck(ctx, h)...)
}

func gitCheck(ctx context.Context, c *git.Checkout) check {
	v, err := c.Output(ctx, "version")
	if err != nil {
		return check{"git", "bad", err.Error(), "install git 2.20 or newer"}
	}
	return check{"git", "ok", strings.TrimSpace(string(v)) + ", work tree " + c.Root, ""}
}

// ripgrepCheck answers who wonders: search does not need it and does not run it.
func ripgrepCheck() check {
	if p, err := exec.LookPath("rg"); err == nil {
		return check{"ripgrep", "ok", p + ", not needed: search has a reader of its own", ""}
	}
	return check{"ripgrep", "ok", "not installed, not needed: search has a reader of its own", ""}
}

func claudeCheck(s *config.Settings, root string, getenv func(string) (string, bool)) check {
	p, err := tool.LocateClaude(s.Claude, root, getenv)
	if err != nil {
		return check{"claude", "warn", "no sub-agent: " + err.Error(), fault.HintOf(err)}
	}
	return check{"claude", "ok", p.Path(), ""}
}

// agentCheck asks the agent of runs for its version. Without one tasks are still read,
// written and queued.
func (a *app) agentCheck(ctx context.Context, s *config.Settings, root string) check {
	agent, err := worker.Find(s.Worker, worker.Options{Root: root, Getenv: a.getenv, Claude: s.Claude, Anthropic: s.Anthropic, OpenAI: s.OpenAI})
	var v worker.Version
	if err == nil {
		v, err = agent.Probe(ctx)
	}
	if err != nil {
		return check{"agent", "warn", "no run can begin: " + err.Error(), fault.HintOf(err)}
	}
	return check{"agent", "ok", strings.TrimSpace("runs are carried out by "+agent.Name()+" "+v.Text) + ", " + v.Path, ""}
}

func sandboxCheck() check {
	if p := process.Protection(); p != "" {
		return check{"sandbox", "ok", p + " holds the sub-agent to reading" + runsHeld(p), ""}
	}
	return check{"sandbox", "warn", "neither bubblewrap nor Landlock: only Claude Code's own rules hold the sub-agent", "install bubblewrap"}
}

// runsHeld says what holds the agents of runs.
func runsHeld(protection string) string {
	if protection == "bubblewrap" {
		return ", and the agents of runs to their worktrees"
	}
	return ""
}

func keyCheck(s *config.Settings) check {
	provider, e, err := s.Assistant()
	if err != nil {
		return check{"model", "warn", err.Error(), fault.HintOf(err)}
	}
	if _, err := modelOf(s)(); err != nil { // before it is shown: an address that is refused may hold a password
		return check{"model", "warn", err.Error(), fault.HintOf(err)}
	}
	return check{"model", "ok", fmt.Sprintf("%s at %s (%s, from %s)", e.Model, e.BaseURL, provider, e.Source), ""}
}

// modelCheck asks for one word.
func modelCheck(ctx context.Context, s *config.Settings) check {
	m, err := modelOf(s)()
	if err == nil {
		start := time.Now()
		var r *llm.Response
		ask := &llm.Request{System: "Answer with the one word: ready", Messages: []llm.Message{{Role: llm.User, Text: "Are you there?"}}}
		if r, err = m.Stream(ctx, ask, func(llm.Event) {}); err == nil {
			return check{"endpoint", "ok", fmt.Sprintf("answered %q after %d ms", short(r.Message.Text, 40), time.Since(start).Milliseconds()), ""}
		}
	}
	return check{"endpoint", "bad", err.Error(), fault.HintOf(err)}
}

func short(s string, n int) string {
	r := []rune(oneLine(s))
	if len(r) > n {
		return string(r[:n]) + "…"
	}
	return string(r)
}

func portCheck(ctx context.Context, addr string) check {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return check{"port", "warn", addr + " is in use: perhaps by a tasks server already", "tasks serve --addr 127.0.0.1:0 picks another"}
	}
	ln.Close()
	return check{"port", "ok", addr + " is free", ""}
}

// stateCheck opens the database only where it is already there.
func (a *app) stateCheck(ctx context.Context, dir string) check {
	db, err := store.OpenExisting(ctx, dir)
	switch {
	case err != nil:
		return check{"state", "bad", err.Error(), fault.HintOf(err)}
	case db == nil:
		return check{"state", "ok", "nothing kept yet", ""}
	}
	defer db.Close()
	var answer string
	if err := db.QueryRowContext(ctx, "pragma quick_check(1)").Scan(&answer); err != nil || answer != "ok" {
		return check{"state", "bad", "the database in " + dir + " is damaged: " + answer, "move that folder aside: it holds history, never work"}
	}
	return check{"state", "ok", dir + " is mode 0700 and sound", ""}
}
