package markdown_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"tasks/internal/markdown"
)

// mixed is a document of about size bytes: headings, prose with links, lists, a
// table, and a block of code in each fourth section.
func mixed(size int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "## Section %d of the guide\n\nSome *prose* with a [link](docs/page%d.md), `code` and **bold** words that\nrun over two lines, see <https://example.com/%d>.\n\n", i, i, i)
		b.WriteString("- first item of a list\n- second item, a little longer\n  - nested item\n- [ ] a box\n\n| name | value |\n|------|------:|\n| alpha | 1 |\n| beta | 2 |\n\n")
		if i%4 == 0 {
			b.WriteString("```go\n// add adds.\nfunc add(a, b int) int {\n\treturn a + b // \"sum\"\n}\n```\n\n")
		}
	}
	return b.Bytes()
}

// The floor is goldmark's GFM alone: no ids, no links resolved, no highlighting,
// nothing sanitised.
func BenchmarkRender(b *testing.B) {
	floor := goldmark.New(goldmark.WithExtensions(extension.GFM))
	for _, size := range []int{20 << 10, 100 << 10, 1 << 20} {
		src := mixed(size)
		b.Run(fmt.Sprintf("ours/%dK", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				markdown.Render(src, 1, site{})
			}
		})
		b.Run(fmt.Sprintf("floor/%dK", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				var out bytes.Buffer
				if err := floor.Convert(src, &out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHighlight(b *testing.B) {
	src := []byte(strings.Repeat("// add adds.\nfunc add(a, b int) int {\n\treturn a + b // \"sum\"\n}\n", 1000))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		markdown.Highlight("go", src)
	}
}
