package task

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"tasks/internal/lazy"
)

var bom = []byte("\xef\xbb\xbf")

// maxFront bounds what is parsed: a longer front matter is a mistake or an attack.
const maxFront = 256 << 10

// front is where the front matter of a file lies, as byte offsets.
type front struct {
	start int    // of its first line, behind the opening fence
	end   int    // of the closing fence
	body  int    // of what follows the closing fence
	eol   string // how the opening fence ends: "\n" or "\r\n"
}

// split finds the front matter: a first line of three dashes (a byte order mark
// before it is tolerated) up to a line of three dashes or three dots.
func split(src []byte) (front, *Broken) {
	start := 0
	if bytes.HasPrefix(src, bom) {
		start = len(bom)
	}
	line, next := cutLine(src, start)
	if !isFence(line, "---") {
		return front{}, &Broken{1, "there is no front matter: the first line is not ---"}
	}
	f := front{start: next, eol: "\n"}
	if bytes.HasSuffix(src[:next], []byte("\r\n")) {
		f.eol = "\r\n"
	}
	for at := next; at < len(src); at = next {
		line, next = cutLine(src, at)
		if isFence(line, "---") || isFence(line, "...") {
			f.end, f.body = at, next
			return f, nil
		}
	}
	return front{}, &Broken{1, "the front matter that begins here never ends: there is no second ---"}
}

// FrontMatter reads the front matter of any document: its mapping, nil where there is
// none or it is empty, and the text below it. Broken where it does not parse; body is
// then all of src.
func FrontMatter(src []byte) (mapping *yaml.Node, body []byte, broken *Broken) {
	if !hasFence(src) {
		return nil, bytes.TrimPrefix(src, bom), nil
	}
	f, broken := split(src)
	if broken == nil {
		mapping, broken = parseFront(src, f)
	}
	if broken != nil {
		return nil, src, broken
	}
	return mapping, src[f.body:], nil
}

// hasFence tells whether src begins as a file with front matter does.
func hasFence(src []byte) bool {
	line, _ := cutLine(bytes.TrimPrefix(src, bom), 0)
	return isFence(line, "---")
}

// cutLine is the line at offset at, without its end, and the offset of the next.
func cutLine(src []byte, at int) (line []byte, next int) {
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		return src[at : at+i], at + i + 1
	}
	return src[at:], len(src)
}

func isFence(line []byte, fence string) bool {
	return bytes.HasPrefix(line, []byte(fence)) && len(bytes.TrimRight(line[len(fence):], " \t\r")) == 0
}

// lineOf is the line of an offset as editors count: by line feeds, from 1.
func lineOf(src []byte, offset int) int { return 1 + bytes.Count(src[:offset], []byte("\n")) }

// parseFront reads the front matter as a yaml mapping; nil, nil for an empty one.
func parseFront(src []byte, f front) (*yaml.Node, *Broken) {
	text := src[f.start:f.end]
	if len(text) > maxFront {
		return nil, &Broken{1, fmt.Sprintf("the front matter is longer than %d KB", maxFront>>10)}
	}
	if b := unreadable(src, f); b != nil {
		return nil, b
	}
	doc, err := parseYAML(text)
	if err != nil {
		return nil, &Broken{lineOf(src, f.start+stopsAt(text, err)), reason(err)}
	}
	if doc.Kind == 0 {
		return nil, nil
	}
	root := doc.Content[0]
	lines := newLines(src, f)
	if root.Kind != yaml.MappingNode {
		if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
			return nil, nil
		}
		return nil, &Broken{lines.of(root), "the front matter is not a list of `key: value` lines"}
	}
	seen := map[string]int{}
	for i := 0; i < len(root.Content); i += 2 {
		key := root.Content[i]
		if key.Kind != yaml.ScalarNode {
			return nil, &Broken{lines.of(key), "a key is not a plain word"}
		}
		if first, twice := seen[key.Value]; twice {
			return nil, &Broken{lines.of(key), fmt.Sprintf("the key %q stands here a second time: the first is in line %d", key.Value, first)}
		}
		seen[key.Value] = lines.of(key)
	}
	return root, nil
}

// parseYAML never panics: the parser is not ours and the text is anybody's.
func parseYAML(text []byte) (doc *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: the parser gave up: %v", r)
		}
	}()
	doc = new(yaml.Node)
	return doc, yaml.Unmarshal(text, doc)
}

