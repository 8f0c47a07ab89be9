package markdown

import (
	"bytes"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// rawHTML rewrites a piece of raw HTML so that it obeys what holds for markdown:
// addresses go through Links, ids get their prefix, remote images become links,
// and what only our own output may say (classes, roles, boxes, data-*) is taken
// away, with all that is not on the allow list.
//
// The result holds whole tokens only: nothing that a piece leaves open, a comment
// or half a tag, can swallow what follows it.
func (r *resolver) rawHTML(piece []byte) string {
	return rawPolicy().Sanitize(r.rewrite(piece))
}

// rawPolicy is the allow list as bluemonday enforces it. The gate at the end would
// do; strangers' markup passes a sanitiser that others have attacked as well.
var rawPolicy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	for name, attributes := range elements {
		p.AllowElements(name)
		p.AllowAttrs(strings.Fields(attributes + " " + global)...).OnElements(name)
		p.AllowNoAttrs().OnElements(name)
	}
	return p
})

func (r *resolver) rewrite(piece []byte) string {
	var out strings.Builder
	z := html.NewTokenizer(bytes.NewReader(piece))
	skip := ""                  // the element whose content is dropped
	heading, title := false, "" // in <h1>, and its text
	for start, read := r.at, 0; ; {
		kind := z.Next()
		r.at = start + read
		read += len(z.Raw())
		if kind == html.ErrorToken {
			r.rawTitle(title)
			return out.String()
		}
		t := z.Token()
		if skip != "" {
			if kind == html.EndTagToken && t.Data == skip {
				skip = ""
			}
			continue
		}
		switch kind {
		case html.TextToken:
			out.WriteString(html.EscapeString(t.Data))
			r.page.Words += words([]byte(t.Data))
			if heading {
				title += t.Data
			}
		case html.EndTagToken:
			if t.DataAtom == atom.H1 {
				r.rawTitle(title)
				heading, title = false, ""
			}
			out.WriteString(t.String())
		case html.StartTagToken, html.SelfClosingTagToken:
			switch t.DataAtom {
			case atom.Script, atom.Style, atom.Iframe, atom.Noscript, atom.Template, atom.Title, atom.Textarea, atom.Select:
				if kind == html.StartTagToken {
					skip = t.Data
				}
				continue
			case atom.H1:
				heading = kind == html.StartTagToken
			case atom.Img:
				out.WriteString(r.rawImage(t))
				continue
			case atom.Input:
				continue
			}
			t.Type = html.StartTagToken
			t.Attr = r.rawAttrs(t)
			out.WriteString(t.String())
		}
	}
}

// rawTitle takes the text of a raw <h1> for the title, where there is none yet.
func (r *resolver) rawTitle(text string) {
	if text = strings.Join(strings.Fields(text), " "); r.page.Title == "" && !r.answer {
		r.page.Title = text
	}
}

// rawAttrs rewrites the attributes of a tag.
func (r *resolver) rawAttrs(t html.Token) []html.Attribute {
	var kept []html.Attribute
	keep := func(key, value string) {
		if value != "" {
			kept = append(kept, html.Attribute{Key: key, Val: value})
		}
	}
	for _, a := range t.Attr {
		switch {
		case a.Key == "class", a.Key == "role", a.Key == "tabindex", a.Key == "rel",
			strings.HasPrefix(a.Key, "data-"), strings.HasPrefix(a.Key, "aria-"):
		case a.Key == "id", a.Key == "name" && t.DataAtom == atom.A:
			id := strings.TrimPrefix(a.Val, IDPrefix)
			if id != "" && !strings.ContainsAny(id, " \t\n\r\f") {
				r.ids[id] = 1
				keep("id", IDPrefix+id)
			}
		case a.Key == "href" && t.DataAtom == atom.A:
			n := ast.NewLink() // the one place that decides about links wants a node
			r.link(n, strings.TrimSpace(a.Val), "")
			if classify(a.Val) == section {
				r.rawSection(n, a.Val)
			}
			for _, key := range []string{"href", "class", "rel", "title"} {
				keep(key, get(n, key))
			}
		case a.Key == "open":
			kept = append(kept, html.Attribute{Key: a.Key})
		default:
			keep(a.Key, a.Val)
		}
	}
	return kept
}

// rawSection points a raw link to its section at once: the headings are not known
// yet, so it is not checked.
func (r *resolver) rawSection(n ast.Node, addr string) {
	r.sections = r.sections[:len(r.sections)-1]
	set(n, "href", "#"+percent(Fragment(unpercent(addr[1:]))))
}

// rawImage is what stands for an <img>.
func (r *resolver) rawImage(t html.Token) string {
	n := ast.NewImage(ast.NewLink())
	var alt string
	var size []html.Attribute
	for _, a := range t.Attr {
		switch a.Key {
		case "src":
			n.Destination = verbatim(strings.TrimSpace(a.Val))
		case "title":
			n.Title = verbatim(a.Val)
		case "alt":
			alt = a.Val
		case "width", "height", "align":
			size = append(size, a)
		}
	}
	r.image(n)
	set(n, "alt", alt)
	if src := get(n, "src"); src != "" {
		if len(size) == 0 && get(n, "width") != "" {
			size = append(size, html.Attribute{Key: "width", Val: get(n, "width")}, html.Attribute{Key: "height", Val: get(n, "height")})
		}
		img := html.Token{Type: html.StartTagToken, Data: "img", DataAtom: atom.Img}
		img.Attr = append(size, html.Attribute{Key: "src", Val: src}, html.Attribute{Key: "alt", Val: alt}, html.Attribute{Key: "loading", Val: "lazy"})
		if title := get(n, "title"); title != "" {
			img.Attr = append(img.Attr, html.Attribute{Key: "title", Val: title})
		}
		return img.String()
	}
	// A raw <a> around it is not known here; sanitize takes a link in a link away.
	return imageHTML("", get(n, "remote"), alt, get(n, "class"), get(n, "title"), "", false)
}

// verbatim writes s as markdown would write it in a destination or title.
func verbatim(s string) []byte {
	return []byte(html.EscapeString(strings.ReplaceAll(s, `\`, `\\`)))
}
