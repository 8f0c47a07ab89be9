package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tasks/internal/demo"
	"tasks/internal/fault"
	"tasks/internal/llm/llmtest"
	"tasks/internal/manager"
)

func newDemo(a *app) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "demo [--addr HOST:PORT] [--no-manager] [--open]",
		Short: "Show the site and the assistant on a sample repository",
		Long: `Show the site, the assistant and the queue on a sample repository in a temporary
folder. The assistant's model is scripted and runs on this machine: nothing is
configured, no key is used, nothing leaves. The folder is removed at the end.`,
		Example: `  tasks demo
  tasks demo --addr 127.0.0.1:0 --open`,
		Args: nothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.demo(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.addr, "addr", "", "listen on `HOST:PORT`, a loopback address; port 0 picks one (default 127.0.0.1:8005)")
	f.BoolVar(&o.noManager, "no-manager", false, "do not act on the queue")
	f.BoolVar(&o.open, "open", false, "open the site in the browser")
	return cmd
}

func (a *app) demo(ctx context.Context, o serveOptions) error {
	tmp, err := os.MkdirTemp("", "tasks-demo-")
	if err != nil {
		return fault.New(fault.Unavailable, "no temporary folder: %w", err)
	}
	defer os.RemoveAll(tmp)
	root := filepath.Join(tmp, "lantern")
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	if err := demo.Write(ctx, root, time.Now()); err != nil {
		return fault.New(fault.Unavailable, "the sample repository could not be made: %w", err).WithHint("the demo needs git")
	}
	model, err := llmtest.Start(demo.Script())
	if err != nil {
		return fault.New(fault.Unavailable, "%w", err)
	}
	defer model.Close()
	a.dir = root
	o.starters = demo.Starters
	o.scripted = true
	// The user's own keys have no place here: only the scripted model is asked.
	env := map[string]string{"OPENAI_BASE_URL": model.URL(), "OPENAI_MODEL": "scripted"}
	for _, k := range []string{"PATH", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TMPDIR", "LANG"} {
		if v, ok := a.getenv(k); ok {
			env[k] = v
		}
	}
	env["XDG_CONFIG_HOME"], env["XDG_STATE_HOME"] = tmp, filepath.Join(tmp, "state")
	if env["TASKS_WORKER"], err = writeDemoAgent(tmp, demoPace); err != nil {
		return err
	}
	a.getenv = func(k string) (string, bool) { v, ok := env[k]; return v, ok }
	for k, v := range env {
		a.spawnEnv = append(a.spawnEnv, k+"="+v)
	}
	a.say("This is a demo on a sample repository in %s", root)
	a.say("The model is scripted: it knows a few conversations by heart, and nothing leaves this machine.")
	a.say("The agent of a run is scripted as well: kick a task off and watch it work.")
	err = a.serve(ctx, o)
	a.endDemo()
	return err
}

// endDemo stops the runs of the demo: a supervisor outlives its server, and the folder it
// works in goes now.
func (a *app) endDemo() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := a.onRun(ctx, func(ctx context.Context, _ *house, m *manager.Manager) error {
		runs, err := m.Runs.All(ctx, true, 100)
		for _, r := range runs {
			if r.State.Leased() {
				_, stopErr := m.Stop(ctx, r.Slug, "the demo has ended")
				err = errors.Join(err, stopErr)
			}
		}
		return err
	})
	if err != nil {
		a.warn("a run of the demo may still be at work: %v", err)
	}
}
