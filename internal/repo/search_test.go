package repo_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tasks/internal/fault"
	"tasks/internal/repo"
)

// found is path:line of each hit.
func found(hits repo.Hits) (list []string) {
	for _, h := range hits.Hits {
		list = append(list, fmt.Sprintf("%s:%d", h.Path, h.Line))
	}
	return list
}

func TestSearch(t *testing.T) {
	h := newHouse(t)
	h.put("docs/a.md", "# Title\nThe quick brown fox\r\nK and \u212a, é and É\n\nlast Line")
	h.put("docs/b.txt", "quick\nQuick\nQUICK quick\n--pre=/bin/sh\n-f/etc/passwd\n")
	h.put("docs/sub/c.md", "nothing\n(a+b)*[c]\nfoo\tbar  baz\n\n\nend\n")
	h.put("docs/bin.md", "quick\x00binary\n")
	h.put("docs/wide.md", "\xff\xfeq\x00u\x00i\x00c\x00k\x00")
	h.put("z-last.md", "quick")
	h.put(".env", "quick")
	h.put("evil\nname\x1b[31m:12:.md", "quick\n")
	for _, c := range []struct {
		q    repo.Query
		want []string
	}{
		{repo.Query{Text: "quick"}, []string{"docs/a.md:2", "docs/b.txt:1", "docs/b.txt:2", "docs/b.txt:3", "evil\nname\x1b[31m:12:.md:1", "z-last.md:1"}},
		{repo.Query{Text: "Quick"}, []string{"docs/b.txt:2"}},
		{repo.Query{Text: "line"}, []string{"docs/a.md:5"}},
		{repo.Query{Text: "é"}, []string{"docs/a.md:3"}},
		{repo.Query{Text: "É"}, []string{"docs/a.md:3"}},
		{repo.Query{Text: "(a+b)*[c]"}, []string{"docs/sub/c.md:2"}},
		{repo.Query{Text: "--pre=/bin/sh"}, []string{"docs/b.txt:4"}},
		{repo.Query{Text: "-f/etc/passwd"}, []string{"docs/b.txt:5"}},
		{repo.Query{Text: `^quick$`, Regex: true}, []string{"docs/b.txt:1", "evil\nname\x1b[31m:12:.md:1", "z-last.md:1"}},
		{repo.Query{Text: `fox$`, Regex: true}, []string{"docs/a.md:2"}},
		{repo.Query{Text: `^$`, Regex: true, Dir: "docs/sub"}, []string{"docs/sub/c.md:4", "docs/sub/c.md:5"}},
		{repo.Query{Text: `\s+baz`, Regex: true}, []string{"docs/sub/c.md:3"}},
		{repo.Query{Text: `o[^x]*h`, Regex: true, Dir: "docs/sub"}, []string{"docs/sub/c.md:1"}},
		{repo.Query{Text: `(?i)quick$`, Regex: true, Glob: "*.txt"}, []string{"docs/b.txt:1", "docs/b.txt:2", "docs/b.txt:3"}},
		{repo.Query{Text: `\Aend\z`, Regex: true}, []string{"docs/sub/c.md:6"}},
		{repo.Query{Text: `nothing\n`, Regex: true}, nil},
		{repo.Query{Text: "quick", Glob: "*.md"}, []string{"docs/a.md:2", "evil\nname\x1b[31m:12:.md:1", "z-last.md:1"}},
		{repo.Query{Text: "quick", Glob: "docs/*.{md,txt}"}, []string{"docs/a.md:2", "docs/b.txt:1", "docs/b.txt:2", "docs/b.txt:3"}},
		{repo.Query{Text: "end", Glob: "**/c.md"}, []string{"docs/sub/c.md:6"}},
		{repo.Query{Text: "end", Glob: "docs/"}, []string{"docs/sub/c.md:6"}},
		{repo.Query{Text: "end", Glob: "docs/**/*.md"}, []string{"docs/sub/c.md:6"}},
		{repo.Query{Text: "end", Glob: "docs/*.md"}, nil},
		{repo.Query{Text: "quick", Dir: "docs"}, []string{"docs/a.md:2", "docs/b.txt:1", "docs/b.txt:2", "docs/b.txt:3"}},
	} {
		hits, err := h.Search(context.Background(), c.q)
		if got := found(hits); err != nil || !slices.Equal(got, c.want) || hits.Truncated {
			t.Errorf("Search(%+v) = %q, %v, truncated %v; want %q", c.q, got, err, hits.Truncated, c.want)
		}
		for _, hit := range hits.Hits {
			if strings.ContainsAny(hit.Text, "\r\n") || !utf8.ValidString(hit.Text) || hit.From > hit.To || hit.To > len(hit.Text) {
				t.Errorf("Search(%+v): hit %+v", c.q, hit)
			}
			if !c.q.Regex && !strings.EqualFold(hit.Text[hit.From:hit.To], c.q.Text) {
				t.Errorf("Search(%+v): marks %q", c.q, hit.Text[hit.From:hit.To])
			}
		}
	}
	for what, q := range map[string]repo.Query{
		"an open group": {Text: "(", Regex: true}, "a look ahead": {Text: "(?=x)", Regex: true}, "a bomb": {Text: "(a{1000}){1000}", Regex: true},
		"an open class": {Text: "x", Glob: "[a"}, "an open brace": {Text: "x", Glob: "{a"}, "many braces": {Text: "x", Glob: strings.Repeat("{a,b}", 20)},
		"two lines": {Text: "a\nb"}, "a long query": {Text: strings.Repeat("x", 5000)},
	} {
		_, err := h.Search(context.Background(), q)
		wantCode(t, what, err, fault.Invalid)
	}
	_, err := h.Search(context.Background(), repo.Query{Text: "\xff"})
	if wantCode(t, "not UTF-8", err, fault.Invalid); err == nil || !strings.HasPrefix(err.Error(), "the query is not UTF-8") {
		t.Errorf("not UTF-8: %v", err)
	}
	_, err = h.Search(context.Background(), repo.Query{})
	wantCode(t, "no query", err, fault.Usage)
	_, err = h.Search(context.Background(), repo.Query{Text: "x", Dir: "gone"})
	wantCode(t, "no folder", err, fault.NotFound)
}

