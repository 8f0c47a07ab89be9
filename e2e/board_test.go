package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// inColumn is true once the card stands in the column and nothing is under way.
func inColumn(slug, status string) string {
	return fmt.Sprintf(`document.querySelector('[data-column=%q] [data-card=%q]:not([aria-busy])') !== null && !("hold" in document.documentElement.dataset)`, status, slug)
}

// drag moves the mouse from the card to the column, button down.
func (p *page) drag(slug, hash, status string) {
	p.t.Helper()
	// The board shows the files as they are now, so that nothing moves under the mouse.
	p.until(fmt.Sprintf(`document.querySelector('[data-card=%q]')?.dataset.hash === %q`, slug, hash))
	at := js[[]float64](p, fmt.Sprintf(`(() => { const c = document.querySelector('[data-card=%q]').getBoundingClientRect(), o = document.querySelector('[data-column=%q]').getBoundingClientRect();
		return [c.left + 20, c.top + 50, o.left + o.width / 2, o.top + 120]; })()`, slug, status))
	mouse := func(kind input.DispatchMouseEventType, x, y float64) {
		p.t.Helper()
		if _, err := chromedp.Call(p.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1, Buttons: 1}); err != nil {
			p.t.Fatal(err)
		}
	}
	mouse(input.DispatchMouseEventTypeMousePressed, at[0], at[1])
	for i := 1; i <= 8; i++ {
		mouse(input.DispatchMouseEventTypeMouseMoved, at[0]+(at[2]-at[0])*float64(i)/8, at[1]+(at[3]-at[1])*float64(i)/8)
	}
	p.until(fmt.Sprintf(`document.querySelector('[data-column=%q]').classList.contains("over") && document.querySelector(".dragged") !== null`, status))
	mouse(input.DispatchMouseEventTypeMouseReleased, at[2], at[3])
}

// hashOf is the hash of the task's file, as cards bear it.
func hashOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// statusOf is what the task's file says.
func statusOf(t *testing.T, root, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "\nstatus: ")
	status, _, _ := strings.Cut(rest, "\n")
	return status
}

