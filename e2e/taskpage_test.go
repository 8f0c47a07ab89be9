package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

const jitter = "tasks/spread-retries-with-jitter"

// ready waits until the scripts of the page run.
func (p *page) ready() {
	p.t.Helper()
	p.until(`document.documentElement.dataset.ready !== undefined`)
}

// file is a file of the repository that the server serves, and its path on disk.
func (s *server) file(t *testing.T, slug string) (path, text string) {
	t.Helper()
	var found []string
	filepath.WalkDir(filepath.Join(s.root, "tasks"), func(p string, _ os.DirEntry, err error) error {
		if filepath.Base(p) == slug+".md" {
			found = append(found, p)
		}
		return err
	})
	if len(found) != 1 {
		t.Fatalf("files of %s: %v", slug, found)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return found[0], string(data)
}

// TestTaskPageShots takes pictures for people to look at.
func TestTaskPageShots(t *testing.T) {
	sweep(t)
	if testing.Short() {
		t.Skip("skipped: pictures are not taken in short runs")
	}
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	for _, size := range []struct{ w, h int64 }{{1440, 1000}, {390, 844}} {
		p := open(t, s, size.w, size.h)
		for _, theme := range []string{"light", "dark"} {
			p.theme(theme)
			for name, path := range map[string]string{"task": jitter, "graph": "graph", "graph-all": "graph?status=all"} {
				p.do(chromedp.Navigate(s.url + path))
				p.ready()
				p.painted()
				p.shot(fmt.Sprintf("taskpage-%s-%d-%s", name, size.w, theme))
				if over := js[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
					t.Errorf("%s at %d wide scrolls sideways by %d px", name, size.w, over)
				}
				p.axe(theme + " /" + path)
			}
			p.do(chromedp.Navigate(s.url + jitter))
			p.ready()
			js[bool](p, `(document.querySelector(".past").scrollIntoView(), true)`)
			p.until(`!document.querySelector("[data-past]").hasAttribute("aria-busy")`)
			p.painted()
			p.shot(fmt.Sprintf("taskpage-foot-%d-%s", size.w, theme))
			js[bool](p, `(scrollTo(0, 0), document.querySelector("[data-pick=owner]").click(), true)`)
			p.until(`document.querySelector(".picker [role=option]")`)
			p.painted()
			p.shot(fmt.Sprintf("taskpage-pick-%d-%s", size.w, theme))
			p.axe(theme + " picker")
			js[bool](p, `(document.querySelector(".picker").hidePopover(), document.querySelector("[data-edit-section=Problem]").click(), true)`)
			p.until(`document.querySelector("dialog.editor[open]")`)
			p.painted()
			p.shot(fmt.Sprintf("taskpage-editor-%d-%s", size.w, theme))
			p.axe(theme + " editor")
		}
	}
}

func TestASectionIsEditedOnThePage(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	path, before := s.file(t, "spread-retries-with-jitter")
	p.do(chromedp.Navigate(s.url + jitter))
	p.ready()
	p.click(`[data-edit-section="Problem"]`)
	p.until(`document.querySelector("dialog.editor[open] textarea").value.length > 20`)
	p.do(chromedp.SendKeys(".editor-text", "\n\nAnd **once more** at noon."))
	js[bool](p, `(document.querySelector(".editor-tabs [id$=preview]").click(), true)`)
	p.until(`document.querySelector(".editor-preview strong")?.textContent === "once more"`)
	p.shot("taskpage-preview")
	js[bool](p, `(document.querySelector(".editor-tabs [id$=write]").click(), true)`)
	js[bool](p, `(document.querySelector(".editor-text").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true })), true)`)
	p.until(`!document.querySelector("dialog.editor") && [...document.querySelectorAll(".doc strong")].some(s => s.textContent === "once more")`)
	_, after := s.file(t, "spread-retries-with-jitter")
	if strings.Replace(after, "\n\nAnd **once more** at noon.", "", 1) != before {
		t.Errorf("other bytes of %s changed:\n%s", path, after)
	}
	p.equal(`localStorage.getItem(Object.keys(localStorage).find(k => k.startsWith("tasks.draft")) ?? "none")`, "null")
	// And taken back, as it was.
	p.until(`document.querySelector("[data-said] [data-undo]")`)
	js[bool](p, `(document.querySelector("[data-said] [data-undo]").focus(), true)`) // it waits for who is there
	p.shot("taskpage-undo")
	p.axe("a task with something to undo")
	p.do(enterKey)
	p.until(`document.querySelector("[data-said]").textContent === "Undone"`)
	p.until(`![...document.querySelectorAll(".doc strong")].some(s => s.textContent === "once more")`)
	if _, now := s.file(t, "spread-retries-with-jitter"); now != before {
		t.Errorf("undone, %s is:\n%s", path, now)
	}
	p.quiet()
}

func TestAConflictShowsBothAndLosesNothing(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	path, before := s.file(t, "spread-retries-with-jitter")
	line := strings.SplitN(before[strings.Index(before, "## Problem\n\n")+len("## Problem\n\n"):], "\n", 2)[0]
	p.do(chromedp.Navigate(s.url + jitter))
	p.ready()
	p.click(`[data-edit-section="Problem"]`)
	p.until(`document.querySelector("dialog.editor[open] textarea").value.length > 20`)
	p.do(chromedp.SendKeys(".editor-text", "\n\nMine at the end."))
	// Somebody else changes the first line of the same section.
	if err := os.WriteFile(path, []byte(strings.Replace(before, line, "Theirs at the top.", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector('[data-note="conflict"] .add')?.textContent.includes("Theirs at the top.")`)
	p.until(`document.querySelector(".editor-text").value.includes("Mine at the end.")`)
	p.shot("taskpage-conflict")
	p.axe("conflict")
	p.click(`[data-conflict="copy"]`)
	p.until(`document.querySelector(".editor-aside")?.value.includes("Mine at the end.")`)
	whole := strings.Contains(js[string](p, `document.querySelector(".editor-choices").innerText`), "Apply mine")
	if !whole {
		t.Fatal("changes that do not touch each other are not joined")
	}
	p.click(`[data-conflict="apply"]`)
	p.until(`document.querySelector(".editor-text").value.startsWith("Theirs at the top.") && document.querySelector(".editor-text").value.endsWith("Mine at the end.")`)
	p.click(`.editor [type=submit]`)
	p.until(`!document.querySelector("dialog.editor")`)
	if _, after := s.file(t, "spread-retries-with-jitter"); !strings.Contains(after, "Theirs at the top.") || !strings.Contains(after, "Mine at the end.") {
		t.Errorf("lost:\n%s", after)
	}

	// The same lines: nothing is joined, nothing is written, and theirs can be taken.
	p.click(`[data-edit-section="Problem"]`)
	p.until(`document.querySelector("dialog.editor[open] textarea").value.length > 20`)
	js[bool](p, `(() => { const t = document.querySelector(".editor-text"); t.value = "All mine."; t.dispatchEvent(new Event("input")); return true; })()`)
	_, now := s.file(t, "spread-retries-with-jitter")
	if err := os.WriteFile(path, []byte(strings.Replace(now, "Theirs at the top.", "Theirs again.", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	p.click(`.editor [type=submit]`)
	p.until(`document.querySelector('[data-note="conflict"]') && !document.querySelector('[data-conflict="apply"]')`)
	p.equal(`document.querySelector(".editor-text").value`, "All mine.")
	if _, after := s.file(t, "spread-retries-with-jitter"); strings.Contains(after, "All mine.") {
		t.Error("a conflict was written over")
	}
	p.click(`[data-conflict="reload"]`)
	p.until(`document.querySelector(".editor-text").value.startsWith("Theirs again.") && document.querySelector(".editor-aside").value === "All mine."`)
	p.quiet("409")
}

func TestATypedTextOutlivesReloadAndServer(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	p.do(chromedp.Navigate(s.url + jitter))
	p.ready()
	p.click(`[data-edit-section="Problem"]`)
	p.until(`document.querySelector("dialog.editor[open] textarea").value.length > 20`)
	p.do(chromedp.SendKeys(".editor-text", "\n\nNot saved yet."))
	p.do(chromedp.Reload())
	p.ready()
	p.until(`document.querySelector("[data-unsaved]")?.innerText.includes("Problem")`)
	p.shot("taskpage-unsaved")
	js[bool](p, `(document.querySelector("[data-unsaved] button").click(), true)`)
	p.until(`document.querySelector("dialog.editor[open] textarea").value.endsWith("Not saved yet.")`)
	p.until(`document.querySelector('[data-note="restored"]')`)
	// Esc asks first.
	js[bool](p, `(document.querySelector(".editor-text").focus(), true)`)
	p.do(escape)
	p.until(`document.querySelector('[data-note="leave"]') && document.querySelector("dialog.editor[open]")`)
	p.shot("taskpage-leave")
	p.click(`[data-note="leave"] button`)

	// The server goes away while somebody writes, and is back at the same address.
	root, addr := s.root, strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), "/")
	keep := filepath.Join(write(t, nil), "repo")
	if err := os.CopyFS(keep, os.DirFS(root)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(keep, ".git", "tasks")); err != nil { // its rights are not copied
		t.Fatal(err)
	}
	s.stop(t)
	p.click(`.editor [type=submit]`)
	p.until(`document.querySelector('[data-note="offline"]')?.innerText.includes("kept in this browser")`)
	p.shot("taskpage-offline")
	start(t, nil, "serve", "-C", keep, "--addr", addr)
	p.until(`document.documentElement.dataset.live === "live"`)
	p.click(`.editor [type=submit]`)
	p.until(`!document.querySelector("dialog.editor")`)
	s.root = keep
	if _, after := s.file(t, "spread-retries-with-jitter"); !strings.Contains(after, "Not saved yet.") {
		t.Error("what was typed did not reach the file")
	}
	p.quiet("ERR_CONNECTION", "Failed to fetch", "ERR_INCOMPLETE", "ERR_EMPTY", "network")
}

func TestABoxIsTickedByAClick(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	_, before := s.file(t, "spread-retries-with-jitter")
	p.do(chromedp.Navigate(s.url + jitter))
	p.ready()
	const box = `main .doc input[type=checkbox][data-line]:not(:checked)`
	p.until(`document.querySelector("` + box + `")?.disabled === false`)
	js[bool](p, `(window.box = document.querySelector("`+box+`"), window.line = window.box.dataset.line, true)`)
	p.click(box)
	p.until(`document.querySelector("main input[data-line='" + window.line + "']").checked && !document.querySelector("main input[data-line='" + window.line + "']").disabled`)
	_, after := s.file(t, "spread-retries-with-jitter")
	if strings.Count(after, "[x]") != strings.Count(before, "[x]")+1 || len(after) != len(before) {
		t.Errorf("the file:\n%s", after)
	}
	p.quiet()
}

func TestTheOwnerIsChangedByKeyboardAlone(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	p.do(chromedp.Navigate(s.url + jitter))
	p.ready()
	p.equal(`document.querySelector("[data-pick=owner]").getAttribute("aria-haspopup")`, "listbox")
	was := js[string](p, `document.querySelector("[data-pick=owner]").dataset.value`)
	_, before := s.file(t, "spread-retries-with-jitter")
	js[bool](p, `(document.querySelector("[data-pick=owner]").focus(), true)`)
	p.do(enterKey)
	p.until(`document.activeElement?.getAttribute("role") === "combobox" && document.querySelectorAll(".picker [role=option]").length > 1`)
	js[bool](p, `(window.other = [...document.querySelectorAll(".picker [role=option]")].findIndex(o => o.dataset.value && "`+was+`" !== o.dataset.value), window.want = document.querySelectorAll(".picker [role=option]")[window.other].dataset.value, true)`)
	for range js[int](p, `window.other`) {
		p.do(arrowDown)
	}
	p.equal(`document.querySelector(".picker [aria-selected=true]").dataset.value === window.want`, "true")
	p.do(enterKey)
	p.until(`document.querySelector("[data-pick=owner]").dataset.value === window.want`)
	p.until(`document.activeElement?.dataset.pick === "owner"`)
	if _, text := s.file(t, "spread-retries-with-jitter"); !strings.Contains(text, "owner: "+js[string](p, `window.want`)+"\n") {
		t.Errorf("the file:\n%s", text)
	}
	// What was changed is taken back; when the file was changed last stays true.
	dateless := func(text string) string { return regexp.MustCompile(`(?m)^updated_at:.*\n`).ReplaceAllString(text, "") }
	p.until(`document.querySelector("[data-said] [data-undo]")`) // the page may show it before the answer is there
	js[bool](p, `(document.querySelector("[data-said] [data-undo]").click(), true)`)
	p.until(`document.querySelector("[data-pick=owner]").dataset.value === "` + was + `"`)
	if _, text := s.file(t, "spread-retries-with-jitter"); dateless(text) != dateless(before) {
		t.Errorf("undone, the file is:\n%s\nwant\n%s", text, before)
	}
	js[bool](p, `(document.querySelector("[data-pick=owner]").focus(), true)`)
	// Esc leaves without a change, and the focus is where it was.
	p.do(enterKey)
	p.until(`document.querySelector(".picker [role=option]")`)
	p.do(escape)
	p.until(`!document.querySelector(".picker") && document.activeElement?.dataset.pick === "owner"`)
	p.quiet()
}

func TestABoxOfADocument(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	const name = "docs/guide/getting-started.md"
	before, err := os.ReadFile(filepath.Join(s.root, name))
	if err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(s.url + "browse/" + name))
	p.ready()
	const box = `main .doc input[type=checkbox][data-line]:not(:checked)`
	p.until(`document.querySelector("` + box + `")?.disabled === false`)
	js[bool](p, `(window.line = document.querySelector("`+box+`").dataset.line, true)`)
	p.click(box)
	p.until(`document.querySelector("main input[data-line='" + window.line + "']").checked && !document.querySelector("main input[data-line='" + window.line + "']").disabled`)
	after, err := os.ReadFile(filepath.Join(s.root, name))
	if err != nil || strings.Count(string(after), "[x]") != strings.Count(string(before), "[x]")+1 {
		t.Errorf("the file: %v\n%s", err, after)
	}

	// Somebody else writes: a click rests on what the page shows now, or says that it does not.
	if err := os.WriteFile(filepath.Join(s.root, name), append([]byte("A new first line.\n\n"), after...), 0o644); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector("main .doc").innerText.includes("A new first line.")`)
	p.click(`main .doc input[type=checkbox][data-line]:checked`)
	p.until(`!document.querySelector("main .doc input[type=checkbox]:disabled") && !document.querySelector("main .doc input[type=checkbox]").matches(":checked") || document.querySelector("[data-said]")`)
	last, _ := os.ReadFile(filepath.Join(s.root, name))
	if strings.Count(string(last), "[x]") != strings.Count(string(before), "[x]") {
		t.Errorf("the file:\n%s", last)
	}
	p.quiet()
}

func TestAQueuedTaskSaysSoWhereItIsEdited(t *testing.T) {
	root := write(t, map[string]string{"README.md": "# A\n", "tasks/alpha.md": sheetOf("Alpha")})
	git(t, root, "init", "-q", "-b", "main")
	git(t, root, "add", "-A")
	git(t, root, "commit", "-q", "-m", "first")
	s := start(t, nil, "-C", root, "serve", "--addr", "127.0.0.1:0", "--no-manager")
	p := open(t, s, 1440, 900)
	p.do(chromedp.Navigate(s.url + "tasks/alpha"))
	p.ready()
	p.click(`[data-kickoff]`)
	p.until(`document.querySelector("[data-unqueue]")`)
	p.click(`[data-edit-section="Problem"]`)
	p.until(`document.querySelector('.editor [data-note="run"] a')?.getAttribute("href") === "/runs/alpha"`)
	p.equal(`document.querySelector(".editor [data-to-run]")`, "null") // nobody is there to be told
	p.do(chromedp.SendKeys(".editor-text", " Still."))
	p.click(`.editor [type=submit]`)
	p.until(`document.querySelector("[data-said]")?.innerText.includes("waits in the queue with the worksheet as it was handed over")`)
	if text, err := os.ReadFile(filepath.Join(root, "tasks/alpha.md")); err != nil || !strings.Contains(string(text), " Still.") {
		t.Errorf("the text was not saved: %v", err)
	}

	// An agent is at it: the change is sent to it in place of being saved.
	rs := openRuns(t, root)
	r, err := rs.Latest(t.Context(), "alpha")
	ok(t, err)
	w := (&played{rs: rs, r: r}).take()
	p.goTo(s, "tasks/alpha")
	p.click(`[data-edit-section="Problem"]`)
	p.until(`document.querySelector(".editor [data-to-run]")`)
	p.shot("taskpage-run")
	p.axe("editor while a run is on")
	p.do(chromedp.SendKeys(".editor-text", " Think of CRLF."))
	p.click(".editor [data-to-run]")
	p.until(`document.querySelector("[data-said]")?.innerText.includes("Sent")`)
	messages, err := rs.Messages(t.Context(), w.r.ID, true)
	ok(t, err)
	if len(messages) != 1 || !strings.Contains(messages[0].Text, "The section “Problem” of the worksheet") || !strings.Contains(messages[0].Text, "Think of CRLF.") {
		t.Errorf("the agent was told: %+v", messages)
	}
	p.quiet()
}

func TestADependencyIsFoundByTitleAndTakenAway(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	_, before := s.file(t, "spread-retries-with-jitter")
	p.do(chromedp.Navigate(s.url + jitter))
	p.ready()
	p.click(`[data-pick="depends_on"]`)
	p.until(`document.querySelectorAll(".picker [role=option]").length > 3`)
	p.do(chromedp.SendKeys(".picker-input", "python"))
	p.until(`document.querySelectorAll(".picker [role=option]").length === 1 && document.querySelector(".picker [role=option]").innerText.includes("Python")`)
	p.shot("taskpage-dependency")
	p.do(enter)
	p.until(`document.querySelector('[data-drop="python-client"]')`)
	if _, text := s.file(t, "spread-retries-with-jitter"); !strings.Contains(text, "python-client") {
		t.Errorf("the file:\n%s", text)
	}
	p.until(`document.querySelector('.near [data-node="python-client"]')`)
	p.click(`[data-drop="python-client"]`)
	p.until(`!document.querySelector('[data-drop="python-client"]')`)
	if _, text := s.file(t, "spread-retries-with-jitter"); withoutTime(text) != withoutTime(before) {
		t.Errorf("the file is not as before:\n%s", text)
	}
	p.quiet()
}

// withoutTime is a worksheet without the line that each change renews.
func withoutTime(text string) string {
	return regexp.MustCompile(`(?m)^updated_at:.*\n`).ReplaceAllString(text, "")
}

func TestTheGraphByKeyboard(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 800, 700)
	p.do(chromedp.Navigate(s.url + "graph?status=all"))
	p.ready()
	const width = `document.querySelector(".graph-box .graph-svg").getBoundingClientRect().width`
	before := js[float64](p, width)
	js[bool](p, `(document.querySelector(".graph-box .graph-scroll").focus(), true)`)
	p.do(chromedp.KeyEvent("+"), chromedp.KeyEvent("+"))
	p.until(fmt.Sprintf(`%s > %f`, width, before*1.4))
	p.do(key("ArrowRight", 39))
	p.until(`document.querySelector(".graph-box .graph-scroll").scrollLeft > 0`)
	p.do(chromedp.KeyEvent("0"))
	p.until(width + ` <= document.querySelector(".graph-box .graph-scroll").clientWidth + 1`)
	js[bool](p, `(document.querySelector('.graph-box a[data-node="python-client"]').focus(), true)`)
	p.do(enterKey)
	p.until(`location.pathname === "/tasks/python-client"`)
	p.quiet()
}

// key is a key as a person presses it.
func key(name string, code int64) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
			_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{
				Type: kind, Key: name, Code: name, WindowsVirtualKeyCode: code, NativeVirtualKeyCode: code,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

var (
	escape    = key("Escape", 27)
	arrowDown = key("ArrowDown", 40)
	// enterKey is Enter with the character that presses a button.
	enterKey = chromedp.KeyEvent("\r")
)

// TestTitleOnThePage changes title and description; the rest of the file stays.
func TestTitleOnThePage(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	const path = "tasks/workstreams/delivery/tasks/alert-example.md"
	before, err := os.ReadFile(filepath.Join(s.root, path))
	if err != nil {
		t.Fatal(err)
	}
	p.visit(s, "tasks/alert-example")
	p.click("[data-dialog=task-words]")
	p.axe("the dialog of title and description")
	js[bool](p, `(document.querySelector("#task-words [name=title]").value = "Ship two alerts: \"old\" & <new>", document.querySelector("#task-words [name=description]").value = "", true)`)
	p.click("#task-words [type=submit]")
	p.until(`document.querySelector("main h1").textContent === 'Ship two alerts: "old" & <new>' && !document.querySelector("main .lede")`)
	after, err := os.ReadFile(filepath.Join(s.root, path))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(string(before), "title: Ship an alert that somebody can copy\n", `title: "Ship two alerts: \"old\" & <new>"`+"\n", 1)
	want = strings.Replace(want, "description: The number is worth nothing if nobody is woken by it.\n", "", 1)
	if string(after) != want {
		t.Errorf("the file is now\n%s\nwant\n%s", after, want)
	}
	p.quiet()
}
