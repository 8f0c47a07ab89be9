package docs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tasks/internal/fault"
)

// TestParts: a large document falls into parts that together are all of it; links to
// sections and reference links hold across them.
func TestParts(t *testing.T) {
	var b strings.Builder
	b.WriteString("---\ntitle: The log\n---\n\n# Log\n\nSee [the last](#entry-5999), [none](#nowhere) and [ref][r].\n\n")
	for i := range 6000 {
		fmt.Fprintf(&b, "## Entry %d\n\n%s\n\n```\n# no heading\n\n%s\n```\n\n", i, strings.Repeat("Some words of it. ", 20), strings.Repeat("code\n", 20))
	}
	b.WriteString("[r]: other.md\n")
	text := b.String()
	l, root := library(t, map[string]string{"log.md": text, "other.md": "# Other\n", "one.md": strings.Repeat("x", 3<<20), "fence.md": "```\n" + strings.Repeat("line\n\n", 1<<20), "small.md": "# Small\n"})
	first := page(t, l, "log.md")
	if first.Title != "The log" || len(first.Parts) < 5 || first.Parts[1].Title == "" {
		t.Fatalf("%q in %d parts: %v", first.Title, len(first.Parts), first.Parts)
	}
	if html := first.Rendered.HTML; !strings.Contains(html, fmt.Sprintf(`href="/browse/log.md?part=%d#user-content-entry-5999"`, len(first.Parts))) || !strings.Contains(html, `<a href="/browse/other.md">ref</a>`) {
		t.Errorf("links of the first part: %.600s", html)
	}
	if broken := first.Rendered.Broken; len(broken) != 1 || broken[0] != "#nowhere" {
		t.Errorf("broken: %v", broken)
	}
	joined, line := "", 5
	for i := range first.Parts {
		p, err := l.Part(context.Background(), "log.md", i+1)
		if err != nil || p.Part != i+1 {
			t.Fatalf("part %d: %v", i+1, err)
		}
		if i > 0 && (!strings.HasPrefix(string(p.Source), "## Entry") || p.Rendered.Headings[0].Line != line) {
			t.Errorf("part %d begins with %.20q, in line %d, want %d", i+1, p.Source, p.Rendered.Headings[0].Line, line)
		}
		if again, _ := l.Part(context.Background(), "log.md", i+1); again != p {
			t.Errorf("part %d is rendered for each request", i+1)
		}
		joined += string(p.Source)
		line += strings.Count(string(p.Source), "\n")
		if i == 0 {
			line = 4 + strings.Count(string(p.Source), "\n")
		}
	}
	if "---\ntitle: The log\n---\n"+joined != text {
		t.Errorf("the parts are %d bytes, the document %d", len(joined), len(text))
	}
	if n := l.SectionPart("log.md", "entry-5999"); n != len(first.Parts) {
		t.Errorf("the last section is in part %d", n)
	}
	for _, c := range []struct{ name, id string }{{"log.md", "none"}, {"small.md", "small"}, {"gone.md", "x"}} {
		if n := l.SectionPart(c.name, c.id); n != 0 {
			t.Errorf("%s#%s is in part %d", c.name, c.id, n)
		}
	}
	for _, c := range []struct {
		name string
		part int
	}{{"log.md", 0}, {"log.md", -1}, {"log.md", 99}, {"small.md", 2}, {"gone.md", 1}} {
		if _, err := l.Part(context.Background(), c.name, c.part); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("part %d of %s: %v", c.part, c.name, err)
		}
	}
	for _, name := range []string{"one.md", "fence.md"} { // nowhere to cut
		if p := page(t, l, name); len(p.Parts) != 1 {
			t.Errorf("%s is in %d parts", name, len(p.Parts))
		}
	}
	write(t, root, "log.md", strings.Replace(text, "Entry 0\n", "Entry zero\n", 1))
	if p := page(t, l, "log.md"); !strings.Contains(p.Rendered.HTML, "Entry zero") {
		t.Error("a part is stale")
	}
}

// The first part of 10 MB, as the first reader meets it.
func BenchmarkFirstPart(b *testing.B) {
	text := strings.Repeat("## A section\n\nSome *prose* with a [link](other.md), `code` and **bold** words.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n", 10<<20/130)
	l, root := library(b, map[string]string{"large.md": text, "other.md": "x"})
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		write(b, root, "large.md", text+strings.Repeat("x", i%50))
		b.StartTimer()
		page(b, l, "large.md")
	}
}
