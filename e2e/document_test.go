package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// everything is a document with all that a document can hold.
const everything = `---
title: Everything in one place
---

# Everything in one place

A paragraph with **bold**, *italic*, ` + "`code`" + `, a [link](other.md), a [web link](https://example.com/a/long/address), a [broken one](none.md) and a footnote[^1]. The measure of a line should stay below seventy-two letters, so that the eye finds the next one.

> [!NOTE]
> A note with a [link](other.md).

> [!WARNING]
> Do not lower it without measuring.

!!! tip "An admonition"
    As MkDocs writes it.

## Formulas

The roots of $ax^2 + bx + c = 0$ are $x_{1,2} = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}$, where $a \neq 0$ and $x \in \mathbb{R}$. A sum in the line, $\sum_{i=1}^n i^2$, stays in it.

$$
\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2} \qquad \left( \sum_{k=0}^{n} \binom{n}{k} \right)^2 = 2^{2n}
$$

$$
f(x) = \begin{cases} x^2 & \text{if } x \geq 0 \\ -x & \text{otherwise} \end{cases} \qquad A = \begin{pmatrix} a & b \\ c & d \end{pmatrix}
$$

This one is not known: $\nope{x}$.

## Lists and tables

- [x] Done
- [ ] Open, with a longer text that runs over the end of the line to show where the next line begins
  - nested

1. One
2. Two

| Setting | Default | Limit | A column with a longer heading | Another one that makes it wide | And a last one |
|---|--:|--:|---|---|---|
| ` + "`ack_window`" + ` | 30 s | 10 min | how long a consumer may take before it is sent again | nothing | nothing |
| ` + "`prefetch`" + ` | 16 | 1,024 | how many at once | nothing | nothing |

Term
: What it means.

## Code

` + "```go" + `
// Ack tells the broker that a message is done with.
func (c *Consumer) Ack(ctx context.Context, id MessageID) error {
	return c.conn.Send(ctx, frame{Kind: "ack", ID: id, Retries: 3, AnotherField: "which makes this line longer than the column is wide"})
}
` + "```" + `

![A picture](pic.png)

![A broken picture](gone.png)

## عنوان بالعربية

هذه فقرة بالعربية تبدأ من اليمين، وفيها كلمة English واحدة.

[^1]: The footnote.
`

// TestDocument: all that a document can hold, on screens and on paper.
func TestDocument(t *testing.T) {
	var picture bytes.Buffer
	drawing := image.NewPaletted(image.Rect(0, 0, 640, 240), color.Palette{color.RGBA{90, 110, 220, 255}, color.White})
	if err := png.Encode(&picture, drawing); err != nil {
		t.Fatal(err)
	}
	root := checkout(t, map[string]string{"docs/all.md": everything, "docs/other.md": "# Other\n\nBack to [everything](all.md).\n", "docs/pic.png": picture.String(),
		"docs/main.go": strings.Repeat("// a line\n", 60), "tasks/mkdocs.yml": "docs_dir: ../docs\nnav:\n  - Everything: all.md\n  - Part:\n      - Other: other.md\n      - Gone: gone.md\n  - Web: https://example.com/\n"})
	s := start(t, nil, "serve", "-C", root, "--addr", "127.0.0.1:0", "--no-manager")
	for _, width := range []int64{1440, 390} {
		p := open(t, s, width, 2600)
		for _, theme := range []string{"light", "dark"} {
			p.theme(theme)
			for name, path := range map[string]string{"all": "browse/docs/all.md", "links": "links"} {
				p.do(chromedp.Navigate(s.url + path))
				p.until(`document.documentElement.dataset.ready !== undefined`)
				p.painted()
				p.shot("document-" + name + "-" + theme + map[bool]string{true: "-narrow"}[width < 1000])
				p.axe(theme + " " + path)
				if over := js[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
					t.Errorf("%s at %d wide scrolls sideways by %d px", path, width, over)
				}
			}
		}
		p.do(chromedp.Navigate(s.url + "browse/docs/all.md"))
		p.until(`document.documentElement.dataset.ready !== undefined`)
		if n := js[int](p, `document.querySelectorAll("math").length`); n != 7 {
			t.Errorf("%d formulas, want 7", n)
		}
		if !js[bool](p, `[...document.querySelectorAll("p > .math:not(.math-block) > math")].every(m => { const r = m.getBoundingClientRect(); return r.height > 8 && r.height < 60 })`) {
			t.Error("a formula does not stay in its line")
		}
		p.until(`(i => i.width > 0 && Math.abs(i.clientWidth / i.clientHeight - 640 / 240) < 0.05)(document.querySelector("img[src$='pic.png']"))`)
		p.quiet()
	}
	p := open(t, s, 1200, 900)
	p.do(chromedp.Navigate(s.url + "browse/docs/main.go#L10-L12"))
	p.until(`document.querySelectorAll(".line.marked").length === 3`)
	if got := js[string](p, `[...document.querySelectorAll(".line.marked")].map(l => l.id).join()`); got != "user-content-L10,user-content-L11,user-content-L12" {
		t.Errorf("marked lines: %s", got)
	}
	js[bool](p, `(l => { const b = l.getBoundingClientRect(); l.dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: b.left + 5, clientY: b.top + 5 })); return true })(document.getElementById("user-content-L20"))`)
	if got := js[string](p, `location.hash + " " + document.querySelectorAll(".line.marked").length`); got != "#L20 1" {
		t.Errorf("after a click on a line's number: %s", got)
	}
	p.do(chromedp.Navigate(s.url + "browse/docs/all.md"))
	p.until(`document.documentElement.dataset.ready !== undefined`)
	paper, err := chromedp.Call(p.ctx, cdpage.PrintToPDF, cdpage.PrintToPDFParams{})
	if err != nil {
		t.Fatal(err)
	}
	if len(paper.Data) < 10_000 {
		t.Errorf("paper: %d bytes", len(paper.Data))
	}
	if dir := os.Getenv("TASKS_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "document.pdf"), paper.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
