package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/process"
	"tasks/internal/runlog"
	"tasks/internal/worker"
)

// agentRun is one turn after another of a real agent in a worktree, as the supervisor does them.
type agentRun struct {
	t     *testing.T
	agent worker.Agent
	spec  worker.Spec
	mark  string
	raw   bytes.Buffer
	mu    sync.Mutex
	log   []runlog.Event
	on    func(runlog.Event)
}

// newAgentRun finds the agent name, and gives it a home and a worktree of its own.
func newAgentRun(t *testing.T, name string, o worker.Options, env map[string]string) *agentRun {
	t.Helper()
	root := write(t, map[string]string{"CLAUDE.md": "CANARY-INSTRUCTIONS", "hello.txt": "hello\n",
		".claude/settings.json": `{"env":{"ANTHROPIC_BASE_URL":"http://127.0.0.1:9"},"hooks":{"SessionStart":[{"hooks":[{"type":"command","command":"touch fired"}]}]}}`})
	home, tmp := write(t, map[string]string{".claude.json": "{}", ".claude/settings.json": "{}", ".claude/commands/x.md": "x", ".codex/config.toml": "", ".config/opencode/opencode.json": "{}"}), write(t, nil)
	env["HOME"], env["PATH"] = home, os.Getenv("PATH")
	o.Root = write(t, nil)
	o.Getenv = func(k string) (string, bool) { v, ok := env[k]; return v, ok }
	a, err := worker.Find(name, o)
	if err != nil {
		t.Fatal(err)
	}
	git(t, root, "init", "-q")
	git(t, root, "add", ".")
	git(t, root, "commit", "-qm", "first")
	r := &agentRun{t: t, agent: a, mark: filepath.Base(filepath.Dir(tmp)) + filepath.Base(tmp) + fmt.Sprint(time.Now().UnixNano())}
	r.spec = worker.Spec{
		Dir: root, RunDir: write(t, nil), TmpDir: tmp, Prompt: "Do the task.", Turns: 10, Wall: 5 * time.Minute, Stall: 4 * time.Minute, Grace: 5 * time.Second, Raw: &r.raw,
		Env:     []string{"PATH=" + env["PATH"], "HOME=" + home, "USER=u", "LANG=C.UTF-8", "TERM=dumb", "TMPDIR=" + tmp, "TASKS_RUN=" + r.mark, "TASKS_SLUG=alpha"},
		Sandbox: &process.Sandbox{ReadOnly: []string{"/"}, Writable: []string{root, tmp, home}, Protect: []string{filepath.Join(root, ".git", "config")}},
	}
	for _, name := range worker.Steering {
		r.spec.Sandbox.Protect = append(r.spec.Sandbox.Protect, filepath.Join(home, name))
	}
	return r
}

func (r *agentRun) turn(ctx context.Context) worker.Result {
	r.t.Helper()
	r.mu.Lock()
	r.log = nil
	r.mu.Unlock()
	res, err := worker.Run(ctx, r.agent, r.spec, func(e runlog.Event) {
		r.mu.Lock()
		r.log = append(r.log, e)
		r.mu.Unlock()
		if r.on != nil {
			r.on(e)
		}
	})
	if err != nil {
		r.t.Fatal(err)
	}
	left, err := process.Survivors("TASKS_RUN", r.mark)
	if err != nil || len(left) > 0 {
		r.t.Errorf("left behind: %v, %v", left, err)
	}
	if name := os.Getenv("TASKS_TEST_RECORD"); name != "" { // for the recorded streams of package worker
		os.WriteFile(filepath.Join(name, strings.ReplaceAll(r.t.Name(), "/", "_")+".jsonl"), r.raw.Bytes(), 0o644)
	}
	return res
}

func (r *agentRun) home() string {
	for _, e := range r.spec.Env {
		if home, ok := strings.CutPrefix(e, "HOME="); ok {
			return home
		}
	}
	return ""
}

