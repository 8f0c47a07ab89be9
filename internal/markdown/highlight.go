package markdown

import (
	"bytes"
	"path"
	"strings"
)

// Highlight is code as HTML: escaped, with spans of the classes that
// assets/css/code.css colours. No span crosses a line. Code in a language that is
// not known, and code over maxCode, is only escaped.
//
// It is a scanner over tables of words and delimiters rather than a grammar for
// each language: one pass, no regular expressions, so that hostile code costs no
// more than any other. What it misreads ends with the line or the literal.
func Highlight(lang string, code []byte) string {
	l := languageOf(lang)
	if l == nil || len(code) > maxCode {
		return escape(string(code))
	}
	h := &highlighter{lang: l, src: code}
	h.out.Grow(len(code) * 2)
	switch l.form {
	case formMarkup:
		h.markup()
	case formDiff:
		h.lines(h.diffLine)
	case formKeys:
		h.lines(h.keyLine)
	case formConsole:
		h.lines(h.consoleLine)
	case formMarkdown:
		h.lines(h.markdownLine())
	default:
		h.code(len(code))
	}
	return h.out.String()
}

// LanguageOfFile is the language of a file by its name, for Highlight; "" where
// it is not known.
func LanguageOfFile(name string) string {
	base := strings.ToLower(path.Base(name))
	if l, ok := fileNames[base]; ok {
		return l
	}
	ext := strings.TrimPrefix(path.Ext(base), ".")
	if ext == "" || languageOf(ext) == nil {
		return ""
	}
	return ext
}

// highlighter scans src from at, writing what it passes.
type highlighter struct {
	lang *lang
	src  []byte
	at   int
	out  strings.Builder
}

// span writes src up to end, in a class where there is one, line by line.
func (h *highlighter) span(class string, end int) {
	if class == "" {
		h.text(h.src[h.at:end])
		h.at = end
		return
	}
	for h.at < end {
		stop := end
		if i := bytes.IndexByte(h.src[h.at:end], '\n'); i >= 0 {
			stop = h.at + i
		}
		if stop > h.at {
			h.out.WriteString(`<span class="` + class + `">`)
			h.text(h.src[h.at:stop])
			h.out.WriteString(`</span>`)
		}
		if stop < end {
			h.out.WriteByte('\n')
			stop++
		}
		h.at = stop
	}
}

func (h *highlighter) text(s []byte) {
	from := 0
	for i, c := range s {
		var esc string
		switch c {
		case '&':
			esc = "&amp;"
		case '<':
			esc = "&lt;"
		case '>':
			esc = "&gt;"
		case '"':
			esc = "&#34;"
		case '\'':
			esc = "&#39;"
		default:
			continue
		}
		h.out.Write(s[from:i])
		h.out.WriteString(esc)
		from = i + 1
	}
	h.out.Write(s[from:])
}

// code scans up to end by the language's tables.
func (h *highlighter) code(end int) {
	l := h.lang
	for h.at < end {
		c := h.src[h.at]
		switch {
		case l.starts[c] && h.literal(end):
		case isDigit(c):
			h.span("m", h.number(end))
		case isLetter(c) || c == '_' || c >= 0x80:
			h.word(end)
		case l.sigils[c] != "" && h.at+1 < end && (isLetter(h.src[h.at+1]) || h.src[h.at+1] == '_' || h.src[h.at+1] == '{'):
			h.span(l.sigils[c], h.sigil(end))
		default:
			h.span("", h.at+1)
		}
	}
}

// literal passes a comment or string that begins here.
func (h *highlighter) literal(end int) bool {
	rest := h.src[h.at:end]
	for _, c := range h.lang.line {
		if bytes.HasPrefix(rest, []byte(c)) && (c != "#" && c != "%" || h.atWordStart()) {
			h.span("c", h.at+lineLen(rest))
			return true
		}
	}
	for _, q := range h.lang.quotes {
		if !bytes.HasPrefix(rest, []byte(q.open)) {
			continue
		}
		n := q.length(rest)
		if n == 0 {
			continue
		}
		class := q.class
		if class == "s" && h.lang.keys && isKey(rest[n:]) {
			class = "nt"
		}
		h.span(class, h.at+n)
		return true
	}
	return false
}

// atWordStart tells that what is here begins a word: $# and a#b hold no comment.
func (h *highlighter) atWordStart() bool {
	if h.at == 0 {
		return true
	}
	c := h.src[h.at-1]
	return c == ' ' || c == '\t' || c == '\n' || strings.IndexByte("(){}[];,", c) >= 0
}

func isKey(rest []byte) bool {
	for _, c := range rest {
		if c != ' ' && c != '\t' {
			return c == ':'
		}
	}
	return false
}

// number is the end of a number that begins here.
func (h *highlighter) number(end int) int {
	i := h.at
	for i < end {
		c := h.src[i]
		if isDigit(c) || isLetter(c) || c == '_' || c == '.' && i+1 < end && isDigit(h.src[i+1]) ||
			(c == '+' || c == '-') && (h.src[i-1]|0x20 == 'e') && !bytes.HasPrefix(h.src[h.at:], []byte("0x")) {
			i++
			continue
		}
		break
	}
	return i
}

// word passes an identifier and decides what it is.
func (h *highlighter) word(end int) {
	i := h.at
	for i < end && (isLetter(h.src[i]) || isDigit(h.src[i]) || h.src[i] == '_' || h.src[i] >= 0x80 || h.lang.dash && h.src[i] == '-' && i+1 < end && isLetter(h.src[i+1])) {
		i++
	}
	word := string(h.src[h.at:i])
	if h.lang.fold {
		word = strings.ToLower(word)
	}
	class := h.lang.words[word]
	if class == "k" && h.at > 0 && h.src[h.at-1] == '.' {
		class = "" // a.type, x.end: a member, not a keyword
	}
	if class == "" && i < end && (h.src[i] == '(' || h.src[i] == '!' && i+1 < end && h.src[i+1] == '(') && h.lang.calls {
		class = "nf"
	}
	h.span(class, i)
}

// sigil is the end of $name, ${name} or @name.
func (h *highlighter) sigil(end int) int {
	i := h.at + 1
	if h.src[i] == '{' {
		if n := bytes.IndexAny(h.src[i:end], "}\n"); n > 0 && h.src[i+n] == '}' {
			return i + n + 1
		}
		return i
	}
	for i < end && (isLetter(h.src[i]) || isDigit(h.src[i]) || h.src[i] == '_' || h.src[i] == '.' && h.src[h.at] == '@') {
		i++
	}
	return i
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// lineLen is the length of the first line without its end.
func lineLen(s []byte) int {
	if i := bytes.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s)
}
