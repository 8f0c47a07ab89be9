package markdown

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// set and get keep what the resolver decided in a node's attributes.
func set(n ast.Node, key, value string) {
	if value != "" {
		n.SetAttributeString(key, value)
	}
}

func get(n ast.Node, key string) string {
	v, _ := n.AttributeString(key)
	s, _ := v.(string)
	return s
}

// plainText is the text of inline content without its markup.
func plainText(n ast.Node, src []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(c ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch c := c.(type) {
		case *ast.Text:
			b.Write(c.Value(src))
			if c.SoftLineBreak() || c.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(c.Value)
		case *ast.AutoLink:
			b.Write(c.Label(src))
		case *wiki:
			b.WriteString(c.label)
		case *math:
			b.Write(c.source)
		}
		return ast.WalkContinue, nil
	})
	return unescape(b.String())
}

// unescape resolves the backslashes and entities that text nodes keep.
func unescape(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && s[i+1] < utf8.RuneSelf && (unicode.IsPunct(rune(s[i+1])) || unicode.IsSymbol(rune(s[i+1]))) {
			i++
		}
		b.WriteByte(s[i])
	}
	return decode([]byte(b.String()))
}

func unpercent(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

func segments(list []text.Segment, src []byte) []byte {
	var b []byte
	for i := range list {
		b = append(b, list[i].Value(src)...)
	}
	return b
}

func inLink(n ast.Node) bool {
	for p := n.Parent(); p != nil; p = p.Parent() {
		if k := p.Kind(); k == ast.KindLink || k == kindWiki {
			return true
		}
		if p.Type() == ast.TypeBlock {
			return false
		}
	}
	return false
}

// words counts the words of a piece of text.
func words(s []byte) int {
	n, in := 0, false
	for _, c := range s {
		letter := c >= utf8.RuneSelf || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '\''
		if letter && !in {
			n++
		}
		in = letter
	}
	return n
}
