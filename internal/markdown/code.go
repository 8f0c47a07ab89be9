package markdown

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// maxCode is the largest block of code that is highlighted, in bytes.
const maxCode = 512 << 10

// language is the first word of a fence's info string, lower case: "go" of
// ```go title="main.go", ```{.go} and ```go,ignore alike.
func language(n *ast.FencedCodeBlock, src []byte) string {
	if n.Info == nil {
		return ""
	}
	info := strings.TrimLeft(unescape(string(n.Info.Segment.Value(src))), "{. ")
	if i := strings.IndexAny(info, " \t,{}=:;("); i >= 0 {
		info = info[:i]
	}
	if len(info) > 30 {
		return ""
	}
	return strings.ToLower(info)
}

// writeCodeBlock writes code with the language it is in above it:
//
//	<div class="code"><div class="code-lang">go</div><pre class="chroma" tabindex="0"><code class="language-go">…
func writeCodeBlock(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	lang := ""
	if f, ok := n.(*ast.FencedCodeBlock); ok {
		lang = language(f, src)
	}
	code := segments(n.Lines().Sliced(0, n.Lines().Len()), src)
	if lang == "mermaid" {
		_, _ = w.WriteString(`<pre class="mermaid-source" tabindex="0"><code>` + escape(string(code)) + "</code></pre>\n")
		return ast.WalkSkipChildren, nil
	}
	_, _ = w.WriteString(`<div class="code">`)
	name := className(lang)
	if name != "" && !plainLabel[name] {
		_, _ = w.WriteString(`<div class="code-lang">` + name + `</div>`)
	}
	_, _ = w.WriteString(`<pre class="chroma" tabindex="0"><code`)
	if name != "" {
		_, _ = w.WriteString(` class="language-` + name + `"`)
	}
	_ = w.WriteByte('>')
	_, _ = w.WriteString(Highlight(lang, code))
	_, _ = w.WriteString("</code></pre></div>\n")
	return ast.WalkSkipChildren, nil
}

// plainLabel are the languages that say nothing to a reader.
var plainLabel = map[string]bool{"text": true, "txt": true, "plain": true, "plaintext": true, "none": true}

// className is what of a language's name may stand in a class.
func className(lang string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '+' || r == '#' {
			return r
		}
		return -1
	}, lang)
}
