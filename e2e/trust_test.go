package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTheFirstClickSaysWhatItLetsRun: in a repository that brings commands of its own
// the first kickoff by the user's hand trusts them, and the page tells which.
func TestTheFirstClickSaysWhatItLetsRun(t *testing.T) {
	const slug = "spread-retries-with-jitter"
	for name, kickoff := range map[string]func(*page, *server){
		"button": func(p *page, s *server) {
			p.do(chromedp.Navigate(s.url + jitter))
			p.ready()
			p.click(`[data-kickoff]`)
			p.until(`document.querySelector("[data-unqueue]")`)
		},
		"board": func(p *page, s *server) {
			p.visit(s, "board")
			file, _ := s.file(p.t, slug)
			p.drag(slug, hashOf(p.t, file), "ready")
			p.until(inColumn(slug, "ready"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, nil, "demo", "--no-manager", "--addr", "127.0.0.1:0")
			path, text := s.file(t, slug)
			mine := strings.Replace(text, "\nstatus: ready\n", "\nverify: [\"go test ./... # <b>\"]\nstatus: not_started\n", 1)
			if mine == text {
				t.Fatal("the worksheet is not ready")
			}
			if err := os.WriteFile(path, []byte(mine), 0o644); err != nil {
				t.Fatal(err)
			}
			p := open(t, s, 1440, 900)
			kickoff(p, s)
			p.until(`document.querySelector("[data-said]")?.innerText.includes("lets the repository's own commands run, tasks trust --revoke takes it back: go test ./... # <b>")`)
			p.shot("trust-first-" + name)
			p.axe("the first kickoff by " + name)
			p.quiet()
		})
	}
}
