package docs_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"tasks/internal/docs"
	"tasks/internal/fault"
	"tasks/internal/markdown"
	"tasks/internal/repo"
)

// library is a checkout of the given files, old enough to be cached.
func library(t testing.TB, files map[string]string) (*docs.Library, string) {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		write(t, root, name, text)
	}
	r, err := repo.Open(root, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return docs.New(r), root
}

// write writes a file as if a minute ago: what was written this instant is not
// kept in the cache.
func write(t testing.TB, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-time.Minute)
	if err := os.Chtimes(file, then, then); err != nil {
		t.Fatal(err)
	}
}

func page(t testing.TB, l *docs.Library, name string) *docs.Page {
	t.Helper()
	p, err := l.Page(context.Background(), name)
	if err != nil {
		t.Fatalf("Page(%q): %v", name, err)
	}
	return p
}

const worksheet = "---\ntype: task\ntitle: Mend the gate\nstatus: ready\n---\n\n## Problem\n\nIt squeaks.\n"

func TestKindsAndTitles(t *testing.T) {
	l, _ := library(t, map[string]string{
		"plain.md":                       "no heading\n",
		"head.md":                        "text\n\n# The *first* `one`\n\n# second\n",
		"front.md":                       "---\ntitle: \"From: the front\"\n---\n# heading\n",
		"rule.md":                        "---\n\nNo front matter at all.\n\n---\n\n# After\n",
		"open.md":                        "---\ntitle: never closed\n",
		"bom.md":                         "\ufeff---\r\ntitle: With marks\r\n---\r\n# x\r\n",
		"hugo.md":                        "+++\ntitle = 'Plus'\n+++\ntext\n",
		"block.md":                       "---\ntitle: >-\n  over\n  lines\nx: y\n---\n",
		"html.md":                        "<h1 align=\"center\">Raw <b>title</b></h1>\n",
		"tasks/workstreams/w/tasks/g.md": worksheet,
		"tasks/README.md":                "# Tasks\n",
		"docs/status.md":                 "---\nstatus: ready\n---\n# Not below tasks\n",
		"main.go":                        "package main\n",
		"data.bin":                       "\x00\x01",
		"latin.txt":                      "caf\xe9\n",
		"latin.md":                       "# Caf\xe9\n\ncaf\xe9\n",
		"tasks/latin.md":                 "---\ntype: task\nowner: caf\xe9\n---\n# Tea\n",
		"utf16.md":                       "\xff\xfe#\x00 \x00",
		"pic.png":                        "not really",
	})
	for _, tt := range []struct {
		name  string
		kind  docs.Kind
		title string
	}{
		{"plain.md", docs.Doc, "plain.md"},
		{"head.md", docs.Doc, "The first one"},
		{"front.md", docs.Doc, "From: the front"},
		{"rule.md", docs.Doc, "After"},
		{"open.md", docs.Doc, "open.md"},
		{"bom.md", docs.Doc, "With marks"},
		{"hugo.md", docs.Doc, "Plus"},
		{"block.md", docs.Doc, "over lines"},
		{"html.md", docs.Doc, "Raw title"},
		{"tasks/workstreams/w/tasks/g.md", docs.Task, "Mend the gate"},
		{"tasks/README.md", docs.Doc, "Tasks"},
		{"docs/status.md", docs.Doc, "Not below tasks"},
		{"main.go", docs.Text, "main.go"},
		{"data.bin", docs.Raw, "data.bin"},
		{"latin.txt", docs.Raw, "latin.txt"},
		{"latin.md", docs.Doc, "Caf\ufffd"},
		{"tasks/latin.md", docs.Task, "Tea"},
		{"utf16.md", docs.Raw, "utf16.md"},
		{"pic.png", docs.Raw, "pic.png"},
	} {
		p := page(t, l, tt.name)
		if p.Kind != tt.kind || p.Title != tt.title {
			t.Errorf("%s: %s %q, want %s %q", tt.name, p.Kind, p.Title, tt.kind, tt.title)
		}
		if (p.Rendered == nil) != (p.Kind == docs.Raw) {
			t.Errorf("%s: rendered %v", tt.name, p.Rendered)
		}
		if p.Rendered != nil && !utf8.ValidString(string(p.Rendered.HTML)) {
			t.Errorf("%s: the page is not UTF-8: %q", tt.name, p.Rendered.HTML)
		}
	}
	listed, err := l.Folder(t.Context(), "", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range listed.Entries {
		if !utf8.ValidString(e.Title) {
			t.Errorf("%s is listed as %q", e.Path, e.Title)
		}
	}
	if h := page(t, l, "front.md").Rendered.Headings; len(h) != 1 || h[0].Line != 4 {
		t.Errorf("headings of front.md: %v, want one in line 4 of the file", h)
	}
	if html := page(t, l, "main.go").Rendered.HTML; !strings.Contains(html, `id="user-content-L1"`) || !strings.Contains(html, `<span class="k">package</span>`) {
		t.Errorf("main.go: %s", html)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	l, root := library(t, map[string]string{"docs/a.md": "x", ".env": "KEY=1\n", "a.pem": "x"})
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "out.md")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fault.Code{
		"none.md": fault.NotFound, ".env": fault.Forbidden, "a.pem": fault.Forbidden, "out.md": fault.Forbidden,
		"../x.md": fault.Forbidden, ".git/config": fault.Forbidden, "docs": fault.Usage,
	} {
		if _, err := l.Page(context.Background(), name); fault.CodeOf(err) != want {
			t.Errorf("Page(%q): %v (%s), want %s", name, err, fault.CodeOf(err), want)
		}
	}
}

// A page is the same as long as nothing changed, and never older than the request.
func TestPageIsNeverStale(t *testing.T) {
	l, root := library(t, map[string]string{"a.md": "one [b](b.md)\n"})
	first := page(t, l, "a.md")
	if page(t, l, "a.md") != first {
		t.Error("rendered again although nothing changed")
	}
	write(t, root, "a.md", "two [b](b.md)\n") // same size, same modification time
	second := page(t, l, "a.md")
	if !strings.Contains(second.Rendered.HTML, "two") || second.Hash == first.Hash {
		t.Errorf("stale: %s", second.Rendered.HTML)
	}
	if len(second.Rendered.Broken) != 1 {
		t.Errorf("broken: %v", second.Rendered.Broken)
	}
	write(t, root, "b.md", "here now\n")
	l.Invalidate("b.md")
	if p := page(t, l, "a.md"); len(p.Rendered.Broken) != 0 {
		t.Errorf("a link is still broken: %v", p.Rendered.Broken)
	}
}

// Saves of the same size within a tick of the clock are told apart.
func TestRacySaves(t *testing.T) {
	l, root := library(t, nil)
	for i := range 200 {
		text := fmt.Sprintf("save %03d\n", i)
		if err := os.WriteFile(filepath.Join(root, "a.md"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if p := page(t, l, "a.md"); string(p.Source) != text {
			t.Fatalf("got %q, want %q", p.Source, text)
		}
	}
}

func TestLargeFilesAreCut(t *testing.T) {
	line := "A line of *text* in a large document, number one of many.\n\n"
	l, _ := library(t, map[string]string{
		"large.md":  strings.Repeat(line, 11<<20/len(line)),
		"large.log": strings.Repeat("one line of a log\n", 2<<20/18),
		"one.txt":   strings.Repeat("ü", 1<<20),
	})
	p := page(t, l, "large.md")
	if p.Cut || p.Part != 1 || len(p.Parts) < 10 || !strings.HasSuffix(string(p.Source), "\n") || p.Rendered.HTML == "" {
		t.Errorf("large.md: cut %v, part %d of %d, %d bytes", p.Cut, p.Part, len(p.Parts), len(p.Source))
	}
	whole, err := l.Whole(context.Background(), "large.md")
	if err != nil || !whole.Cut || len(whole.Source) > 10<<20 {
		t.Errorf("whole: %v, cut %v, %d bytes", err, whole.Cut, len(whole.Source))
	}
	if page(t, l, "large.md") != p {
		t.Error("a large page is rendered for each request")
	}
	for _, name := range []string{"large.log", "one.txt"} {
		if p := page(t, l, name); !p.Cut || p.Kind != docs.Text || len(p.Source) > 1<<20 {
			t.Errorf("%s: cut %v, %s, %d bytes", name, p.Cut, p.Kind, len(p.Source))
		}
	}
}

func TestLinks(t *testing.T) {
	l, root := library(t, map[string]string{
		"README.md": "# Top\n", "docs/guide.md": "# Guide\n", "docs/sub/deep.md": "# Deep\n", "docs/a b.md": "x", "docs/sub/README.md": "x",
		"docs/pic.png": "x", "src/main.go": "package main\n", "tasks/workstreams/w/tasks/gate.md": worksheet, "notes/Guide.md": "# Other\n", ".env": "x",
		"docs/100%.md": "x", "tasks/README.md": "x",
	})
	if err := os.Symlink("guide.md", filepath.Join(root, "docs/link.md")); err != nil {
		t.Fatal(err)
	}
	on := l.Links("docs/sub/deep.md")
	for dest, want := range map[string]string{
		"../guide.md":             "/browse/docs/guide.md",
		"../guide":                "/browse/docs/guide.md",
		"../guide.md#some-part":   "/browse/docs/guide.md#user-content-some-part",
		"../guide.md?plain=1#x":   "/browse/docs/guide.md#user-content-x",
		"README.md":               "/browse/docs/sub/README.md",
		".":                       "/browse/docs/sub",
		"../":                     "/browse/docs",
		"../../":                  "/browse/",
		"/":                       "/browse/",
		"/docs/guide.md":          "/browse/docs/guide.md",
		"/browse/docs/guide.md":   "/browse/docs/guide.md",
		"/board":                  "/board",
		"../a%20b.md":             "/browse/docs/a%20b.md",
		"../a b.md":               "/browse/docs/a%20b.md",
		"../100%.md":              "/browse/docs/100%25.md",
		"../link.md":              "/browse/docs/link.md",
		"../../src/main.go#L12":   "/browse/src/main.go#user-content-L12",
		"../../src/main.go#L3-L9": "/browse/src/main.go#user-content-L3",
		"../pic.png":              "/browse/docs/pic.png",
		"../../tasks/workstreams/w/tasks/gate.md":      "/tasks/gate",
		"../../tasks/workstreams/w/tasks/gate.md#plan": "/tasks/gate#user-content-plan",
		"/tasks/gate":              "/tasks/gate",
		"/tasks":                   "/browse/tasks",
		"none.md":                  "!There is no docs/sub/none.md",
		"../../../etc/passwd":      "!It leads out of the repository",
		"/../../etc/passwd":        "!It leads out of the repository",
		"%2e%2e/%2e%2e/%2e%2e/etc": "!It leads out of the repository",
		"../../.env":               "!There is no .env",
		"../guide/":                "/browse/docs/guide.md",
		"../guide.html#x":          "/browse/docs/guide.md#user-content-x",
		"../../guide/#x":           "/browse/docs/guide.md#user-content-x",
		"../../../../etc/":         "!It leads out of the repository",
		"/tasks/none":              "!There is no tasks/none",
		"?x":                       "",
	} {
		got := on.Link(dest)
		if s := got.Href; s != want && !(got.Broken && "!"+got.Title == want && s == "") {
			t.Errorf("Link(%q) = %+v, want %s", dest, got, want)
		}
	}
	for name, want := range map[string]string{
		"guide": "/browse/docs/guide.md", "Guide#Some Part!": "/browse/docs/guide.md#user-content-some-part", "gate": "/tasks/gate", "notes/guide": "/browse/notes/Guide.md",
		"a b": "/browse/docs/a%20b.md", "A-B": "/browse/docs/a%20b.md", "sub": "/browse/docs/sub/README.md", "none": "!No page is named none", "../guide": "/browse/docs/guide.md",
	} {
		got := on.Wiki(name)
		if s := got.Href; s != want && !(got.Broken && "!"+got.Title == want) {
			t.Errorf("Wiki(%q) = %+v, want %s", name, got, want)
		}
	}
	for dest, want := range map[string]string{
		"../pic.png": "/browse/docs/pic.png", "../pic.png?raw=true": "/browse/docs/pic.png", "../guide.md": "!docs/guide.md is not an image that can be shown", "none.png": "!There is no docs/sub/none.png",
		"../../../x.png": "!It leads out of the repository",
	} {
		got := on.Image(dest)
		if s := got.Href; s != want && !(got.Broken && "!"+got.Title == want) {
			t.Errorf("Image(%q) = %+v, want %s", dest, got, want)
		}
	}
}

// Beyond a bound links are believed: a page of links must not cost a stat of each
// on every request.
func TestLinksLookedUpAreBounded(t *testing.T) {
	var text strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&text, "[x](none%d.md)\n\n", i)
	}
	l, _ := library(t, map[string]string{"a.md": text.String()})
	if n := len(page(t, l, "a.md").Rendered.Broken); n == 0 || n > 5000 {
		t.Errorf("%d links are called broken", n)
	}
}

func TestAnswersNameFiles(t *testing.T) {
	l, _ := library(t, map[string]string{"docs/guide.md": "x", "src/main.go": "package main\n", "docs/sub/x.md": "x", ".env": "x"})
	code := l.Links("docs/guide.md").(markdown.CodeLinks)
	for span, want := range map[string]string{
		"docs/guide.md": "/browse/docs/guide.md", "docs/guide.md:12": "/browse/docs/guide.md", "src/main.go:12": "/browse/src/main.go#user-content-L12",
		"src/main.go:3-9": "/browse/src/main.go#user-content-L3", "src/main.go#L7": "/browse/src/main.go#user-content-L7", "src/main.go:3:9": "/browse/src/main.go#user-content-L3",
		"guide.md": "/browse/docs/guide.md", "sub/x.md": "/browse/docs/sub/x.md", "./src/main.go": "/browse/src/main.go", "docs/sub/": "/browse/docs/sub",
		"none.md": "", ".env": "", "../x": "", "/etc/passwd": "", "a:b:c": "", "src": "", "https://x.y": "",
	} {
		if got, _ := code.Code(span); got.Href != want {
			t.Errorf("Code(%q) = %+v, want %s", span, got, want)
		}
	}
}

func TestHrefIsOneToOne(t *testing.T) {
	for _, name := range []string{"", "a.md", "a b/ü.md", "100%.md", "a?b#c.md", "a+b&c=d.md", "[x](y).md", "a'\"<>.md", "%2F.md", "a;b,c.md", "a:b.md"} {
		checkHref(t, name)
	}
}

func checkHref(t *testing.T, name string) {
	t.Helper()
	href := docs.Href(name)
	u, err := url.Parse(href)
	if err != nil || u.Scheme != "" || u.Host != "" || u.RawQuery != "" || u.Fragment != "" {
		t.Fatalf("Href(%q) = %q: %v %+v", name, href, err, u)
	}
	if got := strings.TrimPrefix(u.Path, "/browse/"); got != name {
		t.Errorf("Href(%q) = %q leads to %q", name, href, got)
	}
	if strings.ContainsAny(href, " \"'<>\\()[]\x00") {
		t.Errorf("Href(%q) = %q has what must be escaped", name, href)
	}
}

func FuzzHref(f *testing.F) {
	f.Add("docs/a b.md")
	f.Add("../%2e/ü")
	f.Fuzz(func(t *testing.T, name string) {
		if clean, err := repo.Clean(name); err == nil {
			checkHref(t, clean)
		}
	})
}

func TestFolder(t *testing.T) {
	files := map[string]string{"docs/README.md": "# The docs\n\n[x](x00.md)\n", "docs/sub/a.md": "x", "docs/pic.png": "x", "tasks/g.md": worksheet}
	for i := range 10 {
		files[fmt.Sprintf("docs/x%02d.md", i)] = fmt.Sprintf("# Page %d\n", i)
	}
	l, _ := library(t, files)
	ctx := context.Background()
	f, err := l.Folder(ctx, "docs", 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	if f.Total != 13 || len(f.Entries) != 4 || f.Readme == nil || !strings.Contains(f.Readme.Rendered.HTML, `href="/browse/docs/x00.md"`) {
		t.Errorf("got %+v", f)
	}
	if e := f.Entries[0]; !e.Dir || e.Name != "sub" || e.Href != "/browse/docs/sub" {
		t.Errorf("first entry %+v", e)
	}
	last, err := l.Folder(ctx, "docs", 12, 100)
	if err != nil || len(last.Entries) != 1 || last.Entries[0].Title != "Page 9" {
		t.Errorf("last page: %+v, %v", last, err)
	}
	for _, offset := range []int{-5, 13, 1 << 40} {
		if _, err := l.Folder(ctx, "docs", offset, 10); err != nil {
			t.Errorf("offset %d: %v", offset, err)
		}
	}
	if f, err := l.Folder(ctx, "tasks", 0, 10); err != nil || f.Entries[0].Href != "/tasks/g" || f.Entries[0].Title != "Mend the gate" {
		t.Errorf("tasks: %+v, %v", f, err)
	}
	if _, err := l.Folder(ctx, "none", 0, 10); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestManyReadersAndChanges(t *testing.T) {
	l, root := library(t, map[string]string{"a.md": "[b](b.md) [[c]]\n", "b.md": "# B\n", "docs/c.md": "# C\n"})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := range 50 {
				if _, err := l.Page(context.Background(), "a.md"); err != nil {
					t.Error(err)
				}
				if _, err := l.Tree(context.Background(), "docs/c.md"); err != nil {
					t.Error(err)
				}
				if i == 0 {
					name := fmt.Sprintf("docs/new%d.md", n%5)
					if n%2 == 0 {
						write(t, root, name, "# New\n")
					} else {
						_ = os.Remove(filepath.Join(root, name))
					}
					l.Invalidate(name)
				}
			}
		})
	}
	wg.Go(func() { l.Warm(context.Background()) })
	wg.Wait()
}
