package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// checkout is a repository of the given files, committed.
func checkout(t *testing.T, files map[string]string) string {
	t.Helper()
	root := write(t, nil)
	for name, text := range files {
		put(t, filepath.Join(root, filepath.FromSlash(name)), text)
	}
	git(t, root, "init", "-q")
	git(t, root, "add", "-A")
	git(t, root, "commit", "-q", "-m", "docs: first")
	return root
}

const diagrams = "# Diagrams\n\nText before.\n\n" +
	"```mermaid\nflowchart LR\n  A[Write the task] --> B{Check}\n  B -->|fine| C[Kickoff]\n  B -->|thin| A\n```\n\n" +
	"```mermaid\nsequenceDiagram\n  participant U as User\n  participant S as Server\n  U->>S: POST /actions/chat\n  S-->>U: events\n  Note over S: journal first\n```\n\n" +
	"```mermaid\nthis is no diagram\n```\n\n" +
	"```mermaid\nstateDiagram-v2\n  [*] --> queued\n  queued --> running\n  running --> [*]\n```\n\nText after.\n"

// TestDiagrams: drawn in a frame, in each theme, with the source one key away; without
// use nothing of it is loaded.
func TestDiagrams(t *testing.T) {
	root := checkout(t, map[string]string{"docs/diagrams.md": diagrams, "docs/plain.md": "# Plain\n\nNo diagram.\n"})
	s := start(t, nil, "serve", "-C", root, "--addr", "127.0.0.1:0", "--no-manager")
	for _, width := range []int64{1440, 390} {
		p := open(t, s, width, 1400)
		for _, theme := range []string{"light", "dark"} {
			p.theme(theme)
			p.do(chromedp.Navigate(s.url + "browse/docs/diagrams.md"))
			p.until(`document.querySelectorAll(".diagram-view.drawn").length === 3 && document.querySelectorAll(".diagram.failed").length === 1`)
			if n := js[int](p, `[...document.querySelectorAll(".drawn iframe")].filter(f => f.sandbox.value === "allow-scripts" && f.clientHeight > 40 && f.clientWidth > 60).length`); n != 3 {
				t.Errorf("%d of 3 diagrams have a size", n)
			}
			if !js[bool](p, `[...document.querySelectorAll(".failed")].every(f => f.querySelector("pre").checkVisibility() && f.innerText.includes("It cannot be drawn"))`) {
				t.Error("what cannot be drawn does not show its source and why")
			}
			p.painted()
			p.shot("diagrams-" + theme + map[bool]string{true: "-narrow"}[width < 1000])
			p.axe(theme + " diagrams")
		}
		if !js[bool](p, `(b => { b.focus(); b.click(); const f = b.closest(".diagram"); return f.querySelector("pre").checkVisibility() && !f.querySelector("iframe").checkVisibility() && b.getAttribute("aria-pressed") === "true" })(document.querySelector(".diagram-bar button"))`) {
			t.Error("the source is not shown when asked for")
		}
		p.do(chromedp.Navigate(s.url + "browse/docs/plain.md"))
		p.until(`document.documentElement.dataset.ready !== undefined`)
		if n := js[int](p, `performance.getEntriesByType("resource").filter(r => /frame|mermaid/.test(r.name)).length`); n != 0 {
			t.Errorf("a page without diagrams loads %d files for them", n)
		}
		p.quiet()
	}
}

// TestDiagramsInForcedColors: the words of a drawing are not of the colour of its boxes.
func TestDiagramsInForcedColors(t *testing.T) {
	root := checkout(t, map[string]string{"docs/diagrams.md": diagrams})
	s := start(t, nil, "serve", "-C", root, "--addr", "127.0.0.1:0", "--no-manager")
	p := open(t, s, 1440, 1400)
	features := []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-color-scheme", Value: "dark"}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(s.url + "browse/docs/diagrams.md"))
	// The one that fails is coloured like the others for as long as it has not.
	p.until(`document.querySelectorAll(".diagram-view.drawn").length === 3 && document.querySelectorAll(".diagram.failed").length === 1`)
	// The frame is closed to us: what it is told is seen on its way.
	js[bool](p, `(window.told = [], (post => { MessagePort.prototype.postMessage = function (...data) { if (data[0]?.colors) window.told.push(data[0].colors); post.apply(this, data); } })(MessagePort.prototype.postMessage), document.documentElement.dataset.contrast = "more", true)`)
	p.until(`window.told.length === 3`)
	if !js[bool](p, `window.told.every((c) => c.text !== c.wash && c.text !== c.page && c.soft !== c.page && c.page === "#000000")`) {
		t.Errorf("a drawing is coloured with %s", js[string](p, `JSON.stringify(window.told)`))
	}
}

