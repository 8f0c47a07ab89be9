package markdown

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Block is a finished block of a streamed answer.
type Block struct {
	Index int
	End   int // bytes of the answer covered so far
	HTML  string
}

// Stream renders an answer while it arrives, top-level block by top-level block.
// Which blocks come out depends on the answer only, not on how it was cut into
// pieces: a block comes when nothing that follows could change it, so half a
// fence, table or link is never shown. What stands for a block is rendered from
// its own text and the reference definitions before it; later ones do not reach
// back. Block.End stops short of the blank lines after the block.
//
// Finding the blocks costs time in proportion to the answer (see affordable).
// A Stream is for one goroutine.
type Stream struct {
	links Links
	tail  []byte // of the answer, from the end of the last finished block
	lines int    // bytes of tail that are whole lines
	start int    // bytes of the answer before tail
	index int
	refs  parser.Context // reference definitions so far
	fence []byte         // what closes the fence that is open at the end of tail; nil where none is
	spent int            // bytes parsed in search of boundaries
}

// NewStream starts an answer.
func NewStream(links Links) *Stream {
	return &Stream{links: links, refs: parser.NewContext()}
}

// Write takes a piece and returns the blocks that are finished by it.
func (s *Stream) Write(piece string) []Block {
	from := len(s.tail)
	s.tail = append(s.tail, piece...)
	i := bytes.LastIndexByte(s.tail[from:], '\n')
	if i < 0 {
		return nil
	}
	added := s.tail[s.lines : from+i+1]
	s.lines = from + i + 1
	if s.fence != nil && !closesFence(added, s.fence) || !s.affordable() {
		return nil
	}
	return s.cut(false)
}

// Close returns what was still open.
func (s *Stream) Close() []Block {
	s.lines = len(s.tail)
	return s.cut(true)
}

// affordable keeps the search for boundaries linear: for each byte of the answer
// at most 16 are parsed, which an answer of ordinary blocks never reaches. A huge
// open list is looked at less often, never less exactly.
func (s *Stream) affordable() bool {
	return s.spent+s.lines <= 16*(s.start+s.lines)+64<<10
}

// closesFence tells whether a line of added may close the fence.
func closesFence(added, fence []byte) bool {
	for line := range bytes.Lines(added) {
		if bytes.HasPrefix(bytes.TrimLeft(line, " >\t"), fence) {
			return true
		}
	}
	return false
}

// cut renders the finished blocks of the tail and drops them from it.
func (s *Stream) cut(last bool) []Block {
	pieces, finished := s.boundaries(last)
	var out []Block
	end := 0
	for i, p := range pieces[:finished] {
		end = s.lines
		if i+1 < len(pieces) {
			end = pieces[i+1].start
		}
		out = append(out, s.block(p.start, end))
	}
	s.tail = append(s.tail[:0], s.tail[end:]...)
	s.lines -= end
	s.start += end
	return out
}

// boundaries are the top-level blocks of the tail's whole lines, and how many of
// them nothing can change any more.
func (s *Stream) boundaries(last bool) (pieces []piece, finished int) {
	src := s.tail[:s.lines:s.lines]
	if last {
		pieces = topLevel(src)
		return pieces, len(pieces)
	}
	// A word on a line of its own stands for what may follow: where it would be a
	// paragraph beside the last block, that block is closed.
	const probe = "x\n"
	s.spent += len(src)
	pieces = topLevel(append(src, probe...))
	n := len(pieces) - 1
	s.fence = nil
	if pieces[n].start < len(src) { // the word went into it
		if f, ok := pieces[n].node.(*ast.FencedCodeBlock); ok {
			s.fence = fenceMark(src[f.Pos():])
		}
		return pieces, n
	}
	pieces = pieces[:n]
	if n > 0 && pieces[n-1].mayGoOn(src) {
		n--
	}
	return pieces, n
}

// piece is a block of the top level, with the offset of its first line.
type piece struct {
	start int
	node  ast.Node
}

// mayGoOn tells of a block that a word after it does not end: an item or an
// indented line can follow, or another line of the quote.
func (p piece) mayGoOn(src []byte) bool {
	switch p.node.Kind() {
	case ast.KindList, ast.KindCodeBlock, kindAlert:
		return true
	case ast.KindBlockquote:
		return !blankBefore(src, len(src))
	}
	return false
}

// topLevel parses src into blocks. What goldmark makes of one paragraph when it
// ends (reference definitions, text, a table) is one piece, because until then
// its parts may change.
func topLevel(src []byte) []piece {
	var out []piece
	doc := blocks().Parse(text.NewReader(src))
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		pos := n.Pos()
		if pos < 0 {
			continue
		}
		pos = bytes.LastIndexByte(src[:pos], '\n') + 1
		if len(out) > 0 && (pos <= out[len(out)-1].start || fromParagraph(n) && fromParagraph(out[len(out)-1].node) && !blankBefore(src, pos)) {
			out[len(out)-1].node = n
			continue
		}
		out = append(out, piece{pos, n})
	}
	return out
}

func fromParagraph(n ast.Node) bool {
	switch n.Kind() {
	case ast.KindParagraph, ast.KindLinkReferenceDefinition, east.KindTable, kindGiant:
		return true
	}
	return false
}

// blankBefore tells whether the line before the one at pos is blank.
func blankBefore(src []byte, pos int) bool {
	before := src[:max(pos-1, 0)]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return len(bytes.TrimSpace(line)) == 0
}

// fenceMark is the run of fence characters that src begins with.
func fenceMark(src []byte) []byte {
	n := 0
	for n < len(src) && src[n] == src[0] {
		n++
	}
	return bytes.Clone(src[:n])
}

// block renders tail[from:to].
func (s *Stream) block(from, to int) Block {
	src := bytes.Clone(s.tail[from:to])
	page := render(src, mode{firstLine: 1, links: s.links, answer: true}, s.refs)
	end := len(bytes.TrimRight(src, " \t\r\n"))
	if i := bytes.IndexByte(src[end:], '\n'); i >= 0 {
		end += i + 1
	} else {
		end = len(src)
	}
	b := Block{Index: s.index, End: s.start + from + end, HTML: page.HTML}
	s.index++
	return b
}
