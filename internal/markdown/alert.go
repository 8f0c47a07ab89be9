package markdown

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
)

var kindAlert = ast.NewNodeKind("Alert")

// alert is a quote that begins with a line [!NOTE], [!TIP] and so on, or an
// admonition.
type alert struct {
	ast.BaseBlock
	name  string // note, tip, important, warning, caution
	title string
}

func (*alert) Kind() ast.NodeKind            { return kindAlert }
func (n *alert) Dump(source []byte, lvl int) { ast.DumpHelper(n, source, lvl, nil, nil) }

var alertTitles = map[string]string{
	"note": "Note", "tip": "Tip", "important": "Important", "warning": "Warning", "caution": "Caution",
}

// asAlert turns a quote into an alert where it is one, else nil. The tree is left
// as it was in the second case.
func asAlert(quote *ast.Blockquote, src []byte) *alert {
	p, ok := quote.FirstChild().(*ast.Paragraph)
	if !ok || p.Lines().Len() == 0 {
		return nil
	}
	first := p.Lines().At(0)
	mark := bytes.TrimSpace(first.Value(src))
	if len(mark) < 4 || !bytes.HasPrefix(mark, []byte("[!")) || mark[len(mark)-1] != ']' {
		return nil
	}
	name := strings.ToLower(string(mark[2 : len(mark)-1]))
	title, ok := alertTitles[name]
	if !ok {
		return nil
	}
	// Drop the inline nodes of the first line.
	for c := p.FirstChild(); c != nil; {
		next := c.NextSibling()
		t, isText := c.(*ast.Text)
		end := isText && (t.SoftLineBreak() || t.HardLineBreak())
		p.RemoveChild(p, c)
		if end {
			break
		}
		c = next
	}
	a := &alert{name: name, title: title}
	a.SetPos(quote.Pos())
	if !p.HasChildren() {
		quote.RemoveChild(quote, p)
	}
	for c := quote.FirstChild(); c != nil; {
		next := c.NextSibling()
		a.AppendChild(a, c)
		c = next
	}
	quote.Parent().ReplaceChild(quote.Parent(), quote, a)
	return a
}
