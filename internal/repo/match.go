package repo

import (
	"bytes"
	"context"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"

	"tasks/internal/fault"
)

// maxQuery is the length of a query in bytes.
const maxQuery = 4096

// matcher finds the lines that a query means.
type matcher struct {
	needle needle         // every matching line holds it; may be empty
	line   *regexp.Regexp // matches a line; nil where the needle is all there is
	text   *regexp.Regexp // matches somewhere in every text with a matching line
}

func compileQuery(text string, isRegex bool) (*matcher, error) {
	switch {
	case text == "":
		return nil, fault.New(fault.Usage, "the query is empty")
	case len(text) > maxQuery:
		return nil, fault.New(fault.Invalid, "the query is too long: over %d bytes", maxQuery)
	case !utf8.ValidString(text):
		return nil, fault.New(fault.Invalid, "the query is not UTF-8: %q", text)
	case !isRegex && strings.ContainsAny(text, "\r\n"):
		return nil, fault.New(fault.Invalid, "the query has several lines: search compares line by line")
	case isRegex:
		return compileRegex(text)
	}
	if strings.ContainsFunc(text, unicode.IsUpper) {
		return &matcher{needle: newNeedle([]byte(text), false)}, nil
	}
	if isASCII(text) {
		return &matcher{needle: newNeedle([]byte(text), true)}, nil
	}
	return compileRegex("(?i)" + regexp.QuoteMeta(text))
}

func compileRegex(text string) (*matcher, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%q is not a regular expression: %w", text, err).
			WithHint("RE2 syntax; to search for the characters themselves leave --regex away")
	}
	line, err := regexp.Compile(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%q is not a regular expression: %w", text, err)
	}
	m := &matcher{line: line}
	if lit, fold := required(tree); len(lit) > 0 {
		m.needle = newNeedle(lit, fold)
		return m, nil
	}
	lineAnchors(tree)
	m.text, err = regexp.Compile(tree.String())
	if err != nil {
		return nil, fault.New(fault.Invalid, "%q is not a regular expression: %w", text, err)
	}
	return m, nil
}

// candidate is a place at or after from in a line that may match, -1 where there is
// none or ctx has ended. from is the beginning of a line.
func (m *matcher) candidate(ctx context.Context, data []byte, from int) int {
	switch {
	case from >= len(data) || ctx.Err() != nil:
		return -1
	case m.needle.len() > 0:
		return plus(from, m.needle.index(data[from:]))
	case m.lineEnds(data[from:]):
		return from
	}
	// By the window, because nothing else ends an expression that takes long.
	for ; from < len(data) && ctx.Err() == nil; from += len(wholeLines(data[from:])) {
		window := wholeLines(data[from:])
		at := m.text.FindIndex(window)
		switch {
		case at == nil:
			continue
		case at[0] < len(window):
			return from + at[0]
		case window[len(window)-1] != '\n':
			return len(data) - 1 // at the end of the last line
		}
	}
	return -1
}

// lineEnds tells whether a line may end before a \r, which an expression over the
// whole text does not know: then each line is tried.
func (m *matcher) lineEnds(data []byte) bool { return bytes.IndexByte(wholeLines(data), '\r') >= 0 }

// wholeLines is the beginning of data, whole lines of at least 64 KB where there are.
func wholeLines(data []byte) []byte {
	const window = 64 << 10
	if len(data) <= window {
		return data
	}
	if i := bytes.IndexByte(data[window:], '\n'); i >= 0 {
		return data[:window+i+1]
	}
	return data
}

func plus(from, i int) int {
	if i < 0 {
		return -1
	}
	return from + i
}

// find is the first match in a line.
func (m *matcher) find(line []byte) (from, to int, ok bool) {
	if m.line == nil {
		i := m.needle.index(line)
		return i, i + m.needle.len(), i >= 0
	}
	at := m.line.FindIndex(line)
	if at == nil {
		return 0, 0, false
	}
	return at[0], at[1], true
}

// lineAnchors makes anchors of the text anchors of lines, since every line is a text
// of its own.
func lineAnchors(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpBeginText:
		re.Op = syntax.OpBeginLine
	case syntax.OpEndText:
		re.Op = syntax.OpEndLine
	}
	for _, sub := range re.Sub {
		lineAnchors(sub)
	}
}

// required is the longest literal that every match holds, nil where none is known.
func required(re *syntax.Regexp) (lit []byte, fold bool) {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return []byte(string(re.Rune)), false
		}
		return foldable(re.Rune), true
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if l, f := required(sub); len(l) > len(lit) {
				lit, fold = l, f
			}
		}
	}
	return lit, fold
}

// foldable is the longest run of characters whose only other case is ASCII: k and s
// have a third one.
func foldable(runes []rune) (best []byte) {
	var run []byte
	for _, c := range runes {
		if c >= 0x80 || strings.ContainsRune("kKsS", c) {
			run = nil
			continue
		}
		if run = append(run, byte(unicode.ToLower(c))); len(run) > len(best) {
			best = run
		}
	}
	return best
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c >= 0x80 }) < 0
}