func TestSearchLimits(t *testing.T) {
	h := newHouse(t)
	for i := range 30 {
		h.put(fmt.Sprintf("d%02d/a.md", i), strings.Repeat("hit\n", 100))
	}
	for limit, want := range map[int]int{1: 1, 99: 99, 100: 100, 101: 101, 0: 200, 2999: 2999, 3000: 3000, 5000: 3000} {
		hits, err := h.Search(context.Background(), repo.Query{Text: "hit", Limit: limit})
		if err != nil || len(hits.Hits) != want || hits.Truncated != (want < 3000) {
			t.Errorf("limit %d: %d hits, truncated %v, %v; want %d", limit, len(hits.Hits), hits.Truncated, err, want)
		}
		// The same hits as without a limit, up to there.
		for i, hit := range hits.Hits {
			if hit.Path != fmt.Sprintf("d%02d/a.md", i/100) || hit.Line != i%100+1 {
				t.Fatalf("limit %d: hit %d is %+v", limit, i, hit)
			}
		}
	}
}

func TestSearchLongLinesAndFiles(t *testing.T) {
	h := newHouse(t)
	h.put("long.md", strings.Repeat("x", 3<<20)+"nęędle"+strings.Repeat("ü", 1<<20)+"\nshort nęędle\n")
	h.put("bad.md", strings.Repeat("\xff", 5000)+"nęędle"+strings.Repeat("\xc3", 5000))
	h.put("huge.md", strings.Repeat("nęędle\n", 1<<20))
	hits, err := h.Search(context.Background(), repo.Query{Text: "nęędle"})
	if err != nil || !slices.Equal(found(hits), []string{"bad.md:1", "long.md:1", "long.md:2"}) {
		t.Fatalf("%q, %v", found(hits), err)
	}
	for _, hit := range hits.Hits {
		if n := utf8.RuneCountInString(hit.Text); n > 400 || hit.Text[hit.From:hit.To] != "nęędle" || !utf8.ValidString(hit.Text) {
			t.Errorf("%s:%d: %d characters, marks %q", hit.Path, hit.Line, n, hit.Text[hit.From:hit.To])
		}
	}
	hits, err = h.Search(context.Background(), repo.Query{Text: "x{200}.*", Regex: true})
	if err != nil || len(hits.Hits) != 1 || hits.Hits[0].To-hits.Hits[0].From != 400 {
		t.Errorf("a match that is a line of megabytes: %d hits, %v", len(hits.Hits), err)
	}
}

// The hardest expression over the longest line ends with the time that is given.
func TestSearchEndsInTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.put("a.md", strings.Repeat(strings.Repeat("aé", 200)+"\n", 10000))
	begin := time.Now()
	hits, err := h.Search(context.Background(), repo.Query{Text: `(\pL{400}){2}\d`, Regex: true})
	if took := time.Since(begin); took > time.Minute || err != nil {
		t.Errorf("took %v, %v", took, err)
	}
	t.Logf("%v, truncated %v", time.Since(begin), hits.Truncated)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Search(ctx, repo.Query{Text: "x"}); !fault.Canceled(err) {
		t.Errorf("a cancelled search: %v", err)
	}
}

