package tool_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"tasks/internal/repo"
	"tasks/internal/tool"
)

func TestReadFile(t *testing.T) {
	h := newHouse(t, map[string]string{
		"docs/a.md": "one\ntwo\r\nthree\n", "docs/end.md": "one\ntwo", "docs/empty.md": "", "docs/open.md": "open\n",
		"src/bin": "a\x00b", "docs/latin.md": "caf\xe9\n",
	})
	tests := []struct {
		name             string
		args             []any
		content, summary string
	}{
		{"whole", []any{"path", "docs/a.md"}, "one\ntwo\r\nthree\n", "Read docs/a.md, 3 lines"},
		{"unclean", []any{"path", "./docs//a.md"}, "one\ntwo\r\nthree\n", "Read docs/a.md, 3 lines"},
		{"from", []any{"path", "docs/a.md", "start_line", 2}, "two\r\nthree\n", "Read docs/a.md 2-3 of 3 lines"},
		{"to", []any{"path", "docs/a.md", "end_line", 2}, "one\ntwo\r\n", "Read docs/a.md 1-2 of 3 lines"},
		{"one line", []any{"path", "docs/a.md", "start_line", 2, "end_line", 2}, "two\r\n", "Read docs/a.md 2-2 of 3 lines"},
		{"beyond the end", []any{"path", "docs/a.md", "end_line", 99}, "one\ntwo\r\nthree\n", "Read docs/a.md, 3 lines"},
		{"no newline at the end", []any{"path", "docs/end.md", "start_line", 2}, "two", "Read docs/end.md 2-2 of 2 lines"},
		{"empty", []any{"path", "docs/empty.md"}, "", "Read docs/empty.md, which is empty"},
		{"not UTF-8", []any{"path", "docs/latin.md"}, "caf\uFFFD\n", "Read docs/latin.md, 1 line"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := h.call("read_file", test.args...)
			if r.Status != tool.OK || r.Content != test.content || r.Summary != test.summary || r.Truncated {
				t.Errorf("got %+v", r)
			}
			if !r.Taints {
				t.Error("another file does not taint")
			}
		})
	}
	if got := h.session.Shown("docs/a.md"); got != repo.Hash([]byte("one\ntwo\r\nthree\n")) {
		t.Errorf("shown %q, want the file's hash", got)
	}
	if r := h.call("read_file", "path", "docs/open.md"); r.Taints {
		t.Error("the open page taints")
	}
	h.wantError(h.call("read_file", "path", "docs/a.md", "start_line", 4), "has 3 lines", "start_line is 4")
	h.wantError(h.call("read_file", "path", "docs/a.md", "start_line", 3, "end_line", 2), "before start_line")
	h.wantError(h.call("read_file", "path", "src/bin"), "not text")
	h.wantError(h.call("read_file", "path", "docs/none.md"), "not_found")
	h.wantError(h.call("read_file", "path", "docs"))
}

func TestReadFileCutsAt100KB(t *testing.T) {
	long := strings.Repeat(strings.Repeat("ä", 40)+"\n", 3000)
	h := newHouse(t, map[string]string{"docs/long.md": long, "docs/line.md": strings.Repeat("ü", 200_000)})
	r := h.call("read_file", "path", "docs/long.md")
	if !r.Truncated || len(r.Content) > 100<<10 || len(r.Content) < 90<<10 || !utf8.ValidString(r.Content) {
		t.Fatalf("%d bytes, truncated %v", len(r.Content), r.Truncated)
	}
	body, note, _ := strings.Cut(r.Content, "[cut")
	if !strings.HasPrefix(long, body) {
		t.Error("what is shown is not the beginning of the file")
	}
	n := strings.Count(body, "\n")
	if want := fmt.Sprintf("lines 1-%d of 3000 are above; go on with start_line %d]", n, n+1); !strings.Contains(note, want) {
		t.Errorf("note %q, want %q", note, want)
	}
	rest := h.call("read_file", "path", "docs/long.md", "start_line", n+1)
	again, _, _ := strings.Cut(rest.Content, "[cut")
	if !strings.HasPrefix(long, body+again) {
		t.Error("the next part does not go on where the first ended")
	}
	r = h.call("read_file", "path", "docs/line.md")
	if !r.Truncated || len(r.Content) > 100<<10 || !utf8.ValidString(r.Content) || !strings.Contains(r.Content, "middle of line 1 of 1") {
		t.Errorf("one long line: %d bytes, %q", len(r.Content), r.Content[len(r.Content)-120:])
	}
}

func TestSecretsNeverLeave(t *testing.T) {
	encoded := "c2stdGVzdC0wMTIzNDU2Nzg5YWJjZGVm" // the key in base64
	h := newHouse(t, map[string]string{
		".env": "OPENAI_API_KEY=" + key, ".ENV": "x", "deploy.pem": "x", "id_rsa": "x", "docs/.npmrc": "x",
		"docs/leak.md": "the key is " + key + " or " + encoded + "\n",
		// The key lies across the place where a long text is cut.
		"docs/edge.md": strings.Repeat("x", 100<<10-200-10) + key + strings.Repeat("y", 1000),
	})
	for _, name := range []string{".env", ".ENV", "./.env", "docs/../.env", ".env.", "deploy.pem", "id_rsa", "docs/.npmrc", ".git/config", "docs/\u200b../.env"} {
		h.wantError(h.call("read_file", "path", name))
	}
	for _, r := range []tool.Result{
		h.call("read_file", "path", "docs/leak.md"), h.call("read_file", "path", "docs/edge.md"),
		h.call("search_files", "query", "key is"), h.call("search_files", "query", "sk-test"), h.call("search_files", "query", "x+sk-[a-z0-9-]+", "regex", true),
		h.call("read_file", "path", "docs/"+key+".md"),
	} {
		for _, part := range []string{r.Content, r.Summary} {
			if strings.Contains(part, key[:12]) || strings.Contains(part, encoded[:16]) {
				t.Errorf("the key leaves: %.200q", part)
			}
		}
	}
}