func TestBoard(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	p.visit(s, "board")
	js[bool](p, `(window.swaps = 0, document.addEventListener("tasks:swapped", () => window.swaps++), true)`)
	const alert = "tasks/workstreams/delivery/tasks/alert-example.md"

	// From nowhere, j is the first card.
	js[bool](p, `(document.activeElement?.blur(), true)`)
	p.do(chromedp.KeyEvent("j"))
	p.until(`document.activeElement?.closest("[data-card]") === document.querySelector("[data-card]")`)

	// By mouse: what the file says is what the board shows.
	p.drag("alert-example", hashOf(t, s.root+"/"+alert), "blocked")
	p.until(inColumn("alert-example", "blocked"))
	p.until(`document.querySelector("[data-said]").textContent.startsWith("Ship an alert that somebody can copy is now Blocked")`)
	js[bool](p, `(document.querySelector("[data-said] [data-undo]").focus(), true)`) // it waits for who is there
	p.until(`window.swaps > 0`)                                                      // what the server shows now is on the page
	if got := statusOf(t, s.root, alert); got != "blocked" {
		t.Errorf("the file says %s", got)
	}
	// And taken back, and moved again.
	js[bool](p, `(document.querySelector("[data-said] [data-undo]").click(), true)`)
	p.until(inColumn("alert-example", "not_started"))
	if got := statusOf(t, s.root, alert); got != "not_started" {
		t.Errorf("undone, the file says %s", got)
	}
	p.drag("alert-example", hashOf(t, s.root+"/"+alert), "blocked")
	p.until(inColumn("alert-example", "blocked"))
	if js[string](p, `location.pathname`) != "/board" {
		t.Error("the end of a drag opened the task")
	}

	// Ready is kickoff, with its check: this worksheet does not pass, and says so.
	p.drag("alert-example", hashOf(t, s.root+"/"+alert), "ready")
	p.until(`document.querySelector('[data-column="blocked"] [data-card="alert-example"] .card-said')?.textContent.includes("Plan") === true`)
	if got := statusOf(t, s.root, alert); got != "blocked" {
		t.Errorf("a refused move wrote %s", got)
	}

	seen := js[int](p, `window.swaps`)
	// By key: M, a column, Enter; and Escape leaves all as it was.
	js[bool](p, `(document.querySelector('[data-card="alert-example"] .row-title').focus(), true)`)
	p.do(chromedp.KeyEvent("m"), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.Escape))
	p.until(inColumn("alert-example", "blocked"))
	p.do(chromedp.KeyEvent("m"), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.Enter))
	p.until(inColumn("alert-example", "not_started"))
	p.until(fmt.Sprintf(`window.swaps > %d`, seen))
	p.until(`document.activeElement?.closest("[data-card]")?.dataset.card === "alert-example"`)
	if got := statusOf(t, s.root, alert); got != "not_started" {
		t.Errorf("the file says %s", got)
	}
	p.do(chromedp.KeyEvent("h"))
	p.until(`document.activeElement?.closest("[data-column]")?.dataset.column === "ready"`)
	p.do(chromedp.KeyEvent("j"), chromedp.KeyEvent("j"), chromedp.KeyEvent("k"))
	p.until(`document.activeElement?.closest("[data-card]") === document.querySelectorAll('[data-column="ready"] [data-card]')[1]`)

	// By menu: a priority, without leaving the keyboard.
	js[bool](p, `(document.querySelector('[data-card="alert-example"] .row-title').focus(), true)`)
	p.do(chromedp.KeyEvent("."))
	p.until(`document.activeElement?.closest("[role=menu]") !== null`)
	p.axe("board with a menu")
	js[bool](p, `([...document.querySelectorAll("[role=menuitemradio]")].find((b) => b.textContent === "Critical").focus(), true)`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until(`document.querySelector('[data-card="alert-example"]').dataset.priority === "p0"`)

	// Another process changes a task: the card goes by itself, and the focus stays.
	js[bool](p, `(document.querySelector('[data-card="batch-send"] .row-title').focus(), true)`)
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(path, "-C", s.root, "update", "alert-example", "--status", "in_progress").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p.until(inColumn("alert-example", "in_progress"))
	p.until(`document.activeElement?.closest("[data-card]")?.dataset.card === "batch-send"`)

	// A folded column stays folded.
	js[bool](p, `(document.querySelector('[data-column="cancelled"] [data-fold]').click(), true)`)
	p.visit(s, "board")
	p.until(`document.querySelector('[data-column="cancelled"]').classList.contains("folded")`)
	// What does not parse has no status, and its column is not folded until it is asked to be.
	if err := os.WriteFile(filepath.Join(s.root, "tasks", "torn.md"), []byte("---\ntitle: [torn\nstatus: ready\n---\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector('[data-column=""]:not(.folded) [data-card="torn"]') !== null`)
	js[bool](p, `(document.querySelector('[data-column=""] [data-fold]').click(), true)`)
	p.until(`document.querySelector('[data-column=""]').classList.contains("folded")`)
	js[bool](p, `(document.querySelector('[data-column=""] [data-fold]').click(), true)`)
	p.until(`!document.querySelector('[data-column=""]').classList.contains("folded")`)
	// And no card can be moved into it.
	js[bool](p, `(document.querySelector('[data-card="alert-example"] .row-title').focus(), true)`)
	p.do(chromedp.KeyEvent("."))
	p.until(`document.activeElement?.closest("[role=menu]") !== null`)
	if got := js[string](p, `[...document.querySelectorAll("[role=menuitemradio]")].map((b) => b.textContent).join()`); !strings.HasPrefix(got, "In progress,Blocked,Ready,Not started,Completed,Cancelled,Critical") {
		t.Errorf("the menu offers %s", got)
	}
	p.quiet("422", "set-status")
}

func TestTaskList(t *testing.T) {
	files := map[string]string{"README.md": "# Many\n"}
	for i := range 230 {
		owner := []string{"ana", "kim"}[i%2]
		files[fmt.Sprintf("tasks/task-%03d.md", i)] = fmt.Sprintf("---\ntype: task\ntitle: Task number %d\nstatus: not_started\npriority: p%d\nowner: %s\n---\n", i, i%4, owner)
	}
	root := write(t, files)
	git(t, root, "init", "-q")
	s := start(t, nil, "serve", "-C", root, "--addr", "127.0.0.1:0", "--no-manager")
	p := open(t, s, 1280, 900)
	p.visit(s, "tasks")
	rows := func(n int) string {
		return fmt.Sprintf(`document.querySelectorAll("main [data-row]").length === %d`, n)
	}
	p.until(rows(100))
	p.click(`a[rel="next"]`)
	p.until(`location.search === "?page=2" && document.documentElement.dataset.ready !== undefined`)

	// A choice changes the list in place and stands in the address.
	js[bool](p, `(document.querySelector('select[name=owner]').value = "kim", document.querySelector('select[name=owner]').dispatchEvent(new Event("change", { bubbles: true })), true)`)
	p.until(`location.search === "?owner=kim" && document.querySelector("[data-live=count]").textContent.trim() === "115 of 230 tasks"`)
	p.do(chromedp.SendKeys(`.list-bar input[type=search]`, "number 77"))
	p.until(`document.querySelector("[data-live=count]").textContent.trim() === "2 of 230 tasks"`)
	p.axe("filtered list")
	p.do(chromedp.Reload())
	p.until(`document.documentElement.dataset.ready !== undefined && document.querySelector(".list-bar input").value === "number 77"`)
	p.do(chromedp.SendKeys(`.list-bar input[type=search]`, " zebra"))
	p.until(`document.querySelector("main .blank h2")?.textContent === "No task fits"`)
	p.axe("no task fits")
	js[bool](p, `(document.querySelector("[data-list-clear]").click(), true)`)
	p.until(rows(100))

	// A new task from the page.
	p.click(".new-task")
	p.do(chromedp.SendKeys(`#new-task input[name=title]`, "Written in the page"))
	p.axe("new task")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until(`location.pathname === "/tasks/written-in-the-page" && document.documentElement.dataset.ready !== undefined`)
	p.quiet()
}
