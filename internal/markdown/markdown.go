// Package markdown turns markdown into safe HTML: one renderer for docs and for
// answers, whole or block by block.
//
// GitHub's dialect, footnotes, alerts, wiki links, heading anchors, code
// highlighted by classes (no inline style). Whatever comes out went through one
// allow list: no script, no style, no form, no event handler, no id that is not
// prefixed user-content- (heading anchors included), no remote image (a link and a
// word in its place), no address but http, https, mailto and relative ones.
// Sanitising is idempotent, and no suffix can make an earlier block active.
package markdown

// Target is where a link of a document leads.
type Target struct {
	Href   string // what to write into the page; "" keeps the text only
	Broken bool   // nothing is there
	Title  string // why, for a broken one
}

// Links resolves the relative links, wiki links and images of one document.
// A nil Links leaves relative addresses inert.
type Links interface {
	Link(dest string) Target  // [text](dest), dest relative, with its fragment
	Wiki(name string) Target  // [[name]], [[name#part]]
	Image(dest string) Target // ![alt](dest), dest relative
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

// Render renders a whole document, without its front matter. firstLine is the
// line of src in its file, so that headings and task boxes know theirs.
func Render(src []byte, firstLine int, links Links) *Page { panic("skeleton") }

// Block is a finished block of a streamed answer.
type Block struct {
	Index int
	End   int // bytes of the answer covered so far
	HTML  string
}

// Stream renders an answer while it arrives.
type Stream struct{}

// NewStream starts an answer.
func NewStream(links Links) *Stream { panic("skeleton") }

// Write takes a piece and returns the blocks that are finished by it.
func (s *Stream) Write(piece string) []Block { panic("skeleton") }

// Close returns what was still open.
func (s *Stream) Close() []Block { panic("skeleton") }