func TestPathsOutsideAreRefused(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret.md"), []byte("outside"), 0o644); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, map[string]string{"docs/a.md": "in\n", "tasks-evil/x.md": "x\n", "src/main.md": "x\n"})
	for from, to := range map[string]string{"docs/out.md": filepath.Join(outside, "secret.md"), "docs/dir": outside, "docs/loop.md": "loop.md", "docs/environ.md": "/proc/self/environ", "docs/dangling.md": filepath.Join(outside, "new.md")} {
		if err := os.Symlink(to, filepath.Join(h.root, from)); err != nil {
			t.Fatal(err)
		}
	}
	paths := []string{
		"../x", "..", "/etc/passwd", filepath.Join(outside, "secret.md"), "docs/../../x", "tasks/../.git/config", `tasks/..\..\x`, `..\x`, "C:/x", "",
		"docs/out.md", "docs/dir/secret.md", "docs/loop.md", "docs/environ.md", "docs/dangling.md", ".GIT/config", ".g\u200cit/config", ".worktrees/a/x.md",
	}
	for _, p := range paths {
		h.wantError(h.call("read_file", "path", p))
		for _, create := range []bool{true, false} {
			old := "in"
			if create {
				old = ""
			}
			h.wantError(h.call("edit_file", "path", p, "old_string", old, "new_string", "evil", "create", create))
		}
	}
	for _, p := range []string{"tasks-evil/x.md", "src/main.md", "docs/CLAUDE.md", "docs/agents.md", "docs/.claude/x.md", "docs/x.sh", "docs/x", "Makefile", "docs/.hidden.md", "README.md"} {
		h.wantError(h.call("edit_file", "path", p, "old_string", "", "new_string", "evil", "create", true))
	}
	left, err := os.ReadDir(outside)
	if err != nil || len(left) != 1 || h.text("docs/a.md") != "in\n" {
		t.Errorf("something was written outside: %v, %v", left, err)
	}
}

func TestSearchFiles(t *testing.T) {
	h := newHouse(t, map[string]string{
		"docs/a.md": "a heron\nno bird\nThe Heron\n", "docs/b.txt": "heron\n", "src/deep/c.md": "x heron [y]\n",
		"docs/esc.md": "a\x1b[31mred heron\u202e\n",
	})
	tests := []struct {
		name string
		args []any
		want string
	}{
		{"plain", []any{"query", "heron [y"}, "src/deep/c.md:1: x heron [y]\n"},
		{"no case", []any{"query", "heron", "glob", "docs/a.md"}, "docs/a.md:1: a heron\ndocs/a.md:3: The Heron\n"},
		{"case", []any{"query", "Heron"}, "docs/a.md:3: The Heron\n"},
		{"regex", []any{"query", `^x h\w+`, "regex", true}, "src/deep/c.md:1: x heron [y]\n"},
		{"option-like", []any{"query", "--pre=/bin/sh"}, "No line matches.\n"},
		{"option-like glob", []any{"query", "heron", "glob", "--pre=x"}, "No line matches.\n"},
		{"what drives a terminal is written out", []any{"query", "red heron"}, "docs/esc.md:1: a⟨U+001B⟩[31mred heron⟨U+202E⟩\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := h.call("search_files", test.args...)
			if r.Status != tool.OK || r.Content != test.want {
				t.Errorf("got %s %q, want %q", r.Status, r.Content, test.want)
			}
			if found := test.want != "No line matches.\n"; r.Taints != found {
				t.Errorf("taints %v, want %v", r.Taints, found)
			}
		})
	}
	r := h.call("search_files", "query", "heron", "max_results", 2)
	if strings.Count(strings.ToLower(r.Content), "heron") != 2 || !r.Truncated || !strings.Contains(r.Content, "[cut") {
		t.Errorf("two of many: %+v", r)
	}
	h.wantError(h.call("search_files", "query", "(", "regex", true))
	h.wantError(h.call("search_files", "query", "(a{1000}){1000}", "regex", true))
	h.wantError(h.call("search_files", "query", ""), "empty")
	h.wantError(h.call("search_files", "query", "a", "max_results", 501), "1 to 500")
}

func TestSearchOutputIsBounded(t *testing.T) {
	h := newHouse(t, map[string]string{"docs/a.md": strings.Repeat(strings.Repeat("heron ", 100)+"\n", 2000)})
	r := h.call("search_files", "query", "heron", "max_results", 500)
	if len(r.Content) > 66<<10 || !r.Truncated {
		t.Errorf("%d bytes, truncated %v", len(r.Content), r.Truncated)
	}
}
