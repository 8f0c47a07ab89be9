package docs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tasks/internal/docs"
)

// draw writes a tree as lines: indentation, + for an open folder, - for a closed
// one, * for the current page, title, address.
func draw(nodes []*docs.Node, indent string) string {
	var b strings.Builder
	for _, n := range nodes {
		mark := ""
		switch {
		case n.Open:
			mark = "+ "
		case n.Dir:
			mark = "- "
		}
		if n.Current {
			mark += "* "
		}
		if n.Missing != "" {
			mark += "(" + n.Missing + ") "
		}
		if n.External {
			mark += "^ "
		}
		fmt.Fprintf(&b, "%s%s%s %s\n", indent, mark, n.Title, n.Href)
		b.WriteString(draw(n.Children, indent+"  "))
	}
	return b.String()
}

var treeFiles = map[string]string{
	"README.md": "# The top\n", "zebra.md": "no title", "main.go": "package main\n", ".hidden.md": "x", ".github/x.md": "x",
	"docs/README.md": "# Docs\n", "docs/guide.md": "---\ntitle: The guide\n---\n", "docs/deep/er/page.md": "# Page\n",
	"tasks/workstreams/w/tasks/gate.md": worksheet, "src/a/b/c.go": "package c\n", "src/a/b/d.txt": "x", "lib/notes/n.md": "# N\n", "assets/pic.png": "x",
}

func TestTree(t *testing.T) {
	for _, warm := range []bool{false, true} {
		l, _ := library(t, treeFiles)
		if warm {
			l.Warm(context.Background())
		}
		for current, want := range map[string]string{
			"": `The top /browse/README.md
- tasks /browse/tasks
- docs /browse/docs
- lib /browse/lib
zebra.md /browse/zebra.md
`,
			"docs/deep/er/page.md": `The top /browse/README.md
- tasks /browse/tasks
+ docs /browse/docs
  Docs /browse/docs/README.md
  + deep /browse/docs/deep
    + er /browse/docs/deep/er
      * Page /browse/docs/deep/er/page.md
  The guide /browse/docs/guide.md
- lib /browse/lib
zebra.md /browse/zebra.md
`,
			"tasks/workstreams/w/tasks": `The top /browse/README.md
+ tasks /browse/tasks
  + workstreams /browse/tasks/workstreams
    + w /browse/tasks/workstreams/w
      + * tasks /browse/tasks/workstreams/w/tasks
        Mend the gate /tasks/gate
- docs /browse/docs
- lib /browse/lib
zebra.md /browse/zebra.md
`,
		} {
			nodes, err := l.Tree(context.Background(), current)
			if err != nil {
				t.Fatal(err)
			}
			if got := draw(nodes, ""); got != want {
				t.Errorf("warm %v, at %q:\n%swant\n%s", warm, current, got, want)
			}
		}
	}
}

func TestTreeFollowsChanges(t *testing.T) {
	l, root := library(t, treeFiles)
	l.Warm(context.Background())
	tree := func() string {
		nodes, err := l.Tree(context.Background(), "")
		if err != nil {
			t.Fatal(err)
		}
		return draw(nodes, "")
	}
	tree()
	write(t, root, "src/a/b/new.md", "# New\n")
	write(t, root, "zebra.md", "# A title at last\n")
	l.Invalidate("src/a/b/new.md", "zebra.md")
	if got := tree(); !strings.Contains(got, "- src /browse/src\n") || !strings.Contains(got, "A title at last") {
		t.Errorf("got\n%s", got)
	}
}

func TestTreeIsCapped(t *testing.T) {
	files := map[string]string{}
	for i := range 620 {
		files[fmt.Sprintf("docs/p%03d.md", i)] = "x"
	}
	l, _ := library(t, files)
	nodes, err := l.Tree(context.Background(), "docs/p610.md")
	if err != nil {
		t.Fatal(err)
	}
	children := nodes[0].Children
	if len(children) != 502 || !children[500].Current || children[501].Title != "… and 119 more" || children[501].Href != "/browse/docs" {
		t.Errorf("%d children, then %+v, %+v", len(children), children[500], children[501])
	}
}

