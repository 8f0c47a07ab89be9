package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tasks/internal/runlog"
	"tasks/internal/worker"
)

// given finds a program that is too large to be installed for these tests.
func given(t *testing.T, key, name string) string {
	t.Helper()
	path := os.Getenv(key)
	if path == "" {
		t.Skipf("skipped: %s does not name a %s to test with", key, name)
	}
	return filepath.Dir(path)
}

func codexRun(t *testing.T, steps ...step) (*agentRun, *responses) {
	dir := given(t, "TASKS_TEST_CODEX", "codex")
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	m := startResponses(t, steps...)
	return newAgentRun(t, "codex", worker.Options{}, map[string]string{"OPENAI_BASE_URL": m.URL + "/v1", "CODEX_API_KEY": "sk-scripted-canary-key"}), m
}

func TestWorkerCodex(t *testing.T) {
	given(t, "TASKS_TEST_CODEX", "codex")
	bash := func(command string) call { return call{"exec_command", map[string]any{"cmd": command}} }
	t.Run("does a task", func(t *testing.T) {
		needBubblewrap(t)
		r, _ := codexRun(t, step{text: "I begin.", calls: []call{bash("echo made > new.txt; cat hello.txt; env | grep canary; git add new.txt; git commit -qm more; exit 3")}}, step{text: "It is done."})
		if v, err := r.agent.Probe(t.Context()); err != nil || v.Text == "" {
			t.Fatalf("%+v, %v", v, err)
		}
		res := r.turn(t.Context())
		r.want(res, worker.Finished, "", "It is done.")
		if _, err := os.Stat(filepath.Join(r.spec.Dir, "new.txt")); err != nil {
			t.Error(err)
		}
		if !r.has(runlog.Session, "codex") || !r.has(runlog.Text, "I begin.") || !r.has(runlog.Tool, "command", "echo made") || !r.has(runlog.ToolResult, "error", "hello") {
			t.Errorf("events %+v", r.log)
		}
		if r.has(runlog.ToolResult, "canary") || res.Session == "" || res.Tokens.Turns != 2 || res.Tokens.Input == 0 {
			t.Errorf("result %+v", res)
		}
	})
	for _, c := range []struct {
		name, code string
		status     int
		retry      bool
	}{{"limited", "model", 429, true}, {"a wrong key", "login", 401, false}, {"broken", "model", 500, true}, {"refused", "model", 400, false}} {
		t.Run(c.name, func(t *testing.T) {
			r, m := codexRun(t)
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
	t.Run("a dead endpoint", func(t *testing.T) {
		if testing.Short() {
			t.Skip("skipped with -short: Codex is given a minute and a half")
		}
		r, m := codexRun(t)
		r.spec.Wall = 3 * time.Minute
		m.Close()
		r.want(r.turn(t.Context()), worker.Failed, "model")
	})
	t.Run("always a cut stream", func(t *testing.T) {
		r, m := codexRun(t)
		for range 100 {
			m.steps = append(m.steps, step{cut: true})
		}
		r.want(r.turn(t.Context()), worker.Failed, "model")
	})
	t.Run("takes too many turns", func(t *testing.T) {
		needBubblewrap(t)
		r, m := codexRun(t)
		for range 10 {
			m.steps = append(m.steps, step{calls: []call{bash("echo x")}})
		}
		r.spec.Turns = 2
		r.want(r.turn(t.Context()), worker.Failed, "turns")
	})
	t.Run("is stopped and taken up again", func(t *testing.T) {
		needBubblewrap(t)
		r, m := codexRun(t, step{text: "I wait.", calls: []call{bash("tail -f /dev/null")}})
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		r.on = func(e runlog.Event) {
			if e.Type == runlog.Tool {
				cancel(errors.New("a person"))
			}
		}
		res := r.turn(ctx)
		r.want(res, worker.Stopped, "stopped")
		r.on = nil
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
		r, _ := codexRun(t)
		r.spec.Session, r.spec.Resume = "11111111-2222-4333-8444-555555555555", true
		res := r.turn(t.Context())
		r.want(res, worker.Failed, "agent")
		if !res.Forget {
			t.Errorf("%+v", res)
		}
	})
}
