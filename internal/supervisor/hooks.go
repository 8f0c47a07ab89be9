package supervisor

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/runlog"
	"tasks/internal/workflow"
	"tasks/internal/worktree"
)

// hook runs one of the hooks and logs it. The error is for those whose failure ends the
// attempt.
func (s *supervisor) hook(ctx context.Context, flow *workflow.Workflow, name string) error {
	if strings.TrimSpace(flow.Hooks.Script(name)) == "" {
		return nil
	}
	e, err := s.runHook(ctx, flow, name)
	s.note(e)
	return err
}

func (s *supervisor) runHook(ctx context.Context, flow *workflow.Workflow, name string) (runlog.Event, error) {
	h, err := workflow.RunHook(ctx, name, flow.Hooks.Script(name), workflow.HookEnv{
		Dir: s.tree.Dir, Env: s.env(), Sandbox: s.sandbox(), Timeout: s.limits.Hook, Lock: s.lock,
	})
	return runlog.Event{Type: runlog.Hook, Name: name, Status: h.Status, Text: h.Why, Output: h.Output, Took: h.Took, Cut: h.Cut}, err
}

// pendingFile in git's folder of a worktree says that after_create has not succeeded there.
const pendingFile = "tasks-after-create"

// afterCreate runs the hook in a new worktree, and in one where it failed or was cut off
// before: no agent works in a tree that was never made ready.
func (s *supervisor) afterCreate(ctx context.Context, flow *workflow.Workflow) error {
	name := filepath.Join(s.tree.Admin(), pendingFile)
	if s.tree.Created {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			return fault.New(fault.Unavailable, "that the worktree is new cannot be noted: %w", err)
		}
	} else if _, err := os.Lstat(name); err != nil {
		return nil
	}
	if err := s.hook(ctx, flow, workflow.AfterCreate); err != nil {
		return err
	}
	if err := os.Remove(name); err != nil {
		return fault.New(fault.Unavailable, "that the worktree is ready cannot be noted: %w", err)
	}
	return nil
}

// BeforeRemove runs the hook of that name in the worktree of a run that is over, and logs
// it. Nothing is done where there is no worktree, or the user does not let the root's
// hooks run. The error is for the caller's log: the worktree goes all the same.
func BeforeRemove(ctx context.Context, c Config, r *run.Run) error {
	flow, err := workflow.Load(c.Git.Root, c.UserDir)
	if err != nil || strings.TrimSpace(flow.Hooks.BeforeRemove) == "" {
		return err
	}
	if standing, err := c.Trust.Look(c.Git.Root, flow.Commands()); err != nil || !standing.May() {
		return err
	}
	trees := &worktree.Trees{Git: c.Git, StateDir: c.StateDir}
	list, err := trees.List(ctx)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.Tree.Dir != r.Worktree || !t.Ours || t.Missing || t.Tree.Run != r.ID {
			continue
		}
		s := &supervisor{Config: c, run: r, trees: trees, tree: t.Tree, dir: run.Dir(c.StateDir, r.ID)}
		if s.Log == nil {
			s.Log = slog.New(slog.DiscardHandler)
		}
		s.limits, _ = flow.Limits(c.Settings.Manager)
		if s.tmp, err = tmpFolder(r.ID); err != nil {
			return err
		}
		defer os.RemoveAll(s.tmp)
		if s.log, err = runlog.Open(s.dir, r.Attempt); err != nil {
			return err
		}
		defer s.log.Close()
		e, err := s.runHook(ctx, flow, workflow.BeforeRemove)
		s.append(e) // nobody holds the run any more: its record stays as it is
		return err
	}
	return nil
}