// written waits until the agent has the words in its session's file: it writes them down a little
// after it says them.
func (r *agentRun) written(words string) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		files, _ := filepath.Glob(filepath.Join(r.home(), ".claude", "projects", "*", "*.jsonl"))
		for _, name := range files {
			if data, err := os.ReadFile(name); err == nil && strings.Contains(string(data), words) {
				return
			}
		}
	}
	r.t.Errorf("%q is in no session's file", words)
}

func (r *agentRun) has(kind runlog.Type, parts ...string) bool {
	for _, e := range r.log {
		all := fmt.Sprintf("%s %s %s %s %s %s", e.Name, e.Title, e.Status, e.Text, e.Output, e.Input)
		if e.Type == kind {
			found := true
			for _, p := range parts {
				found = found && strings.Contains(all, p)
			}
			if found {
				return true
			}
		}
	}
	return false
}

func (r *agentRun) want(res worker.Result, outcome, code string, parts ...string) {
	r.t.Helper()
	ok := res.Outcome == outcome && res.Code == code
	for _, p := range parts {
		ok = ok && strings.Contains(res.Text+"\n"+res.LastWords, p)
	}
	if !ok {
		r.t.Errorf("outcome %q %q (retry %v, exit %v) %q, last words %q; want %q %q %q\n%s", res.Outcome, res.Code, res.Retry, res.Exit, res.Text, res.LastWords, outcome, code, parts, r.raw.String())
	}
}

func claudeRun(t *testing.T, steps ...step) (*agentRun, *messages) {
	claude := need(t, "claude")
	m := startMessages(t, steps...)
	r := newAgentRun(t, "claude", worker.Options{Claude: claude}, map[string]string{"ANTHROPIC_BASE_URL": m.URL, "ANTHROPIC_API_KEY": "sk-ant-scripted-canary"})
	return r, m
}

func needBubblewrap(t *testing.T) {
	if process.Protection() != "bubblewrap" {
		t.Skip("skipped: needs bubblewrap that works")
	}
}

