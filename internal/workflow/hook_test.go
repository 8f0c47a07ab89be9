package workflow

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func hookEnv(t *testing.T) HookEnv {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("there is no shell")
	}
	return HookEnv{Dir: t.TempDir(), Env: []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "TASKS_SLUG=a"}}
}

func TestHookRunsInTheWorktree(t *testing.T) {
	env := hookEnv(t)
	got, err := RunHook(t.Context(), BeforeRun, "pwd; echo $TASKS_SLUG; echo oh >&2; echo made > file", env)
	dir, _ := filepath.EvalSymlinks(env.Dir)
	if err != nil || got.Status != "ok" || got.Exit != 0 || got.Why != "" || got.Output != dir+"\na\noh\n" {
		t.Errorf("%+v, %v", got, err)
	}
	if data, err := os.ReadFile(filepath.Join(env.Dir, "file")); err != nil || string(data) != "made\n" {
		t.Errorf("%q, %v", data, err)
	}
}

// A login shell's start-up files may set PATH anew, and the programs that a project needs
// are found all the same.
func TestHookFindsThePrograms(t *testing.T) {
	env := hookEnv(t)
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "builder"), []byte("#!/bin/sh\necho built\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".profile"), []byte("PATH=/usr/bin:/bin\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	env.Env = []string{"PATH=" + bin + ":/usr/bin:/bin", "HOME=" + home}
	got, err := RunHook(t.Context(), BeforeRun, "# a remark\nbuilder; echo \"[$TASKS_HOOK_PATH]\"", env)
	if err != nil || got.Output != "built\n[]\n" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestHookFails(t *testing.T) {
	env := hookEnv(t)
	got, err := RunHook(t.Context(), AfterCreate, "echo why; exit 3", env)
	if err == nil || got.Status != "error" || got.Exit != 3 || got.Output != "why\n" || !strings.Contains(got.Why, "after_create failed: it ended with status 3") || err.Error() != got.Why {
		t.Errorf("%+v, %v", got, err)
	}
	for name, fatal := range map[string]bool{AfterCreate: true, BeforeRun: true, AfterRun: false, BeforeRemove: false} {
		if Fatal(name) != fatal {
			t.Errorf("%s is fatal: %v", name, !fatal)
		}
	}
	if got, err := RunHook(t.Context(), AfterRun, " \n", env); err != nil || got.Status != "ok" {
		t.Errorf("no script: %+v, %v", got, err)
	}
	env.Dir = filepath.Join(env.Dir, "gone")
	if got, err := RunHook(t.Context(), AfterRun, "true", env); err == nil || got.Status != "error" {
		t.Errorf("in no folder: %+v", got)
	}
}

// At the end of its time all that the hook started is ended, also what left its group.
func TestHookIsEndedWithAllItStarted(t *testing.T) {
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		t.Skip("needs Linux: descendants are found through /proc")
	}
	env := hookEnv(t)
	for _, env.Timeout = range []time.Duration{time.Second, 10 * time.Second, time.Minute} {
		got, err := RunHook(t.Context(), BeforeRun, "trap '' INT TERM; setsid sh -c 'echo $$ > new; mv new pid; exec sleep 300' & while :; do sleep 1; done", env)
		if err == nil || got.Exit != -1 || !strings.Contains(got.Why, "longer than "+env.Timeout.String()) || got.Stopped {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := os.Stat(filepath.Join(env.Dir, "pid")); err == nil {
			break // else a busy machine had not even started it: there was nothing to end
		}
	}
	data, err := os.ReadFile(filepath.Join(env.Dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	if syscall.Kill(pid, 0) == nil {
		t.Errorf("process %d of the hook is still there", pid)
	}
}

func TestHookIsStopped(t *testing.T) {
	env := hookEnv(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	got, err := RunHook(ctx, AfterRun, "sleep 60", env)
	if err == nil || !got.Stopped || !strings.Contains(got.Why, "was stopped") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestHookOutputKeepsItsEnds(t *testing.T) {
	env := hookEnv(t)
	got, err := RunHook(t.Context(), AfterRun, "echo begin; i=0; while [ $i -lt 3000 ]; do echo 'a line of forty characters, or nearly so.'; i=$((i+1)); done; printf '\\377end'", env)
	if err != nil || !got.Cut || len(got.Output) > keepHead+keepTail+100 || !strings.HasPrefix(got.Output, "begin\n") || !strings.HasSuffix(got.Output, "\ufffdend") || !strings.Contains(got.Output, "bytes left out") {
		t.Errorf("cut %v, %d bytes, %v", got.Cut, len(got.Output), err)
	}
}
