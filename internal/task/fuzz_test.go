package task

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"tasks/internal/fault"
)

var fuzzSeeds = []string{
	"---\nstatus: ready\ntitle: a\n---\nbody\n",
	"---\r\nstatus: ready # c\r\nlabels: [a, \"b, c\"]\r\n---\r\n## Plan\r\n",
	"\ufeff---\ntitle: 'it''s' # x\ndepends_on:\n  - a # one\n\n  # two\n  - b\nowner:\n---\n",
	"---\nassignee: x\ntags:\n- a\n- b\ndescription: >-\n  a\n  b\n\n# c\nx: {y: [1, 2]}\n---\n",
	"---\na: &x 1\nb: *x\n? c\n: d\n---\n",
	"---\ntitle: a\n  b c\n\n  d # e\n\"żółw\": {a: ż}\nupdated: 2026-01-01\n...\n",
	"---\n{status: ready, a: [b, c]}\n---\n",
	"---\n  a: 1\n  b: |+\n    x\n\n  c: \"a\\\n   b\"\n---\n",
	"---\na: 1\na: 2\n---\n",
	"---\n\tstatus: ready\n---\n",
	"---\nstatus: ready\n",
	"## Plan\n",
	"---\ndepends_on:\n  -\n  - ~\n  - - a\n---\n",
	"---\na: x\u0085b: y\u2028c: z\rd: q\n---\n",
	"---\nlabels: [ # c\n a, # d\n b, ]\nstatus: ready\n---\n",
	"---\nlabels: [a?]\n---\n",
	"---\ntitle: a?\nlabels: [a?b, c]\n---\n",
}

// FuzzSet holds Set against two oracles that share no code with it: the lines of the
// other keys, byte for byte, and what yaml makes of the result.
func FuzzSet(f *testing.F) {
	for i, s := range fuzzSeeds {
		for _, key := range []string{"status", "title", "labels", "owner", "a", "depends_on", "description", "b"} {
			f.Add([]byte(s), key, "blocked", byte(i%4))
		}
	}
	f.Add([]byte(fuzzSeeds[0]), "title", "a: b # \"c\" \u2028 \x00", byte(0))
	f.Add([]byte(fuzzSeeds[3]), "labels", "a\nc, d\nb", byte(1))
	f.Add([]byte("---\nstatus: ready\na: [.nan]\n---\n"), "status", "blocked", byte(0))
	f.Add([]byte(fuzzSeeds[0]), "null", "a", byte(0))
	f.Fuzz(func(t *testing.T, src []byte, key, val string, mode byte) {
		c := Change{Key: key}
		switch mode % 3 {
		case 0:
			c.Value = val
		case 1:
			c.Value = strings.Split(val, "\n")
		}
		original := bytes.Clone(src)
		got, err := Set(src, c)
		if !bytes.Equal(src, original) {
			t.Fatal("Set wrote into its argument")
		}
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("a refusal that is not invalid: %v", err)
			}
			return
		}
		checkOthers(t, src, got, Key(key))
		checkReadsBack(t, got, key, c.Value)
		again, err := Set(got, c)
		if err != nil || !bytes.Equal(again, got) {
			t.Fatalf("set twice: %v\n%q\n%q", err, got, again)
		}
	})
}

// checkOthers compares line by line: what differs lies within the lines of the key,
// or is one line more before the closing fence. And every other key decodes as before.
func checkOthers(t *testing.T, src, got []byte, key string) {
	before, after := fields(t, src, key), fields(t, got, key)
	if !equal(before.others, after.others) {
		t.Fatalf("another key changed:\n%q\n%q", src, got)
	}
	if before.count > 1 {
		return // a key and its alias, both taken out
	}
	a, b := bytes.SplitAfter(src, []byte("\n")), bytes.SplitAfter(got, []byte("\n"))
	from := 0
	for from < min(len(a), len(b)) && bytes.Equal(a[from], b[from]) {
		from++
	}
	to, end := len(a), len(b)
	for to > from && end > from && bytes.Equal(a[to-1], b[end-1]) {
		to, end = to-1, end-1
	}
	switch {
	case from == to && from == end:
	case before.count == 0 && (to != from || from != before.fence || end != from+1):
		t.Fatalf("added in another place, or more than one line:\n%q\n%q", src, got)
	case before.count == 1 && (from < before.first || to > before.behind+before.shared):
		t.Fatalf("lines %d to %d changed, the key has %d to %d:\n%q\n%q", from, to, before.first, before.behind, src, got)
	}
}

