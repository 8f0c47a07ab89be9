package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tasks/internal/run"
	"tasks/internal/runlog"
	"tasks/internal/store"
)

// runs writes runs into the state of a repository, as supervisors would.
type runs struct {
	t     *testing.T
	state string
	*run.Store
}

// openRuns opens the state of a repository that a server serves.
func openRuns(t *testing.T, root string) *runs {
	t.Helper()
	state := filepath.Join(root, ".git", "tasks")
	db, err := store.Open(t.Context(), state)
	ok(t, err)
	t.Cleanup(func() { db.Close() })
	return &runs{t, state, run.New(db)}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// played is a run whose supervisor is the test.
type played struct {
	rs    *runs
	r     *run.Run
	token string
	log   *runlog.Writer
}

// queue hands a task over.
func (rs *runs) queue(slug, title string) *played {
	rs.t.Helper()
	sheet := "---\ntype: task\ntitle: x\n---\n\n## Plan\n\n- [x] Count the attempts in the log\n- [x] Move a message to the dead letters after `max_attempts`\n- [ ] Show the count in `herald inspect`\n"
	r, _, err := rs.Enqueue(rs.t.Context(), run.Run{Slug: slug, Path: "tasks/" + slug + ".md", Worksheet: []byte(sheet), Base: "main", Title: title, Source: "page", Workstream: "delivery"})
	ok(rs.t, err)
	return &played{rs: rs, r: &r}
}

// take begins an attempt.
func (p *played) take() *played {
	p.rs.t.Helper()
	ctx := p.rs.t.Context()
	token, claimed, err := p.rs.Claim(ctx, p.r.ID, time.Now())
	ok(p.rs.t, err)
	if !claimed {
		p.rs.t.Fatalf("run of %s not claimed", p.r.Slug)
	}
	p.token = token
	p.r, err = p.rs.Take(ctx, p.r.ID, token, os.Getpid(), "now", time.Now())
	ok(p.rs.t, err)
	cost := 0.4213
	p.r.Worker, p.r.Session, p.r.Branch = "claude", "5f0c2a1e-44b1-4c5e-9a55-7a0d4b6d1c11", "task/"+p.r.Slug
	p.r.InputTokens, p.r.OutputTokens, p.r.Turns, p.r.CostUSD, p.r.Port, p.r.EventAt, p.r.Phase = 184_233, 9_120, 14, &cost, 41020, time.Now(), run.Working
	ok(p.rs.t, p.rs.Save(ctx, p.r, token))
	p.log, err = runlog.Open(run.Dir(p.rs.state, p.r.ID), p.r.Attempt)
	ok(p.rs.t, err)
	p.rs.t.Cleanup(func() { p.log.Close() })
	return p
}

func (p *played) say(events ...runlog.Event) *played {
	p.rs.t.Helper()
	for _, e := range events {
		_, err := p.log.Append(e)
		ok(p.rs.t, err)
	}
	return p
}

// end brings the run to rest.
func (p *played) end(state run.State, code, text string, retry time.Duration) *played {
	p.rs.t.Helper()
	p.r.State, p.r.Reason = state, &run.Reason{Code: code, Text: text}
	outcome := run.Done
	if state != run.Review {
		outcome = run.Fail
	}
	if retry > 0 {
		p.r.RetryAt = time.Now().Add(retry)
	}
	ok(p.rs.t, p.rs.Finish(context.WithoutCancel(p.rs.t.Context()), p.r, p.token, run.Attempt{N: p.r.Attempt, Outcome: outcome, Reason: p.r.Reason}, time.Now()))
	return p
}

func asInput(v map[string]any) json.RawMessage {
	raw, _ := json.Marshal(v)
	return raw
}

// work is what an agent says and does in a usual attempt.
func work() []runlog.Event {
	one := 1
	return []runlog.Event{
		{Type: runlog.Session, Name: "claude", Title: "2.1.0, claude-sonnet", ID: "5f0c2a1e"},
		{Type: runlog.Hook, Name: "before_run", Status: "ok", Output: "npm ci\nadded 12 packages", Took: 2 * time.Second},
		{Type: runlog.Prompt, Name: "first", Text: "You work on the task tasks/bounded-retries.md.\n\nRead it, do what its Plan says, tick its boxes, commit.\n"},
		{Type: runlog.Text, Text: "I start with how the broker counts **attempts** today, then look at where a message is sent again."},
		{Type: runlog.Tool, ID: "1", Name: "Read", Input: asInput(map[string]any{"file_path": "broker/ack.go"})}, {Type: runlog.ToolResult, ID: "1", Status: "ok", Output: "package broker"},
		{Type: runlog.Tool, ID: "2", Name: "Read", Input: asInput(map[string]any{"file_path": "broker/log.go"})}, {Type: runlog.ToolResult, ID: "2", Status: "ok", Output: "package broker"},
		{Type: runlog.Tool, ID: "3", Name: "Read", Input: asInput(map[string]any{"file_path": "broker/queue_test.go"})}, {Type: runlog.ToolResult, ID: "3", Status: "ok", Output: "package broker"},
		{Type: runlog.Tool, ID: "4", Name: "Grep", Input: asInput(map[string]any{"pattern": "Attempt\\b"})}, {Type: runlog.ToolResult, ID: "4", Status: "ok", Output: "broker/ack.go:41"},
		{Type: runlog.Thought, Text: "The log holds the attempt already, so that only the limit is missing."},
		{Type: runlog.Text, Text: "The log already holds the attempt, so only the limit is missing:\n\n- `Ack` compares it with `max_attempts`\n- beyond it the message goes to the dead letters\n\n```go\nif m.Attempt >= q.maxAttempts {\n\treturn q.dead.Put(ctx, m)\n}\n```"},
		{Type: runlog.Tool, ID: "5", Name: "Edit", Input: asInput(map[string]any{"file_path": "broker/ack.go", "old_string": "return q.redeliver(m)", "new_string": "if m.Attempt >= q.maxAttempts {\n\treturn q.dead.Put(ctx, m)\n}\nreturn q.redeliver(m)"})}, {Type: runlog.ToolResult, ID: "5", Status: "ok"},
		{Type: runlog.Tool, ID: "6", Name: "Bash", Input: asInput(map[string]any{"command": "go test ./broker -run Dead"})}, {Type: runlog.ToolResult, ID: "6", Status: "error", Exit: &one, Output: "--- FAIL: TestDeadLetters (0.02s)\n    queue_test.go:88: got 4 attempts, want 5\nFAIL"},
		{Type: runlog.Text, Text: "Off by one: the first delivery is attempt 1."},
		{Type: runlog.Tool, ID: "7", Name: "Bash", Input: asInput(map[string]any{"command": "go test ./broker"})},
	}
}

// runRepository is a repository with one task for each state that a run can be in.
func runRepository(t *testing.T) string {
	titles := map[string]string{
		"bounded-retries": "Bound retries and send what fails to the dead letters", "queued-one": "Give every message an id that survives a restart", "blocked-one": "TLS between brokers",
		"asking": "Remove the old log format", "retrying": "A load test that anyone can run", "verifying": "Show the count in herald inspect", "silent": "A tour of the documentation",
		"failed": "Compact the log at night", "stopped": "Spread retries with jitter", "huge": "Move the index out of memory", "hebrew": "משימה בעברית עם מילים באנגלית like this",
		"markup": `<img src=x onerror=alert(1)> & "quotes" 🎉`, "review": "Count attempts at the broker", "none": "Nobody was asked yet", "accepted": "A smaller frame header", "rejected": "Rewrite it all", "empty": "There was nothing to do",
	}
	files := map[string]string{"README.md": "# Herald\n", "broker/ack.go": "package broker\n\n// Ack ends a delivery.\nfunc (q *Queue) Ack(m Message) error {\n\treturn q.redeliver(m)\n}\n", "notes.txt": "one\ntwo\nthree\n", "old.txt": "stays the same\n"}
	for slug, title := range titles {
		files["tasks/"+slug+".md"] = fmt.Sprintf("---\ntype: task\ntitle: %q\nstatus: in_progress\npriority: p1\nowner: maria-lopez\nworkstream: delivery\n---\n\n## Problem\n\nIt hurts.\n\n## Plan\n\n- [ ] One\n", title)
	}
	root := write(t, files)
	git(t, root, "init", "-q", "-b", "main")
	git(t, root, "add", "-A")
	git(t, root, "commit", "-q", "-m", "sample")
	return root
}

// commitOn makes a branch with the files in one commit, and returns where it began and ends.
func commitOn(t *testing.T, root, branch string, files map[string]string, gone ...string) (begin, head string) {
	t.Helper()
	begin = gitSays(t, root, "rev-parse", "HEAD")
	git(t, root, "switch", "-q", "-c", branch)
	for name, text := range files {
		ok(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		ok(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	for _, name := range gone {
		ok(t, os.Remove(filepath.Join(root, name)))
	}
	git(t, root, "add", "-A")
	git(t, root, "commit", "-q", "-m", "work", "--allow-empty")
	head = gitSays(t, root, "rev-parse", "HEAD")
	git(t, root, "switch", "-q", "main")
	return begin, head
}

func gitSays(t *testing.T, root string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", root}, args...)...).Output()
	ok(t, err)
	return strings.TrimSpace(string(out))
}

const newAck = "package broker\n\n// Ack ends a delivery, or gives the message up where it failed too often.\nfunc (q *Queue) Ack(m Message) error {\n\tif m.Attempt >= q.maxAttempts {\n\t\treturn q.dead.Put(m, \"<b>gave up</b>\")\n\t}\n\treturn q.redeliver(m)\n}\n"

// reviewed is a run in review, with work of every make.
func (rs *runs) reviewed(root, slug string) *played {
	rs.t.Helper()
	long := strings.Repeat("a line of it\n", 6000)
	begin, head := commitOn(rs.t, root, "task/"+slug, map[string]string{"broker/ack.go": newAck, "broker/dead.go": "package broker\n\n// dead is where messages go that failed too often.\ntype dead struct{ log *Log }\n", "img.png": "\x89PNG\x00\x01\x02", "notes.txt": "one\nzwei\nthree\nfour\n", "long.txt": long, "docs/מדריך <b>.md": "# שלום\n\nעולם 🎉\n", "tasks/" + slug + ".md": "---\ntype: task\ntitle: x\nstatus: in_progress\n---\n\n## Plan\n\n- [x] One\n"}, "old.txt")
	p := rs.queue(slug, "Count attempts").take().say(work()...)
	p.r.Begin, p.r.Head = begin, head
	p.say(runlog.Event{Type: runlog.ToolResult, ID: "7", Status: "ok", Output: "ok  broker 0.4s"}, runlog.Event{Type: runlog.Text, Text: "All of it passes. The limit is `max_attempts`, as the worksheet says."},
		runlog.Event{Type: runlog.Commit, ID: head, Title: "broker: give messages up after max_attempts", Text: "broker/ack.go\nbroker/dead.go"}, runlog.Event{Type: runlog.Verify, Title: "go test ./...", Status: "ok", Took: 4200 * time.Millisecond, Output: "ok  broker 0.4s"},
		runlog.Event{Type: runlog.End, Status: "finished", Text: "the agent is done and verify holds"})
	ok(rs.t, rs.AddEvidence(rs.t.Context(), run.Evidence{Run: p.r.ID, Attempt: 1, N: 1, Command: "go test ./...", OK: true, Took: 4200 * time.Millisecond, Output: "ok  broker 0.4s", Commit: head, At: time.Now()}))
	return p.end(run.Review, run.Finished, "the agent is done and verify holds", 0)
}

// states makes one run in every state.
func (rs *runs) states(root string) map[string]*played {
	rs.t.Helper()
	ctx := rs.t.Context()
	all := map[string]*played{}
	add := func(slug, title string) *played { p := rs.queue(slug, title); all[slug] = p; return p }
	add("bounded-retries", "Bound retries and send what fails to the dead letters").take().say(work()...)
	add("queued-one", "Give every message an id")
	_, err := rs.Hold(ctx, add("blocked-one", "TLS between brokers").r.ID, &run.Reason{Code: run.Dependency, Text: "depends on message-ids (in_progress)"})
	ok(rs.t, err)
	asking := add("asking", "Remove the old log format").take().say(work()...)
	q, err := rs.Question(ctx, run.Ask{Run: asking.r.ID, Attempt: 1, Tool: "Bash", Title: "rm -rf", Input: asInput(map[string]any{"command": "rm -rf ./data/segments && go run ./cmd/migrate --from 1 --to 2", "description": "Remove old segments"})})
	ok(rs.t, err)
	asking.say(runlog.Event{Type: runlog.Ask, ID: q.ID, Name: "Bash", Title: "rm -rf ./data/segments", Input: q.Input})
	asking.r.Phase = run.Asking
	ok(rs.t, rs.Save(ctx, asking.r, asking.token))
	add("retrying", "A load test").take().say(work()...).say(runlog.Event{Type: runlog.End, Status: "failed", Name: run.Model, Text: "the model's server answered 529 overloaded"}).end(run.Retrying, run.Model, "the model's server answered 529 overloaded", 84*time.Second)
	v := add("verifying", "Show the count").take().say(work()...)
	v.r.State, v.r.Phase = run.Verifying, run.Checking
	ok(rs.t, rs.Save(ctx, v.r, v.token))
	add("silent", "A tour").take()
	add("failed", "Compact").take().say(work()...).say(runlog.Event{Type: runlog.End, Status: "failed", Name: run.Login, Text: "claude is not logged in"}).end(run.Failed, run.Login, "claude is not logged in: run claude login", 0)
	add("stopped", "Spread").take().say(work()...).say(runlog.Event{Type: runlog.End, Status: "stopped", Name: run.Stopped, Text: "a person stopped it"}).end(run.Interrupted, run.Stopped, "a person stopped it", 0)
	huge := add("huge", "Move the index").take()
	for i := range 5000 {
		id := fmt.Sprint(i)
		huge.say(runlog.Event{Type: runlog.Text, Text: fmt.Sprintf("Step %d of the index.", i)}, runlog.Event{Type: runlog.Tool, ID: id, Name: "Bash", Input: asInput(map[string]any{"command": "go vet ./..."})}, runlog.Event{Type: runlog.ToolResult, ID: id, Status: "ok", Output: strings.Repeat("line\n", 20)}, runlog.Event{Type: runlog.Usage})
	}
	add("hebrew", "משימה בעברית").take().say(runlog.Event{Type: runlog.Text, Text: "אני מתחיל בקריאה של הקוד, ואז `Ack` משתנה.\n\n- ראשון\n- second"}, runlog.Event{Type: runlog.Tool, ID: "x", Name: "Write", Input: asInput(map[string]any{"file_path": "מסמכים/קובץ.md"})}, runlog.Event{Type: runlog.Output, Name: "stdout", Text: "שלום"})
	add("markup", `<img src=x onerror=alert(1)>`).take().say(runlog.Event{Type: runlog.Text, Text: "<script>alert(1)</script>\n\n<div class=\"ask\"><h2>The agent waits for your answer</h2><button>Allow</button></div>\n\n# main\n\n<b>bold</b> 🎉👩‍👩‍👧‍👦\n\n" + strings.Repeat("unbroken", 80)}, runlog.Event{Type: runlog.Tool, ID: "x", Name: "<b>Tool</b>", Title: "<i>title</i> " + strings.Repeat("long", 200), Input: asInput(map[string]any{"path": "<script>"})}, runlog.Event{Type: runlog.Notice, Status: "warn", Text: "<b>the log</b> is full"})
	all["review"] = rs.reviewed(root, "review")
	empty := add("empty", "Nothing to do").take()
	empty.r.Begin, empty.r.Head = commitOn(rs.t, root, "task/empty", nil)
	empty.end(run.Review, run.Finished, "the agent is done", 0)
	add("rejected", "Rewrite it all").take().say(work()[:6]...).end(run.Review, run.Finished, "done", 0)
	_, err = rs.Move(ctx, all["rejected"].r.ID, []run.State{run.Review}, run.Rejected, &run.Reason{Code: run.Declined, Text: "too much at once"}, time.Time{}, time.Now())
	ok(rs.t, err)
	return all
}

// TestRunShots takes pictures of a run in every state, for people to look at.
func TestRunShots(t *testing.T) {
	sweep(t)
	root := runRepository(t)
	s := start(t, nil, "-C", root, "serve", "--addr", "127.0.0.1:0", "--no-manager")
	all := openRuns(t, root).states(root)
	all["none"] = nil
	for _, size := range []struct{ w, h int64 }{{1440, 900}, {390, 844}} {
		p := open(t, s, size.w, size.h)
		for _, theme := range []string{"light", "dark"} {
			p.theme(theme)
			for slug := range all {
				if only := os.Getenv("TASKS_RUN_SHOTS"); only != "" && !strings.Contains(only, slug) {
					continue
				}
				p.goTo(s, "runs/"+slug)
				p.painted()
				p.shot(fmt.Sprintf("run-%s-%d-%s", slug, size.w, theme))
				if slug == "review" {
					js[bool](p, `(document.getElementById("changes").scrollIntoView(), true)`)
					p.painted()
					p.shot(fmt.Sprintf("run-changes-%d-%s", size.w, theme))
				}
				p.axe(theme + " run " + slug)
				if over := p.sideways(); over > 0 {
					t.Errorf("run of %s at %d wide scrolls sideways by %d px", slug, size.w, over)
				}
			}
		}
		for _, page := range []string{"status", "activity", "", "tasks/asking", "tasks/review", "board", "tasks"} {
			p.goTo(s, page)
			p.painted()
			p.shot(fmt.Sprintf("with-runs-%s-%d", strings.ReplaceAll(page, "/", "-"), size.w))
			p.axe("with runs " + page)
			if over := p.sideways(); over > 0 {
				t.Errorf("%s at %d wide scrolls sideways by %d px", page, size.w, over)
			}
		}
		p.quiet()
	}
}

// TestRunWithoutScripts reads a run where no script runs: it says what it says with them,
// and offers nothing that would do nothing.
func TestRunWithoutScripts(t *testing.T) {
	sweep(t)
	root := runRepository(t)
	s := start(t, nil, "-C", root, "serve", "--addr", "127.0.0.1:0", "--no-manager")
	openRuns(t, root).states(root)
	p := open(t, s, 1440, 900)
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"runs/asking", "runs/review", "runs/huge", "status", "tasks/asking"} {
		p.do(chromedp.Navigate(s.url + page))
		p.until(`document.readyState === "complete"`)
		if dead := js[string](p, `[...document.querySelectorAll("main button, main form")].filter((b) => b.checkVisibility()).map((b) => b.outerHTML.slice(0, 120)).join("\n")`); dead != "" {
			t.Errorf("%s shows what does nothing: %s", page, dead)
		}
	}
	p.do(chromedp.Navigate(s.url + "runs/huge"))
	p.until(`document.querySelector("[data-earlier]") !== null`)
	p.do(chromedp.Click("[data-earlier]")) // no script can tell what was met
	p.until(`location.search.includes("before=") && document.querySelectorAll(".step").length > 200`)
}

// TestRunStory watches a run whose supervisor is the test: words come by themselves and
// move nothing that is read, a question is answered, a line is commented on by keyboard,
// and the review goes back as one message.
func TestRunStory(t *testing.T) {
	root := runRepository(t)
	s := start(t, nil, "-C", root, "serve", "--addr", "127.0.0.1:0", "--no-manager")
	rs := openRuns(t, root)
	ctx := t.Context()
	w := rs.queue("bounded-retries", "Bound retries").take()
	p := open(t, s, 1440, 900)
	p.goTo(s, "runs/bounded-retries")
	p.until(`document.querySelector("[data-story-empty]") !== null && !document.querySelector("[data-working]").hidden`)

	// What the agent says comes by itself.
	w.say(work()...)
	p.until(`document.querySelectorAll(".step.of-words").length === 3 && document.querySelector("[data-story-empty]") === null`)
	p.until(`document.querySelector("[data-working-text]").textContent.includes("Running go test ./broker")`)
	p.until(`document.querySelector(".step.of-reads").textContent.includes("Read 3 files")`)

	// Who reads above is left alone, and finds the way to the end.
	for i := range 80 {
		w.say(runlog.Event{Type: runlog.Text, Text: fmt.Sprintf("Line %d of a long story.", i)})
	}
	p.until(`document.querySelector("[data-steps]").lastElementChild.textContent.includes("Line 79")`)
	js[bool](p, `(document.querySelector("[data-story-box]").scrollTop = 200, true)`)
	p.until(`!document.querySelector("[data-to-end]").hidden`)
	w.say(runlog.Event{Type: runlog.ToolResult, ID: "7", Status: "ok", Output: "ok"}, runlog.Event{Type: runlog.Text, Text: "Below."})
	p.until(`document.querySelector("[data-steps]").lastElementChild.textContent.includes("Below.")`)
	p.equal(`document.querySelector("[data-story-box]").scrollTop === 200`, "true")
	p.click("[data-to-end]")
	p.until(`document.querySelector("[data-to-end]").hidden`)

	// A question: nothing has the focus by itself, and the buttons wait a moment.
	q, err := rs.Question(ctx, run.Ask{Run: w.r.ID, Attempt: 1, Tool: "Bash", Input: asInput(map[string]any{"command": "rm -rf build && make\u202e"})})
	ok(t, err)
	w.say(runlog.Event{Type: runlog.Ask, ID: q.ID, Name: "Bash", Title: "rm -rf build", Input: q.Input})
	p.until(`document.querySelector("[data-ask]")?.textContent.includes("rm -rf build && make\\u{202e}")`)
	p.equal(`document.activeElement.closest("[data-ask]") === null`, "true")
	p.until(`!document.querySelector("[data-decide=deny]").disabled`)
	p.click("[data-decide=deny]")
	p.until(`document.querySelector("[data-ask]") === null`)
	asks, err := rs.Asks(ctx, w.r.ID)
	ok(t, err)
	if len(asks) != 1 || asks[0].State != run.Denied {
		t.Fatalf("the question: %+v", asks)
	}

	// A message is kept while it is typed, and shown until the agent has it.
	p.do(chromedp.SendKeys("#run-message", "Mind the index"))
	p.goTo(s, "runs/bounded-retries")
	p.equal(`document.querySelector("#run-message").value`, "Mind the index")
	p.do(chromedp.SendKeys("#run-message", kb.Enter))
	p.until(`document.querySelector(".waiting")?.textContent.includes("Mind the index")`)
	p.do(chromedp.SendKeys("#run-message", kb.ArrowUp))
	p.equal(`document.querySelector("#run-message").value`, "Mind the index")
	p.axe("a run at work")

	// The work: a comment on a line by keyboard, then the review.
	rs.reviewed(root, "review")
	p.goTo(s, "runs/review")
	p.do(chromedp.KeyEvent("n"))
	p.until(`document.activeElement.matches("tr.del, tr.add")`)
	p.do(chromedp.KeyEvent(kb.ArrowDown))
	// By an event of its own: the driver types the letter also where the page has taken the key.
	js[bool](p, `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "c", bubbles: true, cancelable: true })) === false`)
	p.until(`document.activeElement.matches(".comment-form textarea")`)
	p.do(chromedp.KeyEvent("Say after how many."))
	p.click(".comment-form [type=submit]")
	p.until(`document.querySelector(".comment")?.textContent.includes("Say after how many.")`)
	p.until(`document.querySelector('[data-open="review"]')?.textContent === "Send review (1)"`)
	p.axe("a comment")
	p.goTo(s, "runs/review") // a draft is the server's
	p.equal(`document.querySelector(".comment").textContent.includes("Say after how many.")`, "true")
	p.click(`[data-open="review"]`, `#do-review [type=submit]`)
	p.until(`document.querySelector("[data-run-state]").dataset.runState === "retrying"`)
	p.until(`document.querySelector(".comment.sent") !== null`)
	reviewed, err := rs.Latest(ctx, "review")
	ok(t, err)
	messages, err := rs.Messages(ctx, reviewed.ID, true)
	ok(t, err)
	if len(messages) != 1 || messages[0].Kind != "review" || !strings.Contains(messages[0].Text, "broker/ack.go:3\n> // Ack ends a delivery, or gives the message up where it failed too often.\nSay after how many.") {
		t.Fatalf("the review: %+v", messages)
	}
	p.quiet()
}

// TestACommentStaysWhileTheWorkChanges: who begins to write while the new changes are on their
// way keeps the place and the words, and sees the new changes after.
func TestACommentStaysWhileTheWorkChanges(t *testing.T) {
	root := runRepository(t)
	s := start(t, nil, "-C", root, "serve", "--addr", "127.0.0.1:0", "--no-manager")
	openRuns(t, root).reviewed(root, "review")
	p := open(t, s, 1440, 900)
	p.goTo(s, "runs/review")
	// The new changes are held back when they are there.
	js[bool](p, `((fetched) => { window.gate = new Promise((open) => window.open_ = open); window.fetch = async (at, ...more) => {
		const answer = await fetched(at, ...more), read = answer.text.bind(answer);
		if (at === location.pathname + location.search) answer.text = async () => { const text = await read(); window.held = true; await window.gate; window.came = true; return text; };
		return answer; }; return true; })(window.fetch)`)
	git(t, root, "switch", "-q", "task/review")
	ok(t, os.WriteFile(filepath.Join(root, "broker", "ack.go"), []byte(newAck+"\n// More of it.\n"), 0o644))
	git(t, root, "commit", "-q", "-am", "more")
	git(t, root, "switch", "-q", "main")
	js[bool](p, `document.dispatchEvent(new CustomEvent("tasks:refresh"))`)
	p.until(`window.held`)
	p.click(`[data-file="broker/ack.go"] tr.add .add-comment`)
	p.until(`document.activeElement.matches(".comment-form textarea")`)
	p.do(chromedp.KeyEvent("Say why."))
	js[bool](p, `(window.open_(), true)`)
	p.until(`window.came`)
	p.equal(`document.activeElement.matches(".comment-form textarea") && document.activeElement.value`, "Say why.")
	js[bool](p, `(window.came = false, document.querySelector(".comment-form .quiet").click(), true)`)
	p.until(`document.querySelector('[data-file="broker/ack.go"]').innerText.includes("More of it.")`)
	p.quiet()
}

// pagedAgent says what it does, waits until it is let go on, and does what it was told.
const pagedAgent = `#!/bin/sh
told=$(cat)
here=$(dirname "$0")
echo "I have been told."
case "$told" in *"in capitals"*) echo "A comment: I write louder."; printf 'HELLO\n' > hello.txt ;;
*) while [ ! -e "$here/go" ]; do sleep 0.05; done
   echo "<b>I write hello.txt</b>"; printf 'hello\n' > hello.txt
   echo "Not committed yet."; while [ ! -e "$here/commit" ]; do sleep 0.05; done ;;
esac
git add -A && git -c user.name=agent -c user.email=agent@localhost commit -qm "hello"
echo "Done."
`

// TestRunFromClickToCommit is the whole story in the browser, with a real program: handed
// over by a click, watched, commented on, done better, accepted; the root has the commit.
func TestRunFromClickToCommit(t *testing.T) {
	root := write(t, map[string]string{"README.md": "# A\n", "tasks/alpha.md": sheetOf("Alpha")})
	git(t, root, "init", "-q", "-b", "main")
	git(t, root, "add", "-A")
	git(t, root, "commit", "-qm", "first")
	agent := filepath.Join(write(t, map[string]string{"agent": pagedAgent}), "agent")
	ok(t, os.Chmod(agent, 0o755))
	s := start(t, []string{"TASKS_WORKER=" + agent, "XDG_STATE_HOME=" + write(t, nil), "XDG_CONFIG_HOME=" + write(t, nil)}, "-C", root, "serve", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)

	p.goTo(s, "runs/alpha")
	p.click("[data-kickoff]")
	p.until(`document.querySelector("[data-at-work]") !== null`)
	p.until(`document.querySelector(".step.of-output")?.textContent.includes("I have been told.")`)
	ok(t, os.WriteFile(filepath.Join(filepath.Dir(agent), "go"), nil, 0o644))
	// What it has not committed yet is seen while it works.
	p.until(`document.querySelector('[data-file="hello.txt"] tr.add')?.textContent.includes("hello")`)
	p.equal(`document.querySelector("[data-at-work]") !== null`, "true")
	p.shot("run-at-work-changes")
	ok(t, os.WriteFile(filepath.Join(filepath.Dir(agent), "commit"), nil, 0o644))
	p.until(`document.querySelector("[data-run-state]").dataset.runState === "review"`)
	p.until(`document.querySelector("[data-steps]").textContent.includes("<b>I write hello.txt</b>")`)
	p.until(`[...document.querySelectorAll("[data-file]")].some((f) => f.dataset.file === "hello.txt")`)

	// Not good enough: a comment goes back, and the next attempt heeds it.
	p.click(`[data-file="hello.txt"] tr.add .add-comment`)
	p.until(`document.activeElement.matches(".comment-form textarea")`)
	p.do(chromedp.KeyEvent("Write it in capitals."))
	p.click(".comment-form [type=submit]")
	p.until(`document.querySelector('[data-open="review"]') !== null`)
	p.click(`[data-open="review"]`, `#do-review [type=submit]`)
	p.until(`document.querySelector("[data-run-state]").dataset.runState === "review" && document.querySelector("[data-steps]").textContent.includes("A comment: I write louder.")`)
	p.until(`document.querySelector('[data-file="hello.txt"] tr.add')?.textContent.includes("HELLO")`)
	p.shot("run-second-attempt")

	// The base moves on meanwhile: the page says so, and the work is put on it.
	git(t, root, "commit", "-q", "--allow-empty", "-m", "meanwhile")
	p.goTo(s, "runs/alpha")
	p.until(`document.querySelector(".acts-why")?.textContent.includes("main has 1 newer commit that this work does not stand on.")`)
	p.click(`[data-do="/actions/run/rebase"]`)
	p.until(`document.querySelector('[data-do="/actions/run/rebase"]') === null && document.querySelector("[data-run-state]").dataset.runState === "review"`)
	if got := gitSays(t, root, "log", "--format=%s", "task/alpha"); !strings.Contains(got, "meanwhile") {
		t.Errorf("the branch after a rebase: %s", got)
	}

	p.click(`[data-open="accept"]`)
	p.until(`!document.getElementById("do-accept").hidden`)
	p.click("#do-accept [type=submit]")
	p.until(`document.querySelector("[data-run-state]").dataset.runState === "accepted"`)
	if got := gitSays(t, root, "show", "main:hello.txt"); got != "HELLO" {
		t.Errorf("main has hello.txt %q", got)
	}
	if sheet := gitSays(t, root, "show", "main:tasks/alpha.md"); !strings.Contains(sheet, "status: completed") {
		t.Errorf("the worksheet on main: %s", sheet)
	}
	if dirty := gitSays(t, root, "status", "--porcelain"); strings.Contains(dirty, "hello.txt") {
		t.Errorf("the root: %s", dirty)
	}
	p.quiet()
}

// TestDrawerFollowsARun hands a task over in a conversation, and the conversation shows how
// its run stands, what it says, and in the end what it changed.
func TestDrawerFollowsARun(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	p.visit(s, jitter)
	p.ask("Hand the jitter task to the manager")
	p.decide("[data-chat-allow]")
	p.done()
	const card = `document.querySelector("[data-run-card]")`
	p.until(card + `?.querySelector("a")?.getAttribute("href").startsWith("/runs/spread-retries-with-jitter?run=")`)
	p.until(`/steps of the plan are done/.test(` + card + `.innerText)`) // which step is said depends on when it is asked
	p.shot("drawer-run-works")
	p.axe("a run in the drawer")
	p.until(card + `.dataset.state === "review" && ` + card + `.querySelector(".run-card-stat") !== null && ` + card + `.innerText.includes("Review the work")`)
	p.shot("drawer-run-review")
	p.goTo(s, jitter) // told again with the conversation
	p.drawer()
	p.until(card + `?.dataset.state === "review"`)
	p.quiet()
}
