package markdown

import (
	"bytes"
	"strings"
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// global may stand on every element.
const global = "id title lang dir"

// elements is the allow list that everything goes through, our own output as well
// as raw HTML: the elements with the attributes that each may have.
var elements = map[string]string{
	"p": "align class", "br": "", "hr": "align", "blockquote": "", "div": "align class role tabindex aria-label", "span": "class",
	"h1": "align", "h2": "align", "h3": "align", "h4": "align", "h5": "align", "h6": "align",
	"ul": "", "ol": "start type reversed", "li": "class value", "dl": "", "dt": "", "dd": "",
	"pre": "class tabindex", "code": "class", "kbd": "", "samp": "", "var": "", "tt": "",
	"em": "", "strong": "", "b": "", "i": "", "u": "", "s": "", "strike": "", "del": "datetime", "ins": "datetime", "mark": "",
	"small": "", "big": "", "sub": "", "sup": "", "q": "", "cite": "", "dfn": "", "abbr": "", "bdi": "", "bdo": "", "time": "datetime",
	"details": "open", "summary": "", "figure": "", "figcaption": "", "ruby": "", "rt": "", "rp": "", "wbr": "",
	"table": "align width", "caption": "align", "colgroup": "span", "col": "align span width",
	"thead": "align", "tbody": "align", "tfoot": "align", "tr": "align valign",
	"th": "align valign width colspan rowspan scope", "td": "align valign width colspan rowspan",
	"a": "href class rel role aria-label", "img": "src alt width height align loading",
	"input": "type disabled checked data-line aria-label",
}

// mathElements are those of a formula. They are ours alone: raw HTML cannot have them
// (see rawPolicy). Within math nothing else may stand, and within what holds letters
// only text, so that a browser never leaves the formula where we do not.
var mathElements = map[string]string{
	"math": "display", "mrow": "", "mi": "mathvariant", "mn": "", "mo": "stretchy fence form movablelimits lspace rspace", "mtext": "", "mspace": "width",
	"mfrac": "linethickness", "msqrt": "", "mroot": "", "msub": "", "msup": "", "msubsup": "", "munder": "", "mover": "accent", "munderover": "",
	"mtable": "displaystyle", "mtr": "", "mtd": "class",
}

var mathLetters = map[string]bool{"mi": true, "mn": true, "mo": true, "mtext": true, "mspace": true}

// allowed is elements with global added, for looking up.
var allowed = sync.OnceValue(func() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for name, own := range mathElements {
		all[name] = map[string]bool{}
		for _, key := range strings.Fields(own) {
			all[name][key] = true
		}
	}
	for name, own := range elements {
		all[name] = map[string]bool{}
		for _, key := range strings.Fields(own + " " + global) {
			all[name][key] = true
		}
	}
	return all
})

// maxElements is how deep elements may nest in the output. Browsers stop nesting
// at 512 and so does Go's parser; the shell needs some for itself.
const maxElements = 300

// gate writes what the allow list lets through, in one pass over the tokens, and
// makes every element end where its parent does, so that no document can close the
// elements of the page around it.
type gate struct {
	out     strings.Builder
	open    []string // elements written and not ended
	anchors int      // how many of them are links
	math    bool     // one of them is a formula
	seen    []string // attributes of the tag at hand
}

// sanitize lets through what is allowed. sanitize(sanitize(x)) is sanitize(x).
func sanitize(src []byte) string {
	var g gate
	g.out.Grow(len(src) + 64)
	z := html.NewTokenizer(bytes.NewReader(src))
	for {
		switch z.Next() {
		case html.ErrorToken:
			g.closeTo(0)
			return g.out.String()
		case html.TextToken:
			g.text(z.Raw())
		case html.SelfClosingTagToken, html.StartTagToken:
			g.start(z)
		case html.EndTagToken:
			name := bareName(z.Raw(), "</")
			if name == nil {
				name, _ = z.TagName()
			}
			if i := opener(g.open, name); i >= 0 {
				g.closeTo(i)
			}
		}
	}
}

// text writes text as it is; a "<" in it began no tag and never shall.
func (g *gate) text(raw []byte) {
	for {
		i := bytes.IndexByte(raw, '<')
		if i < 0 {
			g.out.Write(raw)
			return
		}
		g.out.Write(raw[:i])
		g.out.WriteString("&lt;")
		raw = raw[i+1:]
	}
}

func (g *gate) start(z *html.Tokenizer) {
	b, more := bareName(z.Raw(), "<"), false
	if b == nil {
		b, more = z.TagName()
	}
	name := atom.String(b)
	attributes, ok := allowed()[name]
	if !ok || !void[name] && len(g.open) >= maxElements || name == "a" && g.anchors > 0 || !g.mathFits(name) {
		return
	}
	g.out.WriteByte('<')
	g.out.WriteString(name)
	g.seen = g.seen[:0]
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		key, value := atom.String(k), string(v)
		if !attributes[key] || contains(g.seen, key) || !validValue(name, key, value) {
			continue
		}
		g.seen = append(g.seen, key)
		g.out.WriteByte(' ')
		g.out.WriteString(key)
		g.out.WriteString(`="`)
		g.out.WriteString(html.EscapeString(value))
		g.out.WriteByte('"')
	}
	g.out.WriteByte('>')
	if !void[name] {
		g.open = append(g.open, name)
		switch name {
		case "a":
			g.anchors++
		case "math":
			g.math = true
		}
	}
}

// mathFits tells whether an element may begin here, as far as formulas go.
func (g *gate) mathFits(name string) bool {
	_, math := mathElements[name]
	if !g.math {
		return !math || name == "math"
	}
	return math && name != "math" && !mathLetters[g.open[len(g.open)-1]]
}

// bareName is the name of a tag that has nothing but a name, as most have; nil for
// others. It saves the copies that TagName makes.
func bareName(raw []byte, open string) []byte {
	if len(raw) < len(open)+2 || raw[len(raw)-1] != '>' {
		return nil
	}
	name := raw[len(open) : len(raw)-1]
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || isDigit(c)) {
			return nil
		}
	}
	return name
}

func (g *gate) closeTo(depth int) {
	for i := len(g.open) - 1; i >= depth; i-- {
		g.out.WriteString("</" + g.open[i] + ">")
		switch g.open[i] {
		case "a":
			g.anchors--
		case "math":
			g.math = false
		}
	}
	g.open = g.open[:depth]
}

// validValue bounds the values that do more than say something.
func validValue(element, key, value string) bool {
	if _, math := mathElements[element]; math {
		return len(value) < 20
	}
	switch key {
	case "href":
		return safeHref(value)
	case "src":
		return classify(value) == relative && safeHref(value)
	case "id":
		return len(value) > len(IDPrefix) && strings.HasPrefix(value, IDPrefix) && !strings.ContainsAny(value, " \t\n\r\f\x00")
	case "rel":
		return value == externalRel
	case "tabindex":
		return value == "0"
	case "data-line", "width", "height", "colspan", "rowspan", "span", "start", "value":
		return isNumber(value)
	case "type":
		return element == "input" && value == "checkbox" || element == "ol" && len(value) == 1 && strings.Contains("1aAiI", value)
	}
	return true
}

// isNumber tells of a short number, with or without a percent sign.
func isNumber(s string) bool {
	s = strings.TrimSuffix(s, "%")
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != "" && len(s) < 10
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
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
