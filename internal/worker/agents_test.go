package worker

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/process"
)

// stub is a program of the name in a folder that is the whole PATH of the agents.
func stub(t *testing.T, name, lines string, env map[string]string) Options {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nPATH=/usr/bin:/bin\n"+lines+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"PATH": dir, "HOME": t.TempDir()}
	for k, v := range env {
		all[k] = v
	}
	return Options{Root: t.TempDir(), Getenv: func(k string) (string, bool) { v, ok := all[k]; return v, ok }}
}

func TestProbe(t *testing.T) {
	every := "echo " + strings.Join(claudeFlags, " ")
	for name, tt := range map[string]struct{ agent, lines, want string }{
		"claude":                {"claude", `case $1 in --version) echo "2.1.330 (Claude Code)";; *) ` + every + `;; esac`, ""},
		"claude, a flag short":  {"claude", `case $1 in --version) echo "1.0.9 (Claude Code)";; *) ` + strings.Replace(every, "--max-budget-usd", "", 1) + `;; esac`, "Claude Code 1.0.9 is too old for a run: it does not know --max-budget-usd"},
		"claude, broken":        {"claude", `echo no node >&2; exit 127`, "no node"},
		"codex":                 {"codex", `case $1 in --version) echo "codex-cli 0.169.0";; *) echo --json --sandbox --cd --skip-git-repo-check resume;; esac`, ""},
		"codex, without resume": {"codex", `case $1 in --version) echo "codex-cli 0.2.0";; *) echo --json --sandbox --cd --skip-git-repo-check;; esac`, "Codex 0.2.0 is too old"},
		"opencode":              {"opencode", `echo 1.18.33`, ""},
		"opencode, old":         {"opencode", `echo 0.3.1`, "opencode 0.3.1 is too old"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Find(tt.agent, stub(t, tt.agent, tt.lines, nil))
			if err != nil {
				t.Fatal(err)
			}
			v, err := a.Probe(t.Context())
			switch {
			case tt.want == "" && (err != nil || v.Text == ""):
				t.Errorf("%+v, %v", v, err)
			case tt.want != "" && (fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), tt.want) || fault.HintOf(err) == ""):
				t.Errorf("%v (%s); want %q", err, fault.HintOf(err), tt.want)
			}
		})
	}
}

func TestAnAgentIsNeverTakenFromTheRepository(t *testing.T) {
	for _, name := range []string{"claude", "codex", "opencode"} {
		o := stub(t, name, "exit 0", nil)
		path, _ := o.Getenv("PATH")
		o.Root = path
		if a, err := Find(name, o); err == nil {
			t.Errorf("%s of the repository was found: %v", name, a)
		}
		if _, err := Find(name, Options{Root: t.TempDir(), Getenv: func(string) (string, bool) { return "", false }}); fault.CodeOf(err) != fault.Unavailable || fault.HintOf(err) == "" {
			t.Errorf("%s that is nowhere: %v", name, err)
		}
	}
}

