package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"tasks/internal/llm/llmtest"
)

const (
	guide  = "browse/docs/guide/configuration.md"
	aside  = `document.querySelector("[data-chat-drawer]")`
	newest = `[...document.querySelectorAll(".turn")].at(-1)`
)

// visit opens a page, with the drawer open and its conversation there.
func (p *page) visit(s *server, path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(s.url + path))
	p.drawer()
}

// drawer opens the drawer where it is closed and waits for its conversation.
func (p *page) drawer() {
	p.t.Helper()
	if !js[bool](p, `document.documentElement.dataset.drawer === "open"`) {
		p.click("[data-chat-toggle]")
	}
	p.until(aside + `?.dataset.started !== undefined`)
}

// ask types a question and sends it with Enter.
func (p *page) ask(text string) {
	p.t.Helper()
	p.click("[data-chat-input]")
	p.do(chromedp.SendKeys("[data-chat-input]", text), enter)
	p.until(`document.querySelector("[data-chat-input]").value === ""`)
}

// enter is the key as a person presses it: the character that follows a key down is
// left out where the page took the key for itself.
var enter = chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13, NativeVirtualKeyCode: 13,
		})
		if err != nil {
			return err
		}
	}
	return nil
})

// done waits for the end of the newest turn and gives its reason.
func (p *page) done() string {
	p.t.Helper()
	p.until(newest + `?.dataset.reason`)
	return js[string](p, newest+`.dataset.reason`)
}

func TestAskAndSeeTheStream(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	p.visit(s, guide)
	if got := js[string](p, `document.body.dataset.docRel`); got != "docs/guide/configuration.md" {
		t.Errorf("data-doc-rel %q", got)
	}
	p.until(aside + `.innerText.includes("scripted")`)
	p.ask("What happens to a message that keeps failing?")
	p.until(`document.querySelector(".tool[data-tool=search_files]")`)
	p.until(newest + `.querySelector(".reply")?.innerText.includes("set aside, not lost")`)
	if reason := p.done(); reason != "stop" {
		t.Errorf("reason %s", reason)
	}
	for js, want := range map[string]string{
		newest + `.querySelectorAll(".tool").length`:                                                               "3",
		`[...document.querySelectorAll(".tool")].map(c => c.dataset.state).join()`:                                 "ok,ok,ok",
		newest + `.querySelector(".reply ol li strong, .reply strong")?.textContent`:                               "set aside, not lost",
		newest + `.querySelectorAll(".reply script, .reply [onclick], .reply [style]").length`:                     "0",
		newest + `.querySelector(".tool").open`:                                                                    "false",
		newest + `.querySelector(".reply pre code")?.textContent.includes("lantern dead list mail")`:               "true",
		`document.querySelector("[data-chat-usage]")?.innerText.includes("scripted")`:                              "true",
		`[...document.querySelectorAll(".reply a")].some(a => a.getAttribute("href").startsWith("/browse/docs/"))`: "true",
	} {
		p.equal(js, want)
	}
	p.shot("story-question")
	p.quiet()
}

// equal compares an expression, as text.
func (p *page) equal(expression, want string) {
	p.t.Helper()
	if got := js[string](p, "String("+expression+")"); got != want {
		p.t.Errorf("%s = %q, want %q", expression, got, want)
	}
}

