package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/process"
)

// shop is a repository in which the real program runs commands.
type shop struct {
	t    *testing.T
	root string
	env  []string
}

func newShop(t *testing.T, env ...string) *shop {
	root := write(t, map[string]string{"README.md": "# A\n", "tasks/alpha.md": sheetOf("Alpha")})
	git(t, root, "init", "-q", "-b", "main")
	git(t, root, "add", "README.md")
	git(t, root, "commit", "-qm", "first")
	home := write(t, map[string]string{".ssh/id_test": "CANARY-KEY"})
	return &shop{t, root, append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + write(t, nil), "XDG_STATE_HOME=" + write(t, nil), "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"),
		"TASKS_MANAGER_RETRY_DELAY=100ms", "TASKS_MANAGER_ATTEMPTS=2",
	}, env...)}
}

// run runs a command and returns what it printed, and its exit status.
func (s *shop) run(args ...string) (string, int) {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"-C", s.root}, args...)...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func (s *shop) want(status int, word string, args ...string) string {
	s.t.Helper()
	out, got := s.run(args...)
	if got != status || !strings.Contains(out, word) {
		logs, _ := s.run("run", "logs", "alpha", "--raw")
		s.t.Fatalf("tasks %v: exit status %d, want %d with %q:\n%s\n%s", args, got, status, word, out, logs)
	}
	return out
}

// TestClaudeFromTheQueueToTheBase: the real Claude Code writes a file, is looked at, gets a
// comment, changes it in the same session, and its work lands with the task completed.
func TestClaudeFromTheQueueToTheBase(t *testing.T) {
	claude := need(t, "claude")
	bash := func(command string) step {
		return step{calls: []call{{"Bash", map[string]any{"command": command, "description": "x"}}}}
	}
	m := startMessages(t,
		bash("printf 'made by an agent\\n' > made.txt && git add -A && git commit -qm 'made it' && ls -A ~/.ssh | wc -l > seen.txt; echo x > ../../escaped.txt; git -C ../.. update-ref refs/heads/main HEAD; ls ../../.git/tasks | wc -l >> seen.txt"),
		step{text: "I have made it."},
		bash("printf 'and again\\n' >> made.txt"),
		step{text: "Done as you said."},
	)
	s := newShop(t, "TASKS_WORKER=claude", "TASKS_CLAUDE="+claude, "ANTHROPIC_BASE_URL="+m.URL, "ANTHROPIC_API_KEY=sk-ant-scripted-canary")
	before, err := exec.Command("git", "-C", s.root, "rev-parse", "main").Output()
	if err != nil {
		t.Fatal(err)
	}
	s.want(0, "alpha is review", "dispatch", "alpha", "--wait")
	logs := s.want(0, "I have made it.", "run", "logs", "alpha")
	if !strings.Contains(logs, "made it") || strings.Contains(logs, "sk-ant-scripted-canary") {
		t.Errorf("the log: %s", logs)
	}
	var shown struct {
		Run struct {
			Session, Worker string
			CostUSD         *float64 `json:"cost_usd"`
			ID              string
		}
	}
	if err := json.Unmarshal([]byte(s.want(0, `"state":"review"`, "run", "show", "alpha", "--json")), &shown); err != nil || shown.Run.Session == "" || shown.Run.Worker != "claude" || shown.Run.CostUSD == nil {
		t.Errorf("%+v, %v", shown, err)
	}
	if after, err := exec.Command("git", "-C", s.root, "rev-parse", "main").Output(); err != nil || string(after) != string(before) {
		if process.Protection() == "bubblewrap" {
			t.Errorf("the agent moved the base from %s to %s, %v", before, after, err)
		}
	}
	if process.Protection() == "bubblewrap" {
		if _, err := os.Stat(filepath.Join(s.root, "escaped.txt")); err == nil {
			t.Error("the agent wrote into the root's checkout")
		}
		if seen := s.want(0, "", "run", "diff", "alpha"); !strings.Contains(seen, "+0\n+0\n") {
			t.Errorf("the agent saw keys or the state: %s", seen)
		}
	}
	s.want(0, "sent", "run", "send", "alpha", "Say it twice.")
	s.want(0, "alpha is review (attempt 2)", "dispatch", "alpha", "--wait")
	m.mu.Lock()
	last := m.requests[len(m.requests)-1]
	m.mu.Unlock()
	if !strings.Contains(last, "Say it twice.") || !strings.Contains(last, "I have made it.") {
		t.Error("the second attempt does not go on in the first one's session")
	}
	s.want(0, "alpha is on main", "run", "accept", "alpha")
	out, err := exec.Command("git", "-C", s.root, "show", "main:made.txt").Output()
	if err != nil || string(out) != "made by an agent\nand again\n" {
		t.Errorf("on the base: %q, %v", out, err)
	}
	sheet, err := os.ReadFile(filepath.Join(s.root, "tasks", "alpha.md"))
	if err != nil || !strings.Contains(string(sheet), "status: completed") {
		t.Errorf("the worksheet: %v\n%s", err, sheet)
	}
	if left, err := process.Survivors("TASKS_RUN", shown.Run.ID); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

// TestClaudeWithADeadModelFails: each attempt says why, and the run ends.
func TestClaudeWithADeadModelFails(t *testing.T) {
	claude := need(t, "claude")
	s := newShop(t, "TASKS_WORKER=claude", "TASKS_CLAUDE="+claude, "ANTHROPIC_BASE_URL=http://127.0.0.1:9", "ANTHROPIC_API_KEY=sk-ant-scripted-canary", "TASKS_MANAGER_ATTEMPTS=1")
	out, status := s.run("dispatch", "alpha", "--wait")
	if status != 1 || !strings.Contains(out, "alpha is failed") {
		t.Errorf("exit status %d: %s", status, out)
	}
	s.want(0, `"code":"model"`, "run", "show", "alpha", "--json")
	s.want(5, "cannot be accepted", "run", "accept", "alpha")
	s.want(0, "kept as refs/tasks/kept/alpha/", "run", "reject", "alpha", "--why", "no model")
}
