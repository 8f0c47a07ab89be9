package worker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"tasks/internal/process"
	"tasks/internal/runlog"
)

// leaver is an agent with a child that ignores signals and one in a session of its own.
const leaver = `(trap '' INT TERM HUP; tail -f /dev/null) & setsid tail -f /dev/null & `

// TestNothingIsLeftBehind: however a turn ends, no process with its mark lives on.
func TestNothingIsLeftBehind(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux finds processes that left their group")
	}
	for name, tt := range map[string]struct {
		script string
		set    func(*Spec)
		do     func(cancel context.CancelCauseFunc)
		code   string
	}{
		"exit":     {leaver + "echo there; exit 0", nil, nil, ""},
		"failure":  {leaver + "echo there; exit 1", nil, nil, "agent"},
		"suicide":  {leaver + "echo there; kill -9 $$", nil, nil, "agent"},
		"stall":    {leaver + "echo there; wait", func(s *Spec) { s.Stall = 300 * time.Millisecond }, nil, "stall"},
		"wall":     {leaver + "echo there; wait", func(s *Spec) { s.Wall = 600 * time.Millisecond }, nil, "timeout"},
		"stop":     {"trap '' INT;" + leaver + "echo there; wait; wait", nil, func(cancel context.CancelCauseFunc) { cancel(errors.New("a person")) }, "stopped"},
		"guardian": {leaver + "echo there; wait", nil, func(context.CancelCauseFunc) { killGuardians(t) }, "agent"},
	} {
		for kind, box := range map[string]*process.Sandbox{"subreaper": nil, "namespace": {Whole: true}} {
			if testing.Short() && box != nil {
				continue // the same code, another wall
			}
			t.Run(name+" "+kind, func(t *testing.T) {
				sp := spec(t)
				mark := "ends" + strconv.FormatInt(time.Now().UnixNano(), 36)
				sp.Env = []string{"PATH=/usr/bin:/bin", "TASKS_RUN=" + mark, "TASKS_SLUG=alpha"}
				sp.Sandbox, sp.Grace = box, 300*time.Millisecond
				if tt.set != nil {
					tt.set(&sp)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				s := story{on: func(runlog.Event) {
					if tt.do != nil {
						tt.do(cancel)
					}
				}}
				r, err := Run(ctx, script(t, tt.script), sp, s.add)
				if err != nil || r.Code != tt.code || r.Code != "" && r.Text == "" {
					t.Errorf("%+v, %v; want code %q", r, err, tt.code)
				}
				gone(t, mark)
			})
		}
	}
}

// killGuardians kills the guardians that this process started.
func killGuardians(t *testing.T) {
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, f := range tasks {
		data, _ := os.ReadFile(f)
		for _, word := range strings.Fields(string(data)) {
			line, _ := os.ReadFile("/proc/" + word + "/cmdline")
			if !strings.HasPrefix(string(line), "tasks-guardian") {
				continue
			}
			if pid, err := strconv.Atoi(word); err == nil {
				if p, err := os.FindProcess(pid); err == nil {
					p.Kill()
				}
			}
		}
	}
}

// gone waits until no process has the mark: the kernel takes a moment for a namespace.
func gone(t *testing.T, mark string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left, err := process.Survivors("TASKS_RUN", mark)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Errorf("left behind: %v", left)
			process.KillAll(context.Background(), left)
			return
		}
	}
}

// TestNothingIsLeftBehindWhenWeAreKilled: the same when the supervisor itself is killed.
func TestNothingIsLeftBehindWhenWeAreKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux finds processes that left their group")
	}
	if dir := os.Getenv("TASKS_TEST_KILLED"); dir != "" {
		sp := spec(t)
		sp.Env = []string{"PATH=/usr/bin:/bin", "TASKS_RUN=" + os.Getenv("TASKS_TEST_KILLED_MARK")}
		if os.Getenv("TASKS_TEST_KILLED_BOX") != "" {
			sp.Sandbox = &process.Sandbox{Whole: true}
		}
		a := &program{path: filepath.Join(dir, "agent.sh")}
		Run(t.Context(), a, sp, func(runlog.Event) { os.Stdout.WriteString("there\n") })
		return
	}
	for _, box := range []string{"", "1"} {
		dir, mark := t.TempDir(), "killed"+strconv.FormatInt(time.Now().UnixNano(), 36)
		if err := os.WriteFile(filepath.Join(dir, "agent.sh"), []byte("#!/bin/sh\n"+leaver+"echo there; wait\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestNothingIsLeftBehindWhenWeAreKilled$")
		cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), "TASKS_TEST_KILLED="+dir, "TASKS_TEST_KILLED_MARK="+mark, "TASKS_TEST_KILLED_BOX="+box)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 6)); err != nil {
			t.Fatal(err)
		}
		if found, err := process.Survivors("TASKS_RUN", mark); err != nil || len(found) < 3 {
			t.Errorf("before the kill there are %v, %v", found, err)
		}
		cmd.Process.Kill()
		cmd.Wait()
		gone(t, mark)
	}
}