func TestEditAppearsWithoutReloadAndIsUndone(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	p.visit(s, guide)
	js[bool](p, `window.sameDocument = true`)
	const cell = `document.querySelector("main table td:nth-child(2)").textContent`
	p.equal(cell, "3")
	p.ask("Correct the retry limit: it is 5 since last week")
	p.until(cell + ` === "5"`)
	p.done()
	p.until(`document.querySelector(".diff-card .plus")?.textContent === "+1"`)
	p.shot("story-edit")
	file := filepath.Join(s.root, "docs/guide/configuration.md")
	if data, err := os.ReadFile(file); err != nil || !strings.Contains(string(data), "| `retry.limit` | `5` |") {
		t.Errorf("the file was not changed: %v", err)
	}
	p.takeBack(true)
	p.until(cell + ` === "3"`)
	p.takeBack(false)
	p.until(cell + ` === "5"`)
	p.takeBack(true)
	p.until(cell + ` === "3"`)
	p.equal(`window.sameDocument`, "true")

	// The server knows that it is undone: a reload shows it, in a browser that remembers nothing.
	js[bool](p, `(localStorage.clear(), true)`)
	p.visit(s, guide)
	p.until(`document.querySelector(".diff-card")?.dataset.undone === "true"`)

	// A hand of the user's comes in between: the undo is refused, nothing is lost.
	p.takeBack(false)
	p.until(cell + ` === "5"`)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	mine := strings.Replace(string(data), "# Configuration", "# Configuration, by hand", 1)
	if err := os.WriteFile(file, []byte(mine), 0o644); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector("main h1").textContent.includes("by hand")`)
	p.click("[data-chat-undo]")
	p.until(`!["", "Done again"].includes(document.querySelector(".diff-card [role=status]").textContent)`)
	if now, _ := os.ReadFile(file); string(now) != mine {
		t.Error("the undo wrote over a change by hand")
	}
	p.quiet("409")
}

// takeBack clicks what undoes and does again, and waits for the answer: the page itself may
// show the change before.
func (p *page) takeBack(undone bool) {
	p.t.Helper()
	p.click("[data-chat-undo]")
	p.until(fmt.Sprintf(`document.querySelector(".diff-card").dataset.undone === "%v" && !document.querySelector("[data-chat-undo]").disabled`, undone))
}

// decide answers what the assistant asks. A card that moved in that moment does not take the
// click, and a person clicks again.
func (p *page) decide(button string) {
	p.t.Helper()
	enabled := fmt.Sprintf(`document.querySelector(%q)?.getAttribute("aria-disabled") === "false"`, button)
	p.until(enabled)
	card := js[string](p, `document.querySelector("[data-chat-ask]").dataset.chatAsk`)
	for range 5 {
		p.click(button)
		gone := fmt.Sprintf(`document.querySelector("[data-chat-ask]")?.dataset.chatAsk !== %q`, card)
		p.until(gone + " || " + enabled)
		if js[bool](p, gone) {
			return
		}
	}
	p.t.Fatalf("%s does nothing", button)
}

// walk is an answer in two parts: the second comes when the gate is opened, so that a slow
// machine does not find it there too early. It tells where the page is served.
func walk(t *testing.T, gate <-chan struct{}) *server {
	t.Helper()
	model, err := llmtest.Start(llmtest.Script{
		{User: "tour", Text: "Lantern is **three loops around one file**.", Calls: []llmtest.Call{{Name: "read_file", Arguments: `{"path":"docs/guide.md"}`}}, Hang: gate},
		{User: "tour", Results: 1, Text: "A queue that is honest about its promises is short to explain."},
		{User: "failing", Text: "It is set aside, not lost."},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(model.Close)
	root := checkout(t, map[string]string{"docs/guide.md": "# Guide\n\nOne file.\n"})
	return start(t, []string{"OPENAI_BASE_URL=" + model.URL(), "OPENAI_MODEL=scripted"}, "serve", "-C", root, "--addr", "127.0.0.1:0", "--no-manager")
}

func TestATurnGoesOnWhileThePageChanges(t *testing.T) {
	gate := make(chan struct{})
	s := walk(t, gate)
	p := open(t, s, 1440, 900)
	p.visit(s, "browse/docs/guide.md")
	p.ask("Give me a tour of the architecture")
	p.until(newest + `?.innerText.includes("three loops")`)
	p.visit(s, "status")
	p.visit(s, "browse/docs/guide.md")
	p.until(newest + `?.innerText.includes("three loops")`)
	p.equal(newest+`.dataset.reason || ""`, "")
	close(gate)
	p.do(chromedp.Reload())
	p.drawer()
	p.until(newest + `?.innerText.includes("short to explain")`)
	if reason := p.done(); reason != "stop" {
		t.Errorf("reason %s", reason)
	}
	whole := js[string](p, newest+`.querySelector(".reply").innerText`)
	p.do(chromedp.Reload())
	p.until(newest + `?.dataset.reason`)
	if again := js[string](p, newest+`.querySelector(".reply").innerText`); again != whole {
		t.Errorf("after a reload the answer reads differently:\n%s\n---\n%s", again, whole)
	}
	p.quiet()
}

func TestStop(t *testing.T) {
	s := walk(t, make(chan struct{}))
	p := open(t, s, 1440, 900)
	p.visit(s, "browse/docs/guide.md")
	p.ask("Give me a tour of the architecture")
	p.until(newest + `?.innerText.includes("three loops")`)
	began := time.Now()
	p.click("[data-chat-stop]")
	if reason := p.done(); reason != "cancelled" {
		t.Errorf("reason %s", reason)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("stopping took %v", took)
	}
	p.ask("What happens to a message that keeps failing?")
	if reason := p.done(); reason != "stop" {
		t.Errorf("after a stop: %s", reason)
	}
	p.quiet()
}

func TestHandOverIsApproved(t *testing.T) {
	s := start(t, nil, "demo", "--no-manager", "--addr", "127.0.0.1:0") // what is handed over stays in the queue
	p := open(t, s, 1440, 900)
	p.visit(s, "tasks/spread-retries-with-jitter")
	p.ask("Hand the jitter task to the manager")
	p.until(`document.querySelector("[data-chat-ask]")`)
	p.equal(`document.querySelector("[data-chat-ask]").innerText.includes("retry.jitter")`, "true")
	p.equal(`document.querySelector("[data-chat-ask]").contains(document.activeElement)`, "false")
	p.equal(`document.querySelector("[data-chat-always]")`, "null")
	p.shot("story-approval")
	p.decide("[data-chat-allow]")
	p.until(newest + `.innerText.includes("It is in the queue")`)
	p.done()
	p.visit(s, "status")
	p.equal(`document.querySelector("main").innerText.includes("Spread retries with jitter")`, "true")
	p.equal(`/queued/i.test(document.querySelector("main").innerText)`, "true")
	before, err := os.ReadFile(filepath.Join(s.root, "tasks/workstreams/delivery/tasks/spread-retries-with-jitter.md"))
	if err != nil || strings.Contains(string(before), "queued") {
		t.Errorf("the worksheet was touched: %v", err)
	}
	if _, err := os.Stat(filepath.Join(s.root, ".worktrees")); err == nil {
		t.Error("handing over made a worktree")
	}
	p.quiet()
}

func TestDenied(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	p.visit(s, "")
	p.ask("Hand the jitter task to the manager")
	p.decide("[data-chat-deny]")
	p.until(newest + `.innerText.includes("ready, not queued")`)
	p.done()
	p.quiet()
}

func TestAMistakeAndItsRepair(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	p.visit(s, "browse/docs/guide/delivery.md")
	p.ask("Make the lease 60 seconds")
	p.until(newest + `?.innerText.includes("60 seconds")  && ` + newest + `.dataset.reason`)
	p.equal(`[...document.querySelectorAll(".tool")].map(c => c.dataset.state).join()`, "error,ok,ok")
	p.until(`document.querySelector("main").innerText.includes("one receiver for 60 seconds")`)
	p.quiet()
}

func TestSaveChangesTheOpenPage(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	p.visit(s, guide)
	p.until(`document.querySelector("[data-live]")?.dataset.live === "on" || document.documentElement.dataset.live === "on" || document.querySelector(".live")?.innerText.match(/live/i)`)
	js[bool](p, `(window.sameDocument = true, document.querySelector("#user-content-storage").scrollIntoView(), true)`)
	at := js[float64](p, `document.querySelector("#user-content-storage").getBoundingClientRect().top`)
	p.do(chromedp.SendKeys("[data-chat-input]", "half a thought"))
	file := filepath.Join(s.root, "docs/guide/configuration.md")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), "## A complete file", "## The whole file", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector("#user-content-the-whole-file")`)
	p.equal(`window.sameDocument`, "true")
	p.equal(`document.querySelector("[data-chat-input]").value`, "half a thought")
	if now := js[float64](p, `document.querySelector("#user-content-storage").getBoundingClientRect().top`); now-at > 2 || at-now > 2 {
		t.Errorf("the page moved under the reader: %v, then %v", at, now)
	}
	p.do(chromedp.Reload())
	p.drawer()
	p.equal(`document.querySelector("[data-chat-input]").value`, "half a thought")
	p.quiet()
}

func TestWithoutAModel(t *testing.T) {
	root := write(t, map[string]string{"README.md": "# Alone\n\n<img src=x onerror=alert(1)> ![pixel](https://evil.invalid/p.png) [bad](javascript:alert(1))\n"})
	git(t, root, "init", "-q")
	s := start(t, nil, "serve", "-C", root, "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	p.visit(s, "browse/README.md")
	p.until(`document.querySelector("[data-chat-setup]")?.innerText.includes("OPENAI_API_KEY")`)
	p.equal(`document.querySelector("[data-chat-setup]").innerText.includes("OPENAI_BASE_URL")`, "true")
	p.equal(`document.querySelectorAll("main img").length`, "0")
	p.equal(`[...document.querySelectorAll("main a")].some(a => /^javascript/i.test(a.href))`, "false")
	p.quiet()
}
