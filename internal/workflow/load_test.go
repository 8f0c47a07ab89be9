package workflow

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/process"
	"tasks/internal/task"
	"tasks/internal/trust"
)

func TestMain(m *testing.M) {
	if process.Guardian() {
		return
	}
	os.Exit(m.Run())
}

// places makes a root and a user's folder with these files; "" is none.
func places(t *testing.T, theirs, mine string) (root, userDir string) {
	t.Helper()
	root, userDir = filepath.Join(t.TempDir(), "root"), filepath.Join(t.TempDir(), "tasks")
	for _, f := range [][2]string{{filepath.Join(root, File), theirs}, {filepath.Join(userDir, "workflow.md"), mine}} {
		if err := os.MkdirAll(filepath.Dir(f[0]), 0o755); err != nil {
			t.Fatal(err)
		}
		if f[1] == "" {
			continue
		}
		if err := os.WriteFile(f[0], []byte(f[1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root, userDir
}

func load(t *testing.T, theirs, mine string) *Workflow {
	t.Helper()
	w, err := Load(places(t, theirs, mine))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestNoFileIsDefaults(t *testing.T) {
	w := load(t, "", "")
	m := config.Manager{Runs: 4, Hook: time.Minute}
	got, warnings := w.Limits(m)
	if w.Path != "" || !w.Own || w.Template != "" || w.Commands() != nil || got != m || warnings != nil || w.Warnings != nil {
		t.Errorf("%+v, %+v, %v", w, got, warnings)
	}
	if !w.Config.Active(task.NotStarted) || !w.Config.Active("") || w.Config.Active(task.Completed) || !w.Config.Terminal(task.Cancelled) {
		t.Error("the statuses of a task are not as without a file")
	}
}

const symphony = `---
tracker:
  kind: Markdown
  required_labels: [ " Backend ", API ]
  active_states: [Todo, In Progress, Rework]
  terminal_states: [Closed, Cancelled]
  future: {any: thing}
polling: {interval_ms: 5000}
workspace:
  root: ~/code/workspaces
hooks:
  after_create: |
    git submodule update --init
    npm ci
  before_run: ""
  after_run:
  timeout_ms: 30000
agent:
  max_concurrent_agents: 10
  max_turns: 20
  max_retry_backoff_ms: 60000
  max_concurrent_agents_by_state: {" In Progress ": 2, Todo: 0, Merging: 3, Ready: lots}
codex:
  command: codex app-server --danger
  approval_policy: never
  turn_timeout_ms: 1800000
  stall_timeout_ms: 0
server: {port: 8080}
---

  Work on {{ issue.identifier }}.
`

func TestRootFile(t *testing.T) {
	w := load(t, symphony, "")
	if w.Path != File || w.Own || w.Template != "Work on {{ issue.identifier }}." {
		t.Errorf("path %q, own %v, template %q", w.Path, w.Own, w.Template)
	}
	if w.Hooks.AfterCreate != "git submodule update --init\nnpm ci" || w.Hooks.BeforeRun != "" || w.Hooks.AfterRun != "" || w.Hooks.Timeout != 30*time.Second {
		t.Errorf("hooks %+v", w.Hooks)
	}
	want := []trust.Command{{Kind: AfterCreate, Text: w.Hooks.AfterCreate, Path: File}, {Kind: trust.Prompt, Text: w.Template, Path: File}}
	if !slices.Equal(w.Commands(), want) {
		t.Errorf("commands %+v", w.Commands())
	}
	m := config.Manager{Runs: 4, Turns: 200, Beat: 30 * time.Second, Hook: time.Minute, RetryMax: 5 * time.Minute, Wall: 2 * time.Hour, Stall: 5 * time.Minute}
	got, ignored := w.Limits(m)
	wantLimits := config.Manager{Runs: 4, Turns: 20, Beat: 5 * time.Second, Hook: 30 * time.Second, RetryMax: time.Minute, Wall: 30 * time.Minute, Stall: 5 * time.Minute}
	if got != wantLimits {
		t.Errorf("limits %+v", got)
	}
	if len(ignored) != 2 || !strings.Contains(ignored[0], "max_concurrent_agents") || !strings.Contains(ignored[1], "stall_timeout_ms") {
		t.Errorf("ignored %q", ignored)
	}
	if !reflect.DeepEqual(w.Config.ByState, map[task.Status]int{task.InProgress: 2}) {
		t.Errorf("by state %v", w.Config.ByState)
	}
	all := strings.Join(w.Warnings, "\n")
	for _, word := range []string{"workspace.root", "codex.command", "approval_policy", `"Rework"`, "Todo does not count", "Merging", "Ready does not count"} {
		if !strings.Contains(all, word) {
			t.Errorf("no word about %s in\n%s", word, all)
		}
	}
	for status, active := range map[task.Status]bool{task.NotStarted: true, task.InProgress: true, task.Ready: false, task.Blocked: false, task.Completed: false, "": true} {
		if w.Config.Active(status) != active {
			t.Errorf("%s is active: %v", status, !active)
		}
	}
	for _, c := range []struct {
		labels []string
		ok     bool
	}{{[]string{"backend", " api"}, true}, {[]string{"API", "Backend", "x"}, true}, {[]string{"api"}, false}, {nil, false}} {
		if ok, _ := w.Config.Routable(&task.Task{Labels: c.labels}); ok != c.ok {
			t.Errorf("%v: %v", c.labels, ok)
		}
	}
}

// The user's word about a hook or the prompt is the one that counts; the root's limits
// still make less of the user's.
func TestUserAndRootTogether(t *testing.T) {
	w := load(t, "---\nhooks: {after_create: root, before_run: root, after_run: root}\nagent: {max_concurrent_agents: 2, max_turns: 900}\ntracker: {required_labels: [a]}\n---\nroot",
		"---\nhooks: {after_create: mine, before_run: '', timeout_ms: 120000}\nagent: {max_concurrent_agents: 6, max_turns: 500}\ncodex: {stall_timeout_ms: -1}\ntracker: {required_labels: [b]}\n---\n")
	if w.Hooks.AfterCreate != "mine" || w.Hooks.BeforeRun != "" || w.Hooks.AfterRun != "root" || w.Template != "root" || w.Path != File || w.Own {
		t.Errorf("%+v", w)
	}
	if got := w.Commands(); len(got) != 2 || got[0].Text != "root" || got[0].Kind != AfterRun || got[1].Kind != trust.Prompt {
		t.Errorf("commands %+v", got)
	}
	m, ignored := w.Limits(config.Manager{Runs: 4, Turns: 200, Hook: time.Minute, Stall: time.Minute})
	if m.Runs != 2 || m.Turns != 500 || m.Hook != 2*time.Minute || m.Stall != 0 || len(ignored) != 1 {
		t.Errorf("%+v, %v", m, ignored)
	}
	if ok, _ := w.Config.Routable(&task.Task{Labels: []string{"a", "b"}}); !ok {
		t.Error("both labels are there")
	}
	if ok, missing := w.Config.Routable(&task.Task{Labels: []string{"a"}}); ok || missing != "b" {
		t.Errorf("%v, %q", ok, missing)
	}
	mine := load(t, "---\nhooks: {after_create: root}\n---\nroot", "---\nhooks: {after_create: mine}\n---\nmine")
	if !mine.Own || mine.Commands() != nil || mine.Template != "mine" || !filepath.IsAbs(mine.Path) {
		t.Errorf("%+v", mine)
	}
}

func TestRefusedFiles(t *testing.T) {
	for _, c := range []struct {
		name, file string
		class      Class
		words      string
	}{
		{"open", "---\nhooks: {}\n", ParseError, "never ends"},
		{"yaml", "---\na: 1\nhooks: [\n---\n", ParseError, "no YAML"},
		{"doubled", "---\nhooks: {}\nhooks: {}\n---\n", ParseError, "already defined"},
		{"two documents", "---\na: 1\n...\nhooks: {}\n---\n", ParseError, "no YAML"},
		{"list", "---\n- a\n---\n", NotAMap, "a list"},
		{"word", "---\nhello\n---\n", NotAMap, "a single value"},
		{"kind", "---\ntracker: {kind: linear}\n---\n", Unsupported, `"linear"`},
		{"kind list", "---\ntracker: {kind: [a]}\n---\n", ParseError, "line 2"},
		{"tracker", "---\ntracker: linear\n---\n", ParseError, "tracker is no map"},
		{"hook", "---\nhooks:\n  before_run: [a]\n---\n", ParseError, "line 3: hooks.before_run"},
		{"hook number", "---\nhooks:\n  before_run: 3\n---\n", ParseError, "hooks.before_run"},
		{"timeout", "---\nhooks: {timeout_ms: 0}\n---\n", ParseError, "less than 1"},
		{"timeout word", "---\nhooks: {timeout_ms: soon}\n---\n", ParseError, "whole number"},
		{"turns", "---\nagent: {max_turns: -1}\n---\n", ParseError, "less than 1"},
		{"huge", "---\nagent: {max_turns: 9223372036854775807}\n---\n", ParseError, "too large"},
		{"labels", "---\ntracker: {required_labels: backend}\n---\n", ParseError, "list of words"},
		{"provider", "---\ntracker: {provider: x}\n---\n", ParseError, "tracker.provider"},
		{"bytes", "---\n\xff: 1\n---\n", ParseError, "UTF-8"},
		{"bomb", "---\n" + bomb() + "\n---\n", ParseError, "no YAML"},
		{"itself", "---\na: &a [*a]\n---\n", ParseError, "no YAML"},
		{"large", strings.Repeat("x", maxFile+1), Missing, "larger than 256 KB"},
	} {
		w, err := Load(places(t, c.file, ""))
		if err == nil || ClassOf(err) != c.class || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), File) || fault.CodeOf(err) != fault.Invalid || fault.HintOf(err) == "" {
			t.Errorf("%s: %+v, %v (%s)", c.name, w, err, ClassOf(err))
		}
		if err != nil && !strings.Contains(err.Error(), string(c.class)) {
			t.Errorf("%s: the class is not in %v", c.name, err)
		}
		if _, err := Load(places(t, "", c.file)); ClassOf(err) != c.class {
			t.Errorf("%s, of the user: %v", c.name, err)
		}
	}
}

func bomb() string {
	s := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		p := string(c - 1)
		s += string(c) + ": &" + string(c) + " [*" + strings.Repeat(p+",*", 9) + p + "]\n"
	}
	return s
}

func TestWhatIsAccepted(t *testing.T) {
	for name, file := range map[string]string{
		"no front matter": "do it", "empty": "---\n---\ndo it", "null": "---\n~\n---\ndo it", "remark": "---\n# nothing\n---\ndo it",
		"crlf": "---\r\nagent: {max_turns: 3}\r\n---\r\ndo it\r\n", "mark": "\ufeff---\n---\ndo it", "nulls": "---\ntracker:\nhooks: ~\nagent: {max_turns: }\n---\ndo it",
		"alias": "---\nx: &x do\nhooks: {}\n---\ndo it", "dashes later": "do it",
	} {
		if w := load(t, file, ""); w.Template != "do it" {
			t.Errorf("%s: %q", name, w.Template)
		}
	}
	w := load(t, "---\nscript: &s make\nhooks: {before_run: *s}\n---\n", "")
	if w.Hooks.BeforeRun != "make" {
		t.Errorf("an alias reads as %q", w.Hooks.BeforeRun)
	}
	w = load(t, "---\ntracker: {provider: {x: {y: [1]}}}\n---\n", "")
	if !reflect.DeepEqual(w.Config.Provider, map[string]any{"x": map[string]any{"y": []any{1}}}) || len(w.Warnings) != 1 {
		t.Errorf("provider %v, %v", w.Config.Provider, w.Warnings)
	}
}

func TestWorkspaceRoot(t *testing.T) {
	t.Setenv("WORKFLOW_TEST_DIR", "/somewhere/secret")
	for value, counts := range map[string]bool{".worktrees": true, "./.worktrees/": true, "''": true, "/tmp/x": false, "~/w": false, "$WORKFLOW_TEST_DIR/w": false, "../.worktrees": false} {
		w := load(t, "---\nworkspace: {root: "+value+"}\n---\n", "")
		if counts != (len(w.Warnings) == 0) {
			t.Errorf("%s: %v", value, w.Warnings)
		}
		if strings.Contains(strings.Join(w.Warnings, ""), "secret") {
			t.Errorf("the environment is told: %v", w.Warnings)
		}
	}
	if got := expand("$WORKFLOW_TEST_DIR/a"); got != "/somewhere/secret/a" {
		t.Errorf("%q", got)
	}
	if home, err := os.UserHomeDir(); err == nil && expand("~/a") != filepath.Join(home, "a") {
		t.Errorf("%q", expand("~/a"))
	}
}

func TestOnlyARegularFileOfTheRootCounts(t *testing.T) {
	root, _ := places(t, "", "")
	name := filepath.Join(root, File)
	secret := filepath.Join(root, ".env")
	if err := os.WriteFile(secret, []byte("KEY=1"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, make := range map[string]func() error{
		"link":   func() error { return os.Symlink(secret, name) },
		"folder": func() error { return os.Mkdir(name, 0o755) },
		"pipe":   func() error { return syscall.Mkfifo(name, 0o644) },
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		if w, err := Load(root, ""); ClassOf(err) != Missing {
			t.Errorf("%s: %+v, %v", what, w, err)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheUsersFileIsNotInTheRoot(t *testing.T) {
	root, _ := places(t, "", "")
	inside := filepath.Join(root, "config")
	if err := os.MkdirAll(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(inside, "workflow.md"), []byte("---\nhooks: {before_run: evil}\n---\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "tasks")
	if err := os.Symlink(inside, link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{inside, link} {
		if w, err := Load(root, dir); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("%s: %+v, %v", dir, w, err)
		}
	}
}

func TestUserDir(t *testing.T) {
	for _, c := range []struct{ xdg, home, want string }{{"/c", "/h", "/c/tasks"}, {"rel", "/h", "/h/.config/tasks"}, {"", "", ""}, {"", "h", ""}} {
		env := map[string]string{"XDG_CONFIG_HOME": c.xdg, "HOME": c.home}
		if got := UserDir(func(k string) (string, bool) { v, ok := env[k]; return v, ok }); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
