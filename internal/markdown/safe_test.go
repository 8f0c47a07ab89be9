package markdown_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"tasks/internal/markdown"
)

// safeElements is the oracle's own list, written apart from the policy.
var safeElements = strings.Fields(`p br hr h1 h2 h3 h4 h5 h6 blockquote div span ul ol li dl dt dd pre code kbd samp var tt
	em strong b i u s strike del ins mark small big sub sup q cite dfn abbr details summary figure figcaption ruby rt rp wbr bdi bdo time
	table caption colgroup col thead tbody tfoot tr th td a img input`)

var safeAttributes = strings.Fields(`id class title lang dir align valign width height colspan rowspan span start value type reversed
	open datetime scope href rel src alt loading disabled checked data-line aria-label tabindex role`)

var (
	safeHref  = regexp.MustCompile(`^((?i:https?)://[^/\\]|(?i:mailto):|/$|/[^/\\]|#)`)
	unsafeURL = regexp.MustCompile(`[\x00-\x20\x7f\\]`)
	safeID    = regexp.MustCompile(`^user-content-.`)
)

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// checkSafe parses a page as a browser would, inside an element of the shell, and
// checks each element, attribute and address against plain lists.
func checkSafe(t *testing.T, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(`<!doctype html><body><main id="shell"><div id="doc">` + page + `</div><p id="after">x</p></main></body>`))
	if err != nil {
		t.Fatalf("%v in %q", err, page)
	}
	main := find(doc, "shell")
	body := find(doc, "doc")
	if main == nil || body == nil || body.Parent != main || find(doc, "after") == nil || find(doc, "after").Parent != main {
		t.Fatalf("the page breaks out of its element: %q", page)
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		switch n.Type {
		case html.ElementNode:
			checkElement(t, n, page)
		case html.CommentNode, html.DoctypeNode:
			t.Errorf("a comment or doctype in %q", page)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	for c := body.FirstChild; c != nil; c = c.NextSibling {
		walk(c)
	}
}

func checkElement(t *testing.T, n *html.Node, page string) {
	t.Helper()
	if n.Namespace == "math" {
		checkFormula(t, n, page)
		return
	}
	if n.Parent != nil && n.Parent.Namespace != "" {
		t.Errorf("%s within a formula in %q", n.Data, page)
	}
	if !contains(safeElements, n.Data) || n.Namespace != "" {
		t.Errorf("element %s in %q", n.Data, page)
	}
	attr := map[string]string{}
	for _, a := range n.Attr {
		attr[a.Key] = a.Val
		if !contains(safeAttributes, a.Key) || a.Namespace != "" {
			t.Errorf("attribute %s of %s in %q", a.Key, n.Data, page)
		}
		switch a.Key {
		case "id":
			if !safeID.MatchString(a.Val) {
				t.Errorf("id %q in %q", a.Val, page)
			}
		case "href":
			if !safeHref.MatchString(a.Val) || unsafeURL.MatchString(a.Val) || n.DataAtom != atom.A {
				t.Errorf("href %q in %q", a.Val, page)
			}
		case "src":
			if !strings.HasPrefix(a.Val, "/") || !safeHref.MatchString(a.Val) || unsafeURL.MatchString(a.Val) || n.DataAtom != atom.Img {
				t.Errorf("src %q in %q", a.Val, page)
			}
		}
	}
	if strings.HasPrefix(strings.ToLower(attr["href"]), "http") && attr["rel"] != "noopener noreferrer nofollow" {
		t.Errorf("an external link without rel in %q", page)
	}
	if n.DataAtom == atom.Input {
		if _, off := attr["disabled"]; !off || attr["type"] != "checkbox" || attr["aria-label"] == "" {
			t.Errorf("an input that is no disabled, named checkbox in %q", page)
		}
	}
}

// checkFormula checks an element of MathML: of a plain list, in a formula, and with
// nothing but text in those where a browser would take HTML.
func checkFormula(t *testing.T, n *html.Node, page string) {
	t.Helper()
	if !contains(strings.Fields("math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd"), n.Data) {
		t.Errorf("element %s of a formula in %q", n.Data, page)
	}
	if (n.Data == "math") == (n.Parent.Namespace == "math") {
		t.Errorf("%s in %s in %q", n.Data, n.Parent.Data, page)
	}
	for _, a := range n.Attr {
		if !contains(strings.Fields("display mathvariant stretchy fence form movablelimits lspace rspace width linethickness accent displaystyle class"), a.Key) || a.Namespace != "" || len(a.Val) >= 20 {
			t.Errorf("attribute %s of %s in %q", a.Key, n.Data, page)
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if contains(strings.Fields("mi mn mo mtext mspace"), n.Data) && c.Type != html.TextNode {
			t.Errorf("%s holds more than text in %q", n.Data, page)
		}
	}
}

func find(n *html.Node, id string) *html.Node {
	for _, a := range n.Attr {
		if a.Key == "id" && a.Val == id {
			return n
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if f := find(c, id); f != nil {
			return f
		}
	}
	return nil
}

var hostile = []string{
	"<script>alert(1)</script>", "<ScRiPt src=//e></sCrIpT>", "<img src=x onerror=alert(1)>", "<img/src=\"x\"/onerror=alert(1)>",
	"<svg onload=alert(1)><image href=https://e/x></svg>", "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
	"<iframe srcdoc='<script>alert(1)</script>'></iframe>", "<object data=x></object><embed src=x>", "<form action=/actions/kickoff><input name=slug><button>Save</button></form>",
	"<base href=//e>", "<meta http-equiv=refresh content='0;url=//e'>", "<link rel=prefetch href=//e>", "<style>*{background:url(//e)}</style>",
	"<p style='background:url(//e)'>x</p>", "<a href=x ping=//e>x</a>", "<img id=__proto__ name=csrf>", "<a id=body name=location href=#>x</a>",
	"<video poster=//e src=//e></video>", "<img srcset='//e 1x' src=a.png>", "<picture><source srcset=//e><img src=a.png></picture>",
	"[x](javascript:alert(1))", "[x](JaVa\tscript:alert(1))", "[x](javascript&colon;alert(1))", "[x](&#106;avascript:alert(1))", "[x](<java\nscript:alert(1)>)",
	"[x](vbscript:x)", "[x](data:text/html,<script>alert(1)</script>)", "[x](//e/x)", "[x](/\\e/x)", "[x](\\\\e)", "[x](blob:https://x/y)", "[x](file:///etc/passwd)",
	"![x](https://e/?q=SECRET)", "![x][r]\n\n[r]: https://e/?q=SECRET", "![x](data:image/svg+xml,<svg onload=alert(1)>)", "![x](//e/x.png)",
	"<javascript:alert(1)>", "<https://e/?q=\"onclick=alert(1)>", "[a](https://e/\"onmouseover=alert(1))", "[a](x 'title\" onclick=\"alert(1)')",
	"```\"><img src=x onerror=alert(1)>\nx\n```", "# <img src=x onerror=alert(1)>", "# a\" onclick=\"x", "|a|\n|:-:\" onclick=x|", "[^\"><img src=x>]: x\n\n[^\"><img src=x>]",
	"</div></div></main><aside data-chat-drawer>", "</p></div><div class=alert>", "<table><tr><td></div></main>x", "<div><div><div>", "</details></body></html>",
	"<!-- x --!><img src=x onerror=alert(1)>-->", "<![CDATA[<img src=x onerror=alert(1)>]]>", "<?php <img src=x onerror=alert(1)> ?>", "<!doctype html><img src=x onerror=alert(1)>",
	"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<textarea><img src=x onerror=alert(1)></textarea>", "<title><img src=x onerror=alert(1)></title>",
	"<xmp><img src=x onerror=alert(1)></xmp>", "<plaintext><img src=x onerror=alert(1)>", "<listing>&lt;img src=x&gt;</listing>", "<template><img src=x onerror=alert(1)></template>",
	"<a href=\"jav&#x09;ascript:alert(1)\">x</a>", "<a href=\" javascript:alert(1)\">x</a>", "<a href='\x01javascript:alert(1)'>x</a>", "<a href=//e>x</a>", "<a href='https:e'>x</a>", "<a href='https:/\\e'>x</a>",
	"<input type=checkbox data-line=3 aria-label='Run'>", "<input type=image src=//e>", "<select><option>x</select><button>Allow</button>", "<dialog open>Saved</dialog>", "<marquee>x</marquee>",
	"[[javascript:alert(1)]]", "[[x|<img src=x onerror=alert(1)>]]", "[[https://e|x]]", "$<img src=x onerror=alert(1)>$", "`docs/<img src=x onerror=alert(1)>`",
	"\x00<scr\x00ipt>alert(1)</script>", "\xff\xfe<img src=x onerror=alert(1)>", "<a\x00href=javascript:alert(1)>x</a>", "<img src=\"x\" alt=\"`onerror=alert(1)\">",
	"<details ontoggle=alert(1) open><summary>x</summary></details>", "<div role=alertdialog aria-label=Approve tabindex=1>x</div>", "<span class='approval card'>x</span>",
	"<a href=x><a href=y>z</a></a>", "<b><i></b></i>", "<p><div><p></div></p>", "<table><a href=x><tr><td></a>x</table>y", "<li></ul></ol>x",
	"<ul><li><table><td><ul><li></table>x", "<h1><h2></h1></h2>", "<dl><dt><dd></dl>",
}

func TestHostileDocumentsAreInert(t *testing.T) {
	for _, src := range hostile {
		for _, doc := range []string{src, "text " + src + " text", "> " + src, "- " + src, "| " + src + " |\n|---|\n| " + src + " |", "<div>\n" + src + "\n</div>\n\n" + src} {
			checkSafe(t, markdown.Render([]byte(doc), 1, site{}).HTML)
			checkSafe(t, markdown.Render([]byte(doc), 1, nil).HTML)
			for _, b := range stream(doc) {
				checkSafe(t, b.HTML)
			}
		}
	}
}

// hostileLinks answers with what must never be written into a page.
type hostileLinks struct{}

func (hostileLinks) Link(dest string) markdown.Target {
	return markdown.Target{Href: dest, Title: `"><script>`}
}
func (hostileLinks) Wiki(name string) markdown.Target {
	return markdown.Target{Href: name, Broken: true, Title: `"><script>`}
}
func (hostileLinks) Image(dest string) markdown.Target { return markdown.Target{Href: dest} }

func FuzzRender(f *testing.F) {
	for _, src := range hostile {
		f.Add([]byte(src))
	}
	f.Add([]byte(answerText))
	f.Add([]byte("[r] <HTTPS://e> [x](MailTo:a@b) ![x](Http://e/x.png)\n\n[r]:httPs://0\n\n<a href='hTTp://e'>x</a>"))
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<14 {
			return
		}
		checkSafe(t, markdown.Render(src, 1, site{}).HTML)
		checkSafe(t, markdown.Render(src, 1, hostileLinks{}).HTML)
		for _, b := range stream(string(src)) {
			checkSafe(t, b.HTML)
		}
	})
}

// Highlighting adds spans within lines and changes no character of the code.
func FuzzHighlight(f *testing.F) {
	for _, lang := range []string{"go", "rust", "yaml", "html", "diff", "console", "markdown", "css", "sh", "json", "lua"} {
		f.Add(lang, "<a b='c\\'d\">e</a> // f /* g */ 'h 1.2e+3 ${i} @j \n# k: l\n```m\n+n\n$ o")
	}
	f.Fuzz(func(t *testing.T, lang, code string) {
		if !utf8.ValidString(code) || strings.ContainsAny(code, "\r\x00") || len(code) > 1<<13 {
			return
		}
		out := markdown.Highlight(lang, []byte(code))
		nodes, err := html.ParseFragment(strings.NewReader(out), &html.Node{Type: html.ElementNode, Data: "code", DataAtom: atom.Code})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, n := range nodes {
			if n.Type == html.ElementNode {
				if n.DataAtom != atom.Span || len(n.Attr) != 1 || n.FirstChild == nil || n.FirstChild.Type != html.TextNode || strings.Contains(n.FirstChild.Data, "\n") {
					t.Errorf("%q in %s: %s", code, lang, out)
					continue
				}
				n = n.FirstChild
			}
			text.WriteString(n.Data)
		}
		if text.String() != code {
			t.Errorf("%q in %s reads %q", code, lang, text.String())
		}
	})
}
