package markdown

import (
	"bytes"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

const (
	// maxDepth is how deep quotes and lists nest before their markers are text.
	// Every step over the tree is recursive and every line visits each open
	// container, so unbounded nesting would cost the stack and the square.
	maxDepth = 60
	// maxParagraph is the largest run of inline text that is parsed. Matching
	// delimiters is not linear in the worst case; nobody writes such a paragraph.
	maxParagraph = 64 << 10
)

// document renders files; answer renders blocks of an answer, where a footnote
// and its text would stand in different blocks and are left as written. Both are
// made when first used: most commands show no page.
var (
	document = sync.OnceValue(func() goldmark.Markdown { return newMarkdown(mathParser{}, footnotes{}, definitions{}) })
	answer   = sync.OnceValue(func() goldmark.Markdown { return newMarkdown(mathParser{brackets: true}) })
)

func newMarkdown(m mathParser, more ...goldmark.Extender) goldmark.Markdown {
	return goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(blockParsers()...),
			parser.WithInlineParsers(append(parser.DefaultInlineParsers(),
				util.Prioritized(wikiParser{}, 150),
				util.Prioritized(m, 150),
			)...),
			parser.WithParagraphTransformers(paragraphTransformers()...),
			parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
		)),
		goldmark.WithRenderer(renderer.NewRenderer(renderer.WithNodeRenderers(
			util.Prioritized(html.NewRenderer(), 1000),
			util.Prioritized(extension.NewTableHTMLRenderer(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)), 500),
			util.Prioritized(nodes{}, 100),
		))),
		goldmark.WithExtensions(append(more, extension.Linkify, extension.Strikethrough, extension.TaskList)...),
	)
}

// footnotes is goldmark's extension with our prefix and a bound on nesting.
type footnotes struct{}

func (footnotes) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(
		parser.WithBlockParsers(util.Prioritized(shallow{extension.NewFootnoteBlockParser()}, 999)),
		parser.WithInlineParsers(util.Prioritized(extension.NewFootnoteParser(), 101)),
		parser.WithASTTransformers(util.Prioritized(extension.NewFootnoteASTTransformer(), 999)),
	)
	m.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(extension.NewFootnoteHTMLRenderer(
		extension.WithFootnoteIDPrefix(IDPrefix),
		extension.WithFootnoteBacklinkTitle("Back to the text"),
	), 500)))
}

// definitions is goldmark's extension with a bound on nesting.
type definitions struct{}

func (definitions) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithBlockParsers(
		util.Prioritized(shallow{extension.NewDefinitionListParser()}, 101),
		util.Prioritized(shallow{extension.NewDefinitionDescriptionParser()}, 102),
	))
	m.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(extension.NewDefinitionListHTMLRenderer(), 500)))
}

// blocks finds block boundaries only: no inline text is parsed.
var blocks = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(blockParsers()...),
		parser.WithParagraphTransformers(paragraphTransformers()...),
	)
})

func blockParsers() []util.PrioritizedValue {
	return []util.PrioritizedValue{
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(shallow{parser.NewListParser()}, 300),
		util.Prioritized(parser.NewListItemParser(), 400), // opens in a list only
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
		util.Prioritized(shallow{admonition{}}, 850),
		util.Prioritized(parser.NewHTMLBlockParser(), 900),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	}
}

func paragraphTransformers() []util.PrioritizedValue {
	return append(parser.DefaultParagraphTransformers(),
		util.Prioritized(table{extension.NewTableParagraphTransformer()}, 200),
		util.Prioritized(plainGiant{}, 900),
	)
}

// shallow refuses to open a container that is nested too deep.
type shallow struct{ parser.BlockParser }

func (s shallow) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		if depth++; depth > 2*maxDepth {
			return nil, parser.NoChildren
		}
	}
	return s.BlockParser.Open(parent, reader, pc)
}

// table makes tables of paragraphs, but not of one whose short rows would be
// filled up to many times the cells that are written: a wide head over empty rows
// grows with the square of the document.
type table struct{ parser.ParagraphTransformer }

func (t table) Transform(p *ast.Paragraph, reader text.Reader, pc parser.Context) {
	lines, bars, widest := p.Lines(), 0, 0
	for i := range lines.Len() {
		segment := lines.At(i)
		line := segment.Value(reader.Source())
		n := bytes.Count(line, []byte("|"))
		bars += n
		if len(bytes.Trim(line, "|:- \t\r\n")) == 0 {
			widest = max(widest, n+1)
		}
	}
	if widest*lines.Len() <= 4*bars+10_000 {
		t.ParagraphTransformer.Transform(p, reader, pc)
	}
}

// plainGiant turns a paragraph that is too large for inline parsing into plain
// text.
type plainGiant struct{}

func (plainGiant) Transform(p *ast.Paragraph, _ text.Reader, _ parser.Context) {
	lines := p.Lines()
	if n := lines.Len(); n == 0 || lines.At(n-1).Stop-lines.At(0).Start <= maxParagraph {
		return
	}
	g := &giant{}
	g.SetLines(lines)
	g.SetPos(p.Pos())
	g.SetBlankPreviousLines(p.HasBlankPreviousLines())
	p.Parent().ReplaceChild(p.Parent(), p, g)
}
