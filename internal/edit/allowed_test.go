package edit_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"tasks/internal/edit"
	"tasks/internal/fault"
)

func TestAllowed(t *testing.T) {
	b := newBench(t, map[string]string{
		"docs/a.md": "a", "docs/b.txt": "b", "src/c.md": "c", "CLAUDE.md": "orders", "docs/sub/d.md": "d",
	})
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(b.root, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	link("a.md", "docs/inside.md")
	link("../CLAUDE.md", "docs/orders.md")
	link("../src", "docs/src")
	link("sub", "docs/folder")
	link("nowhere.md", "docs/dangling.md")
	link("../../outside.md", "docs/out.md")
	link("/etc/passwd", "docs/passwd.md")
	link("loop2.md", "docs/loop1.md")
	link("loop1.md", "docs/loop2.md")
	if err := os.Link(filepath.Join(b.root, "src/c.md"), filepath.Join(b.root, "docs/hard.md")); err != nil {
		t.Fatal(err)
	}

	for _, name := range []string{
		"docs/a.md", "tasks/x.md", "tasks/workstreams/w/tasks/t.md", "ai_notes/n.md", "docs/new.md", "docs/UPPER.MD",
		"docs/../docs/a.md", "docs/inside.md", "docs/folder/d.md", "docs/folder/new.md", "docs/claudette.md", "docs/10:30 call.md",
	} {
		if err := b.Allowed(name); err != nil {
			t.Errorf("Allowed(%q) = %v, want nil", name, err)
		}
	}
	for _, name := range []string{
		// outside the prefixes, by component
		"a.md", "src/c.md", "docs2/a.md", "tasks-evil/x.md", "docs.md", "Docs/a.md", "docs", "docs/../src/c.md", "tasks/../src/c.md",
		// out of the root
		"../x.md", "/docs/a.md", "docs/../../x.md", "C:/docs/a.md", "c:docs.md",
		// not markdown
		"docs/b.txt", "docs/a.md.sh", "docs/md", "docs/conf.py", "docs/x.md.", "docs/x.md ", "docs/x.md::$DATA", "docs/Makefile",
		// what steers agents, there or not, under any spelling
		"docs/CLAUDE.md", "docs/claude.md", "docs/Claude.MD", "docs/AGENTS.md", "docs/AGENT.md", "docs/GEMINI.md", "tasks/AGENTS.override.md",
		"docs/CLAUDE.local.md", "docs/CLA\u200dUDE.md", "docs/ＣＬＡＵＤＥ.md", "docs/CLAUDE~1.md", "docs/CLAUDE .md", "docs/s\u017fkill/SKILL.md", "docs/\u017fKILL.md",
		"docs/copilot-instructions.md",
		"docs/.cursorrules", "docs/.claude/agents/x.md", "docs/.vscode/x.md", "docs/.github/x.md", "docs/.hidden.md", "docs/\u200d.claude/x.md",
		"tasks/.mcp.json", "docs/.envrc",
		// git's and secrets
		".git/a.md", "docs/.git/a.md", "docs/.GIT/a.md", "docs/git~1/a.md", "docs/.git./a.md", "docs/.g\u200cit/a.md", "docs/.git::$INDEX_ALLOCATION/a.md",
		".worktrees/x/docs/a.md", "docs/id_rsa.md", "docs/.env.md",
		// links
		"docs/orders.md", "docs/src/c.md", "docs/src/new.md", "docs/dangling.md", "docs/out.md", "docs/passwd.md", "docs/loop1.md", "docs/hard.md",
	} {
		wantCode(t, "Allowed("+name+")", b.Allowed(name), fault.Forbidden)
		_, err := b.Write(context.Background(), edit.Change{Path: name, After: []byte("x")})
		wantCode(t, "Write("+name+")", err, fault.Forbidden)
	}
	for _, name := range []string{"", "docs/a\x00.md", `docs\a.md`, `tasks/..\..\x.md`, "docs/\xff.md"} {
		wantCode(t, "Allowed("+name+")", b.Allowed(name), fault.Usage)
	}
	if b.text("CLAUDE.md") != "orders" || b.text("src/c.md") != "c" || b.text("docs/nowhere.md") != "-" {
		t.Error("a refused write touched a file")
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(b.root), "outside.md")); err != nil || left != nil {
		t.Errorf("outside the root: %v %v", left, err)
	}
}

// A link that is edited stays a link; the file behind it changes.
func TestEditThroughALink(t *testing.T) {
	b := newBench(t, map[string]string{"docs/real.md": "one"})
	if err := os.Symlink("real.md", filepath.Join(b.root, "docs/link.md")); err != nil {
		t.Fatal(err)
	}
	r := b.write("docs/link.md", "one", "two")
	if r.Path != "docs/real.md" || b.text("docs/real.md") != "two" {
		t.Errorf("%+v, the file holds %q", r, b.text("docs/real.md"))
	}
	if target, err := os.Readlink(filepath.Join(b.root, "docs/link.md")); target != "real.md" {
		t.Errorf("the link is %q, %v", target, err)
	}
}

func TestNoPrefixesMeansNoEdits(t *testing.T) {
	b := newBench(t, map[string]string{"docs/a.md": "a"})
	for _, prefixes := range [][]string{nil, {""}, {"."}, {"/"}, {".."}, {"docs/.."}} {
		wantCode(t, "edit", edit.New(b.repo, b.db, prefixes).Allowed("docs/a.md"), fault.Forbidden)
	}
}
