package markdown

import (
	"html"
	"strings"
)

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
