package markdown

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A formula becomes MathML, which browsers set themselves: in the line, in the page's
// colours, on paper and for screen readers, without a script. The TeX known here is
// what people write in markdown: letters and symbols, scripts, fractions, roots,
// accents, brackets that grow, matrices, cases and aligned lines. What is not known
// leaves the formula as it is written.

// maxTeX bounds how deep groups nest.
const maxTeX = 60

// mathML is the formula in MathML; ok is false where something in it is not known.
func mathML(tex string, block bool) (markup string, ok bool) {
	p := &texParser{src: tex}
	body := p.rows("")
	if p.failed || p.pos < len(p.src) {
		return "", false
	}
	kind := ""
	if block {
		kind = ` display="block"`
	}
	return `<math` + kind + `>` + group(body) + `</math>`, true
}

type texParser struct {
	src     string
	pos     int
	depth   int
	font    map[rune]rune // of letters, under \mathbb and the like
	upright bool
	failed  bool
}

func group(items []string) string {
	if len(items) == 1 {
		return items[0]
	}
	return "<mrow>" + strings.Join(items, "") + "</mrow>"
}

func (p *texParser) space() {
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.pos]) >= 0 {
		p.pos++
	}
}

// command reads \name or \x behind a backslash; "" where none is next.
func (p *texParser) command() string {
	if p.pos+1 >= len(p.src) || p.src[p.pos] != '\\' {
		return ""
	}
	end := p.pos + 1
	for end < len(p.src) && (p.src[end]|0x20 >= 'a' && p.src[end]|0x20 <= 'z') {
		end++
	}
	if end == p.pos+1 {
		_, n := utf8.DecodeRuneInString(p.src[end:])
		end += n
	}
	name := p.src[p.pos+1 : end]
	p.pos = end
	return name
}

// rows reads up to the end of its group: a brace, or the \right or \end that until
// names. & and \\ make a table of it only in an environment, which reads itself.
func (p *texParser) rows(until string) []string {
	if p.depth++; p.depth > maxTeX {
		p.failed = true
	}
	defer func() { p.depth-- }()
	var out []string
	for !p.failed {
		p.space()
		if p.pos >= len(p.src) {
			break
		}
		if c := p.src[p.pos]; c == '}' || c == '&' || c == ']' && until == "]" {
			break
		}
		at := p.pos
		if cmd := p.command(); cmd == "right" || cmd == "end" || cmd == `\` || cmd == "cr" {
			p.pos = at
			break
		}
		p.pos = at
		if item := p.scripted(); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// scripted reads an atom with what stands below and above it.
func (p *texParser) scripted() string {
	base, large := p.atom()
	var sub, sup string
	for !p.failed {
		p.space()
		if p.pos >= len(p.src) {
			break
		}
		switch c := p.src[p.pos]; {
		case c == '_' && sub == "":
			p.pos++
			sub = p.argument()
			continue
		case c == '^' && sup == "":
			p.pos++
			sup = p.argument()
			continue
		case c == '_' || c == '^':
			p.failed = true
		case c == '\'':
			n := 0
			for p.pos < len(p.src) && p.src[p.pos] == '\'' {
				p.pos++
				n++
			}
			primes := "<mo>" + strings.Repeat("′", min(n, 4)) + "</mo>"
			if sup != "" {
				p.failed = true
			}
			if p.pos < len(p.src) && p.src[p.pos] == '^' {
				p.pos++
				primes = "<mrow>" + primes + p.argument() + "</mrow>"
			}
			sup = primes
			continue
		}
		break
	}
	if base == "" && sub+sup != "" {
		base = "<mrow></mrow>"
	}
	below, above, both := "msub", "msup", "msubsup"
	if large {
		below, above, both = "munder", "mover", "munderover"
	}
	switch {
	case sub != "" && sup != "":
		return "<" + both + ">" + base + sub + sup + "</" + both + ">"
	case sub != "":
		return "<" + below + ">" + base + sub + "</" + below + ">"
	case sup != "":
		return "<" + above + ">" + base + sup + "</" + above + ">"
	}
	return base
}

// argument is what a command or script takes: a group, a command with its own, or one
// character.
func (p *texParser) argument() string {
	p.space()
	if p.pos >= len(p.src) {
		p.failed = true
		return ""
	}
	if c := p.src[p.pos]; c == '}' || c == '&' || c == '^' || c == '_' {
		p.failed = true
		return ""
	}
	if c := p.src[p.pos]; c >= '0' && c <= '9' {
		p.pos++
		return "<mn>" + string(c) + "</mn>"
	}
	item, _ := p.atom()
	if item == "" {
		return "<mrow></mrow>"
	}
	return item
}

// text reads a braced argument as it is written.
func (p *texParser) text() string {
	p.space()
	if p.pos >= len(p.src) || p.src[p.pos] != '{' {
		p.failed = true
		return ""
	}
	end, depth := p.pos, 0
	for ; end < len(p.src); end++ {
		switch p.src[end] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if end == len(p.src) {
		p.failed = true
		return ""
	}
	s := p.src[p.pos+1 : end]
	p.pos = end + 1
	return s
}

func (p *texParser) braced() string {
	p.space()
	if p.pos >= len(p.src) || p.src[p.pos] != '{' {
		return p.argument()
	}
	p.pos++
	inner := p.rows("}")
	if p.pos >= len(p.src) || p.src[p.pos] != '}' {
		p.failed = true
		return ""
	}
	p.pos++
	return group(inner)
}

// atom reads one thing; large tells that scripts stand below and above it.
func (p *texParser) atom() (markup string, large bool) {
	p.space()
	if p.pos >= len(p.src) || p.failed {
		return "", false
	}
	r, n := utf8.DecodeRuneInString(p.src[p.pos:])
	switch {
	case r == '{':
		return p.braced(), false
	case r == '\\':
		return p.named(p.command())
	case r == '^' || r == '_' || r == '\'':
		return "", false
	case r == '$' || r == '#' || r == '%' || r == '~' && false:
		p.failed = true
		return "", false
	case r == '~':
		p.pos++
		return space("0.33em"), false
	case r >= '0' && r <= '9' || r == '.' && p.pos+1 < len(p.src) && isDigit(p.src[p.pos+1]):
		return p.number(), false
	case unicode.IsLetter(r):
		p.pos += n
		return p.letter(r), false
	}
	p.pos += n
	switch r {
	case '-':
		r = '−'
	case '*':
		r = '∗'
	case '(', ')', '[', ']', '|', '/':
		return `<mo stretchy="false">` + string(r) + `</mo>`, false
	}
	return "<mo>" + html.EscapeString(string(r)) + "</mo>", false
}

func (p *texParser) number() string {
	from := p.pos
	for p.pos < len(p.src) && (isDigit(p.src[p.pos]) || p.src[p.pos] == '.' || p.src[p.pos] == ',' && p.pos+1 < len(p.src) && isDigit(p.src[p.pos+1]) && p.src[p.pos-1] != ',') {
		p.pos++
	}
	return "<mn>" + p.src[from:p.pos] + "</mn>"
}

func (p *texParser) letter(r rune) string {
	if to, ok := p.font[r]; ok {
		return `<mi mathvariant="normal">` + string(to) + "</mi>"
	}
	if p.upright || r > 0x2fff {
		return `<mi mathvariant="normal">` + string(r) + "</mi>"
	}
	return "<mi>" + string(r) + "</mi>"
}

func space(width string) string { return `<mspace width="` + width + `"></mspace>` }
