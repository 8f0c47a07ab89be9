package markdown

import (
	"bytes"
	"unicode/utf8"

	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Form is how a reference is written.
type Form int

// The forms of references.
const (
	ToPage    Form = iota // [text](dest) and <a href>
	ToSection             // the same with nothing but #part, and [[#part]]
	ToWiki                // [[name]], [[name#part]]
	ToImage               // ![alt](dest) and <img>
)

// Reference is one place of a document that leads to another within the repository.
type Reference struct {
	Form Form
	Dest string // as Links is asked for it, without brackets
	Line int    // in the file
}

// Survey is the references of a document, in order, and the ids that its headings and
// raw HTML make, without their prefix. It is what Render finds, without rendering: the
// arguments are Render's.
func Survey(src []byte, firstLine int) (refs []Reference, ids []string) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if !utf8.Valid(src) {
		src = bytes.ToValidUTF8(src, []byte("\ufffd"))
	}
	doc := document().Parser().Parse(text.NewReader(src), parser.WithContext(parser.NewContext()))
	r := &resolver{mode: mode{firstLine: firstLine}, src: src, page: &Page{}, ids: idSet{}, refs: &refs}
	r.resolve(doc)
	for id := range r.ids {
		ids = append(ids, id)
	}
	return refs, ids
}

// MeantID is which id a fragment of an address means, "" where has knows none: the
// fragment as written, in lower case, or the slug of a heading's words. Footnotes are
// believed.
func MeantID(fragment string, has func(id string) bool) string {
	fragment = trimPrefix(fragment)
	if fragment == "" || fragment == "top" || isFootnoteID(fragment) {
		return fragment
	}
	for _, id := range spellings(fragment) {
		if has(id) {
			return id
		}
	}
	return ""
}

// note keeps a reference for Survey.
func (r *resolver) note(form Form, dest string) {
	if r.refs != nil {
		*r.refs = append(*r.refs, Reference{form, dest, r.line(r.at)})
	}
}
