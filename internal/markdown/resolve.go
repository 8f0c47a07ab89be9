package markdown

import (
	"bytes"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// resolver goes over a parsed document once, before it is rendered: it decides
// where every link leads, gives headings their ids, and gathers what a Page says.
// What it decides stands in the nodes' attributes; the renderers only write them.
type resolver struct {
	mode
	src      []byte
	page     *Page
	ids      idSet
	newlines []int // offsets of '\n' in src, made when first needed
	toc      []pendingHeading
	sections []ast.Node   // links to a section of this page, resolved at the end
	refs     *[]Reference // where Survey wants them
	at       int          // where in src the node at hand stands
}

type pendingHeading struct {
	node *ast.Heading
	text string
}

func (r *resolver) resolve(doc ast.Node) {
	var alerts []*ast.Blockquote
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if q, ok := n.(*ast.Blockquote); ok {
			alerts = append(alerts, q)
		}
		r.node(n)
		return ast.WalkContinue, nil
	})
	for _, q := range alerts {
		asAlert(q, r.src)
	}
	directions(doc, r.src)
	r.headings()
	for _, n := range r.sections {
		r.sectionLink(n)
	}
}

func (r *resolver) node(n ast.Node) {
	if p := n.Pos(); p >= 0 {
		r.at = p
	}
	switch n := n.(type) {
	case *ast.Heading:
		r.toc = append(r.toc, pendingHeading{n, plainText(n, r.src)})
	case *ast.Text:
		r.page.Words += words(n.Segment.Value(r.src))
	case *ast.Link:
		r.link(n, destination(n.Destination), unescape(string(n.Title)))
	case *ast.AutoLink:
		addr := decode(n.URL(r.src))
		if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(addr), "mailto:") {
			addr = "mailto:" + addr
		}
		r.link(n, addr, "")
	case *wiki:
		r.wiki(n)
	case *ast.Image:
		r.image(n)
	case *ast.CodeSpan:
		r.codeSpan(n)
	case *ast.HTMLBlock:
		r.htmlBlock(n)
	case *ast.RawHTML:
		set(n, "html", r.rawHTML(segments(n.Segments.Sliced(0, n.Segments.Len()), r.src)))
	case *ast.FencedCodeBlock:
		if language(n, r.src) == "mermaid" {
			r.page.Mermaid = true
		}
	case *math:
		r.page.Math = true
	case *east.TaskCheckBox:
		r.checkBox(n)
	}
}

// headings gives ids in document order, after the ids that raw HTML set itself.
func (r *resolver) headings() {
	for _, h := range r.toc {
		if r.answer {
			continue // its ids would collide with those of the page beside it
		}
		id := IDPrefix + r.ids.unique(Slug(h.text))
		set(h.node, "id", id)
		if h.node.Level == 1 && r.page.Title == "" {
			r.page.Title = h.text
		}
		if h.node.Parent().Kind() == ast.KindDocument && h.text != "" {
			r.page.Headings = append(r.page.Headings, Heading{h.node.Level, id, h.text, r.line(h.node.Pos())})
		}
	}
}

// link decides where a link or an autolink leads.
func (r *resolver) link(n ast.Node, addr, title string) {
	switch classify(addr) {
	case external:
		r.externalLink(n, addr, title)
	case mail:
		set(n, "href", percent(addr))
	case section:
		set(n, "href", addr)
		set(n, "title", title)
		r.sections = append(r.sections, n)
		r.note(ToSection, addr)
	case relative:
		if n.Kind() != ast.KindAutoLink {
			r.note(ToPage, addr)
		}
		if r.links == nil || n.Kind() == ast.KindAutoLink {
			return
		}
		r.target(n, r.links.Link(addr), addr, title)
	}
}

func (r *resolver) externalLink(n ast.Node, addr, title string) {
	set(n, "href", percent(addr))
	set(n, "class", "external")
	set(n, "rel", externalRel)
	// The host is named, so that no text or title can pass for another place.
	host := hostOf(addr)
	if title != "" {
		host = title + " (" + host + ")"
	}
	set(n, "title", host)
}

const externalRel = "noopener noreferrer nofollow"

// target writes what Links said about addr.
func (r *resolver) target(n ast.Node, t Target, addr, title string) {
	if t.Broken {
		r.broken(n, addr, t.Title)
		title = ""
	}
	if !safeHref(t.Href) {
		return
	}
	set(n, "href", percent(t.Href))
	if title != "" {
		set(n, "title", title)
	}
	if classify(t.Href) == external {
		r.externalLink(n, t.Href, title)
	}
}

func (r *resolver) broken(n ast.Node, addr, why string) {
	if why == "" {
		why = "Nothing is there"
	}
	set(n, "class", "broken")
	set(n, "title", why)
	r.page.Broken = append(r.page.Broken, addr)
}

