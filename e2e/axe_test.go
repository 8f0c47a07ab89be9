package e2e

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// axeRun asks axe-core. It reads a page over seconds and keeps what it saw of an element: where
// the page changed meanwhile, a finding is of a page that never was, and it is asked again.
const axeRun = `(async () => {
	for (let left = 3; ; left--) {
		const changes = [];
		const watch = new MutationObserver((list) => changes.push(...list.map((m) => m.type + " of " + m.target.nodeName + "." + (m.target.className ?? ""))));
		watch.observe(document.body, { subtree: true, childList: true, attributes: true });
		const { violations } = await axe.run(document, { iframes: false });
		watch.disconnect();
		if (violations.length && changes.length && left) continue;
		return violations.map((v) => v.id + " (" + v.impact + "): " + v.help + ": " + v.nodes.slice(0, 3).map((n) =>
			n.target.join(" ") + " " + (n.any[0]?.message ?? "") + " in " + n.html.slice(0, 300)).join("; ") +
			(changes.length ? " (meanwhile: " + changes.slice(0, 10).join(", ") + ")" : ""));
	}
})()`

// axe runs axe-core on the page as it is and fails on each finding. It cannot look into
// the frames of diagrams, which let nobody in.
func (p *page) axe(where string) {
	p.t.Helper()
	const file = "node_modules/axe-core/axe.min.js"
	source, err := os.ReadFile(file)
	if err != nil {
		if os.Getenv("TASKS_E2E") == "required" {
			p.t.Fatal(err)
		}
		p.t.Skip("skipped: needs axe-core (npm ci in e2e)")
	}
	p.do(chromedp.Evaluate[chromedp.Void](string(source)))
	found, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](axeRun, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range found {
		p.t.Errorf("%s: %s", where, f)
	}
}

func TestEverybodyCanUseIt(t *testing.T) {
	sweep(t)
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	for _, width := range []int64{1440, 390} {
		p := open(t, s, width, 900)
		for _, theme := range []string{"light", "dark"} {
			p.theme(theme)
			for _, page := range sitePages {
				p.goTo(s, page.path)
				p.axe(theme + " " + page.name)
			}
			p.visit(s, "tasks/spread-retries-with-jitter")
			p.axe(theme + " drawer as it opens")
			p.ask("What happens to a message that keeps failing?")
			p.done()
			p.axe(theme + " answer")
			p.ask("Hand the jitter task to the manager")
			p.until(`document.querySelector("[data-chat-deny]")?.getAttribute("aria-disabled") === "false"`)
			p.axe(theme + " approval")
			p.decide("[data-chat-deny]")
			p.done()
			js[bool](p, `(document.querySelector("[data-chat-new]").click(), document.querySelector("[data-chat-close]").click(), true)`)
		}
	}
}
