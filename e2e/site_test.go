package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// sitePage is one page of the demo, for the tests that go through all of them.
type sitePage struct{ name, path string }

// sitePages is every make of page.
var sitePages = []sitePage{
	{"home", ""}, {"doc", guide}, {"diagram", "browse/docs/guide/delivery.md"}, {"folder", "browse/docs"}, {"source", "browse/tasks/mkdocs.yml"}, {"links", "links"},
	{"tasks", "tasks"}, {"tasks-none", "tasks?q=zebra"}, {"task", "tasks/spread-retries-with-jitter"}, {"task-thin", "tasks/quiet-compaction"},
	{"board", "board"}, {"board-lanes", "board?group=owner"}, {"graph", "graph"},
	{"workstreams", "workstreams"}, {"workstream", "workstreams/storage"}, {"initiative", "initiatives/storage/calm-disk"},
	{"milestones", "milestones"}, {"milestone", "milestones/v1"}, {"team", "team"}, {"owner", "team/ana-ruiz"},
	{"status", "status"}, {"run", "runs/spread-retries-with-jitter"}, {"activity", "activity"},
	{"search", "search?q=lease"}, {"search-empty", "search"}, {"search-none", "search?q=zebra"}, {"error", "browse/docs/nothing.md"},
}

// goTo opens a page and waits for its scripts and its pictures.
func (p *page) goTo(s *server, path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(s.url + path))
	p.until(`document.documentElement.dataset.ready !== undefined`)
}