// TestManyDiagrams: a few at a time, so that the first is seen early and the last has its
// whole patience; all of them follow a change of colours.
func TestManyDiagrams(t *testing.T) {
	text := "# Many\n"
	for i := range 12 {
		text += fmt.Sprintf("\n```mermaid\nflowchart LR\n  A%d --> B\n```\n", i)
	}
	s := start(t, nil, "serve", "-C", checkout(t, map[string]string{"docs/many.md": text}), "--addr", "127.0.0.1:0", "--no-manager")
	p := open(t, s, 1440, 2400)
	script := cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: `if (self === top) {
		window.most = window.told = 0;
		new MutationObserver(() => { window.most = Math.max(window.most, document.querySelectorAll(".diagram-view:not(.drawn) iframe").length); })
			.observe(document, { subtree: true, childList: true, attributes: true });
		const post = MessagePort.prototype.postMessage;
		MessagePort.prototype.postMessage = function (...data) { if (data[0]?.colors) window.told++; post.apply(this, data); };
	}`}
	if _, err := chromedp.Call(p.ctx, cdpage.AddScriptToEvaluateOnNewDocument, script); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(s.url + "browse/docs/many.md"))
	p.until(`document.querySelectorAll(".diagram-view.drawn").length === 12`)
	if n := js[int](p, `window.most`); n < 1 || n > 3 {
		t.Errorf("%d were drawn at a time", n)
	}
	js[bool](p, `(document.documentElement.dataset.theme = "dark", true)`)
	p.until(`window.told === 12`)
	p.quiet()
}

// TestHostileDiagrams: no text gets out of the frame.
func TestHostileDiagrams(t *testing.T) {
	evil := []string{
		"flowchart TD\n  A[\"<img src=x onerror=parent.document.title='owned'>\"] --> B[\"<script>top.location='https://example.com/'</script>\"]\n  click A \"javascript:parent.document.title='owned'\"\n  click B href \"https://example.com/\" _top\n",
		"%%{init: {\"securityLevel\": \"loose\", \"themeCSS\": \"* { background: url(https://example.com/x) }\", \"htmlLabels\": true}}%%\nflowchart TD\n  A[\"<iframe src='https://example.com/'></iframe>\"] --> B[\"<a href='javascript:alert(1)'>x</a>\"]\n",
		"flowchart TD\n  A@{ img: \"https://example.com/x.png\", label: \"x\" } --> B\n",
		"flowchart TD\n" + strings.Repeat("  A --> B\n", 5000),
		"flowchart TD\n  A[\"" + strings.Repeat("x", 60000) + "\"]\n",
	}
	text := "# Hostile\n"
	for _, e := range evil {
		text += "\n```mermaid\n" + e + "```\n"
	}
	root := checkout(t, map[string]string{"docs/evil.md": text})
	s := start(t, nil, "serve", "-C", root, "--addr", "127.0.0.1:0", "--no-manager")
	p := open(t, s, 1200, 4000)
	p.do(chromedp.Navigate(s.url + "browse/docs/evil.md"))
	p.until(`document.querySelectorAll(".diagram-view.drawn, .diagram.failed").length === 5`)
	if title := js[string](p, `document.title`); !strings.HasPrefix(title, "Hostile") {
		t.Errorf("the page's title is %q", title)
	}
	if at := js[string](p, `location.href`); at != s.url+"browse/docs/evil.md" {
		t.Errorf("the page is at %s", at)
	}
	if got := js[string](p, `(f => { try { return String(f.contentDocument) } catch (e) { return "null" } })(document.querySelector("iframe"))`); got != "null" {
		t.Errorf("the page reaches into the frame: %s", got)
	}
	p.shot("diagrams-hostile")
	for _, m := range p.odd {
		if strings.HasPrefix(m, "request elsewhere") {
			t.Error(m)
		}
	}
}

// TestDiagramThatNeverComes: a frame that does not answer is taken away, and the source
// says why.
func TestDiagramThatNeverComes(t *testing.T) {
	text := "# Far down\n\n" + strings.Repeat("A paragraph of text.\n\n", 200) + "```mermaid\nflowchart LR\n  A --> B\n```\n"
	s := start(t, nil, "serve", "-C", checkout(t, map[string]string{"docs/far.md": text}), "--addr", "127.0.0.1:0", "--no-manager")
	p := open(t, s, 1000, 700)
	p.do(chromedp.Navigate(s.url + "browse/docs/far.md"))
	p.until(`document.querySelector(".diagram") !== null`)
	if n := js[int](p, `document.querySelectorAll("iframe").length`); n != 0 {
		t.Errorf("%d frames before anybody is near", n)
	}
	js[bool](p, `(Object.defineProperty(HTMLIFrameElement.prototype, "src", { set() {} }), document.querySelector(".diagram").scrollIntoView(), true)`)
	p.until(`document.querySelector("iframe") !== null`)
	p.until(`document.querySelector(".diagram.failed") !== null`)
	if !js[bool](p, `document.querySelector("iframe") === null && document.querySelector(".diagram pre").checkVisibility() && document.querySelector(".diagram-note").innerText.includes("too long")`) {
		t.Errorf("the diagram says: %s", js[string](p, `document.querySelector(".diagram").innerText`))
	}
}