func TestWorkerClaude(t *testing.T) {
	bash := func(command string) call {
		return call{"Bash", map[string]any{"command": command, "description": "x"}}
	}
	t.Run("does a task", func(t *testing.T) {
		needBubblewrap(t)
		r, m := claudeRun(t)
		if v, err := r.agent.Probe(t.Context()); err != nil || v.Text == "" {
			t.Fatalf("%+v, %v", v, err)
		}
		m.steps = []step{
			{text: "I begin.", calls: []call{{"Write", map[string]any{"file_path": filepath.Join(r.spec.Dir, "new.txt"), "content": "made\n"}}, bash("cat hello.txt; echo KEY=$ANTHROPIC_API_KEY; git status --short; touch /usr/fired .git/config; echo '{}' > ~/.claude/settings.json; echo x >> ~/.claude.json; echo x > ~/.codex/hooks.json")}},
			{text: "It is done."},
		}
		res := r.turn(t.Context())
		r.want(res, worker.Finished, "", "It is done.")
		if got, err := os.ReadFile(filepath.Join(r.spec.Dir, "new.txt")); err != nil || string(got) != "made\n" {
			t.Errorf("the file: %q, %v", got, err)
		}
		if !r.has(runlog.Session, "claude", "2.") || !r.has(runlog.Text, "I begin.") || !r.has(runlog.Tool, "Write", "new.txt") || !r.has(runlog.ToolResult, "hello", "?? new.txt", "touch") {
			t.Errorf("events %+v", r.log)
		}
		if res.Session == "" || res.Tokens.Turns != 2 || res.Tokens.Input == 0 || res.Tokens.CostUSD == nil || res.Exit == nil || *res.Exit != 0 {
			t.Errorf("result %+v", res)
		}
		first := m.sent()[0]
		if !strings.Contains(first, "CANARY-INSTRUCTIONS") || !strings.Contains(first, "Do the task.") {
			t.Error("instructions or prompt did not reach the model")
		}
		if strings.Contains(first, "mcp__tasks__approve") {
			t.Error("the model is offered the tool that asks a person")
		}
		if strings.Contains(r.raw.String(), "sk-ant-scripted-canary") || r.has(runlog.ToolResult, "sk-ant-scripted-canary") {
			t.Error("the key is in the log")
		}
		for _, name := range []string{".claude.json", ".claude/settings.json"} {
			if data, err := os.ReadFile(filepath.Join(r.home(), name)); err != nil || string(data) != "{}" {
				t.Errorf("%s is now %q, %v", name, data, err)
			}
		}
		if !r.has(runlog.Notice, "bad", ".codex/hooks.json appeared") {
			t.Error("a file that steers another agent was made, and nobody is told")
		}
		if _, err := os.Stat(filepath.Join(r.spec.Dir, "fired")); err == nil {
			t.Error("a hook of the repository ran")
		}
	})
	t.Run("asks a person", func(t *testing.T) {
		for _, allow := range []bool{true, false} {
			outside := filepath.Join(write(t, nil), "x.txt")
			r, m := claudeRun(t)
			r.spec.Sandbox = &process.Sandbox{Whole: true} // nothing holds commands here: each is asked for
			m.steps = []step{{calls: []call{bash("echo hi > " + outside)}}, {text: "over"}}
			asked := make(chan worker.Question, 1)
			r.spec.Stall = 12 * time.Second // a busy machine takes some of it to start the program
			r.spec.Ask = func(ctx context.Context, q worker.Question) worker.Decision {
				asked <- q
				if allow {
					time.Sleep(13 * time.Second) // longer than it may be silent
				}
				return worker.Decision{Allow: allow, Why: "not on a Monday"}
			}
			res := r.turn(t.Context())
			select {
			case q := <-asked:
				if q.Tool != "Bash" || !strings.Contains(q.Title, "echo hi") || !bytes.Contains(q.Input, []byte("echo hi")) {
					t.Errorf("question %+v", q)
				}
			default:
				t.Error("nobody was asked")
			}
			_, err := os.Stat(outside)
			if done := err == nil; done != allow {
				t.Errorf("allowed %v, done %v", allow, done)
			}
			if allow {
				r.want(res, worker.Finished, "", "over")
			} else {
				r.want(res, worker.Finished, "", "not let do", "Bash")
				if !strings.Contains(strings.Join(m.sent(), ""), "not on a Monday") {
					t.Error("the reason did not reach the agent")
				}
			}
		}
	})
	t.Run("takes too many turns", func(t *testing.T) {
		r, m := claudeRun(t)
		for range 5 {
			m.steps = append(m.steps, step{calls: []call{{"Read", map[string]any{"file_path": filepath.Join(r.spec.Dir, "hello.txt")}}}})
		}
		r.spec.Turns = 2
		r.want(r.turn(t.Context()), worker.Failed, "turns")
	})
	t.Run("spends too much", func(t *testing.T) {
		r, m := claudeRun(t)
		for range 5 {
			m.steps = append(m.steps, step{calls: []call{{"Read", map[string]any{"file_path": filepath.Join(r.spec.Dir, "hello.txt")}}}})
		}
		r.spec.BudgetUSD = 0.0001
		r.want(r.turn(t.Context()), worker.Failed, "budget")
	})
	for _, c := range []struct {
		name, code string
		status     int
		retry      bool
	}{{"limited", "model", 429, true}, {"overloaded", "model", 529, true}, {"a wrong key", "login", 401, false}, {"refused", "model", 400, false}} {
		t.Run(c.name, func(t *testing.T) {
			r, m := claudeRun(t)
			for range 12 {
				m.steps = append(m.steps, step{status: c.status})
			}
			res := r.turn(t.Context())
			r.want(res, worker.Failed, c.code, fmt.Sprint(c.status))
			if res.Retry != c.retry {
				t.Errorf("retry %v", res.Retry)
			}
		})
	}
	t.Run("a dead endpoint", func(t *testing.T) {
		r, m := claudeRun(t)
		m.Close()
		res := r.turn(t.Context())
		r.want(res, worker.Failed, "model")
		if !res.Retry || !r.has(runlog.Notice, "did not answer") {
			t.Errorf("%+v\n%+v", res, r.log)
		}
	})
	t.Run("a cut stream", func(t *testing.T) {
		r, _ := claudeRun(t, step{cut: true}, step{text: "whole after all"})
		r.want(r.turn(t.Context()), worker.Finished, "", "whole after all")
	})
	t.Run("always a cut stream", func(t *testing.T) {
		r, m := claudeRun(t)
		for range 12 {
			m.steps = append(m.steps, step{cut: true})
		}
		r.want(r.turn(t.Context()), worker.Failed, "model")
	})
	t.Run("no login", func(t *testing.T) {
		claude := need(t, "claude")
		r := newAgentRun(t, "claude", worker.Options{Claude: claude}, map[string]string{"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"})
		res := r.turn(t.Context())
		r.want(res, worker.Failed, "login")
		if res.Retry {
			t.Error("it is tried again")
		}
	})
	t.Run("is stopped and taken up again", func(t *testing.T) {
		needBubblewrap(t)
		r, m := claudeRun(t, step{text: "I wait.", calls: []call{bash("echo there; tail -f /dev/null")}})
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		r.on = func(e runlog.Event) {
			if e.Type == runlog.Tool {
				go func() { r.written("I wait."); cancel(errors.New("a person")) }()
			}
		}
		res := r.turn(ctx)
		r.want(res, worker.Stopped, "stopped")
		if res.Session == "" {
			t.Fatal("no session")
		}
		r.on = nil
		m.mu.Lock()
		m.steps = []step{{text: "And on."}}
		m.mu.Unlock()
		r.spec.Session, r.spec.Resume, r.spec.Prompt = res.Session, true, "Go on please."
		again := r.turn(t.Context())
		r.want(again, worker.Finished, "", "And on.")
		if a, b := res.Tokens.CostUSD, again.Tokens.CostUSD; a == nil || b == nil || *b > *a*1.5 {
			t.Errorf("cost %v, then %v: the second turn holds the first", a, b)
		}
		sent := m.sent()
		if last := sent[len(sent)-1]; again.Session != res.Session || !strings.Contains(last, "I wait.") || !strings.Contains(last, "Go on please.") {
			t.Errorf("session %q then %q, the first turn was not there", res.Session, again.Session)
		}
	})
	t.Run("a session that is lost", func(t *testing.T) {
		r, _ := claudeRun(t)
		r.spec.Session, r.spec.Resume = "11111111-2222-4333-8444-555555555555", true
		res := r.turn(t.Context())
		r.want(res, worker.Failed, "agent")
		if !res.Forget || !res.Retry {
			t.Errorf("%+v", res)
		}
	})
}