// shifted is how far the page's parts moved by themselves since it was opened.
func (p *page) shifted() float64 {
	p.t.Helper()
	p.painted()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[float64](`new Promise((done) => {
		let sum = 0;
		const seen = new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) sum += e.value; });
		seen.observe({ type: "layout-shift", buffered: true });
		setTimeout(() => { seen.disconnect(); done(sum); }, 50);
	})`, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// sideways is by how many pixels the page is wider than its window.
func (p *page) sideways() int {
	p.t.Helper()
	return js[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`)
}

// TestNothingMoves opens every page and lets nothing of it jump while it comes in, nor
// anything lie beyond the edge: at 320 pixels, which is a window of 1280 at 400 %, and
// as wide as screens are.
func TestNothingMoves(t *testing.T) {
	sweep(t)
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	for _, width := range []int64{320, 2560} {
		p := open(t, s, width, 900)
		for _, page := range sitePages {
			p.goTo(s, page.path)
			most := 0.02
			if page.name == "diagram" {
				most = 0.1 // how high a drawing is is known when it is drawn
			}
			moved := p.shifted()
			if moved > most { // on a busy machine a font may come late, once
				p.goTo(s, page.path)
				moved = min(moved, p.shifted())
			}
			if moved > most {
				t.Errorf("%s at %d wide shifts by %.3f", page.name, width, moved)
			}
			if over := p.sideways(); over > 0 {
				t.Errorf("%s at %d wide scrolls sideways by %d px", page.name, width, over)
			}
		}
		p.quiet("404", "nothing.md")
	}
}

// TestKeyboardOnly goes through every page with Tab: the focus is always seen, is
// never lost, and the first stop leads past the navigation.
func TestKeyboardOnly(t *testing.T) {
	sweep(t)
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	for _, page := range sitePages {
		p.goTo(s, page.path)
		p.do(chromedp.KeyEvent(kb.Tab))
		if first := js[string](p, `document.activeElement.textContent`); first != "Skip to content" {
			t.Errorf("%s: the first stop is %q", page.name, first)
		}
		p.do(chromedp.KeyEvent(kb.Enter))
		for i := range 25 {
			p.do(chromedp.KeyEvent(kb.Tab))
			// The ring may be drawn by what the focused element stands in.
			if bad := js[string](p, `(() => {
				const at = document.activeElement;
				if (!at || at === document.body || at.tagName === "IFRAME") return "";
				const box = at.querySelector(":scope > rect");
				if (box && parseFloat(getComputedStyle(box).strokeWidth) >= 2) return "";
				const drawn = (e) => { const c = getComputedStyle(e); return c.outlineStyle !== "none" && parseFloat(c.outlineWidth) >= 1; };
				let e = at;
				for (let i = 0; e && i < 4; i++, e = e.parentElement) if (drawn(e)) return "";
				return at.outerHTML.slice(0, 200);
			})()`); bad != "" {
				t.Errorf("%s: stop %d after the navigation has no ring: %s", page.name, i+1, bad)
				break
			}
		}
	}
	p.quiet("404", "nothing.md")
}

// TestMoreContrast asks axe again where the user wants more contrast, or the system
// paints the page in colours of its own.
func TestMoreContrast(t *testing.T) {
	sweep(t)
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	for _, wish := range []struct{ name, feature, value, scheme string }{
		{"contrast-light", "prefers-contrast", "more", "light"}, {"contrast-dark", "prefers-contrast", "more", "dark"}, {"forced", "forced-colors", "active", "dark"},
	} {
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: wish.scheme}, {Name: wish.feature, Value: wish.value}, {Name: "prefers-reduced-motion", Value: "reduce"}}
		if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			t.Fatal(err)
		}
		for _, page := range sitePages {
			p.goTo(s, page.path)
			p.painted()
			p.shot(fmt.Sprintf("page-%s-1440-%s", page.name, wish.name))
			if wish.name != "forced" { // its colours are the system's
				p.axe(wish.name + " " + page.name)
			}
		}
	}
	p.quiet("404", "nothing.md")
}

// TestWithoutScripts reads every page where none run: it says what it says with them,
// shows nothing that would do nothing, and its lists can still be narrowed.
func TestWithoutScripts(t *testing.T) {
	sweep(t)
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	for _, page := range sitePages {
		p.do(chromedp.Navigate(s.url + page.path))
		p.until(`document.readyState === "complete"`)
		p.equal(`document.documentElement.dataset.js === undefined`, "true") // no script has run
		if n := js[int](p, `document.querySelector("main").innerText.trim().length`); n < 20 {
			t.Errorf("%s says nothing", page.name)
		}
		if dead := js[string](p, `[...document.querySelectorAll("main button:not([type=submit]), main [role=button]")].filter((b) => b.checkVisibility() && !b.form && !b.closest("details > summary")).map((b) => b.outerHTML.slice(0, 120)).join("\n")`); dead != "" {
			t.Errorf("%s shows what does nothing: %s", page.name, dead)
		}
	}
	p.do(chromedp.Navigate(s.url+"tasks"), chromedp.SendKeys(`.list-bar input[type=search]`, "jitter"+kb.Enter))
	p.until(`location.search.includes("q=jitter") && document.querySelectorAll("main [data-row]").length === 1`)
}

// oddFiles is a repository of what is seldom right: words from right to left, markup
// in titles, files that do not parse, a slug twice, titles without end.
func oddFiles() map[string]string {
	long := strings.Repeat("unbrokenwordwithoutend", 20)
	files := map[string]string{
		"README.md":                "# מסמך ראשי\n\nשלום עולם, זה מסמך בעברית עם `code` ועם [קישור](docs/arabic.md).\n\n- פריט ראשון\n- second item, in English\n\n| א | ב |\n|---|---|\n| 1 | 2 |\n",
		"docs/arabic.md":           "# وثيقة\n\nهذا نص عربي طويل بما يكفي ليلتف على عدة أسطر في نافذة ضيقة.\n\n> اقتباس\n\n```go\nfunc main() {}\n```\n",
		"docs/long.md":             "# " + long + "\n\n" + long + "\n\n`" + long + "`\n\n| " + long + " | x |\n|---|---|\n| " + long + " | y |\n",
		"docs/empty.md":            "",
		"docs/deep.md":             "# Deep\n\n" + strings.Repeat("> ", 50) + "words\n\n" + strings.Repeat("- ", 50) + "words\n",
		"tasks/hebrew.md":          "---\ntype: task\ntitle: משימה בעברית עם מילים באנגלית like this\nstatus: in_progress\nowner: דנה\nmilestone: גרסה\n---\n\n# משימה\n\n## Problem\n\nבעיה.\n",
		"tasks/markup.md":          "---\ntype: task\ntitle: '<img src=x onerror=alert(1)> & \"quotes\" <b>bold</b>'\nstatus: blocked\nowner: <script>\nlabels: ['<i>']\n---\n",
		"tasks/broken.md":          "---\ntitle: [unclosed\nstatus: ready\n---\n\n# Broken\n",
		"tasks/a/twice.md":         "---\ntype: task\ntitle: Twice\nstatus: ready\n---\n",
		"tasks/b/twice.md":         "---\ntype: task\ntitle: Twice as well\nstatus: ready\n---\n",
		"tasks/long.md":            "---\ntype: task\ntitle: " + long + "\nstatus: not_started\ndepends_on: [" + long + ", loop-a]\nworkstream: " + long + "\n---\n",
		"tasks/loop-a.md":          "---\ntype: task\ntitle: Hen\nstatus: not_started\ndepends_on: [loop-b]\n---\n",
		"tasks/loop-b.md":          "---\ntype: task\ntitle: Egg\nstatus: not_started\ndepends_on: [loop-a]\n---\n",
		"tasks/status.md":          "---\ntype: task\ntitle: A word of its own\nstatus: someday\npriority: whenever\n---\n",
		"tasks/milestones/גרסה.md": "---\ntype: milestone\ntitle: גרסה ראשונה\ndue: 2020-01-31\n---\n",
		"tasks/milestones/bad.md":  "---\ndue: soon\n---\n",
	}
	for i := range 130 {
		files[fmt.Sprintf("tasks/many/many-%03d.md", i)] = fmt.Sprintf("---\ntype: task\ntitle: One of many, number %d\nstatus: completed\n---\n", i)
	}
	return files
}

// TestOddRepository shows every page over such a repository, and over an empty one.
func TestOddRepository(t *testing.T) {
	sweep(t)
	paths := []string{"", "browse/README.md", "browse/docs/arabic.md", "browse/docs/long.md", "browse/docs/deep.md", "browse/docs/empty.md", "browse/tasks", "tasks", "board", "board?group=milestone", "graph", "graph?status=all",
		"tasks/hebrew", "tasks/markup", "browse/tasks/broken.md", "tasks/long", "milestones", "workstreams", "team", "activity", "status", "search?q=unbroken", "links", "tasks?sort=colour&status=bogus&page=99"}
	empty := []string{"", "browse", "tasks", "board", "graph", "milestones", "workstreams", "team", "activity", "status", "search?q=x", "links"}
	for name, site := range map[string]struct {
		files map[string]string
		paths []string
	}{"odd": {oddFiles(), paths}, "empty": {nil, empty}} {
		t.Run(name, func(t *testing.T) {
			root := write(t, site.files)
			git(t, root, "init", "-q")
			s := start(t, nil, "serve", "-C", root, "--addr", "127.0.0.1:0")
			for _, width := range []int64{1280, 390} {
				p := open(t, s, width, 900)
				for i, theme := range []string{"light", "dark"} {
					p.theme(theme)
					for _, path := range site.paths {
						p.goTo(s, path)
						p.painted()
						p.axe(fmt.Sprintf("%s %s at %d /%s", name, theme, width, path))
						if over := p.sideways(); over > 0 {
							t.Errorf("/%s at %d wide scrolls sideways by %d px", path, width, over)
						}
						if i == int(width)%2 {
							p.shot(fmt.Sprintf("%s-%s-%d-%s", name, strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-").Replace(path), width, theme))
						}
					}
				}
				if name == "odd" {
					p.goTo(s, "browse/README.md")
					// A line of Hebrew begins at the right edge.
					p.equal(`(() => { const p = document.querySelector("main .doc p"), r = document.createRange(); r.selectNodeContents(p);
						return Math.abs(r.getBoundingClientRect().right - p.getBoundingClientRect().right) < 2; })()`, "true")
				}
				p.quiet()
			}
		})
	}
}
