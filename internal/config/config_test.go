package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tasks/internal/fault"
)

// load writes files into a root and a user folder and loads with the environment.
func load(t *testing.T, files map[string]string, env map[string]string, mod func(*Options)) (*Settings, error) {
	t.Helper()
	root, home := t.TempDir(), t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if rest, ok := strings.CutPrefix(name, "user:"); ok {
			path = filepath.Join(home, "tasks", rest)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Root: root, Getenv: func(k string) (string, bool) {
		if k == "XDG_CONFIG_HOME" {
			return home, true
		}
		v, ok := env[k]
		return v, ok
	}}
	if mod != nil {
		mod(&o)
	}
	return Load(o)
}

func TestPrecedence(t *testing.T) {
	files := map[string]string{
		"user:config.toml": "addr = '127.0.0.1:1'\n[openai]\nmodel = 'user'\n[chat]\nmodel_calls = 9",
		".env":             "OPENAI_MODEL=dotenv\nOPENAI_API_KEY=sk-from-file\nPATH=/evil\nTASKS_CHAT_APPROVE=none\n",
		"tasks.toml":       "[chat]\nmodel_calls = 5\n",
	}
	s, err := load(t, files, map[string]string{"OPENAI_MODEL": "env"}, func(o *Options) { o.Flags = map[string]string{"addr": "127.0.0.1:2"} })
	if err != nil {
		t.Fatal(err)
	}
	if s.OpenAI.Model != "env" || s.OpenAI.Key != "sk-from-file" || s.OpenAI.Source != ".env" || s.Addr != "127.0.0.1:2" || s.Limits.ModelCalls != 5 {
		t.Errorf("got %+v", s)
	}
	if s.Approve != "ask" {
		t.Errorf("approvals came out of .env: %q", s.Approve)
	}
	if got := os.Getenv("PATH"); got == "/evil" {
		t.Error(".env reached the process's environment")
	}
}

func TestEmptyVariableDoesNotHideDotenv(t *testing.T) {
	s, err := load(t, map[string]string{".env": "OPENAI_API_KEY=sk-from-file"}, map[string]string{"OPENAI_API_KEY": ""}, nil)
	if err != nil || s.OpenAI.Key != "sk-from-file" {
		t.Errorf("key %q, err %v", s.OpenAI.Key, err)
	}
}

func TestRootMayOnlyNarrow(t *testing.T) {
	for _, c := range []struct{ toml, want string }{
		{"[chat]\napprove = 'none'", "widen"},
		{"[chat]\nedit_prefixes = ['src']", "widen"},
		{"[chat]\nedit_prefixes = ['docs2']", "widen"},
		{"[chat]\nedit_prefixes = ['docs/../src']", "widen|ignored"},
		{"[chat]\nmodel_calls = 1000", "widen"},
		{"[chat]\nturn = '10h'", "widen"},
		{"addr = '0.0.0.0:1'", "widen"},
		{"claude = './evil'", "widen"},
		{"[manager]\nworker = '/evil'", "widen"},
		{"[openai]\nbase_url = 'https://evil.example/v1'", "widen"},
		{"[chat]\nlol = 1", "not a setting"},
		{"[chat", "ignored"},
	} {
		s, err := load(t, map[string]string{"tasks.toml": c.toml}, map[string]string{"OPENAI_API_KEY": "sk-env"}, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.toml, err)
		}
		warned := strings.Join(s.Warnings, "\n")
		hit := false
		for _, w := range strings.Split(c.want, "|") {
			hit = hit || strings.Contains(warned, w)
		}
		if !hit {
			t.Errorf("%s: warnings %q, want %q", c.toml, warned, c.want)
		}
		if s.Approve != "ask" || s.Limits.ModelCalls != 24 || !slices.Equal(s.Edit, []string{"tasks", "docs", "ai_notes"}) ||
			s.Addr != "127.0.0.1:8005" || s.Claude != "claude" || s.Worker != "claude" || s.OpenAI.BaseURL != "https://api.openai.com/v1" {
			t.Errorf("%s: widened to %+v", c.toml, s)
		}
	}
	s, err := load(t, map[string]string{"tasks.toml": "[chat]\napprove='readonly'\nedit_prefixes=['docs/guide']\ntool_calls=3"}, nil, nil)
	if err != nil || s.Approve != "readonly" || s.Limits.ToolCalls != 3 || !slices.Equal(s.Edit, []string{"docs/guide"}) {
		t.Errorf("narrowing: %+v, %v", s, err)
	}
}

