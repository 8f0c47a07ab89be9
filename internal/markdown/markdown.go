// Package markdown turns markdown into safe HTML: one renderer for docs and for
// answers, whole or block by block.
//
// GitHub's dialect, footnotes, alerts, wiki links, heading anchors, code
// highlighted by classes (no inline style). Whatever comes out went through one
// allow list: no script, no style, no form, no event handler, no id that is not
// prefixed user-content- (heading anchors included), no remote image (a link and a
// word in its place), no address but http, https, mailto and relative ones.
// Sanitising is idempotent, and no suffix can make an earlier block active.
//
// Cost is bounded for any input: containers nest at most maxDepth deep, a
// paragraph over maxParagraph stays plain text, code over maxCode is not
// highlighted.
package markdown

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Target is where a link of a document leads.
type Target struct {
	Href   string // a path beginning with "/", "#…", http(s) or mailto; anything else, "" too, keeps the text only
	Broken bool   // nothing is there
	Title  string // why, for a broken one
	// Width and Height of an image in pixels; 0 where they are not known.
	Width, Height int
}

// Links resolves the relative links, wiki links and images of one document.
// A nil Links leaves relative addresses inert.
type Links interface {
	Link(dest string) Target  // [text](dest), dest relative, with its fragment
	Wiki(name string) Target  // [[name]], [[name#part]]
	Image(dest string) Target // ![alt](dest), dest relative
}

// CodeLinks is implemented by a Links that also knows what a code span of an
// answer may name: docs/guide.md, docs/guide.md:12, docs/guide.md:3-9.
type CodeLinks interface {
	Code(span string) (Target, bool) // false where it names nothing
}

// SectionLinks is implemented by a Links that knows sections of the document which are
// not in the text given, because it is a part of it.
type SectionLinks interface {
	Section(id string) (Target, bool)
}

// Heading is one entry of the outline.
type Heading struct {
	Level int
	ID    string // with its prefix, as in the HTML
	Text  string
	Line  int // from 1, in the source given
}

// Page is a rendered document.
type Page struct {
	HTML     string // sanitised
	Title    string // text of the first H1, or ""
	Headings []Heading
	Broken   []string // link targets that lead nowhere
	Words    int
	Mermaid  bool // holds a mermaid fence
	Math     bool
}

// IDPrefix begins every id that a document can make, so that none can collide
// with the shell's own.
const IDPrefix = "user-content-"

// Fragment is the id behind a fragment as people write it: "plan" becomes
// "user-content-plan"; one that has the prefix, and "", stay.
func Fragment(fragment string) string {
	if fragment == "" || strings.HasPrefix(fragment, IDPrefix) {
		return fragment
	}
	return IDPrefix + fragment
}

// Render renders a whole document, without its front matter. firstLine is the
// line of src in its file, so that headings and task boxes know theirs.
func Render(src []byte, firstLine int, links Links) *Page {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	return render(src, mode{firstLine: firstLine, links: links}, parser.NewContext())
}

// mode is what one rendering is for.
type mode struct {
	firstLine int
	links     Links
	answer    bool // a block of an answer: no ids of its own, code spans may name files
}

func render(src []byte, m mode, pc parser.Context) *Page {
	if !utf8.Valid(src) {
		src = bytes.ToValidUTF8(src, []byte("\ufffd"))
	}
	md := document()
	if m.answer {
		md = answer()
	}
	doc := md.Parser().Parse(text.NewReader(src), parser.WithContext(pc))
	r := &resolver{mode: m, src: src, page: &Page{}, ids: idSet{}}
	r.resolve(doc)
	var out bytes.Buffer
	out.Grow(3 * len(src)) // what documents of short lines make
	if err := md.Renderer().Render(&out, src, doc); err != nil {
		// The writer is memory and our renderers return no error; text is the
		// honest answer should one ever do.
		out.Reset()
		out.WriteString("<pre>" + escape(string(src)) + "</pre>")
	}
	r.page.HTML = sanitize(out.Bytes())
	return r.page
}
