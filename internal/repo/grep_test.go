package repo_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/repo"
)

func TestGrep(t *testing.T) {
	h := newHouse(t)
	h.put("docs/heron.md", "# The Heron\nIt stands in the pond.\nA heron eats; a heron waits.\n")
	h.put("docs/pond.md", "Deep.\n")
	h.put("src/a.go", "// Pond\n// heron\n")
	h.put(".env", "heron pond\n")
	lit := func(words ...string) (terms []repo.Term) {
		for _, w := range words {
			terms = append(terms, repo.Term{Text: w})
		}
		return terms
	}
	for _, c := range []struct {
		name string
		g    repo.Grep
		want string
	}{
		{"one word", repo.Grep{Terms: lit("heron")}, "docs/heron.md 2: 1 [[6 11]] 3 [[2 7] [16 21]]; src/a.go 1: 2 [[3 8]]"},
		{"both words, the path counts", repo.Grep{Terms: lit("heron", "pond")}, "docs/heron.md 3: 1 [[6 11]] 2 [[17 21]] 3 [[2 7] [16 21]]; src/a.go 2: 1 [[3 7]] 2 [[3 8]]"},
		{"only the path", repo.Grep{Terms: lit("pond.md")}, "docs/pond.md 0:"},
		{"marks that touch are one", repo.Grep{Terms: lit("her", "ero", "on"), Glob: "*.go"}, "src/a.go 2: 1 [[4 6]] 2 [[3 8]]"},
		{"an expression", repo.Grep{Terms: []repo.Term{{Text: "h.r+on$", Regex: true}}}, "src/a.go 1: 2 [[3 8]]"},
		{"few lines of a file", repo.Grep{Terms: lit("heron"), PerFile: 1, Dir: "docs"}, "docs/heron.md 2: 1 [[6 11]]"},
		{"what is not wanted", repo.Grep{Terms: lit("heron"), Want: func(e repo.Entry) bool { return e.Name != "a.go" }}, "docs/heron.md 2: 1 [[6 11]] 3 [[2 7] [16 21]]"},
		{"what may not hold it", repo.Grep{Terms: lit("heron"), May: func(e repo.Entry, literal []byte) bool { return e.Name == "a.go" }}, "docs/heron.md 0:; src/a.go 1: 2 [[3 8]]"},
		{"none", repo.Grep{Terms: lit("heron", "zebra")}, ""},
	} {
		found, late, err := h.Grep(t.Context(), c.g)
		var parts []string
		for _, m := range found {
			s := fmt.Sprintf("%s %d:", m.Path, m.Lines)
			for _, l := range m.Hits {
				s += fmt.Sprintf(" %d %v", l.Line, l.Marks)
			}
			parts = append(parts, s)
		}
		if got := strings.Join(parts, "; "); err != nil || late || got != c.want {
			t.Errorf("%s: %q %v %v, want %q", c.name, got, late, err, c.want)
		}
	}
	_, _, err := h.Grep(t.Context(), repo.Grep{})
	wantCode(t, "no terms", err, fault.Usage)
	_, _, err = h.Grep(t.Context(), repo.Grep{Terms: []repo.Term{{Text: "(", Regex: true}}})
	wantCode(t, "an open group", err, fault.Invalid)
}

// What Grep reads is told with the version that EntryVersion gives, so that an index
// made of it can be trusted.
func TestGrepTellsWhatItRead(t *testing.T) {
	h := newHouse(t)
	h.put("a.md", "one\n")
	h.put("b.md", "two\n")
	versions := make(chan string, 4)
	if _, _, err := h.Grep(t.Context(), repo.Grep{Terms: []repo.Term{{Text: "one"}}, Read: func(e repo.Entry, version string, data []byte) {
		now, err := h.EntryVersion(e)
		if err != nil || now != version {
			t.Errorf("%s: version %q, then %q, %v", e.Path, version, now, err)
		}
		versions <- e.Path + " " + string(data)
	}}); err != nil {
		t.Fatal(err)
	}
	close(versions)
	var got []string
	for v := range versions {
		got = append(got, v)
	}
	slices.Sort(got)
	if strings.Join(got, "|") != "a.md one\n|b.md two\n" {
		t.Errorf("%q", got)
	}
}