// unreadable finds what yaml refuses before it parses, and would report without a
// line: bytes that are no UTF-8, and control characters.
func unreadable(src []byte, f front) *Broken {
	for at := f.start; at < f.end; {
		r, size := utf8.DecodeRune(src[at:f.end])
		switch {
		case r == utf8.RuneError && size == 1:
			return &Broken{lineOf(src, at), fmt.Sprintf("byte %#02x is not UTF-8", src[at])}
		case !yamlPrintable(r):
			return &Broken{lineOf(src, at), fmt.Sprintf("the control character %U may not stand in front matter", r)}
		}
		at += size
	}
	return nil
}

// yamlPrintable is the set of characters that yaml accepts unescaped.
func yamlPrintable(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r == 0x85 ||
		r >= ' ' && r <= '~' || r >= 0xa0 && r <= 0xfffd && r != 0xfeff || r >= 0x10000
}

// stopsAt is the offset of the line at which text stops being yaml for good: the
// one behind the longest run of first lines that parses. Yaml's own number is of
// the construct it was in, often one off.
func stopsAt(text []byte, err error) int {
	var ends []int
	for at := 0; at < len(text); {
		_, next := cutLine(text, at)
		ends = append(ends, next)
		at = next
	}
	if len(ends) > 300 { // too many to try; yaml's own number will do
		return reported(ends, err)
	}
	for i := len(ends) - 2; i >= 0; i-- {
		if _, err := parseYAML(text[:ends[i]]); err == nil {
			return ends[i]
		}
	}
	return 0
}

var yamlLine = lazy.Regexp(`^yaml: line (\d+): `)

func reported(ends []int, err error) int {
	m := yamlLine().FindStringSubmatch(err.Error())
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	if n < 2 || n-2 >= len(ends) {
		return 0
	}
	return ends[n-2]
}

// reason is what yaml said, without its name and its line.
func reason(err error) string {
	s := yamlLine().ReplaceAllString(err.Error(), "")
	s, _, _ = strings.Cut(strings.TrimPrefix(s, "yaml: "), "\n")
	return s
}

// places turns the positions of yaml into byte offsets and lines of the file. Yaml
// ends lines at more characters than line feeds, and counts columns in characters.
// Asked in the order of the text it walks it once.
type places struct {
	src          []byte
	start, end   int // of the text that yaml was given
	at           int
	line, column int // of at, as yaml counts
}

func newPlaces(src []byte, f front) *places {
	return &places{src: src, start: f.start, end: f.end, at: f.start, line: 1, column: 1}
}

// offset is the byte offset of n in the file.
func (p *places) offset(n *yaml.Node) int {
	if n.Line < p.line || n.Line == p.line && n.Column < p.column {
		p.at, p.line, p.column = p.start, 1, 1
	}
	for p.at < p.end && (p.line < n.Line || p.line == n.Line && p.column < n.Column) {
		if size := breakSize(p.src[p.at:p.end]); size > 0 {
			if p.line == n.Line {
				break
			}
			p.at, p.line, p.column = p.at+size, p.line+1, 1
			continue
		}
		_, size := utf8.DecodeRune(p.src[p.at:p.end])
		p.at, p.column = p.at+size, p.column+1
	}
	return p.at
}

// lines finds the line of a node in the file, in one walk where asked in order.
type lines struct {
	*places
	counted, counts int // counts is the line of the offset counted
}

func newLines(src []byte, f front) *lines {
	return &lines{newPlaces(src, f), f.start, lineOf(src, f.start)}
}

func (l *lines) of(n *yaml.Node) int {
	at := l.offset(n)
	if at < l.counted {
		return lineOf(l.src, at)
	}
	l.counts += bytes.Count(l.src[l.counted:at], []byte("\n"))
	l.counted = at
	return l.counts
}

// breakSize is the length of the line break that b begins with, 0 for none.
func breakSize(b []byte) int {
	switch {
	case len(b) == 0:
		return 0
	case b[0] == '\n':
		return 1
	case b[0] == '\r':
		if len(b) > 1 && b[1] == '\n' {
			return 2
		}
		return 1
	case bytes.HasPrefix(b, []byte("\u0085")):
		return 2
	case bytes.HasPrefix(b, []byte("\u2028")), bytes.HasPrefix(b, []byte("\u2029")):
		return 3
	}
	return 0
}
