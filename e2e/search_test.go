package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestSearch types into the box on a page and on the page of hits, by key alone.
func TestSearch(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	ready := `document.documentElement.dataset.ready !== undefined`
	option := `[...document.querySelectorAll("#suggest [role=option]")]`

	p.goTo(s, "")
	p.until(ready)
	// The driver sends the character also where the page has taken the key.
	slash := func() {
		p.do(chromedp.KeyEvent("/"))
		p.until(`document.activeElement.id === "q" && (document.querySelector("#q").value = "", true)`)
	}
	slash()
	p.do(chromedp.KeyEvent("lease"))
	p.until(option + `.length > 2 && document.querySelector("#q").getAttribute("aria-expanded") === "true"`)
	p.until(`document.querySelector("#suggest mark")?.textContent.toLowerCase() === "lease"`)
	p.painted()
	p.shot("search-drop-down")
	p.axe("drop-down")
	p.do(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowUp))
	p.until(option + `[0].getAttribute("aria-selected") === "true" && document.querySelector("#q").getAttribute("aria-activedescendant") === ` + option + `[0].id`)
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until(`document.querySelector("#suggest").hidden && document.querySelector("#q").value === "lease"`)
	p.do(chromedp.KeyEvent(kb.ArrowDown))
	p.until(option + `.length > 2 && !document.querySelector("#suggest").hidden`)
	href := js[string](p, option+`[0].dataset.href`)
	p.do(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
	p.until(fmt.Sprintf(`location.pathname + location.hash === new URL(%q, location.href).pathname + new URL(%q, location.href).hash`, href, href))

	p.goTo(s, "search")
	p.until(ready)
	slash()
	p.do(chromedp.KeyEvent("lease status:ready"))
	p.until(`location.search === "?q=lease+status%3Aready" && document.querySelectorAll(".hit-file").length > 0 && document.activeElement.id === "q"`)
	p.until(`[...document.querySelectorAll(".hit-file h2 > a")].every(a => a.getAttribute("href").startsWith("/tasks/"))`)
	p.axe("hits")
	p.do(chromedp.KeyEvent(kb.ArrowDown))
	p.until(`document.activeElement.matches(".hit-file .row-title")`)

	p.goTo(s, "search?q=lea(se%7Cder)&regex=1")
	p.until(`document.querySelectorAll(".hit-file mark").length > 1 && document.querySelector("[name=regex]").checked`)
	p.goTo(s, "search?q=(&regex=1")
	p.until(`document.querySelector(".note.bad")`)
	p.axe("bad expression")
	p.quiet()
}

// TestSearchShots takes pictures of the states of search.
func TestSearchShots(t *testing.T) {
	sweep(t)
	if testing.Short() {
		t.Skip("skipped: pictures are not taken in short runs")
	}
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	for _, size := range []struct{ w, h int64 }{{1440, 900}, {390, 844}} {
		p := open(t, s, size.w, size.h)
		for _, theme := range []string{"light", "dark"} {
			p.theme(theme)
			for name, at := range map[string]string{"bad": "search?q=(&regex=1", "unknown": "search?q=lease+owner%3Anoboddy", "filters": "search?q=status%3Aready", "huge": "search?q=e", "code": "search?q=func&kind=code"} {
				p.goTo(s, at)
				p.painted()
				p.shot(fmt.Sprintf("search-%s-%d-%s", name, size.w, theme))
				if over := p.sideways(); over > 0 {
					t.Errorf("%s at %d wide scrolls sideways by %d px", at, size.w, over)
				}
			}
			p.goTo(s, "tasks")
			p.do(chromedp.SendKeys("#q", "lease retry"))
			p.until(`document.querySelectorAll("#suggest [role=option]").length > 1`)
			p.painted()
			p.shot(fmt.Sprintf("search-drop-down-%d-%s", size.w, theme))
		}
		p.quiet()
	}
}
