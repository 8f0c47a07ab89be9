package markdown

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

var kindMath = ast.NewNodeKind("Math")

// math is a formula, shown as it is written: $x$, $$x$$ and, in answers, \(x\)
// and \[x\], which in documents are escaped brackets.
type math struct {
	ast.BaseInline
	source []byte
}

func (*math) Kind() ast.NodeKind            { return kindMath }
func (n *math) Dump(source []byte, lvl int) { ast.DumpHelper(n, source, lvl, nil, nil) }

// mathParser keeps formulas from being read as markdown.
type mathParser struct{ brackets bool }

// maxFormula bounds the look-ahead for a formula's end, in bytes.
const maxFormula = 2000

func (p mathParser) Trigger() []byte {
	if p.brackets {
		return []byte{'$', '\\'}
	}
	return []byte{'$'}
}

func (p mathParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	for _, pair := range [][2]string{{"$$", "$$"}, {`\(`, `\)`}, {`\[`, `\]`}} {
		if bytes.HasPrefix(line, []byte(pair[0])) {
			return display(block, []byte(pair[1]))
		}
	}
	n := inlineFormula(line)
	if n == 0 {
		return nil
	}
	source := bytes.Clone(line[:n])
	block.Advance(n)
	return &math{source: source}
}

// display reads a formula up to closing, which may stand lines below.
func display(block text.Reader, closing []byte) ast.Node {
	var source []byte
	from := len(closing)
	for len(source) < maxFormula {
		line, _ := block.PeekLine()
		if line == nil {
			return nil
		}
		if i := bytes.Index(line[min(from, len(line)):min(len(line), maxFormula)], closing); i >= 0 {
			n := from + i + len(closing)
			source = append(source, line[:n]...)
			if len(bytes.TrimSpace(source)) == 2*len(closing) {
				return nil
			}
			block.Advance(n)
			return &math{source: source}
		}
		source = append(source, line...)
		from = 0
		block.AdvanceLine()
	}
	return nil
}

// inlineFormula is the length of the $x$ that line begins with, or 0: no space
// inside the dollars, and nothing that reads on after them, so that prices and
// shell variables stay what they are.
func inlineFormula(line []byte) int {
	if len(line) < 3 || line[0] != '$' || unicode.IsSpace(rune(line[1])) {
		return 0
	}
	i := bytes.IndexByte(line[1:min(len(line), maxFormula)], '$') + 1
	if i < 2 || unicode.IsSpace(rune(line[i-1])) || line[i-1] == '\\' {
		return 0
	}
	if r, _ := utf8.DecodeRune(line[i+1:]); i+1 < len(line) && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
		return 0
	}
	return i + 1
}