func TestNav(t *testing.T) {
	files := map[string]string{
		"tasks/mkdocs.yml": `site_name: x
docs_dir: ../docs
markdown_extensions:
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
nav:
  - Start: README.md
  - guide.md
  - Deep:
      - One: deep/er/page.md
      - Further:
          - deep/none.md
          - tasks/workstreams/w/tasks/gate.md
  - Elsewhere: https://example.com/
  - Gone: none.md
  - Out: ../../../etc/passwd
  - 7
  - Script: javascript:alert(1)
  - Who: https://me@example.com/
  - All: deep/*.md
  - Empty:
  - [guide.md]
  - {a: guide.md, b: guide.md}
  - Void: [none.md]
`}
	for k, v := range treeFiles {
		files[k] = v
	}
	l, root := library(t, files)
	nodes, err := l.Tree(context.Background(), "docs/deep/er/page.md")
	if err != nil {
		t.Fatal(err)
	}
	want := `Start /browse/docs/README.md
The guide /browse/docs/guide.md
+ Deep /browse/docs/deep/er/page.md
  * One /browse/docs/deep/er/page.md
  - Further /tasks/gate
^ Elsewhere https://example.com/
(there is no such page) Gone 
(there is no such page) Out 
(there is no such page) 7 
(this is no address that can be followed) Script 
(this is no address that can be followed) Who 
(patterns are not supported in the nav; name each page) All 
(it names no page) Empty 
(an entry that is neither a page nor a section) line 22 of tasks/mkdocs.yml 
(an entry with more than one title) line 23 of tasks/mkdocs.yml 
- (nothing of this section is there) Void 
The top /browse/README.md
- tasks /browse/tasks
`
	if got := draw(nodes, ""); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for bad, says := range map[string]string{
		"nav: &a [*a]": "(", "nav:\n  - x: &a\n    - *a": "(", "a: [": "cannot be read", "nav: 3": "nav is not a list",
		"- nav": "", "nav:": "", "\x00": "cannot be read", "nav:\n - {a: b, c: d}": "more than one title",
		"nav: " + strings.Repeat("[", 10000): "cannot be read", strings.Repeat("#", 1<<20+1): "larger than 1 MB",
	} {
		write(t, root, "tasks/mkdocs.yml", bad)
		nodes, err := l.Tree(context.Background(), "")
		got := draw(nodes, "")
		if i := strings.Index(got, "The top"); err != nil || i < 0 || !strings.Contains(got[:i], says) || says == "" && i > 0 {
			t.Errorf("%.40q: %v\n%s", bad, err, got)
		}
	}
}

func around(l *docs.Library, name string) string {
	title := func(n *docs.Node) string {
		if n == nil {
			return "-"
		}
		return n.Title + " " + n.Href
	}
	prev, next := l.Around(context.Background(), name)
	return title(prev) + " | " + title(next)
}

// The pages before and after: as the nav has them, else as the tree has them.
func TestAround(t *testing.T) {
	l, root := library(t, treeFiles)
	write(t, root, "docs/zoo.md", "# Zoo\n")
	for name, want := range map[string]string{
		"README.md":            "- | zebra.md /browse/zebra.md",
		"zebra.md":             "The top /browse/README.md | -",
		"docs/README.md":       "- | Page /browse/docs/deep/er/page.md",
		"docs/deep/er/page.md": "Docs /browse/docs/README.md | The guide /browse/docs/guide.md",
		"docs/guide.md":        "Page /browse/docs/deep/er/page.md | Zoo /browse/docs/zoo.md",
		"docs/zoo.md":          "The guide /browse/docs/guide.md | -",
		"docs/none.md":         "- | -",
	} {
		if got := around(l, name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	write(t, root, "tasks/mkdocs.yml", "docs_dir: ../docs\nnav:\n  - guide.md\n  - Beyond: https://example.com/\n  - Part:\n      - none.md\n      - The start: README.md\n      - guide.md\n  - zoo.md\n")
	l.Invalidate("tasks/mkdocs.yml")
	for name, want := range map[string]string{
		"docs/guide.md":        "- | The start /browse/docs/README.md",
		"docs/README.md":       "The guide /browse/docs/guide.md | Zoo /browse/docs/zoo.md",
		"docs/zoo.md":          "The start /browse/docs/README.md | -",
		"docs/deep/er/page.md": "Docs /browse/docs/README.md | The guide /browse/docs/guide.md", // not in it
	} {
		if got := around(l, name); got != want {
			t.Errorf("with a nav, %s: %s, want %s", name, got, want)
		}
	}
}

// Before the index is made only a few files are looked at: a start shows its tree
// soon, and leaves out the folders without pages when it knows them.
func TestFirstTreeLooksAtFewFiles(t *testing.T) {
	files := map[string]string{"docs/a.md": "# A\n"}
	for i := range 60 {
		for j := range 10 {
			files[fmt.Sprintf("code%02d/f%d.go", i, j)] = "package x\n"
		}
	}
	l, _ := library(t, files)
	count := func() int {
		nodes, err := l.Tree(context.Background(), "")
		if err != nil {
			t.Fatal(err)
		}
		return len(nodes)
	}
	if n := count(); n < 20 || n > 60 {
		t.Errorf("%d nodes before the index is made; want the folders that were not looked at", n)
	}
	l.Warm(context.Background())
	if n := count(); n != 1 {
		t.Errorf("%d nodes with the index; want docs alone", n)
	}
}

// The site's own order comes first, and a page of it is opened there only; the files
// begin at a node that says so.
func TestTheFilesBeginBehindTheNav(t *testing.T) {
	l, _ := library(t, map[string]string{
		"tasks/mkdocs.yml": "docs_dir: ..\nnav:\n  - Guide:\n      - docs/a.md\n",
		"docs/a.md":        "# A\n", "docs/b.md": "# B\n",
	})
	for current, want := range map[string]string{"docs/a.md": "Guide open, docs files", "docs/b.md": "Guide, docs open files"} {
		tree, err := l.Tree(t.Context(), current)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range tree {
			if n.Title == "tasks" {
				continue
			}
			s := n.Title
			if n.Open {
				s += " open"
			}
			if n.Files {
				s += " files"
			}
			got = append(got, s)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", current, got, want)
		}
	}
}
