package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/runlog"
	"tasks/internal/worker"
)

func opencodeRun(t *testing.T, steps ...step) (*agentRun, *responses) {
	dir := given(t, "TASKS_TEST_OPENCODE", "opencode")
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	m := startResponses(t, steps...)
	r := newAgentRun(t, "opencode", worker.Options{OpenAI: config.Endpoint{Key: "sk-scripted-canary-key", Model: "m", BaseURL: m.URL + "/v1"}}, map[string]string{})
	r.spec.Wall = 2 * time.Minute
	return r, m
}

func TestWorkerOpencode(t *testing.T) {
	given(t, "TASKS_TEST_OPENCODE", "opencode")
	bash := func(command string) call {
		return call{"bash", map[string]any{"command": command, "description": "x"}}
	}
	t.Run("does a task", func(t *testing.T) {
		needBubblewrap(t)
		r, m := opencodeRun(t, step{text: "I begin.", calls: []call{bash("echo made > new.txt; cat hello.txt; echo $TASKS_MODEL_KEY; exit 3")}}, step{text: "It is done."})
		if v, err := r.agent.Probe(t.Context()); err != nil || v.Text == "" {
			t.Fatalf("%+v, %v", v, err)
		}
		res := r.turn(t.Context())
		r.want(res, worker.Finished, "", "It is done.")
		if _, err := os.Stat(filepath.Join(r.spec.Dir, "new.txt")); err != nil {
			t.Error(err)
		}
		if !r.has(runlog.Session, "opencode") || !r.has(runlog.Text, "I begin.") || !r.has(runlog.Tool, "bash", "echo made") || !r.has(runlog.ToolResult, "error", "hello") {
			t.Errorf("events %+v", r.log)
		}
		if r.has(runlog.ToolResult, "canary") || strings.Contains(r.raw.String(), "sk-scripted-canary") || res.Session == "" || res.Tokens.Turns != 2 || res.Tokens.Input == 0 {
			t.Errorf("result %+v", res)
		}
		if n := strings.Count(m.sent()[0], "CANARY-INSTRUCTIONS"); n != 1 {
			t.Errorf("the project's instructions are %d times in the request", n)
		}
	})
	for _, c := range []struct {
		name, code string
		status     int
		retry      bool
	}{{"a wrong key", "login", 401, false}, {"refused", "model", 400, false}} {
		t.Run(c.name, func(t *testing.T) {
			r, m := opencodeRun(t)
			for range 100 {
				m.steps = append(m.steps, step{status: c.status})
			}
			res := r.turn(t.Context())
			r.want(res, worker.Failed, c.code)
			if res.Retry != c.retry {
				t.Errorf("retry %v", res.Retry)
			}
		})
	}
	t.Run("takes too many turns", func(t *testing.T) {
		needBubblewrap(t)
		r, m := opencodeRun(t)
		for range 10 {
			m.steps = append(m.steps, step{calls: []call{bash("echo x")}})
		}
		r.spec.Turns = 2
		r.want(r.turn(t.Context()), worker.Failed, "turns")
	})
	t.Run("is stopped and taken up again", func(t *testing.T) {
		needBubblewrap(t)
		r, m := opencodeRun(t, step{text: "I wait.", calls: []call{bash("echo there; exit 0")}}, step{calls: []call{bash("touch began; tail -f /dev/null")}})
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		go func() { // it does not tell of a tool before that has ended
			for ctx.Err() == nil {
				if _, err := os.Stat(filepath.Join(r.spec.Dir, "began")); err == nil {
					cancel(errors.New("a person"))
				}
				time.Sleep(20 * time.Millisecond)
			}
		}()
		res := r.turn(ctx)
		r.want(res, worker.Stopped, "stopped")
		m.mu.Lock()
		m.steps = []step{{text: "And on."}}
		m.mu.Unlock()
		r.spec.Session, r.spec.Resume, r.spec.Prompt = res.Session, true, "Go on please."
		again := r.turn(t.Context())
		r.want(again, worker.Finished, "", "And on.")
		if again.Session != res.Session {
			t.Errorf("session %q, then %q", res.Session, again.Session)
		}
	})
	t.Run("a session that is lost", func(t *testing.T) {
		r, _ := opencodeRun(t)
		r.spec.Session, r.spec.Resume = "ses_111111111111111111111111", true
		res := r.turn(t.Context())
		r.want(res, worker.Failed, "agent")
		if !res.Forget {
			t.Errorf("%+v", res)
		}
	})
	t.Run("a dead endpoint", func(t *testing.T) {
		r, m := opencodeRun(t)
		m.Close()
		r.spec.Stall = 20 * time.Second
		res := r.turn(t.Context())
		if res.Outcome != worker.Failed || !res.Retry || res.Code != "model" && res.Code != "stall" {
			t.Errorf("%+v", res)
		}
	})
}