// TestWorkerClaudeIsKilled: whatever kills the program itself, nothing of it goes on.
func TestWorkerClaudeIsKilled(t *testing.T) {
	needBubblewrap(t)
	r, m := claudeRun(t, step{text: "I wait.", calls: []call{{"Bash", map[string]any{"command": "tail -f /dev/null", "description": "x"}}}})
	r.on = func(e runlog.Event) {
		if e.Type != runlog.Tool {
			return
		}
		go func() {
			r.written("I wait.")
			pids, _ := process.Survivors("TASKS_RUN", r.mark)
			for _, pid := range pids {
				exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
				if strings.Contains(exe, "claude") {
					if p, err := os.FindProcess(pid); err == nil {
						p.Kill()
					}
				}
			}
		}()
	}
	res := r.turn(t.Context())
	r.want(res, worker.Failed, "agent")
	if !res.Retry || res.Session == "" {
		t.Fatalf("%+v", res)
	}
	r.on = nil
	m.mu.Lock()
	m.steps = []step{{text: "And on."}}
	m.mu.Unlock()
	r.spec.Session, r.spec.Resume, r.spec.Prompt = res.Session, true, "Go on please."
	again := r.turn(t.Context())
	r.want(again, worker.Finished, "", "And on.")
	if sent := m.sent(); again.Session != res.Session || !strings.Contains(sent[len(sent)-1], "I wait.") {
		t.Errorf("session %q then %q, or what was before the kill is lost", res.Session, again.Session)
	}
}
