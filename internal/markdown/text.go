package markdown

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// RenderText shows a file that is not markdown as code, each line an element with
// the id of its number: user-content-L12. The language is told by the file's name.
// src must be UTF-8.
func RenderText(name string, src []byte) *Page {
	var out bytes.Buffer
	lang := LanguageOfFile(name)
	out.WriteString(`<div class="code"><pre class="chroma lines" tabindex="0"><code`)
	if c := className(lang); c != "" {
		out.WriteString(` class="language-` + c + `"`)
	}
	out.WriteString(">")
	lines := strings.SplitAfter(Highlight(lang, src), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	for i, line := range lines {
		out.WriteString(`<span class="line" id="` + IDPrefix + "L" + strconv.Itoa(i+1) + `">`)
		out.WriteString(line)
		out.WriteString("</span>")
	}
	out.WriteString("</code></pre></div>\n")
	return &Page{HTML: sanitize(out.Bytes()), Words: words(src)}
}

// PlainText is a line of inline markdown without its markup, for titles.
func PlainText(line string) string {
	src := []byte(line)
	doc := document().Parser().Parse(text.NewReader(src), parser.WithContext(parser.NewContext()))
	return strings.TrimSpace(plainText(doc, src))
}
