package docs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/docs"
	"tasks/internal/fault"
)

func backlinks(t testing.TB, l *docs.Library, name string) string {
	t.Helper()
	refs, err := l.Backlinks(context.Background(), name)
	if err != nil {
		t.Fatalf("Backlinks(%q): %v", name, err)
	}
	var out []string
	for _, r := range refs {
		out = append(out, fmt.Sprintf("%s:%d×%d %s %s", r.Path, r.Line, r.Count, r.Kind, r.Title))
	}
	return strings.Join(out, "\n")
}

func TestBacklinks(t *testing.T) {
	l, root := library(t, map[string]string{
		"docs/guide.md":                     "# Guide\n\n[itself](guide.md) and [here](#guide)\n",
		"README.md":                         "---\ntitle: Start\n---\n\nRead\n[the guide](docs/guide.md#guide), [again](docs/guide).\n",
		"docs/a.md":                         "# A\n\n[[guide]]\n",
		"docs/site.md":                      "# Site\n\n[as published](../guide/) and [page](guide.html)\n",
		"docs/raw.md":                       "# Raw\n\nx\n\n<p>\n<a href=\"guide.md\">raw</a></p>\n",
		"docs/ref.md":                       "# Ref\n\n[the guide][g]\n\n[g]: guide.md\n",
		"docs/code.md":                      "# Code\n\n`[no](guide.md)`\n\n```\n[no](guide.md)\n```\n",
		"docs/gone.md":                      "# Gone\n\n[other](sub/guide.md)\n",
		"other/guide.md":                    "# Other guide\n\n[[guide]]\n",
		"docs/README.md":                    "# Docs\n",
		"docs/up.md":                        "# Up\n\n[folder](./) and [[docs]]\n",
		"tasks/workstreams/w/tasks/gate.md": worksheet + "\nSee [guide](/docs/guide.md).\n",
		"docs/task.md":                      "# To the task\n\n[gate](/tasks/gate)\n",
		"docs/pic.png":                      "x",
		"docs/shows.md":                     "# Shows\n\n![pic](pic.png)\n",
	})
	if err := os.Symlink("guide.md", filepath.Join(root, "docs/link.md")); err != nil {
		t.Fatal(err)
	}
	write(t, root, "docs/vialink.md", "# Via\n\n[x](link.md)\n")
	for name, want := range map[string]string{
		"docs/guide.md": "docs/a.md:3×1 doc A\n" +
			"tasks/workstreams/w/tasks/gate.md:11×1 task Mend the gate\n" +
			"docs/raw.md:6×1 doc Raw\ndocs/ref.md:3×1 doc Ref\ndocs/site.md:3×2 doc Site\nREADME.md:6×2 doc Start",
		"docs/README.md":                    "docs/up.md:3×2 doc Up",
		"docs":                              "docs/up.md:3×1 doc Up",
		"other/guide.md":                    "",
		"tasks/workstreams/w/tasks/gate.md": "docs/task.md:3×1 doc To the task",
		"docs/pic.png":                      "docs/shows.md:3×1 doc Shows",
	} {
		got := backlinks(t, l, name)
		if name == "docs/guide.md" { // the link's own name has another key
			got = strings.ReplaceAll(got, "docs/vialink.md:3×1 doc Via\n", "")
		}
		if got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
	for name, want := range map[string]fault.Code{"none.md": fault.NotFound, ".env": fault.Forbidden, "../x": fault.Forbidden} {
		if _, err := l.Backlinks(context.Background(), name); fault.CodeOf(err) != want {
			t.Errorf("Backlinks(%q): %v, want %s", name, err, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.Backlinks(ctx, "docs/guide.md"); err == nil {
		t.Error("a cancelled question was answered")
	}
}

// What changes is seen at once: a link that goes, one that comes, a target that moves.
func TestBacklinksFollowTheFiles(t *testing.T) {
	l, root := library(t, map[string]string{"a.md": "# A\n", "b.md": "# B\n\n[a](a.md)\n", "c.md": "# C\n"})
	if got := backlinks(t, l, "a.md"); got != "b.md:3×1 doc B" {
		t.Fatalf("at first: %q", got)
	}
	write(t, root, "b.md", "# B\n\nno link\n") // nobody tells: found by stat
	if got := backlinks(t, l, "a.md"); got != "" {
		t.Errorf("after the link went: %q", got)
	}
	write(t, root, "c.md", "# C\n\n\n[a](a.md)\n")
	l.Invalidate("c.md")
	if got := backlinks(t, l, "a.md"); got != "c.md:4×1 doc C" {
		t.Errorf("after a link came: %q", got)
	}
	if err := os.Remove(filepath.Join(root, "c.md")); err != nil {
		t.Fatal(err)
	}
	if got := backlinks(t, l, "a.md"); got != "" {
		t.Errorf("after its file went: %q", got)
	}
}

// Five thousand documents: the first question reads them, later ones look.
func BenchmarkBacklinks(b *testing.B) {
	files := map[string]string{}
	for i := range 5000 {
		files[fmt.Sprintf("docs/d%d/page-%d.md", i%50, i)] = fmt.Sprintf("# Page %d\n\nSome words and [next](page-%d.md), [top](../d0/page-0.md), [[page-%d]].\n\n## Part\n\n%s", i, i+50, i/2, strings.Repeat("More words about it. ", 100))
	}
	l, _ := library(b, files)
	start := time.Now()
	backlinks(b, l, "docs/d1/page-1.md")
	b.ReportMetric(float64(time.Since(start).Milliseconds()), "first-ms")
	for b.Loop() {
		backlinks(b, l, "docs/d1/page-1.md")
	}
}