// TestNonsenseOfTheRootWidensNothing: what cannot be used must not bring the default back
// over what the user has narrowed.
func TestNonsenseOfTheRootWidensNothing(t *testing.T) {
	s, err := load(t, map[string]string{
		"user:config.toml": "[manager]\nruns = 2\nbudget_cents = 5\nwall = '1m'\n[openai]\nbase_url = 'https://mine.example/v1'\n",
		"tasks.toml":       "[manager]\nruns = 0\nbudget_cents = -1\nwall = '-1s'\n",
		".env":             "OPENAI_API_KEY=sk\nOPENAI_BASE_URL=ftp://evil.example\n",
	}, nil, nil)
	if err != nil || s.Manager.Runs != 2 || s.Manager.BudgetCents != 5 || s.Manager.Wall != time.Minute || s.OpenAI.BaseURL != "https://mine.example/v1" {
		t.Errorf("got %+v, %+v, %v", s.Manager, s.OpenAI, err)
	}
	if len(s.Warnings) != 4 || !strings.HasPrefix(s.Warnings[1], "tasks.toml: manager.runs is ignored: ") {
		t.Errorf("warnings %q", s.Warnings)
	}
}

// TestAnAddressOfTheUserOutlivesOneOfDotenv: the address out of .env that does not count
// must not send the user's key elsewhere than they said.
func TestAnAddressOfTheUserOutlivesOneOfDotenv(t *testing.T) {
	for _, dotenv := range []string{"OPENAI_BASE_URL=https://evil.example/v1", "OPENAI_BASE_URL=https://evil.example/v1\nOPENAI_API_KEY=sk-bait"} {
		s, err := load(t, map[string]string{"user:config.toml": "[openai]\nbase_url = 'https://mine.example/v1'\n", ".env": dotenv},
			map[string]string{"OPENAI_API_KEY": "sk-user"}, nil)
		if err != nil || s.OpenAI.BaseURL != "https://mine.example/v1" || s.OpenAI.Key != "sk-user" || len(s.Warnings) != 1 {
			t.Errorf("%s: %+v, warnings %q, %v", dotenv, s.OpenAI, s.Warnings, err)
		}
	}
}

func TestEndpointFromDotenv(t *testing.T) {
	for _, c := range []struct {
		name, dotenv string
		env          map[string]string
		url, source  string
		warns        bool
	}{
		{"address alone beside the user's key", "OPENAI_BASE_URL=https://evil.example/v1", map[string]string{"OPENAI_API_KEY": "sk-user"}, "https://api.openai.com/v1", "environment", true},
		{"key and address, but the user's key is in force", "OPENAI_BASE_URL=https://evil.example/v1\nOPENAI_API_KEY=sk-bait", map[string]string{"OPENAI_API_KEY": "sk-user"}, "https://api.openai.com/v1", "environment", true},
		{"key and address", "OPENAI_BASE_URL=https://model.example/v1/\nOPENAI_API_KEY=sk-mine", nil, "https://model.example/v1", ".env", false},
		{"the user's address", "OPENAI_API_KEY=sk-mine", map[string]string{"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "http://127.0.0.1:9/v1", ".env", false},
	} {
		s, err := load(t, map[string]string{".env": c.dotenv}, c.env, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.OpenAI.BaseURL != c.url || s.OpenAI.Source != c.source || (len(s.Warnings) > 0) != c.warns {
			t.Errorf("%s: %+v, warnings %q", c.name, s.OpenAI, s.Warnings)
		}
	}
}

func TestTrackedDotenvIsIgnored(t *testing.T) {
	for name, tracked := range map[string]func(string) (bool, error){
		"tracked": func(string) (bool, error) { return true, nil },
		"unknown": func(string) (bool, error) { return false, errors.New("no git") },
	} {
		s, err := load(t, map[string]string{".env": "OPENAI_API_KEY=sk-stranger"}, nil, func(o *Options) { o.Tracked = tracked })
		if err != nil || s.OpenAI.Key != "" || len(s.Warnings) != 1 {
			t.Errorf("%s: key %q, warnings %q, err %v", name, s.OpenAI.Key, s.Warnings, err)
		}
	}
}

func TestDotenvIsNoRegularFile(t *testing.T) {
	s, err := load(t, map[string]string{"x": ""}, nil, func(o *Options) {
		if err := os.Symlink("/etc/passwd", filepath.Join(o.Root, ".env")); err != nil {
			t.Fatal(err)
		}
	})
	if err != nil || len(s.Warnings) != 1 {
		t.Errorf("warnings %q, err %v", s.Warnings, err)
	}
}

func TestBadValues(t *testing.T) {
	for k, v := range map[string]string{"TASKS_CHAT_APPROVE": "maybe", "TASKS_CHAT_TURN": "soon", "TASKS_CHAT_TOOL_CALLS": "-1", "OPENAI_BASE_URL": "user:secret@host"} {
		_, err := load(t, nil, map[string]string{k: v}, nil)
		if fault.CodeOf(err) != fault.Usage || !strings.Contains(err.Error(), k) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s=%s: %v", k, v, err)
		}
	}
}

func TestParseDotenv(t *testing.T) {
	got := parseDotenv("\ufeff# c\nA=1\nexport B = two words # note\r\nC='a # \\n b'\nD=\"x\\ny\\\"z\"\nE=\nF\n G=h#i\nH=\"open\n$X=${A}")
	want := map[string]string{"A": "1", "B": "two words", "C": "a # \\n b", "D": "x\ny\"z", "E": "", "G": "h#i", "H": "\"open", "$X": "${A}"}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s = %q, want %q", k, got[k], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %q", got)
	}
}

