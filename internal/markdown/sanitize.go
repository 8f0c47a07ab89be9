package markdown

import (
	"bytes"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// policy is the allow list that everything goes through. Addresses are bound by
// expressions rather than by bluemonday's own parsing, which rewrites queries.
var policy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	number := regexp.MustCompile(`^[0-9]{1,6}%?$`)
	align := regexp.MustCompile(`^(?i:left|right|center|justify|top|middle|bottom)$`)
	text := regexp.MustCompile(`^[^\x00-\x08\x0b-\x1f\x7f]*$`)
	href := regexp.MustCompile(`^(?:https?://[^\x00-\x20\x7f\\/?#]+(?:[/?#][^\x00-\x20\x7f\\]*)?|mailto:[^\x00-\x20\x7f\\]*|/(?:[^\x00-\x20\x7f\\/][^\x00-\x20\x7f\\]*)?|#[^\x00-\x20\x7f\\]*)$`)
	local := regexp.MustCompile(`^/[^\x00-\x20\x7f\\/][^\x00-\x20\x7f\\]*$`)
	word := func(alternatives string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + alternatives + `)$`) }

	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "div", "span",
		"ul", "ol", "li", "dl", "dt", "dd", "pre", "code", "kbd", "samp", "var", "tt",
		"em", "strong", "b", "i", "u", "s", "strike", "del", "ins", "mark", "small", "big", "sub", "sup", "q", "cite", "dfn", "abbr",
		"details", "summary", "figure", "figcaption", "ruby", "rt", "rp", "wbr", "bdi", "bdo", "time",
		"table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td", "a", "img", "input")
	p.AllowNoAttrs().OnElements("a", "span", "img")

	p.AllowAttrs("id").Matching(regexp.MustCompile(`^` + IDPrefix + `[^\x00-\x20\x7f"'<>&]+$`)).Globally()
	p.AllowAttrs("title", "lang").Matching(text).Globally()
	p.AllowAttrs("dir").Matching(word(`(?i:ltr|rtl|auto)`)).Globally()
	p.AllowAttrs("align").Matching(align).OnElements("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "img", "table", "thead", "tbody", "tr", "th", "td", "col", "hr", "caption")
	p.AllowAttrs("valign").Matching(align).OnElements("tr", "th", "td")
	p.AllowAttrs("width", "height").Matching(number).OnElements("img", "table", "th", "td", "col")
	p.AllowAttrs("colspan", "rowspan", "span").Matching(number).OnElements("th", "td", "col", "colgroup")
	p.AllowAttrs("start", "value").Matching(number).OnElements("ol", "li")
	p.AllowAttrs("type").Matching(word(`[1aAiI]`)).OnElements("ol")
	p.AllowAttrs("reversed").Matching(word(``)).OnElements("ol")
	p.AllowAttrs("open").Matching(word(``)).OnElements("details")
	p.AllowAttrs("datetime").Matching(text).OnElements("time", "ins", "del")
	p.AllowAttrs("scope").Matching(word(`row|col|rowgroup|colgroup`)).OnElements("th")

	p.AllowAttrs("href").Matching(href).OnElements("a")
	p.AllowAttrs("rel").Matching(word(externalRel)).OnElements("a")
	p.AllowAttrs("src").Matching(local).OnElements("img")
	p.AllowAttrs("alt").Matching(text).OnElements("img")
	p.AllowAttrs("loading").Matching(word(`lazy`)).OnElements("img")

	p.AllowAttrs("type").Matching(word(`checkbox`)).OnElements("input")
	p.AllowAttrs("disabled", "checked").Matching(word(``)).OnElements("input")
	p.AllowAttrs("data-line").Matching(word(`[0-9]{1,9}`)).OnElements("input")
	p.AllowAttrs("aria-label").Matching(text).OnElements("input")
	p.AllowAttrs("aria-label").Matching(word(`Table`)).OnElements("div")
	p.AllowAttrs("aria-label").Matching(word(`Link to this section`)).OnElements("a")
	p.AllowAttrs("tabindex").Matching(word(`0`)).OnElements("div", "pre")
	p.AllowAttrs("role").Matching(word(`note|region|doc-endnotes`)).OnElements("div")
	p.AllowAttrs("role").Matching(word(`doc-noteref|doc-backlink`)).OnElements("a")

	p.AllowAttrs("class").Matching(word(`anchor|external|broken|broken external|footnote-ref|footnote-backref`)).OnElements("a")
	p.AllowAttrs("class").Matching(word(`broken|math|remote-image|[a-z]{1,2}`)).OnElements("span")
	p.AllowAttrs("class").Matching(word(`code|code-lang|table-scroll|footnotes|alert alert-(?:note|tip|important|warning|caution)`)).OnElements("div")
	p.AllowAttrs("class").Matching(word(`alert-title`)).OnElements("p")
	p.AllowAttrs("class").Matching(word(`task`)).OnElements("li")
	p.AllowAttrs("class").Matching(word(`chroma|mermaid-source`)).OnElements("pre")
	p.AllowAttrs("class").Matching(word(`language-[a-z0-9+#_-]+`)).OnElements("code")
	return p
}

// sanitize lets through what the policy allows and closes what is open.
// sanitize(sanitize(x)) is sanitize(x).
func sanitize(src []byte) string {
	return balance(policy.SanitizeReader(bytes.NewReader(src)).Bytes())
}

// maxElements is how deep elements may nest in the output. Browsers stop nesting
// at 512 and so does Go's parser; the shell needs some for itself.
const maxElements = 300

// balance makes every element end where its parent does, so that no document can
// close the elements of the page around it, takes away a link in a link, and
// flattens what nests too deep.
func balance(src []byte) string {
	var out bytes.Buffer
	out.Grow(len(src) + 64)
	var open []string // of the elements written
	anchors := 0
	closeTo := func(depth int) {
		for i := len(open) - 1; i >= depth; i-- {
			out.WriteString("</" + open[i] + ">")
			if open[i] == "a" {
				anchors--
			}
		}
		open = open[:depth]
	}
	z := html.NewTokenizer(bytes.NewReader(src))
	for {
		switch z.Next() {
		case html.ErrorToken:
			closeTo(0)
			return out.String()
		case html.TextToken:
			out.Write(z.Raw())
		case html.SelfClosingTagToken, html.StartTagToken:
			raw := z.Raw()
			b, _ := z.TagName()
			name := atom.String(b)
			switch {
			case void[name]:
				out.Write(raw)
			case name == "a" && anchors > 0, len(open) >= maxElements:
			default:
				out.Write(raw)
				open = append(open, name)
				if name == "a" {
					anchors++
				}
			}
		case html.EndTagToken:
			b, _ := z.TagName()
			if i := opener(open, b); i >= 0 {
				closeTo(i)
			}
		}
	}
}

// opener is the index of the open element that an end tag ends, or -1. As in
// browsers, an end tag in a cell does not reach out of it.
func opener(open []string, name []byte) int {
	for i := len(open) - 1; i >= 0; i-- {
		if open[i] == string(name) {
			return i
		}
		if cell[open[i]] && !tablePart[string(name)] {
			return -1
		}
	}
	return -1
}

var (
	void      = map[string]bool{"br": true, "hr": true, "img": true, "input": true, "col": true, "wbr": true}
	cell      = map[string]bool{"td": true, "th": true, "caption": true}
	tablePart = map[string]bool{"table": true, "thead": true, "tbody": true, "tfoot": true, "tr": true, "td": true, "th": true, "caption": true, "colgroup": true}
)