// equal tells whether a and b are; .nan, which equals nothing, is so to itself.
func equal(a, b map[string]any) bool {
	return reflect.DeepEqual(a, b) || strings.Contains(fmt.Sprint(a), "NaN") && fmt.Sprintf("%#v", a) == fmt.Sprintf("%#v", b)
}

// field is where a key stands, in lines from 0, and what the other keys hold.
type field struct {
	count, first, behind, fence int
	shared                      int // 1 where a line may hold the end of one key and the next
	others                      map[string]any
}

func fields(t *testing.T, src []byte, key string) field {
	f, broken := split(src)
	if broken != nil {
		t.Fatalf("does not parse: %v in %q", broken, src)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(src[f.start:f.end], &doc); err != nil {
		t.Fatalf("%v in %q", err, src)
	}
	out := field{fence: bytes.Count(src[:f.end], []byte("\n")), others: map[string]any{}}
	if doc.Kind == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return out
	}
	nodes := doc.Content[0].Content
	if strings.Contains(normalBreaks(string(src[f.start:f.end])), "\x01\n") {
		out.shared = 1
	}
	for i := 0; i < len(nodes); i += 2 {
		if Key(nodes[i].Value) != key {
			var v any
			_ = nodes[i+1].Decode(&v)
			out.others[nodes[i].Value] = v
			continue
		}
		out.count++
		out.first, out.behind = fileLine(src, f, nodes[i].Line), out.fence
		if i+2 < len(nodes) {
			out.behind = fileLine(src, f, nodes[i+2].Line)
		}
	}
	return out
}

// fileLine turns a line of yaml, which ends at more characters, into one of the file.
func fileLine(src []byte, f front, line int) int {
	n := bytes.Count(src[:f.start], []byte("\n"))
	text := normalBreaks(string(src[f.start:f.end]))
	for i, s := range strings.SplitAfter(text, "\n") {
		if i == line-1 {
			return n
		}
		if !strings.HasSuffix(s, "\x01\n") {
			n++
		}
	}
	return n
}

// normalBreaks ends lines with a line feed where yaml does, marked where the file
// has none.
func normalBreaks(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.NewReplacer("\r", "\x01\n", "\u0085", "\x01\n", "\u2028", "\x01\n", "\u2029", "\x01\n").Replace(s)
}

func checkReadsBack(t *testing.T, got []byte, key string, want any) {
	f, _ := split(got)
	var m map[string]any
	var nodes map[string]yaml.Node
	if err := yaml.Unmarshal(got[f.start:f.end], &m); err != nil && !strings.Contains(err.Error(), "cannot") && !strings.Contains(err.Error(), "invalid map key") && !strings.Contains(err.Error(), "map merge") {
		t.Fatalf("%v in %q", err, got)
	}
	if yaml.Unmarshal(got[f.start:f.end], &nodes) != nil {
		return
	}
	var doc yaml.Node
	if yaml.Unmarshal(got[f.start:f.end], &doc) == nil && doc.Kind != 0 {
		for i, k := range doc.Content[0].Content { // a key that is the word null is none to a map
			if i%2 == 0 && k.ShortTag() == "!!null" {
				nodes[k.Value] = *doc.Content[0].Content[i+1]
			}
		}
	}
	n, there := nodes[Key(key)]
	if s := known[key]; s != nil {
		for _, a := range s.aliases {
			if m, is := nodes[a]; is && !there {
				n, there = m, true
			}
		}
	}
	switch v := want.(type) {
	case nil:
		if there {
			t.Fatalf("%s is still there: %q", key, got)
		}
	case string:
		if known[key] == nil && n.Value != v {
			t.Fatalf("%s reads %q, want %q: %q", key, n.Value, v, got)
		}
	case []string:
		if len(n.Content) != len(v) {
			t.Fatalf("%s has %d items, want %q: %q", key, len(n.Content), v, got)
		}
		for i := range v {
			if n.Content[i].Value != v[i] {
				t.Fatalf("%s reads %q at %d, want %q: %q", key, n.Content[i].Value, i, v, got)
			}
		}
	}
}

