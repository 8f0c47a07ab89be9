package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/manager"
	"tasks/internal/process"
	"tasks/internal/run"
	"tasks/internal/store"
	"tasks/internal/supervisor"
	"tasks/internal/workflow"
)

// leaseVariable carries the token of a claim to the supervisor. It is no argument, which
// everybody on the machine could read.
const leaseVariable = "TASKS_LEASE"

// newSupervise is the supervisor of one attempt. The manager starts it; it is no
// command for people.
func newSupervise(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    "supervise RUN",
		Short:  "Hold a run for one attempt (started by the manager)",
		Hidden: true,
		Args:   one("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.supervise(cmd.Context(), args[0])
		},
	}
}

func (a *app) supervise(ctx context.Context, id string) error {
	token, _ := a.getenv(leaseVariable)
	if token == "" {
		return fault.New(fault.Usage, "a supervisor is started by the manager: it has no lease").WithHint("tasks dispatch SLUG starts a run")
	}
	os.Unsetenv(leaseVariable)
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	if err := a.load(ctx, h, nil); err != nil {
		return err
	}
	db, err := store.Open(ctx, h.git.StateDir())
	if err != nil {
		return err
	}
	defer db.Close()
	return supervisor.Run(ctx, a.supervisor(h, run.New(db), slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))), id, token)
}

// supervisor is what a supervisor of the checkout works with.
func (a *app) supervisor(h *house, runs *run.Store, log *slog.Logger) supervisor.Config {
	return supervisor.Config{
		Git: h.git, StateDir: h.git.StateDir(), Runs: runs, Settings: h.settings, Trust: h.trust, UserDir: workflow.UserDir(a.getenv), Getenv: a.getenv, Log: log,
	}
}

// beforeRemove runs the hook of that name before a worktree goes.
func (a *app) beforeRemove(h *house, runs *run.Store) func(context.Context, *run.Run) error {
	return func(ctx context.Context, r *run.Run) error {
		return supervisor.BeforeRemove(ctx, a.supervisor(h, runs, nil), r)
	}
}

// spawn starts supervisors for the checkout: processes of their own that outlive this one.
func (a *app) spawn(root, stateDir string) manager.Spawn {
	return func(_ context.Context, id, token string) (int, error) {
		self, err := os.Executable()
		if err != nil {
			return 0, fault.New(fault.Unavailable, "the supervisor cannot be started: %w", err)
		}
		dir := run.Dir(stateDir, id)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return 0, fault.New(fault.Unavailable, "the folder of the run cannot be made: %w", err)
		}
		log, err := os.OpenFile(filepath.Join(dir, manager.SupervisorLog), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return 0, fault.New(fault.Unavailable, "the supervisor's log cannot be opened: %w", err)
		}
		defer log.Close()
		env := a.spawnEnv
		if env == nil {
			env = os.Environ()
		}
		return process.Detach(process.DetachSpec{
			Path: self, Args: []string{"-C", root, "supervise", id}, Dir: root,
			Env: append(slices.Clone(env), fmt.Sprintf("%s=%s", leaseVariable, token)), Output: log,
		})
	}
}