// sectionLink points a link to the section that its fragment means.
func (r *resolver) sectionLink(n ast.Node) {
	addr := get(n, "href")
	fragment := unpercent(addr[1:])
	if fragment == "" || fragment == "top" {
		set(n, "href", "#")
		return
	}
	fragment = strings.TrimPrefix(fragment, IDPrefix)
	if id := r.ids.find(fragment); id != "" {
		fragment = id
	} else if t, ok := r.elsewhere(fragment); ok {
		set(n, "href", percent(t.Href))
		return
	} else if !r.answer && !isFootnoteID(fragment) {
		r.broken(n, addr, "No section of this page has this name")
	}
	set(n, "href", "#"+percent(IDPrefix+fragment))
}

// elsewhere is a section in another part of the document.
func (r *resolver) elsewhere(id string) (Target, bool) {
	if k, ok := r.links.(SectionLinks); ok && !isFootnoteID(id) {
		t, ok := k.Section(id)
		return t, ok && safeHref(t.Href)
	}
	return Target{}, false
}

func isFootnoteID(s string) bool { return strings.HasPrefix(s, "fn:") || strings.HasPrefix(s, "fnref") }

func (r *resolver) wiki(n *wiki) {
	if strings.HasPrefix(n.name, "#") {
		set(n, "href", "#"+n.name[1:])
		r.sections = append(r.sections, n)
		r.note(ToSection, n.name)
	} else if r.note(ToWiki, n.name); r.links != nil {
		r.target(n, r.links.Wiki(n.name), "[["+n.name+"]]", "")
	}
	r.page.Words += words([]byte(n.label))
}

// image decides what stands for an image: itself where it is local, a link and a
// word where it is remote, its text where it is neither.
func (r *resolver) image(n *ast.Image) {
	addr := destination(n.Destination)
	set(n, "alt", plainText(n, r.src))
	switch classify(addr) {
	case external:
		set(n, "remote", percent(addr))
	case relative:
		r.note(ToImage, addr)
		if r.links == nil {
			return
		}
		t := r.links.Image(addr)
		if t.Broken {
			r.broken(n, addr, t.Title)
		} else if strings.HasPrefix(t.Href, "/") && safeHref(t.Href) {
			set(n, "src", percent(t.Href))
			if t.Width > 0 && t.Height > 0 {
				set(n, "width", strconv.Itoa(t.Width))
				set(n, "height", strconv.Itoa(t.Height))
			}
			set(n, "title", unescape(string(n.Title)))
		}
	}
}

// codeSpan links a span of an answer that names a file.
func (r *resolver) codeSpan(n *ast.CodeSpan) {
	c, ok := r.links.(CodeLinks)
	if !r.answer || !ok || inLink(n) {
		return
	}
	span := plainText(n, r.src)
	if len(span) > 200 || !strings.ContainsAny(span, "./") || strings.ContainsAny(span, " \t\n<>()*$") {
		return
	}
	if t, ok := c.Code(span); ok && !t.Broken && safeHref(t.Href) {
		set(n, "href", percent(t.Href))
	}
}

func (r *resolver) htmlBlock(n *ast.HTMLBlock) {
	raw := segments(n.Lines().Sliced(0, n.Lines().Len()), r.src)
	if n.HasClosure() {
		raw = append(raw, n.ClosureLine.Value(r.src)...)
	}
	set(n, "html", r.rawHTML(raw))
}

// checkBox gives the box its line in the file and the words beside it as a name.
func (r *resolver) checkBox(n *east.TaskCheckBox) {
	item := n.Parent()
	label := strings.TrimSpace(plainText(item, r.src))
	if utf8.RuneCountInString(label) > 80 {
		label = string([]rune(label)[:79]) + "…"
	}
	if label == "" {
		label = "Task"
	}
	set(n, "label", label)
	if item.Lines().Len() > 0 {
		set(n, "line", strconv.Itoa(r.line(item.Lines().At(0).Start)))
	}
	if li := item.Parent(); li != nil && li.Kind() == ast.KindListItem {
		set(li, "class", "task")
	}
}

// line is the file's line of an offset in src.
func (r *resolver) line(offset int) int {
	if r.newlines == nil {
		r.newlines = make([]int, 0, len(r.src)/40+1)
		for i := 0; ; {
			j := bytes.IndexByte(r.src[i:], '\n')
			if j < 0 {
				break
			}
			r.newlines = append(r.newlines, i+j)
			i += j + 1
		}
	}
	return r.firstLine + sort.SearchInts(r.newlines, offset)
}

// destination is where a link leads: backslashes and entities resolved once.
func destination(dest []byte) string { return decode(util.UnescapePunctuations(dest)) }

// decode resolves entities once, as the browser would.
func decode(dest []byte) string {
	return strings.TrimSpace(string(util.ResolveEntityNames(util.ResolveNumericReferences(dest))))
}
