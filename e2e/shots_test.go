package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// theme makes the page see a light or dark system, without motion: neither pictures
// nor contrasts are taken in the middle of one.
func (p *page) theme(name string) {
	p.t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		p.t.Fatal(err)
	}
}

// painted waits until icons are there and two frames have been drawn.
func (p *page) painted() {
	p.t.Helper()
	js[bool](p, `(window.frames2 = 0, requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => window.frames2 = 1))), true)`)
	p.until(`window.frames2 === 1 && document.getAnimations().length === 0`)
}

// TestShots takes a picture of every page, light and dark, wide and narrow, for
// people to look at, and fails on any complaint of a page on the way.
func TestShots(t *testing.T) {
	sweep(t)
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	for _, size := range []struct{ w, h int64 }{{1440, 900}, {1024, 800}, {390, 844}} {
		p := open(t, s, size.w, size.h)
		for _, theme := range []string{"light", "dark"} {
			p.theme(theme)
			for _, page := range sitePages {
				p.goTo(s, page.path)
				p.painted()
				p.shot(fmt.Sprintf("page-%s-%d-%s", page.name, size.w, theme))
				if over := p.sideways(); over > 0 {
					t.Errorf("%s at %d wide scrolls sideways by %d px", page.name, size.w, over)
				}
			}
			p.visit(s, guide)
			p.painted()
			p.shot(fmt.Sprintf("drawer-empty-%d-%s", size.w, theme))
			p.ask("What happens to a message that keeps failing?")
			p.done()
			p.shot(fmt.Sprintf("drawer-answer-%d-%s", size.w, theme))
			p.click("[data-chat-new]")
			p.ask("Correct the retry limit: it is 5 since last week")
			p.done()
			p.shot(fmt.Sprintf("drawer-edit-%d-%s", size.w, theme))
			p.click("[data-chat-undo]")
			p.until(`document.querySelector(".diff-card").dataset.undone === "true"`)
			p.click("[data-chat-new]")
			js[bool](p, `(document.querySelector("[data-chat-close]").click(), true)`)
		}
		// A page that is not there is told of in the console; nothing else may be.
		p.quiet("404", "nothing.md")
	}
}