// FuzzParse: any file is a task of some kind, with a line that exists, and what the
// quick reader reads is what yaml reads.
func FuzzParse(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s))
	}
	f.Add([]byte("---\na: [b, 'c', \"d\"]\nb:\n- x\n- y z\nc: null\nd: ''\n# e\nf: http://x/y#z\n---\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		tk := Parse("tasks/a.md", src)
		if tk.Broken != nil && (tk.Broken.Line < 1 || tk.Broken.Line > 1+bytes.Count(src, []byte("\n")) || tk.Broken.Reason == "" || strings.Contains(tk.Broken.Reason, "\n")) {
			t.Fatalf("broken in no line: %+v", tk.Broken)
		}
		if tk.Body < 0 || tk.Body > len(src) {
			t.Fatalf("body at %d of %d", tk.Body, len(src))
		}
		Check(tk, src, true)
		sameEitherWay(t, src)
	})
}

func sameEitherWay(t *testing.T, src []byte) {
	f, broken := split(src)
	if broken != nil {
		return
	}
	fast, ok := quick(src, f)
	if !ok {
		return
	}
	root, broken := parseFront(src, f)
	if broken != nil {
		t.Fatalf("read quickly, but broken: %+v\n%q", broken, src)
	}
	slow := entries(src, f, root)
	if len(fast) != len(slow) {
		t.Fatalf("quick %+v\nyaml %+v\n%q", fast, slow, src)
	}
	for i := range fast {
		a, b := fast[i], slow[i]
		if a.key != b.key || a.line != b.line || a.kind != b.kind || a.value != b.value || strings.Join(a.items, "\x00") != strings.Join(b.items, "\x00") || len(a.items) != len(b.items) {
			t.Fatalf("quick %+v\nyaml  %+v\n%q", a, b, src)
		}
	}
}

// FuzzSections: headings stand where they are said to stand.
func FuzzSections(f *testing.F) {
	f.Add([]byte("---\nstatus: ready\n---\n\n## Problem\n\n<!-- a\n## b\n-->\n\n## plan ##\n```\n## c\n```\n- [ ] x\n"))
	f.Add([]byte("## \n~~~\n## x\n"))
	f.Add([]byte("# a\n## b `<!--` c <!-- d --> \r\n## e\r\n<!-- --> f <!--"))
	f.Fuzz(func(t *testing.T, src []byte) {
		lines := strings.Split(string(src), "\n")
		last := 0
		for _, s := range Sections(src) {
			if s.Line <= last || s.Line > len(lines) {
				t.Fatalf("section %q in line %d after %d of %d", s.Name, s.Line, last, len(lines))
			}
			last = s.Line
			if !strings.HasPrefix(strings.TrimLeft(lines[s.Line-1], " "), "##") {
				t.Fatalf("line %d is no heading: %q", s.Line, lines[s.Line-1])
			}
			if utf8.ValidString(string(src)) && !strings.Contains(strings.ReplaceAll(string(src), "\r\n", "\n"), s.Text) {
				t.Fatalf("the text %q is not in the file", s.Text)
			}
			if s.State == Filled && strings.TrimSpace(s.Text) == "" {
				t.Fatalf("section %q is filled with nothing", s.Name)
			}
		}
	})
}
