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

// named is what a command stands for.
func (p *texParser) named(cmd string) (markup string, large bool) {
	if s, ok := texLetters[cmd]; ok {
		return "<mi>" + s + "</mi>", false
	}
	if s, ok := texSymbols[cmd]; ok {
		return "<mo>" + html.EscapeString(s) + "</mo>", false
	}
	if s, ok := texLarge[cmd]; ok {
		return `<mo movablelimits="true">` + s + "</mo>", true
	}
	if s, ok := texIntegrals[cmd]; ok {
		return "<mo>" + s + "</mo>", false
	}
	if limits, ok := texFunctions[cmd]; ok {
		name := strings.TrimSpace(strings.NewReplacer("limsup", "lim sup", "liminf", "lim inf").Replace(cmd))
		if limits {
			return `<mo movablelimits="true" lspace="0" rspace="0.17em">` + name + "</mo>", true
		}
		return `<mi mathvariant="normal">` + name + `</mi><mo>⁡</mo>`, false
	}
	if w, ok := texSpaces[cmd]; ok {
		return space(w), false
	}
	if s, ok := texAccents[cmd]; ok {
		return `<mover accent="true">` + p.argument() + "<mo>" + s + "</mo></mover>", false
	}
	if first, ok := texFonts[cmd]; ok {
		return p.inFont(first), false
	}
	return p.structure(cmd)
}

// structure is a command that takes arguments.
func (p *texParser) structure(cmd string) (markup string, large bool) {
	switch cmd {
	case "frac", "dfrac", "tfrac", "cfrac":
		return "<mfrac>" + p.argument() + p.argument() + "</mfrac>", false
	case "binom", "dbinom", "tbinom":
		return `<mrow><mo>(</mo><mfrac linethickness="0">` + p.argument() + p.argument() + "</mfrac><mo>)</mo></mrow>", false
	case "sqrt":
		if p.pos < len(p.src) && p.src[p.pos] == '[' {
			p.pos++
			index := group(p.rows("]"))
			if p.pos >= len(p.src) || p.src[p.pos] != ']' {
				p.failed = true
				return "", false
			}
			p.pos++
			return "<mroot>" + p.argument() + index + "</mroot>", false
		}
		return "<msqrt>" + p.argument() + "</msqrt>", false
	case "text", "textrm", "textnormal", "mbox", "hbox":
		return "<mtext>" + mathText(p.text()) + "</mtext>", false
	case "textbf", "textit":
		return "<mtext>" + mathText(p.text()) + "</mtext>", false
	case "operatorname":
		if p.pos < len(p.src) && p.src[p.pos] == '*' {
			p.pos++
			return `<mo movablelimits="true" lspace="0" rspace="0.17em">` + mathText(p.text()) + "</mo>", true
		}
		return `<mi mathvariant="normal">` + mathText(p.text()) + "</mi><mo>⁡</mo>", false
	case "overset", "stackrel":
		above := p.argument()
		return "<mover>" + p.argument() + above + "</mover>", false
	case "underset":
		below := p.argument()
		return "<munder>" + p.argument() + below + "</munder>", false
	case "underbrace":
		return "<munder>" + p.argument() + "<mo>⏟</mo></munder>", true
	case "overbrace":
		return "<mover>" + p.argument() + "<mo>⏞</mo></mover>", true
	case "underline":
		return "<munder>" + p.argument() + "<mo>_</mo></munder>", false
	case "not":
		p.space()
		if p.pos < len(p.src) && p.src[p.pos] == '=' {
			p.pos++
			return "<mo>≠</mo>", false
		}
		if cmd := p.command(); cmd == "in" {
			return "<mo>∉</mo>", false
		}
	case "left":
		return p.fenced(), false
	case "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "middle":
		return `<mo stretchy="true">` + p.delimiter() + "</mo>", false
	case "begin":
		return p.environment(), false
	case "displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "nonumber", "notag":
		return "", false
	}
	p.failed = true
	return "", false
}

// mathText is text within a formula: spaces at its ends count.
func mathText(s string) string {
	return strings.NewReplacer(" ", "\u00a0", `\`, "").Replace(html.EscapeString(s))
}

// inFont reads an argument whose letters have another face.
func (p *texParser) inFont(face texFace) string {
	font, upright := p.font, p.upright
	defer func() { p.font, p.upright = font, upright }()
	p.font, p.upright = face.letters(), face.upright
	return p.argument()
}

// delimiter is the bracket that follows \left or \big.
func (p *texParser) delimiter() string {
	p.space()
	if p.pos >= len(p.src) {
		p.failed = true
		return ""
	}
	if p.src[p.pos] == '\\' {
		cmd := p.command()
		if s, ok := texDelimiters[cmd]; ok {
			return s
		}
		p.failed = true
		return ""
	}
	c := p.src[p.pos]
	p.pos++
	switch c {
	case '.':
		return ""
	case '<':
		return "⟨"
	case '>':
		return "⟩"
	case '(', ')', '[', ']', '|', '/':
		return string(c)
	}
	p.failed = true
	return ""
}

func (p *texParser) fenced() string {
	open := p.delimiter()
	inner := p.rows("right")
	if p.failed || p.command() != "right" {
		p.failed = true
		return ""
	}
	shut := p.delimiter()
	return `<mrow><mo fence="true" form="prefix">` + open + `</mo>` + group(inner) + `<mo fence="true" form="postfix">` + shut + `</mo></mrow>`
}

// environment is a matrix, cases or aligned lines.
func (p *texParser) environment() string {
	name := p.text()
	form, ok := texEnvironments[strings.TrimSuffix(name, "*")]
	if !ok {
		p.failed = true
		return ""
	}
	if name == "array" {
		p.text() // columns: all are centred
	}
	var rows strings.Builder
	row := []string{}
	for !p.failed {
		row = append(row, group(p.rows("end")))
		if p.pos >= len(p.src) {
			p.failed = true
			break
		}
		if p.src[p.pos] == '&' {
			p.pos++
			continue
		}
		cmd := p.command()
		if (cmd != "end" || len(row) > 1 || row[0] != "<mrow></mrow>") && len(row) > 0 {
			rows.WriteString("<mtr>")
			for i, cell := range row {
				rows.WriteString(`<mtd class="` + form.class(i) + `">` + cell + "</mtd>")
			}
			rows.WriteString("</mtr>")
		}
		row = row[:0]
		if cmd == "end" {
			break
		}
		if cmd != `\` && cmd != "cr" {
			p.failed = true
		}
	}
	if p.failed || p.text() != name {
		p.failed = true
		return ""
	}
	table := "<mtable>" + rows.String() + "</mtable>"
	if form.align || form.lines {
		table = `<mtable displaystyle="true">` + rows.String() + "</mtable>"
	}
	if form.open+form.shut == "" {
		return table
	}
	return `<mrow><mo fence="true" form="prefix">` + form.open + `</mo>` + table + `<mo fence="true" form="postfix">` + form.shut + `</mo></mrow>`
}
