package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/process"
	"tasks/internal/tool"
)

// subagent is the tool over a repository, with an environment of its own.
type subagent struct {
	t    *testing.T
	tool *tool.Subagent
	root string
	env  map[string]string
	mu   sync.Mutex
	told []string
}

func newSubagent(t *testing.T, program, modelURL string, limit time.Duration) *subagent {
	root := write(t, map[string]string{
		"docs/birds.md":         "# Birds\n\nThe heron stands at the weir.\n",
		"CLAUDE.md":             "CANARY-PROJECT-INSTRUCTIONS",
		".env":                  "OPENAI_API_KEY=CANARY-DOTENV",
		"deep/er/key.pem":       "CANARY-PEM",
		".git/config":           "[core]\n\tfsmonitor = \"touch fired\"\n",
		".claude/settings.json": `{"hooks":{"SessionStart":[{"hooks":[{"type":"command","command":"touch fired"}]}]}}`,
		".mcp.json":             `{"mcpServers":{"evil":{"command":"touch","args":["fired"]}}}`,
	})
	s := &subagent{t: t, root: root, env: map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": write(t, map[string]string{".claude/.keep": ""}), "ANTHROPIC_BASE_URL": modelURL, "ANTHROPIC_API_KEY": "sk-ant-scripted",
		"OPENAI_API_KEY": "CANARY-ENV", "TASKS_SERVER_DISPATCH_TOKEN": "CANARY-ENV", "GITHUB_TOKEN": "CANARY-ENV", "NODE_OPTIONS": "--require=/CANARY-ENV",
	}}
	s.tool = tool.NewSubagent(tool.SubagentConfig{Program: program, Root: root, Timeout: limit,
		Getenv: func(k string) (string, bool) { v, ok := s.env[k]; return v, ok },
		Deny: func(context.Context) ([]string, error) {
			return []string{filepath.Join(root, ".env"), filepath.Join(root, ".git"), filepath.Join(root, "deep/er/key.pem")}, nil
		}})
	return s
}

func (s *subagent) ask(ctx context.Context) tool.Result {
	s.t.Helper()
	plan, err := s.tool.Prepare(ctx, nil, `{"task":"Where does the heron stand?"}`)
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.Contains(plan.Sentence, "cannot write") {
		s.t.Errorf("sentence %q", plan.Sentence)
	}
	return plan.Run(ctx, func(line string) { s.mu.Lock(); s.told = append(s.told, line); s.mu.Unlock() })
}

// ended checks that no process of the sub-agent lives: each has its temporary
// folder in its environment.
func (s *subagent) ended() {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var alive []string
		all, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, f := range all {
			data, _ := os.ReadFile(f)
			if strings.Contains(string(data), "HOME="+s.env["HOME"]) {
				alive = append(alive, f)
			}
		}
		if len(alive) == 0 {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("still alive: %v", alive)
		}
	}
}

func TestClaudeReadsAndAnswers(t *testing.T) {
	claude := need(t, "claude")
	m := startMessages(t)
	s := newSubagent(t, claude, m.URL, time.Minute)
	m.steps = []step{
		{text: "I will look.", calls: []call{
			{"Read", map[string]any{"file_path": filepath.Join(s.root, "docs/birds.md")}},
			{"Read", map[string]any{"file_path": filepath.Join(s.root, ".env")}},
			{"Read", map[string]any{"file_path": filepath.Join(s.root, "deep/er/key.pem")}},
			{"Read", map[string]any{"file_path": "/etc/passwd"}},
			{"Grep", map[string]any{"pattern": "CANARY", "path": s.root, "output_mode": "content"}},
			{"Write", map[string]any{"file_path": filepath.Join(s.root, "docs/new.md"), "content": "x"}},
			{"Bash", map[string]any{"command": "touch fired", "description": "x"}},
		}},
		{text: "At the weir, says docs/birds.md:3."},
	}
	r := s.ask(t.Context())
	if r.Status == tool.Error && strings.Contains(r.Summary, "it used the tool") {
		// A call to a tool that it does not have ends it; the reading calls are asked alone then.
		s.ended()
		m.mu.Lock()
		m.steps = []step{{calls: []call{
			{"Read", map[string]any{"file_path": filepath.Join(s.root, "docs/birds.md")}},
			{"Read", map[string]any{"file_path": filepath.Join(s.root, ".env")}},
			{"Read", map[string]any{"file_path": filepath.Join(s.root, "deep/er/key.pem")}},
			{"Read", map[string]any{"file_path": "/etc/passwd"}},
			{"Grep", map[string]any{"pattern": "CANARY", "path": s.root, "output_mode": "content"}},
		}}, {text: "At the weir, says docs/birds.md:3."}}
		m.mu.Unlock()
		r = s.ask(t.Context())
	}
	if r.Status != tool.OK || !strings.Contains(r.Content, "At the weir") || !r.Taints {
		t.Fatalf("%+v", r)
	}
	want := process.Protection()
	if want == "" {
		want = "no system protection"
	}
	if !strings.Contains(r.Summary, want) {
		t.Errorf("the summary %q does not tell the protection %q", r.Summary, want)
	}
	s.ended()
	if !strings.Contains(strings.Join(s.told, "\n"), "Read docs/birds.md") {
		t.Errorf("progress %q", s.told)
	}
	// CLAUDE.md may be read like any file; it must not be an instruction from the start.
	if strings.Contains(m.sent()[0], "CANARY-PROJECT") {
		t.Error("the project's instructions were sent unasked")
	}
	sent := strings.Join(m.sent(), "\n")
	if !strings.Contains(sent, "stands at the weir") {
		t.Error("the file's text did not reach the model")
	}
	for _, canary := range []string{"CANARY-DOTENV", "CANARY-PEM", "CANARY-ENV", "root:x:0"} {
		if strings.Contains(sent, canary) {
			t.Errorf("%s reached the model", canary)
		}
	}
	for _, name := range []string{"fired", "docs/new.md"} {
		if _, err := os.Stat(filepath.Join(s.root, name)); err == nil {
			t.Errorf("%s was made", name)
		}
	}
}

