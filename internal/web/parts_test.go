package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLargeDocument: it opens in parts, each with its address, and whole when asked for.
func TestLargeDocument(t *testing.T) {
	s := newSite(t, options{})
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, "## Entry %d\n\n%s\n\n", i, strings.Repeat("Some words of it. ", 12))
	}
	must(t, os.WriteFile(filepath.Join(s.root, "docs", "log.md"), []byte("# Log\n\n"+b.String()), 0o644))
	first := s.get(t, "/browse/docs/log.md")
	for _, want := range []string{"Part 1 of ", `href="/browse/docs/log.md?part=2"`, `href="/browse/docs/log.md?whole"`, "Entry 0<", `data-doc-rel="docs/log.md"`} {
		if first.StatusCode != 200 || !strings.Contains(first.body, want) {
			t.Errorf("%d: the first part has no %s", first.StatusCode, want)
		}
	}
	if len(first.body) > 3<<20 || strings.Contains(first.body, "Entry 19999<") {
		t.Errorf("the first part is %d bytes", len(first.body))
	}
	if second := s.get(t, "/browse/docs/log.md?part=2"); second.StatusCode != 200 || strings.Contains(second.body, "Entry 0<") || !strings.Contains(second.body, "Part 2 of ") {
		t.Errorf("the second part: %d %s", second.StatusCode, head(second.body))
	}
	got := s.get(t, "/browse/docs/log.md?section=user-content-entry-19999")
	if to := got.Header.Get("Location"); got.StatusCode != 302 || !strings.HasPrefix(to, "/browse/docs/log.md?part=") || !strings.HasSuffix(to, "#user-content-entry-19999") {
		t.Errorf("to a section: %d %s", got.StatusCode, to)
	} else if page := s.get(t, strings.TrimSuffix(to, "#user-content-entry-19999")); !strings.Contains(page.body, `id="user-content-entry-19999"`) {
		t.Error("the section is not in the part that was named")
	}
	if got := s.get(t, "/browse/docs/log.md?section=%0d%0aX:y"); got.StatusCode != 302 || got.Header.Get("Location") != "/browse/docs/log.md" {
		t.Errorf("to no section: %d %q", got.StatusCode, got.Header.Get("Location"))
	}
	if whole := s.get(t, "/browse/docs/log.md?whole"); !strings.Contains(whole.body, "Entry 19999<") || strings.Contains(whole.body, "Part 1 of") {
		t.Error("the whole is not whole")
	}
	for _, path := range []string{"?part=0", "?part=x", "?part=9999", "?part=-1", "?part=99999999999999999999"} {
		if got := s.get(t, "/browse/docs/log.md"+path); got.StatusCode != 404 {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
}