func TestAssistant(t *testing.T) {
	for _, c := range []struct {
		env      map[string]string
		provider string
	}{
		{nil, ""},
		{map[string]string{"OPENAI_API_KEY": "k"}, "openai"},
		{map[string]string{"ANTHROPIC_API_KEY": "k"}, "anthropic"},
		{map[string]string{"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}, "openai"},
		{map[string]string{"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "TASKS_CHAT_PROVIDER": "anthropic"}, "anthropic"},
		{map[string]string{"OPENAI_BASE_URL": "http://localhost:11434/v1"}, "openai"},
		{map[string]string{"OPENAI_BASE_URL": "http://[::1]:11434/v1"}, "openai"},
		{map[string]string{"OPENAI_BASE_URL": "http://localhost.evil.example/v1"}, ""},
	} {
		s, err := load(t, nil, c.env, nil)
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := s.Assistant()
		if p != c.provider || (c.provider == "") != (fault.CodeOf(err) == fault.Unavailable) {
			t.Errorf("%v: %q, %v", c.env, p, err)
		}
	}
}

func TestEverySettingIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range options() {
		row := "`" + o.env + "` | "
		if o.def != "" {
			row += "`" + o.def + "` | " + []string{"never", "narrow", "free"}[o.root]
		}
		if o.key != "" {
			row = "| `" + o.key + "` | " + row
		}
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/settings.md has no row with %q", row)
		}
	}
}

// TestAMisspeltKeyOfTheUsersOwnIsSaid: nothing would tell them otherwise.
func TestAMisspeltKeyOfTheUsersOwnIsSaid(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tasks"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tasks", "config.toml"), []byte("adr = \"127.0.0.1:1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(Options{Getenv: func(k string) (string, bool) { return dir, k == "XDG_CONFIG_HOME" }})
	if err != nil || len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], `"adr" is not a setting`) {
		t.Errorf("got %v, %v", s, err)
	}
}

func TestEditor(t *testing.T) {
	for name, c := range map[string]struct {
		env   map[string]string
		files map[string]string
		want  string
	}{
		"none":            {want: ""},
		"of the terminal": {env: map[string]string{"EDITOR": "/usr/bin/vim"}, want: ""},
		"$EDITOR":         {env: map[string]string{"EDITOR": "code --wait"}, want: "vscode://file/a%20b/%C3%A9%26%23%3F%25.md:7"},
		"$VISUAL first":   {env: map[string]string{"EDITOR": "code", "VISUAL": "/opt/zed"}, want: "zed://file/a%20b/%C3%A9%26%23%3F%25.md:7"},
		"over ssh":        {env: map[string]string{"EDITOR": "code", "SSH_CONNECTION": "1 2 3 4"}, want: ""},
		"by name":         {env: map[string]string{"EDITOR": "code", "TASKS_EDITOR": "idea"}, want: "idea://open?file=/a%20b/%C3%A9%26%23%3F%25.md&line=7"},
		"by address":      {files: map[string]string{"user:config.toml": `editor = "http://localhost:63342/api/file{path}"`}, want: "http://localhost:63342/api/file/a%20b/%C3%A9%26%23%3F%25.md"},
		"taken away":      {env: map[string]string{"EDITOR": "code", "TASKS_EDITOR": "none"}, want: ""},
		"a repository's":  {files: map[string]string{"tasks.toml": `editor = "zed"`, ".env": "TASKS_EDITOR=zed\nEDITOR=zed\n"}, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := load(t, c.files, c.env, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.EditorURL("/a b/é&#?%.md", 7); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	for _, odd := range []string{"vim", "javascript:alert(1)//{path}", "data:text/html,{path}", "vscode://file", "{path}", "JavaScript:{path}"} {
		if _, err := load(t, nil, map[string]string{"TASKS_EDITOR": odd}, nil); fault.CodeOf(err) != fault.Usage {
			t.Errorf("%q: %v", odd, err)
		}
	}
}
