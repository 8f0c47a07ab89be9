package docs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func TestBrokenLinks(t *testing.T) {
	l, root := library(t, map[string]string{
		"README.md":         "# Start\n\n[x](docs/gide.md) [ok](docs/guide.md#the-part) [web](https://example.com/none) [mail](mailto:a@b.c)\n[p](docs/guide.md#the-prat)\n[here](#start) [there](#strt)\n",
		"docs/guide.md":     "---\ntitle: Guide\n---\n\n# Guide\n\n## The part\n\n<a id=\"raw\"></a>\n\n[raw](#raw) [out](../../etc/passwd) [[gone]] [[guide#The part]] [[guide#nothing at all]]\n![pic](pic.png)\n\n[code](../main.go#L3)\n",
		"docs/deep/page.md": "[moved](old.md)\n\n[^1]: [x](/docs/none.md)\n\ntext[^1]\n",
		"notes/old.md":      "# Old\n",
		"main.go":           "package main\n",
		"many.md":           "",
	})
	report := func() string {
		t.Helper()
		r, err := l.BrokenLinks(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, b := range r.Broken {
			out = append(out, fmt.Sprintf("%s:%d %s: %s (%s)", b.Path, b.Line, b.Target, b.Reason, b.Near))
		}
		return fmt.Sprintf("%d of %d in %d\n%s", r.Total, r.Links, r.Documents, strings.Join(out, "\n"))
	}
	want := `9 of 14 in 5
README.md:3 docs/gide.md: there is no docs/gide.md (docs/guide.md)
README.md:4 docs/guide.md#the-prat: no section of docs/guide.md has this name (docs/guide.md#the-part)
README.md:5 #strt: no section of this page has this name (#start)
docs/deep/page.md:1 old.md: there is no docs/deep/old.md (../../notes/old.md)
docs/deep/page.md:3 /docs/none.md: there is no docs/none.md ()
docs/guide.md:11 ../../etc/passwd: it leads out of the repository ()
docs/guide.md:11 [[gone]]: no page is named gone ()
docs/guide.md:11 [[guide#nothing at all]]: no section of docs/guide.md has this name ()
docs/guide.md:12 pic.png: there is no docs/pic.png ()`
	if got := report(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, name := range []string{"README.md", "docs/guide.md", "docs/deep/page.md"} {
		write(t, root, name, "# All is well now\n")
	}
	if got := report(); got != "0 of 0 in 5\n" {
		t.Errorf("after mending: %s", got)
	}
	write(t, root, "large.md", strings.Repeat("## Part\n\nSome words.\n\n", 120_000)+"## The end\n\n[x][gone]\n\n[gone]: gone.md\n")
	write(t, root, "README.md", "[to the end](large.md#the-end)\n")
	l.Invalidate("large.md", "README.md")
	if got := report(); got != "1 of 2 in 6\nlarge.md:480003 gone.md: there is no gone.md ()" {
		t.Errorf("a large document: %s", got)
	}
	write(t, root, "large.md", "")
	write(t, root, "README.md", "")
	l.Invalidate("large.md", "README.md")
	write(t, root, "many.md", strings.Repeat("[x](none.md)\n", 5000))
	l.Invalidate("many.md")
	r, err := l.BrokenLinks(context.Background())
	if err != nil || r.Total != 5000 || len(r.Broken) != 2000 {
		t.Errorf("%v: %d of %d listed", err, len(r.Broken), r.Total)
	}
}