// TestWhoseKeyAnAgentGets: the user's own first, the settings' only where there is none,
// and never another's.
func TestWhoseKeyAnAgentGets(t *testing.T) {
	anthropic := config.Endpoint{Key: "settings-anthropic", BaseURL: "http://127.0.0.1:1/v1", Model: "m"}
	openai := config.Endpoint{Key: "settings-openai", BaseURL: "http://127.0.0.1:2/v1", Model: "m"}
	for name, tt := range map[string]struct {
		agent string
		env   map[string]string
		login string // a file that is a login
		want  []string
		not   []string
	}{
		"claude, own key":                  {"claude", map[string]string{"ANTHROPIC_API_KEY": "own-anthropic", "OPENAI_API_KEY": "own-openai"}, "", []string{"ANTHROPIC_API_KEY=own-anthropic"}, []string{"settings-", "own-openai"}},
		"claude, own login":                {"claude", nil, ".claude/.credentials.json", nil, []string{"settings-"}},
		"claude, settings":                 {"claude", nil, "", []string{"ANTHROPIC_API_KEY=settings-anthropic", "ANTHROPIC_BASE_URL=http://127.0.0.1:1"}, []string{"openai"}},
		"codex, own key":                   {"codex", map[string]string{"OPENAI_API_KEY": "own-openai", "ANTHROPIC_API_KEY": "own-anthropic"}, "", []string{"CODEX_API_KEY=own-openai"}, []string{"settings-", "anthropic"}},
		"codex, own login":                 {"codex", nil, ".codex/auth.json", nil, []string{"settings-"}},
		"codex, settings":                  {"codex", nil, "", []string{"CODEX_API_KEY=settings-openai"}, []string{"anthropic"}},
		"opencode, settings":               {"opencode", nil, "", []string{"TASKS_MODEL_KEY=settings-openai", "127.0.0.1:2/v1", "tasks/m"}, []string{"anthropic\""}},
		"opencode, a server of the user's": {"opencode", map[string]string{"OPENAI_API_KEY": "own-openai"}, "", []string{"TASKS_MODEL_KEY=settings-openai"}, []string{"OPENAI_API_KEY"}},
		"opencode, own key":                {"opencode", map[string]string{"ANTHROPIC_API_KEY": "own-anthropic"}, "", []string{"ANTHROPIC_API_KEY=own-anthropic"}, []string{"settings-"}},
		"opencode, own login":              {"opencode", nil, ".local/share/opencode/auth.json", nil, []string{"settings-"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := stub(t, tt.agent, "exit 0", tt.env)
			o.Anthropic, o.OpenAI = anthropic, openai
			home, _ := o.Getenv("HOME")
			if tt.login != "" {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(home, tt.login)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(home, tt.login), []byte("{}"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			a, err := Find(tt.agent, o)
			if err != nil {
				t.Fatal(err)
			}
			cmd, err := a.Command(Spec{Dir: t.TempDir(), Prompt: "p", Env: []string{"HOME=" + home}})
			if err != nil {
				t.Fatal(err)
			}
			env := strings.Join(cmd.Env, "\n")
			for _, w := range tt.want {
				if !strings.Contains(env, w) {
					t.Errorf("no %q in %q", w, env)
				}
			}
			for _, n := range tt.not {
				if strings.Contains(env, n) {
					t.Errorf("%q in %q", n, env)
				}
			}
			for _, arg := range cmd.Args {
				if strings.Contains(arg, "settings-") || strings.Contains(arg, "own-") {
					t.Errorf("a key on the command line: %q", arg)
				}
			}
			for _, e := range cmd.Env {
				if _, v, _ := strings.Cut(e, "="); (strings.HasPrefix(v, "own-") || strings.HasPrefix(v, "settings-")) && !slices.Contains(cmd.Secrets, v) {
					t.Errorf("%q is not known as a secret", v)
				}
			}
		})
	}
}

// TestWhatAProgramPrintsIsMasked: whole lines and pieces, in events and in the raw copy.
func TestWhatAProgramPrintsIsMasked(t *testing.T) {
	const key = "sk-some-key-of-a-model"
	o := stub(t, "codex", `read prompt
printf 'the key is %s' "`+key[:9]+`"; sleep 0.05; echo "`+key[9:]+`"
echo '{"type":"thread.started","thread_id":"t1"}'
echo '{"type":"item.completed","item":{"id":"i","type":"agent_message","text":"it is `+key+`"}}'
echo '{"type":"turn.completed"}'
echo "$CODEX_API_KEY" >&2`, map[string]string{"CODEX_API_KEY": key})
	a, err := Find("codex", o)
	if err != nil {
		t.Fatal(err)
	}
	var raw strings.Builder
	sp := spec(t)
	sp.Raw = &raw
	var s story
	r, err := Run(t.Context(), a, sp, s.add)
	if err != nil || r.Outcome != Finished || r.Session != "t1" {
		t.Fatalf("%+v, %v", r, err)
	}
	if all := s.text() + raw.String() + r.LastWords + r.Text; strings.Contains(all, key) || strings.Count(all, "[redacted]") < 5 {
		t.Errorf("masked %d times:\n%s", strings.Count(all, "[redacted]"), all)
	}
}

// TestAResultStands: a program that stays after it, or one that only tries to reach its
// model for ever, is ended.
func TestAResultStands(t *testing.T) {
	defer func(l, p time.Duration) { lingering, patience = l, p }(lingering, patience)
	lingering, patience = 300*time.Millisecond, 300*time.Millisecond
	for name, tt := range map[string]struct{ lines, outcome, code string }{
		"stays":         {`echo '{"type":"turn.completed"}'; tail -f /dev/null`, Finished, ""},
		"tries forever": {`while :; do echo '{"type":"error","message":"Reconnecting... (Connection failed: error sending request)"}'; sleep 0.05; done`, Failed, "model"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Find("codex", stub(t, "codex", "cat > /dev/null\n"+tt.lines, nil))
			if err != nil {
				t.Fatal(err)
			}
			sp := spec(t)
			sp.Grace = 100 * time.Millisecond
			var s story
			r, err := Run(t.Context(), a, sp, s.add)
			if err != nil || r.Outcome != tt.outcome || r.Code != tt.code || tt.code != "" && !r.Retry {
				t.Errorf("%+v, %v", r, err)
			}
			if len(s.list) > 3 {
				t.Errorf("%d events for the same word again and again", len(s.list))
			}
		})
	}
}

// TestInstructionsStayInTheWorktree: those of the project come with the first prompt; a link that
// leads out is not followed.
func TestInstructionsStayInTheWorktree(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("SECRET"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "CLAUDE.md")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "AGENTS.md"), []byte("be kind"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := withInstructions(Spec{Dir: dir, Prompt: "do it"}); !strings.Contains(got, "be kind") || strings.Contains(got, "SECRET") || !strings.HasSuffix(got, "do it") {
		t.Errorf("%q", got)
	}
	if got := withInstructions(Spec{Dir: t.TempDir(), Prompt: "do it"}); got != "do it" {
		t.Errorf("%q", got)
	}
}

func TestTitles(t *testing.T) {
	for input, want := range map[string]string{
		`{"command":"go test ./...\nsecond"}`:                         "go test ./... …",
		`{"file_path":"/w/a/b.go","old_string":"x"}`:                  "a/b.go",
		`{"file_path":"/etc/passwd"}`:                                 "/etc/passwd",
		`{"pattern":"TODO","path":"/w/a"}`:                            "TODO",
		`{"todos":[{"status":"completed"},{"status":"in_progress"}]}`: "1 of 2 done",
		`{"x":1}`: "", `[]`: "", `"`: "", ``: "",
	} {
		if got := titleOf("T", []byte(input), "/w"); got != want {
			t.Errorf("%s: %q, want %q", input, got, want)
		}
	}
}

// TestWhatStandsInAProtectedFolder: the agent's own folder is opened up only where it must be.
func TestWhatStandsInAProtectedFolder(t *testing.T) {
	home := t.TempDir()
	own := filepath.Join(home, ".claude")
	for _, tt := range []struct {
		box  process.Sandbox
		want int
	}{
		{process.Sandbox{Writable: []string{home}, Protect: []string{filepath.Join(own, "settings.json")}}, 0},
		{process.Sandbox{Writable: []string{home}, Protect: []string{home}}, 1},
		{process.Sandbox{ReadOnly: []string{"/"}}, 1},
		{process.Sandbox{Whole: true}, 0},
	} {
		if got := withFolders(&tt.box, []string{own}); len(got.Again) != tt.want {
			t.Errorf("%+v: opened %v", tt.box, got.Again)
		}
	}
}
