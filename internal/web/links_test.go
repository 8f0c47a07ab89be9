package web_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBrokenLinks: the report names line, target and reason, and follows the files.
func TestBrokenLinks(t *testing.T) {
	s := newSite(t, options{})
	name := filepath.Join(s.root, "docs", "guide.md")
	must(t, os.WriteFile(name, []byte("# Guide\n\n[x](nowhere.md) [<b>\"y](a%20b.md#none)\n"), 0o644))
	got := s.get(t, "/links")
	for _, want := range []string{`data-page-kind="folder"`, "there is no docs/nowhere.md", `<code>nowhere.md</code>`, `href="/browse/docs/guide.md?source#user-content-L3"`, "no section of docs/a b.md has this name"} {
		if got.StatusCode != 200 || !strings.Contains(got.body, want) {
			t.Errorf("/links: %d, no %s", got.StatusCode, want)
		}
	}
	if strings.Contains(got.body, "data-doc-rel") {
		t.Error("/links says that a file stands behind it")
	}
	var report struct {
		SchemaVersion    int
		Kind             string
		Total, Documents int
		Broken           []struct {
			Path, Target, Reason string
			Line                 int
			Near                 *string
		}
	}
	if err := json.Unmarshal([]byte(s.get(t, "/links.json").body), &report); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, b := range report.Broken {
		found = found || b.Path == "docs/guide.md" && b.Line == 3 && b.Target == "nowhere.md" && b.Near == nil
	}
	if report.SchemaVersion != 1 || report.Kind != "links" || report.Total != len(report.Broken) || report.Documents == 0 || !found {
		t.Errorf("/links.json: %+v", report)
	}
	if got := s.ask(t, "POST", "/links", "{}"); got.StatusCode != 405 {
		t.Errorf("POST /links: %d", got.StatusCode)
	}
}

func TestNoBrokenLinks(t *testing.T) {
	s := newSite(t, options{})
	for _, file := range []string{"docs/guide.md", "README.md"} {
		must(t, os.WriteFile(filepath.Join(s.root, file), []byte("# Fine\n"), 0o644))
	}
	got := s.get(t, "/links.json").body
	if strings.Contains(got, `"total":0`) != strings.Contains(s.get(t, "/links").body, "No broken links in ") {
		t.Errorf("page and data differ: %s", got)
	}
}

// TestDocFoot: a page says what links to it, and what is before and after.
func TestDocFoot(t *testing.T) {
	s := newSite(t, options{})
	must(t, os.WriteFile(filepath.Join(s.root, "docs", "zz.md"), []byte("# This & that\n\nSee [the guide](guide.md).\n"), 0o644))
	must(t, os.MkdirAll(filepath.Join(s.root, "tasks"), 0o755))
	must(t, os.WriteFile(filepath.Join(s.root, "tasks", "mkdocs.yml"), []byte("docs_dir: ../docs\nnav:\n  - guide.md\n  - The last one: zz.md\n  - Gone: gone.md\n  - Away: https://example.com/\n"), 0o644))
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		body := s.get(t, "/browse/docs/guide.md").body
		missing := ""
		for _, want := range []string{" here</summary>", "<a href=\"/browse/docs/zz.md\">This &amp; that</a><code>docs/zz.md:3</code>", `rel="next" href="/browse/docs/zz.md"`,
			`<span class="vh">, there is no such page</span>`, `<a href="https://example.com/" class="external" rel="noopener noreferrer nofollow"`} {
			if !strings.Contains(body, want) {
				missing = want
			}
		}
		if missing == "" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the page never has %s", missing)
		}
	}
	if body := s.get(t, "/browse/docs/zz.md").body; !strings.Contains(body, `rel="prev" href="/browse/docs/guide.md"`) || strings.Contains(body, `rel="next"`) {
		t.Error("the last page has no page before, or one after")
	}
}

// TestSourceLines: a document's lines have addresses.
func TestSourceLines(t *testing.T) {
	s := newSite(t, options{})
	got := s.get(t, "/browse/docs/guide.md?source")
	if got.StatusCode != 200 || !strings.Contains(got.body, `<span class="line" id="user-content-L1">`) || !strings.Contains(got.body, `data-doc-rel="docs/guide.md"`) {
		t.Errorf("%d: %s", got.StatusCode, head(got.body))
	}
	for _, path := range []string{"/browse/docs/none.md?source", "/browse/.env?source", "/browse/docs/guide.md/?source"} {
		if got := s.get(t, path); got.StatusCode != 404 {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
}
