package workflow

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/process"
)

// HookEnv is where and how a hook runs.
type HookEnv struct {
	Dir     string   // the worktree
	Env     []string // the whole environment; no model keys
	Sandbox *process.Sandbox
	Timeout time.Duration // of Limits(…).Hook; 0 is 60 s
	Lock    *os.File      // held while anything of the hook is there; nil for none
}

// HookRun is how a hook went.
type HookRun struct {
	Name   string
	Status string // "ok" or "error"
	Exit   int    // -1 where it did not end by itself
	Output string // both streams as they came, the middle left out where too long
	Cut    bool   // something was left out
	Why    string // "" where ok: one line for people
	Took   time.Duration
	// Stopped tells that it was ended because the context was.
	Stopped bool
}

// Fatal tells whether a failure of the hook ends the attempt; that of another one is told
// and passed over.
func Fatal(name string) bool { return name == AfterCreate || name == BeforeRun }

// defaultHook is the time of a hook where nobody says.
const defaultHook = time.Minute

// keptPath carries the caller's PATH over the login shell's start-up files, which on many
// systems set it anew: what verify finds, hooks find too.
const keptPath = "TASKS_HOOK_PATH"

// RunHook runs a hook's script with sh -lc in the worktree. At the end of its time or of
// the context its whole tree is ended. The error is set where the hook failed or could
// not be started, with the same words as Why; whether that matters is for Fatal. A blank
// script is done at once, with the status ok.
func RunHook(ctx context.Context, name, script string, env HookEnv) (HookRun, error) {
	run := HookRun{Name: name, Status: "ok"}
	if strings.TrimSpace(script) == "" {
		return run, nil
	}
	sh, err := process.Look("sh", env.Dir)
	if err != nil {
		return run.failed(-1, "there is no shell to run it: %v", err)
	}
	if env.Timeout <= 0 {
		env.Timeout = defaultHook
	}
	vars := env.Env
	if i := slices.IndexFunc(vars, func(v string) bool { return strings.HasPrefix(v, "PATH=") }); i >= 0 {
		vars = append(slices.Clone(vars), keptPath+vars[i][len("PATH"):])
		script = `PATH="$` + keptPath + `:$PATH"; export PATH; unset ` + keptPath + `; ` + script
	}
	spec := process.Spec{
		Path: sh, Args: []string{"-lc", script}, Dir: env.Dir, Env: vars, Sandbox: env.Sandbox,
		Limits: process.Limits{Wall: env.Timeout, Grace: 2 * time.Second},
	}
	if env.Lock != nil {
		spec.Inherit = []*os.File{env.Lock}
	}
	out := &middle{}
	spec.Stdout, spec.Stderr = out, out
	begun := time.Now()
	end, err := process.Run(ctx, spec)
	run.Took = time.Since(begun)
	run.Output, run.Cut = out.text()
	switch {
	case err != nil:
		return run.failed(-1, "it could not be started: %v", err)
	case end.Cause == process.Exited && end.Code == 0:
		return run, nil
	case end.Cause == process.Exited:
		return run.failed(end.Code, "it ended with status %d", end.Code)
	case end.Cause == process.TimedOut:
		return run.failed(-1, "it took longer than %s and was ended", env.Timeout)
	case end.Cause == process.Canceled:
		run.Stopped = true
		return run.failed(-1, "it was stopped")
	}
	return run.failed(-1, "it was ended by %s", end.Signal)
}

func (h HookRun) failed(exit int, format string, args ...any) (HookRun, error) {
	h.Status, h.Exit = "error", exit
	h.Why = fmt.Sprintf("the hook %s failed: %s", h.Name, fmt.Sprintf(format, args...))
	return h, fault.New(fault.Unavailable, "%s", h.Why).WithHint("its output is in the log of the run")
}
