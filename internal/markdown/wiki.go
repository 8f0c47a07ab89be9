package markdown

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

var kindWiki = ast.NewNodeKind("Wiki")

// wiki is [[name]], [[name#part]] or [[name|label]].
type wiki struct {
	ast.BaseInline
	name, label string
}

func (*wiki) Kind() ast.NodeKind            { return kindWiki }
func (n *wiki) Dump(source []byte, lvl int) { ast.DumpHelper(n, source, lvl, nil, nil) }

// wikiParser reads wiki links, before ordinary links see their brackets.
type wikiParser struct{}

func (wikiParser) Trigger() []byte { return []byte{'['} }

func (wikiParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if !bytes.HasPrefix(line, []byte("[[")) {
		return nil
	}
	inner, _, ok := bytes.Cut(line[2:min(len(line), 300)], []byte("]]"))
	if !ok || bytes.ContainsAny(inner, "[]\n") {
		return nil
	}
	name, label, labelled := strings.Cut(string(inner), "|")
	name, label = strings.TrimSpace(name), strings.TrimSpace(label)
	if name == "" || labelled && label == "" {
		return nil
	}
	if !labelled {
		label = name
	}
	block.Advance(len(inner) + 4)
	return &wiki{name: name, label: label}
}