// Walk's order is that of whole paths.
func TestWalkOrder(t *testing.T) {
	files := []string{"a", "a-b", "a.md", "a/x", "a0", "ab/c", "b/a/c", "b/a-", "b/a.d/e", "ü", "Z", "_", "a b/c", "\x01c"}
	slices.Sort(files)
	both(t, func(t *testing.T, portable bool) {
		h := newHouse(t)
		for _, f := range files {
			if f != "a" { // is a folder
				h.put(f, f)
			}
		}
		if portable {
			h.Portable()
		}
		var want []string
		for _, f := range files {
			if f != "a" {
				want = append(want, f)
			}
		}
		wantWalk(t, h, "", want...)
		stop := fmt.Errorf("stop")
		n := 0
		err := h.Walk(context.Background(), "", func(repo.Entry) error {
			if n++; n == 3 {
				return stop
			}
			return nil
		})
		if err != stop || n != 3 {
			t.Errorf("stopped after %d with %v", n, err)
		}
	})
}

func TestWalkOfManyNamesAndDepth(t *testing.T) {
	h := newHouse(t)
	var want []string
	deep := strings.TrimSuffix(strings.Repeat("d/", 100), "/")
	h.put(deep+"/x.md", "x")
	want = append(want, deep+"/x.md")
	for i := range 3000 { // more than one read of the folder
		name := fmt.Sprintf("many/%s-%04d.md", strings.Repeat("n", 60), i)
		h.put(name, "")
		want = append(want, name)
	}
	wantWalk(t, h, "", want...)
}

// The same lines as ripgrep finds, for queries and files drawn at random.
func TestSearchAgainstRipgrep(t *testing.T) {
	t.Parallel()
	rg, err := exec.LookPath("rg")
	if err != nil {
		t.Skip("ripgrep is not installed")
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	words := []string{"a", "b", "A", "ab", "ba", "-", " ", "é", "É", "ß", "k", "K", "s", "\t", "0", ".", "*", "(", "x", "X"}
	draw := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(words[rnd.IntN(len(words))])
		}
		return b.String()
	}
	h := newHouse(t)
	for i := range 40 {
		var text strings.Builder
		for range rnd.IntN(40) {
			text.WriteString(draw(rnd.IntN(12)))
			text.WriteString("\n")
		}
		h.put(fmt.Sprintf("%d/%d.md", i%7, i), text.String()+draw(rnd.IntN(5)))
	}
	regexes := []string{"a+b", "^a", "b$", "[ab]{3}", "a.b", "(ab|ba)x?", "(?i)ab|x", "^$", "a*", "^[^a]*$", "x.*x", "é", "a|b|k", "(a)(b)?$", `\(.\*`, "^(-| )"}
	for i := range 120 {
		q := repo.Query{Text: draw(1 + rnd.IntN(3)), Limit: 1 << 20}
		args := []string{"-F"}
		switch {
		case i < len(regexes):
			q.Text, q.Regex, args = regexes[i], true, nil
		case strings.ToLower(q.Text) == q.Text:
			args = append(args, "-i")
		}
		want := ripgrep(t, rg, h.root, append(args, "-e", q.Text)...)
		hits, err := h.Search(context.Background(), q)
		if got := found(hits); err != nil || !slices.Equal(got, want) {
			t.Fatalf("Search(%+v): %v\n%d lines, ripgrep %d\nonly ours %q\nonly ripgrep's %q", q, err, len(got), len(want), minus(got, want), minus(want, got))
		}
	}
}

func ripgrep(t *testing.T, rg, dir string, args ...string) (list []string) {
	t.Helper()
	cmd := exec.Command(rg, append([]string{"--no-config", "-n", "-a", "--encoding", "none", "--no-ignore", "--hidden", "--no-heading", "--color", "never", "--null"}, append(args, "--", ".")...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() != 1) {
		t.Fatalf("rg %q: %v", args, err)
	}
	for line := range bytes.SplitSeq(bytes.TrimSuffix(out, []byte("\n")), []byte("\n")) {
		name, rest, ok := bytes.Cut(line, []byte("\x00"))
		number, _, _ := bytes.Cut(rest, []byte(":"))
		if ok {
			list = append(list, path.Clean(string(name))+":"+string(number))
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return before(list[i]) < before(list[j]) })
	return list
}

func before(s string) string { return s[:strings.LastIndexByte(s, ':')] }

func minus(a, b []string) (list []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			list = append(list, s)
		}
	}
	return list
}

// BenchmarkFolder is the work of one page: a path resolved, and a folder listed.
func BenchmarkStat(b *testing.B) {
	h := newHouse(b, "docs/guide/a.md")
	for b.Loop() {
		if _, err := h.Stat("docs/guide/a.md"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadFile(b *testing.B) {
	h := newHouse(b, "docs/guide/a.md")
	for b.Loop() {
		if _, err := h.ReadFile("docs/guide/a.md", 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadFileFloor(b *testing.B) {
	h := newHouse(b, "docs/guide/a.md")
	name := filepath.Join(h.root, "docs/guide/a.md")
	for b.Loop() {
		os.Stat(name)
		if _, err := os.ReadFile(name); err != nil {
			b.Fatal(err)
		}
	}
}
