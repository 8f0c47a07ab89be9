package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLLMs: what is here, for programs: in the nav's order, each link leads to
// markdown, and nothing is named that the pages would not show.
func TestLLMs(t *testing.T) {
	s := newSite(t, options{})
	must(t, os.WriteFile(filepath.Join(s.root, "tasks", "mkdocs.yml"), []byte("docs_dir: ../docs\nnav:\n  - Handbook:\n      - The [guide]: guide.md\n      - Gone: gone.md\n      - Away: https://example.com/\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(s.root, "docs", "odd.md"), []byte("# A [link](x) `code`\n"), 0o644))
	got := s.get(t, "/llms.txt")
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.HasPrefix(got.body, "# ") || !strings.Contains(got.body, "\n\n> ") {
		t.Fatalf("%d %s: %s", got.StatusCode, got.Header.Get("Content-Type"), head(got.body))
	}
	for _, want := range []string{"\n## Handbook\n\n- [The \\[guide\\]](/browse/docs/guide.md?raw): docs/guide.md\n", "\n## docs\n", "\n## Tasks\n", "](/tasks/fly?raw): "} {
		if !strings.Contains(got.body, want) {
			t.Errorf("no %q in\n%s", want, got.body)
		}
	}
	for _, bad := range []string{".env", "build/out.md", "gone.md", "example.com", "\n- [\n"} {
		if strings.Contains(got.body, bad) {
			t.Errorf("it names %q", bad)
		}
	}
	links := regexp.MustCompile(`\]\((/[^)]*)\)`).FindAllStringSubmatch(got.body, -1)
	if len(links) < 4 {
		t.Fatalf("%d links", len(links))
	}
	for _, m := range links {
		if page := s.get(t, m[1]); page.StatusCode != 200 || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/markdown") {
			t.Errorf("%s: %d %s", m[1], page.StatusCode, page.Header.Get("Content-Type"))
		}
	}
}
