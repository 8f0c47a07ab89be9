package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/process"
)

// carried is a repository whose task a real agent carries from the queue to review, by the
// program itself.
type carried struct {
	t    *testing.T
	root string
	env  []string
}

func newCarried(t *testing.T, env ...string) *carried {
	home := write(t, map[string]string{".keep": ""})
	c := &carried{t: t, root: write(t, map[string]string{"README.md": "# A\n", "tasks/alpha.md": sheetOf("Alpha")})}
	git(t, c.root, "init", "-q", "-b", "main")
	git(t, c.root, "add", "-A")
	git(t, c.root, "commit", "-qm", "first")
	c.env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_STATE_HOME=" + filepath.Join(home, "state"), "GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.invalid", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.invalid"}, env...)
	t.Cleanup(func() {
		for _, r := range c.runs() {
			if left, err := process.Survivors("TASKS_RUN", r.ID); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
				process.KillAll(t.Context(), left)
			}
		}
	})
	return c
}

// tasks runs the program, and returns what it printed and its exit status.
func (c *carried) tasks(args ...string) (string, int) {
	c.t.Helper()
	path, err := binary()
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"-C", c.root}, args...)...)
	cmd.Env = c.env
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

type carriedRun struct {
	ID, State, Session, Worker string
	Attempt                    int
	Reason                     *struct{ Code, Text string }
}

func (c *carried) runs() []carriedRun {
	out, _ := c.tasks("runs", "--json")
	var list struct{ Runs []carriedRun }
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		c.t.Fatalf("%s: %v", out, err)
	}
	return list.Runs
}

// TestRealAgentsCarryATask: from the queue to review, with a message that goes on in the
// same session.
func TestRealAgentsCarryATask(t *testing.T) {
	needBubblewrap(t)
	shell := map[string]func(command string) call{
		"claude":   func(s string) call { return call{"Bash", map[string]any{"command": s, "description": "x"}} },
		"codex":    func(s string) call { return call{"exec_command", map[string]any{"cmd": s}} },
		"opencode": func(s string) call { return call{"bash", map[string]any{"command": s, "description": "x"}} },
	}
	first := "echo made > new.txt && git add new.txt && git commit -qm 'add new.txt' && echo left > rest.txt; touch " // what follows is refused
	for _, name := range []string{"claude", "codex", "opencode"} {
		t.Run(name, func(t *testing.T) {
			var c *carried
			var script func(...step)
			var sent func() []string
			if name == "claude" {
				m := startMessages(t)
				c = newCarried(t, "TASKS_WORKER=claude", "TASKS_CLAUDE="+need(t, "claude"), "ANTHROPIC_API_KEY=sk-ant-scripted", "ANTHROPIC_BASE_URL="+m.URL)
				script, sent = func(s ...step) { m.mu.Lock(); m.steps = s; m.mu.Unlock() }, m.sent
			} else {
				dir := given(t, "TASKS_TEST_"+strings.ToUpper(name), name)
				m := startResponses(t)
				c = newCarried(t, "TASKS_WORKER="+name, "OPENAI_API_KEY=sk-scripted-key", "OPENAI_BASE_URL="+m.URL+"/v1", "OPENAI_MODEL=m")
				c.env[0] = "PATH=" + dir + ":" + os.Getenv("PATH")
				script, sent = func(s ...step) { m.mu.Lock(); m.steps = s; m.mu.Unlock() }, m.sent
			}
			script(step{text: "I begin.", calls: []call{shell[name](first + filepath.Join(c.root, "README.md.fired"))}}, step{text: "It is done."})
			out, code := c.tasks("dispatch", "alpha", "--wait")
			r := c.runs()[0]
			if code != 0 || r.State != "review" || r.Worker != name || r.Session == "" || r.Attempt != 1 {
				log, _ := c.tasks("run", "logs", "alpha")
				t.Fatalf("%d %s\n%+v %+v\n%s", code, out, r, r.Reason, log)
			}
			if diff, _ := c.tasks("run", "diff", "alpha"); !strings.Contains(diff, "+made") || !strings.Contains(diff, "+left") {
				t.Errorf("diff %s", diff)
			}
			if _, err := os.Stat(filepath.Join(c.root, "README.md.fired")); err == nil {
				t.Error("the agent wrote into the checkout")
			}
			script(step{text: "More of it."})
			if out, code := c.tasks("run", "send", "alpha", "Say more please."); code != 0 {
				t.Fatalf("send: %d %s", code, out)
			}
			for end := time.Now().Add(90 * time.Second); ; time.Sleep(100 * time.Millisecond) {
				c.tasks("heartbeat", "--dispatch")
				if r = c.runs()[0]; r.State == "review" && r.Attempt == 2 {
					break
				}
				if time.Now().After(end) || r.State == "failed" {
					t.Fatalf("after the message: %+v %+v", r, r.Reason)
				}
			}
			all := sent()
			if last := all[len(all)-1]; !strings.Contains(last, "Say more please.") || !strings.Contains(last, "It is done.") {
				t.Error("the message did not go on in the same session")
			}
		})
	}
}
