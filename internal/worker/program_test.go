package worker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/process"
	"tasks/internal/runlog"
)

func TestMain(m *testing.M) {
	if process.Guardian() || Bridge() {
		return
	}
	os.Exit(m.Run())
}

// script is a program agent of the lines.
func script(t *testing.T, lines string) Agent {
	t.Helper()
	path := filepath.Join(t.TempDir(), "agent.sh")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	a, err := Find(path, Options{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// story collects the events of a turn.
type story struct {
	mu   sync.Mutex
	list []runlog.Event
	on   func(runlog.Event)
}

func (s *story) add(e runlog.Event) {
	s.mu.Lock()
	s.list = append(s.list, e)
	s.mu.Unlock()
	if s.on != nil {
		s.on(e)
	}
}

func (s *story) text() string {
	var b strings.Builder
	for _, e := range s.list {
		b.WriteString(string(e.Type) + ":" + e.Name + ":" + e.Text + e.Output + "\n")
	}
	return b.String()
}

func spec(t *testing.T) Spec {
	return Spec{Dir: t.TempDir(), Prompt: "do it", Env: []string{"PATH=/usr/bin:/bin", "TASKS_RUN=r1", "TASKS_SLUG=alpha"}, Wall: 2 * time.Minute, Grace: time.Second}
}

func TestAProgram(t *testing.T) {
	for name, tt := range map[string]struct {
		script, outcome, code, words, said string
	}{
		"done":               {`read x; echo "got $x for $TASKS_SLUG in $TASKS_RUN"`, Finished, "", "got do it for alpha in r1", "got do it for alpha in r1"},
		"fails":              {`echo working; echo broken >&2; exit 3`, Failed, "agent", "broken", "working"},
		"fails silently":     {`exit 4`, Failed, "agent", "", ""},
		"no end of the line": {`printf 'a\nb'`, Finished, "", "b", "output:stdout:a"},
		"kills itself":       {`kill -9 $$`, Failed, "agent", "", ""},
		"no text":            {`head -c 300 /dev/urandom; echo; printf 'x\000y\n'`, Finished, "", "", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			var s story
			r, err := Run(t.Context(), script(t, tt.script), spec(t), s.add)
			if err != nil || r.Outcome != tt.outcome || r.Code != tt.code || !strings.Contains(r.LastWords, tt.words) || !strings.Contains(s.text(), tt.said) {
				t.Errorf("%+v, %v\n%s", r, err, s.text())
			}
			if r.Outcome == Failed && (r.Text == "" || !r.Retry) {
				t.Errorf("a failure without words, or not to be tried again: %+v", r)
			}
		})
	}
}

func TestAProgramIsEnded(t *testing.T) {
	for name, tt := range map[string]struct {
		set   func(*Spec)
		cause error
		code  string
		retry bool
	}{
		"stalled":   {func(s *Spec) { s.Stall = 300 * time.Millisecond }, nil, "stall", true},
		"too long":  {func(s *Spec) { s.Wall = 500 * time.Millisecond }, nil, "timeout", true},
		"cancelled": {func(*Spec) {}, errors.New("a person"), "stopped", false},
	} {
		t.Run(name, func(t *testing.T) {
			sp := spec(t)
			mark := "mark" + time.Now().Format("150405.000000000") + strings.ReplaceAll(name, " ", "")
			sp.Env = append(sp.Env, "TASKS_TEST_WORKER="+mark)
			tt.set(&sp)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			s := story{on: func(runlog.Event) {
				if tt.cause != nil {
					cancel(tt.cause)
				}
			}}
			r, err := Run(ctx, script(t, "setsid tail -f /dev/null & echo there; wait"), sp, s.add)
			if err != nil || r.Code != tt.code || r.Retry != tt.retry || r.Text == "" {
				t.Errorf("%+v, %v", r, err)
			}
			if left, err := process.Survivors("TASKS_TEST_WORKER", mark); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// TestLongLinesAndManyLines: neither floods the log.
func TestLongLinesAndManyLines(t *testing.T) {
	var s story
	r, err := Run(t.Context(), script(t, `head -c 5000000 /dev/zero | tr '\0' a; echo; i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done`), spec(t), s.add)
	if err != nil || r.Outcome != Finished || r.LastWords != "line 1999" {
		t.Errorf("%+v, %v", r, err)
	}
	if len(s.list) > 400 {
		t.Errorf("%d events for 2,000 lines; want them gathered", len(s.list))
	}
}

func TestFindRefuses(t *testing.T) {
	root := t.TempDir()
	inside := filepath.Join(root, ".worktrees", "alpha", "agent")
	if err := os.MkdirAll(filepath.Dir(inside), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(inside, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{inside, "/nowhere/agent", "", "agent", "./agent"} {
		if a, err := Find(name, Options{Root: root}); err == nil {
			t.Errorf("Find(%q) = %v", name, a)
		}
	}
}
