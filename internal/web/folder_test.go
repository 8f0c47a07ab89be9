package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHugeFolder: pages, letters and a filter lead through thousands of names.
func TestHugeFolder(t *testing.T) {
	s := newSite(t, options{})
	dir := filepath.Join(s.root, "notes")
	must(t, os.MkdirAll(dir, 0o755))
	for i := range 1200 {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%c-note-%04d.txt", 'a'+i%3, i)), nil, 0o644))
	}
	for path, want := range map[string][]string{
		"/browse/notes":                      {"1 to 500 of 1", `href="/browse/notes?from=500"`, `href="/browse/notes?from=1000"`, `>B</a>`, `href="/browse/notes?from=400">B`, "a-note-0000.txt"},
		"/browse/notes?from=1000":            {"Previous", "c-note-1199.txt", ">First</a>"},
		"/browse/notes?filter=NOTE+119":      {"c-note-1199.txt", `value="NOTE 119"`, "Show all"},
		"/browse/notes?filter=%3Cb%3E%22":    {"No name in this folder holds “&lt;b&gt;&#34;”"},
		"/browse/notes?filter=note&from=500": {`filter=note`, "Previous"},
		"/browse/notes?from=-5":              {"1 to 500 of"},
		"/browse/notes?from=x&filter=%ff":    {"1 to 500 of"},
	} {
		got := s.get(t, path)
		for _, w := range want {
			if got.StatusCode != 200 || !strings.Contains(got.body, w) {
				t.Errorf("%s: %d, no %s", path, got.StatusCode, w)
			}
		}
	}
	if body := s.get(t, "/browse/notes?filter=119").body; strings.Contains(body, "a-note-0000.txt") {
		t.Error("the filter lets through what does not hold its word")
	}
	if got := s.get(t, "/browse/notes?from=5000"); got.StatusCode != 302 || got.Header.Get("Location") != "/browse/notes" {
		t.Errorf("beyond the end: %d %s", got.StatusCode, got.Header.Get("Location"))
	}
	if body := s.get(t, "/browse/docs").body; strings.Contains(body, "folder-filter") {
		t.Error("a small folder has a filter")
	}
}
