package markdown

import (
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// rightToLeft are the letters of the scripts written so.
var rightToLeft = []*unicode.RangeTable{
	unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Samaritan, unicode.Mandaic, unicode.Adlam, unicode.Hanifi_Rohingya,
}

// directions gives lists, quotes, tables and alerts the direction of their first
// letter: their markers, lines and columns stand on the side that the text begins on.
// Text itself finds its own way, by the style sheet. Nothing is written into a document
// that has no such letters.
func directions(doc ast.Node, src []byte) {
	if !hasRightToLeft(src) {
		return
	}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		t, ok := n.(*ast.Text)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		dir := directionOf(t.Segment.Value(src))
		if dir == "" {
			return ast.WalkContinue, nil
		}
		for p := n.Parent(); p != nil; p = p.Parent() {
			switch p.(type) {
			case *ast.List, *ast.Blockquote, *alert, *east.Table, *east.DefinitionList:
				if get(p, "dir") == "" {
					set(p, "dir", dir)
				}
			}
		}
		return ast.WalkContinue, nil
	})
}

func hasRightToLeft(src []byte) bool {
	for i := 0; i < len(src); i++ {
		if src[i] < 0xd6 { // U+0580 and above
			continue
		}
		if r, _ := utf8.DecodeRune(src[i:]); unicode.In(r, rightToLeft...) {
			return true
		}
	}
	return false
}

// directionOf is "rtl" or "ltr" by the first letter, "" where there is none.
func directionOf(text []byte) string {
	for _, r := range string(text) {
		switch {
		case !unicode.IsLetter(r):
		case unicode.In(r, rightToLeft...):
			return "rtl"
		default:
			return "ltr"
		}
	}
	return ""
}
