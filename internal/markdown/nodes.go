package markdown

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

var kindGiant = ast.NewNodeKind("Giant")

// giant is a paragraph too large to be parsed for inline markup.
type giant struct{ ast.BaseBlock }

func (*giant) Kind() ast.NodeKind            { return kindGiant }
func (*giant) IsRaw() bool                   { return true }
func (n *giant) Dump(source []byte, lvl int) { ast.DumpHelper(n, source, lvl, nil, nil) }

// nodes renders the nodes whose HTML differs from goldmark's own.
type nodes struct{}

func (nodes) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindHeading, writeHeading)
	reg.Register(ast.KindLink, writeLink)
	reg.Register(ast.KindAutoLink, writeAutoLink)
	reg.Register(kindWiki, writeWiki)
	reg.Register(ast.KindImage, writeImage)
	reg.Register(ast.KindCodeSpan, writeCodeSpan)
	reg.Register(ast.KindCodeBlock, writeCodeBlock)
	reg.Register(ast.KindFencedCodeBlock, writeCodeBlock)
	reg.Register(ast.KindHTMLBlock, writeRaw)
	reg.Register(ast.KindRawHTML, writeRaw)
	reg.Register(ast.KindListItem, writeListItem)
	reg.Register(east.KindTaskCheckBox, writeCheckBox)
	reg.Register(east.KindTable, writeTable)
	reg.Register(kindAlert, writeAlert)
	reg.Register(kindMath, writeMath)
	reg.Register(kindGiant, writeGiant)
}

func escape(s string) string { return string(util.EscapeHTML([]byte(s))) }

// attrs writes those of a node's attributes that are named.
func attrs(w util.BufWriter, n ast.Node, keys ...string) {
	for _, k := range keys {
		if v := get(n, k); v != "" {
			_, _ = w.WriteString(" " + k + `="` + escape(v) + `"`)
		}
	}
}

func writeHeading(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n := node.(*ast.Heading)
	tag := "h" + strconv.Itoa(n.Level)
	if entering {
		_, _ = w.WriteString("<" + tag)
		attrs(w, n, "id")
		_ = w.WriteByte('>')
		return ast.WalkContinue, nil
	}
	if id := get(n, "id"); id != "" {
		_, _ = w.WriteString(`<a class="anchor" href="#` + escape(percent(id)) + `" aria-label="Link to this section"></a>`)
	}
	_, _ = w.WriteString("</" + tag + ">\n")
	return ast.WalkContinue, nil
}

// linkTag is the element a resolved link becomes: none where it leads nowhere and
// nothing is to be said about it.
func linkTag(n ast.Node) string {
	switch {
	case get(n, "href") != "":
		return "a"
	case get(n, "class") != "":
		return "span"
	}
	return ""
}

func openLink(w util.BufWriter, n ast.Node) {
	if tag := linkTag(n); tag != "" {
		_, _ = w.WriteString("<" + tag)
		attrs(w, n, "href", "class", "rel", "title")
		_ = w.WriteByte('>')
	}
}

func closeLink(w util.BufWriter, n ast.Node) {
	if tag := linkTag(n); tag != "" {
		_, _ = w.WriteString("</" + tag + ">")
	}
}

func writeLink(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		openLink(w, n)
	} else {
		closeLink(w, n)
	}
	return ast.WalkContinue, nil
}

func writeAutoLink(w util.BufWriter, src []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		openLink(w, node)
		_, _ = w.Write(util.EscapeHTML(node.(*ast.AutoLink).Label(src)))
		closeLink(w, node)
	}
	return ast.WalkContinue, nil
}

func writeWiki(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		openLink(w, node)
		_, _ = w.WriteString(escape(node.(*wiki).label))
		closeLink(w, node)
	}
	return ast.WalkContinue, nil
}

func writeImage(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	_, _ = w.WriteString(imageHTML(get(n, "src"), get(n, "remote"), get(n, "alt"), get(n, "class"), get(n, "title"), sizeHTML(n), inLink(n)))
	return ast.WalkSkipChildren, nil
}

// sizeHTML is the attributes that keep room for an image.
func sizeHTML(n ast.Node) string {
	if get(n, "width") == "" {
		return ""
	}
	return ` width="` + get(n, "width") + `" height="` + get(n, "height") + `"`
}

