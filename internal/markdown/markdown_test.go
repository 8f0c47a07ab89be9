package markdown_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/markdown"
)

var update = flag.Bool("update", false, "write the golden files")

// site is a checkout in which every path exists but those named none.
type site struct{}

func (site) Link(dest string) markdown.Target {
	if strings.Contains(dest, "none") {
		return markdown.Target{Broken: true, Title: "No such file"}
	}
	return markdown.Target{Href: "/browse/" + strings.ReplaceAll(dest, " ", "%20")}
}

func (s site) Wiki(name string) markdown.Target { return s.Link(name + ".md") }

func (s site) Image(dest string) markdown.Target { return s.Link(dest) }

func (s site) Code(span string) (markdown.Target, bool) {
	path, _, _ := strings.Cut(span, ":")
	t := s.Link(path)
	return t, !t.Broken
}

// Each testdata/*.md is rendered and compared with the .html beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := markdown.Render(src, 1, site{}).HTML
			golden := strings.TrimSuffix(file, ".md") + ".html"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("differs from %s (run with -update and look at the diff):\n%s", golden, got)
			}
			checkSafe(t, got)
		})
	}
}
