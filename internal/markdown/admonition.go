package markdown

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"tasks/internal/lazy"
)

// admonition reads the alerts of MkDocs, whose trees we serve as well:
//
//	!!! warning "Title"
//	    Indented content.
//
// ??? makes the same, open: nothing is hidden from a reader without scripts.
type admonition struct{}

var admonitionLine = lazy.Regexp(`^(?:!!!|\?\?\?\+?)[ \t]*([A-Za-z]+)(?:[ \t]+"([^"]*)")?[ \t]*\r?\n?$`)

// admonitions are the kinds that MkDocs knows, by the alert that each becomes.
var admonitions = map[string]string{
	"note": "note", "info": "note", "abstract": "note", "summary": "note", "todo": "note", "question": "note", "help": "note",
	"faq": "note", "example": "note", "quote": "note", "seealso": "note",
	"tip": "tip", "hint": "tip", "success": "tip", "check": "tip", "done": "tip", "important": "important",
	"warning": "warning", "attention": "warning", "caution": "caution", "danger": "caution", "error": "caution", "failure": "caution",
	"bug": "caution",
}

func (admonition) Trigger() []byte { return []byte{'!', '?'} }

func (admonition) Open(_ ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, _ := reader.PeekLine()
	if pc.BlockOffset() < 0 {
		return nil, parser.NoChildren
	}
	m := admonitionLine().FindSubmatch(line[pc.BlockOffset():])
	if m == nil {
		return nil, parser.NoChildren
	}
	kind := strings.ToLower(string(m[1]))
	name, ok := admonitions[kind]
	if !ok {
		return nil, parser.NoChildren
	}
	title := strings.TrimSpace(string(m[2]))
	if title == "" {
		title = strings.ToUpper(kind[:1]) + kind[1:]
	}
	reader.AdvanceToEOL()
	return &alert{name: name, title: title}, parser.NoChildren
}

func (admonition) Continue(_ ast.Node, reader text.Reader, _ parser.Context) parser.State {
	line, _ := reader.PeekLine()
	if util.IsBlank(line) {
		reader.AdvanceToEOL()
		return parser.Continue | parser.HasChildren
	}
	pos, padding := util.IndentPosition(line, reader.LineOffset(), 4)
	if pos < 0 {
		return parser.Close
	}
	reader.AdvanceAndSetPadding(pos, padding)
	return parser.Continue | parser.HasChildren
}

func (admonition) Close(ast.Node, text.Reader, parser.Context) {}

func (admonition) CanInterruptParagraph() bool { return false }

func (admonition) CanAcceptIndentedLine() bool { return false }