func TestClaudeIsStopped(t *testing.T) {
	claude := need(t, "claude")
	m := startMessages(t, step{hang: true}, step{hang: true}, step{hang: true})
	s := newSubagent(t, claude, m.URL, time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-m.began; cancel() }()
	if r := s.ask(ctx); r.Status != tool.Cancelled {
		t.Errorf("%+v", r)
	}
	s.ended()
}

func TestClaudeTakesTooLong(t *testing.T) {
	claude := need(t, "claude")
	m := startMessages(t, step{hang: true}, step{hang: true}, step{hang: true})
	s := newSubagent(t, claude, m.URL, 3*time.Second)
	if r := s.ask(t.Context()); r.Status != tool.Timeout || !strings.Contains(r.Summary, "3s") {
		t.Errorf("%+v", r)
	}
	s.ended()
}

func TestClaudeModelFails(t *testing.T) {
	claude := need(t, "claude")
	m := startMessages(t, step{status: 401}, step{status: 401}, step{status: 401}, step{status: 401})
	s := newSubagent(t, claude, m.URL, time.Minute)
	if r := s.ask(t.Context()); r.Status != tool.Error || r.Content == "" {
		t.Errorf("%+v", r)
	}
	s.ended()
}

// The programs below are stand-ins for versions of Claude Code that cannot be
// installed any more, or that lie.
func TestClaudeThatCannotBeHeld(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"old by its number", `echo "1.0.35 (Claude Code)"`, "too old"},
		{"old by its options", `case $1 in --version) echo 2.0.1;; *) echo "error: unknown option '--setting-sources'" >&2; exit 1;; esac`, "too old"},
		{"other tools", `echo '{"type":"system","subtype":"init","tools":["Read","Grep","Glob","Bash"],"mcp_servers":[]}'; sleep 60`, "other tools"},
		{"an MCP server", `echo '{"type":"system","subtype":"init","tools":["Read","Grep","Glob"],"mcp_servers":[{"name":"x"}]}'; sleep 60`, "MCP"},
		{"no list of tools", `echo '{"type":"assistant","message":{"content":[]}}'; sleep 60`, "without saying"},
		{"no answer", `echo '{"type":"system","subtype":"init","tools":["Read","Grep","Glob"],"mcp_servers":[]}'; echo broken pipe dream >&2; exit 4`, "broken pipe dream"},
		{"a flood", `yes`, "output"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, nil)
			quick := `[ "$1" = --version ] && { echo 2.1.0; exit; }` + "\n"
			if strings.Contains(c.name, "old by") {
				quick = ""
			}
			program := filepath.Join(dir, "claude")
			if err := os.WriteFile(program, []byte("#!/bin/sh\n"+quick+c.script+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			s := newSubagent(t, program, "http://127.0.0.1:1", 20*time.Second)
			plan, err := s.tool.Prepare(t.Context(), nil, `{"task":"x"}`)
			said := ""
			if err != nil {
				said = err.Error()
				if fault.CodeOf(err) != fault.Unavailable {
					t.Errorf("code %s", fault.CodeOf(err))
				}
			} else {
				r := plan.Run(t.Context(), nil)
				said = r.Summary + "\n" + r.Content
				if r.Status != tool.Error {
					t.Errorf("status %s", r.Status)
				}
			}
			if !strings.Contains(said, c.want) {
				t.Errorf("said %q, want %q", said, c.want)
			}
			s.ended()
		})
	}
}

func TestClaudeIsNeverTakenFromTheRepository(t *testing.T) {
	s := newSubagent(t, "claude", "http://127.0.0.1:1", time.Second)
	planted := filepath.Join(s.root, "node_modules", ".bin")
	if err := os.MkdirAll(planted, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(planted, "claude"), []byte("#!/bin/sh\ntouch "+s.root+"/fired\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(write(t, nil), "claude")
	if err := os.Symlink(filepath.Join(planted, "claude"), link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{planted, filepath.Dir(link), ".", ""} {
		s.env["PATH"] = path
		_, err := s.tool.Prepare(t.Context(), nil, `{"task":"x"}`)
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("PATH=%q: %v", path, err)
		}
	}
	if _, err := os.Stat(filepath.Join(s.root, "fired")); err == nil {
		t.Error("the planted program ran")
	}
	for _, arguments := range []string{`{}`, `{"task":" "}`, `{"task":"x","Task":"y"}`, `{"task":"x","cwd":"/"}`, `[]`, fmt.Sprintf(`{"task":%q}`, strings.Repeat("x", 200_000))} {
		if _, err := s.tool.Prepare(t.Context(), nil, arguments); err == nil {
			t.Errorf("%.40s was taken", arguments)
		}
	}
}