// imageHTML is what stands for an image. src is local, remote is not; with
// neither, or where it is broken, the text in its place is what is shown.
func imageHTML(src, remote, alt, class, title, size string, inLink bool) string {
	switch {
	case src != "":
		t := ""
		if title != "" {
			t = ` title="` + escape(title) + `"`
		}
		return `<img src="` + escape(src) + `" alt="` + escape(alt) + `"` + t + size + ` loading="lazy">`
	case remote != "":
		text := alt
		if text == "" {
			text = hostOf(remote)
		}
		if !inLink {
			text = `<a href="` + escape(remote) + `" class="external" rel="` + externalRel + `" title="` + escape(hostOf(remote)) + `">` + escape(text) + `</a>`
		} else {
			text = escape(text)
		}
		return text + ` <span class="remote-image">(remote image not loaded)</span>`
	case class != "":
		if alt == "" {
			alt = "image"
		}
		return `<span class="` + escape(class) + ` image" title="` + escape(title) + `">` + escape(alt) + `</span>`
	}
	return escape(alt)
}

func writeCodeSpan(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	openLink(w, n)
	_, _ = w.WriteString("<code>")
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			value := bytes.ReplaceAll(t.Segment.Value(src), []byte("\n"), []byte(" "))
			_, _ = w.Write(util.EscapeHTML(value))
		}
	}
	_, _ = w.WriteString("</code>")
	closeLink(w, n)
	return ast.WalkSkipChildren, nil
}

func writeRaw(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(get(n, "html"))
		if n.Kind() == ast.KindHTMLBlock {
			_ = w.WriteByte('\n')
		}
	}
	return ast.WalkSkipChildren, nil
}

func writeListItem(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		_, _ = w.WriteString("</li>\n")
		return ast.WalkContinue, nil
	}
	_, _ = w.WriteString("<li")
	attrs(w, n, "class")
	_ = w.WriteByte('>')
	if c := n.FirstChild(); c != nil && c.Kind() != ast.KindTextBlock {
		_ = w.WriteByte('\n')
	}
	return ast.WalkContinue, nil
}

func writeCheckBox(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	_, _ = w.WriteString(`<input type="checkbox" disabled=""`)
	if node.(*east.TaskCheckBox).IsChecked {
		_, _ = w.WriteString(` checked=""`)
	}
	if line := get(node, "line"); line != "" {
		_, _ = w.WriteString(` data-line="` + line + `"`)
	}
	_, _ = w.WriteString(` aria-label="` + escape(get(node, "label")) + `"> `)
	return ast.WalkContinue, nil
}

func writeTable(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(`<div class="table-scroll" tabindex="0" role="group" aria-label="Table"`)
		attrs(w, n, "dir") // of what scrolls too: it begins where the text does
		_, _ = w.WriteString("><table>\n")
	} else {
		_, _ = w.WriteString("</table></div>\n")
	}
	return ast.WalkContinue, nil
}

func writeAlert(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n := node.(*alert)
	if entering {
		_, _ = w.WriteString(`<div class="alert alert-` + n.name + `" role="note"`)
		attrs(w, n, "dir")
		_, _ = w.WriteString(`><p class="alert-title">` + escape(n.title) + "</p>\n")
	} else {
		_, _ = w.WriteString("</div>\n")
	}
	return ast.WalkContinue, nil
}

// writeMath writes a formula: set, or as it is written where something in it is not
// known.
func writeMath(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	source := strings.TrimSpace(string(node.(*math).source))
	tex, block := source[1:len(source)-1], false
	if strings.HasPrefix(source, "$$") || source[0] == '\\' {
		tex, block = source[2:len(source)-2], source[1] != '('
	}
	class := "math"
	if block {
		class = "math math-block"
	}
	if markup, ok := mathML(tex, block); ok {
		_, _ = w.WriteString(`<span class="` + class + `">` + markup + `</span>`)
	} else {
		_, _ = w.WriteString(`<span class="math math-source" title="This formula is shown as it is written">` + escape(source) + `</span>`)
	}
	return ast.WalkContinue, nil
}

func writeGiant(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString("<p>" + escape(string(segments(n.Lines().Sliced(0, n.Lines().Len()), src))) + "</p>\n")
	}
	return ast.WalkSkipChildren, nil
}
