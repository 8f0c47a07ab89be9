package markdown_test

import (
	"fmt"
	"strings"
	"testing"

	"tasks/internal/markdown"
)

// Inputs whose cost grows with the square of their size in a careless parser. A
// hang or a page many times the document is the failure; 20 KB each.
func TestCostIsBounded(t *testing.T) {
	const size = 20 << 10
	r := func(s string) string { return strings.Repeat(s, size/len(s)) }
	half := func(a, b string) string {
		return strings.Repeat(a, size/2/len(a)) + strings.Repeat(b, size/2/len(b))
	}
	lines := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	growing := func(line func(i int) string) string {
		var b strings.Builder
		for i := 1; b.Len() < size; i++ {
			b.WriteString(line(i))
		}
		return b.String()
	}
	for name, src := range map[string]string{
		"quotes":     r(">"),
		"quotelines": r(strings.Repeat("> ", 50) + "a\n"),
		"list":       r("- "),
		"listlines":  r("- - - - - - - a\n"),
		"deep list":  growing(func(i int) string { return strings.Repeat("  ", i) + "- a\n" }),
		"brackets":   r("["),
		"brackets2":  half("[", "]"),
		"links":      r("[a]("),
		"links2":     r("[a](<b"),
		"img":        r("!["),
		"emph":       r("*a "),
		"emph2":      r("*a **a "),
		"emph3":      half("*a ", "a* "),
		"emph4":      r("_a __b"),
		"emph5":      half("**x ", "x**"),
		"ticks":      lines("`%0100d"),
		"ticks2":     growing(func(i int) string { return "e" + strings.Repeat("`", i) }),
		"defs":       r("a\n: "),
		"defs2":      "a\n" + r(": "),
		"defs3":      r("a\n: b\n\n"),
		"tex":        r("$x^{$ "),
		"html":       r("<a "),
		"html2":      r("<!--"),
		"html3":      r("<?"),
		"html4":      r("a <!-"),
		"html5":      r("<b>"),
		"html6":      r("\n<div>"),
		"ents":       r("&#x"),
		"autolinks":  r("http://"),
		"www":        r("www."),
		"mails":      r("a@b."),
		"mail2":      r("a.") + "@",
		"mail3":      r("aaaa@"),
		"footrefs":   "[^1]: x\n\n" + r("[^1]"),
		"footdefs":   lines("[^%d]: x\n\n"),
		"foots":      lines("[^%d]: x\n\n") + lines("[^%d] "),
		"footnest":   r("[^1]: "),
		"refs":       lines("[%d]: x\n") + lines("[%d] "),
		"refdup":     r("[a]: b\n"),
		"table":      "|a|\n|-|\n" + r("|x"),
		"table2":     r("|") + "\n" + r("|-") + "\n" + r("|\n"),
		"table3":     r("a|b\n-|-\n"),
		"tabletall":  "a|b\n-|-\n" + r("x\n"),
		"wiki":       r("[["),
		"math":       r("$$a "),
		"math2":      r("$a "),
		"math3":      r("$$\n"),
		"headings":   r("# a\n"),
		"fences":     r("```\n"),
		"strike":     r("~~a "),
		"backslash":  r("\\"),
		"nl":         r("\n"),
		"spaces":     r(" "),
		"tabs":       r("\t"),
		"cr":         r("\r"),
		"nul":        r("\x00"),
		"bad":        r("\xff"),
		"boxes":      r("- [ ] a\n"),
		"gt lt":      r("<>"),
		"smarttable": "|" + r("a|") + "\n|" + r("-|") + "\n" + r("|||||\n"),
		"setext":     r("a\n=\n"),
		"linktitle":  r("[a](b 'c"),
		"linkref":    r("[a]: b 'c\n"),
		"delim":      r("a**b" + "c* "),
		"openp":      r("<p>"),
		"closep":     r("</p>"),
		"tables":     r("<table><tr><td>"),
		"anch":       r("<a href=x>"),
		"codes":      r("```go\n\"\n```\n"),
		"gostr":      "```go\n" + r("'\\") + "\n```",
		"rust":       "```rust\n" + r("'a ") + "\n```",
		"py":         "```py\n" + r("'''\" ") + "\n```",
		"htm":        "```html\n" + r("<a \" ' <!-- <?") + "\n```",
		"htm2":       "```html\n" + r("<!-<a &") + "\n```",
		"yaml":       "```yaml\n" + r("a: \"") + "\n```",
		"lua":        "```lua\n" + r("--[[ x\n") + "\n```",
	} {
		t.Run(name, func(t *testing.T) {
			page := markdown.Render([]byte(src), 1, nil).HTML
			if len(page) > 150*len(src) {
				t.Errorf("%d bytes make %d", len(src), len(page))
			}
			s := markdown.NewStream(nil)
			for i := range src {
				s.Write(src[i : i+1])
			}
			s.Close()
		})
	}
}
