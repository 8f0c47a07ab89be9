package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/forge"
	"tasks/internal/run"
	"tasks/internal/runlog"
)

// worker plays the supervisor of a run: it holds the lease and writes the log.
type worker struct {
	t     testing.TB
	s     *site
	r     *run.Run
	token string
	log   *runlog.Writer
}

// begin queues the task and takes its run, as a supervisor does.
func (s *site) begin(t testing.TB, slug string) *worker {
	t.Helper()
	ctx := context.Background()
	src := []byte("---\ntype: task\ntitle: " + slug + "\n---\n\n## Plan\n\n- [x] First\n- [ ] Second\n")
	queued, _, err := s.Runs.Enqueue(ctx, run.Run{Slug: slug, Path: "tasks/" + slug + ".md", Worksheet: src, Base: "main", Title: slug})
	must(t, err)
	w := &worker{t: t, s: s}
	w.take(queued.ID)
	return w
}

// take begins an attempt.
func (w *worker) take(id string) {
	w.t.Helper()
	ctx := context.Background()
	token, ok, err := w.s.Runs.Claim(ctx, id, time.Now())
	must(w.t, err)
	if !ok {
		w.t.Fatalf("the run %s cannot be claimed", id)
	}
	w.token = token
	w.r, err = w.s.Runs.Take(ctx, id, token, 1, "now", time.Now())
	must(w.t, err)
	w.log, err = runlog.Open(run.Dir(w.s.Manager.StateDir, id), w.r.Attempt)
	must(w.t, err)
	w.t.Cleanup(func() { w.log.Close() })
}

func (w *worker) say(events ...runlog.Event) {
	w.t.Helper()
	for _, e := range events {
		_, err := w.log.Append(e)
		must(w.t, err)
	}
}

// end brings the run to rest.
func (w *worker) end(state run.State, code, text string) {
	w.t.Helper()
	w.r.State, w.r.Reason = state, &run.Reason{Code: code, Text: text}
	must(w.t, w.s.Runs.Finish(context.Background(), w.r, w.token, run.Attempt{N: w.r.Attempt, Outcome: run.Done}, time.Now()))
}

const hostile = `**bold**

<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) <div class="ask"><button data-decide="allow">Allow</button></div>`

func TestRunPageTellsTheStory(t *testing.T) {
	s := newSite(t, options{})
	w := s.begin(t, "fly")
	exit := 2
	w.say(runlog.Event{Type: runlog.Session, Name: "claude", Title: "2.1"},
		runlog.Event{Type: runlog.Prompt, Name: "first", Text: "Do <b>it</b>"},
		runlog.Event{Type: runlog.Text, Text: hostile},
		runlog.Event{Type: runlog.Tool, ID: "a", Name: "Read", Input: json.RawMessage(`{"file_path":"a<i>.go"}`)}, runlog.Event{Type: runlog.ToolResult, ID: "a", Status: "ok"},
		runlog.Event{Type: runlog.Tool, ID: "b", Name: "Read", Input: json.RawMessage(`{"file_path":"b.go"}`)}, runlog.Event{Type: runlog.ToolResult, ID: "b", Status: "ok"},
		runlog.Event{Type: runlog.Tool, ID: "c", Name: "Bash", Input: json.RawMessage(`{"command":"go test ./..."}`)}, runlog.Event{Type: runlog.ToolResult, ID: "c", Status: "error", Exit: &exit, Output: hostile})
	page := s.get(t, "/runs/fly")
	for _, want := range []string{`data-page-kind="run"`, "Attempt 1", "claude 2.1", "Told what to do", "Do &lt;b&gt;it", "<strong>bold</strong>", "Read 2 files", "a&lt;i&gt;.go", "go test ./...", "exit 2", "1 of 2", `data-at-work`, "Stop the run"} {
		if page.StatusCode != 200 || !strings.Contains(page.body, want) {
			t.Errorf("%d: the page has no %q", page.StatusCode, want)
		}
	}
	for _, bad := range []string{"<script>alert", "<img src=x", `href="javascript:`, `<button data-decide`, `<div class="ask"`, " style="} {
		if strings.Contains(page.body, bad) {
			t.Errorf("what an agent wrote became markup: %s", bad)
		}
	}
	light := s.get(t, "/runs/fly?part=light")
	if strings.Contains(light.body, "Told what to do") || !strings.Contains(light.body, `data-live="run-facts"`) {
		t.Error("the light page holds the story, or not the facts")
	}
	w.end(run.Failed, run.Login, "claude is not logged in")
	page = s.get(t, "/runs/fly")
	for _, want := range []string{"Claude is not logged in", "Log the worker", "Try again"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the failed run's page has no %q", want)
		}
	}
	if none := s.get(t, "/runs/pack"); none.StatusCode != 200 || !strings.Contains(none.body, "No run yet") || !strings.Contains(none.body, `data-page-kind="run"`) {
		t.Errorf("a task without a run: %d", none.StatusCode)
	}
	if got := s.get(t, "/runs/nowhere").StatusCode; got != 404 {
		t.Errorf("no task: %d", got)
	}
	if got := s.get(t, "/runs/fly?run=nowhere").StatusCode; got != 404 {
		t.Errorf("no such run: %d", got)
	}
}

// frameOf is one event of a stream.
type frameOf struct{ id, event, data string }

// storyFrames reads a stream until done says so.
func storyFrames(t testing.TB, resp *http.Response, done func(frameOf) bool) []frameOf {
	t.Helper()
	var all []frameOf
	var f frameOf
	sc := bufio.NewScanner(resp.Body)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		line := sc.Text()
		switch {
		case strings.HasPrefix(line, "id: "):
			f.id = line[4:]
		case strings.HasPrefix(line, "event: "):
			f.event = line[7:]
		case strings.HasPrefix(line, "data: "):
			f.data = line[6:]
		case line == "" && f.event != "":
			all = append(all, f)
			if done(f) {
				return all
			}
			f = frameOf{}
		}
	}
	return all
}

func TestRunEventsAreLive(t *testing.T) {
	s := newSite(t, options{})
	w := s.begin(t, "fly")
	w.say(runlog.Event{Type: runlog.Text, Text: "First"}, runlog.Event{Type: runlog.Tool, ID: "a", Name: "Bash", Input: json.RawMessage(`{"command":"make"}`)})
	resp := s.open(t, "GET", "/actions/run/events?slug=fly&after=1", "", s.own()...)
	defer resp.Body.Close()
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("%d %s", resp.StatusCode, resp.Header)
	}
	first := storyFrames(t, resp, func(f frameOf) bool { return f.event == "step" })
	if len(first) != 1 || !strings.Contains(first[0].data, "make") || first[0].id != "2" {
		t.Fatalf("what came after the first event: %v", first)
	}
	// The result changes the step that is there; then the run rests and the stream ends.
	w.say(runlog.Event{Type: runlog.ToolResult, ID: "a", Status: "ok", Output: "<b>done"})
	next := storyFrames(t, resp, func(f frameOf) bool { return f.event == "step" })
	if len(next) != 1 || !strings.Contains(next[0].data, `"key":"s2"`) || !strings.Contains(next[0].data, `\u0026lt;b\u0026gt;done`) || next[0].id != "3" {
		t.Fatalf("the result: %v", next)
	}
	w.end(run.Review, run.Finished, "done")
	rest := storyFrames(t, resp, func(f frameOf) bool { return f.event == "rest" })
	if len(rest) == 0 || rest[len(rest)-1].event != "rest" {
		t.Fatalf("the end of the stream: %v", rest)
	}
	if got := s.ask(t, "GET", "/actions/run/events?slug=fly&after=3", "", s.own()...); got.StatusCode != 204 {
		t.Errorf("nothing is newer and the run rests: %d", got.StatusCode)
	}
	if got := s.get(t, "/actions/run/events?slug=fly"); got.StatusCode != 403 {
		t.Errorf("without a word where it comes from: %d", got.StatusCode)
	}
}

func TestLongStoryIsBounded(t *testing.T) {
	s := newSite(t, options{})
	w := s.begin(t, "fly")
	for i := range 2000 {
		w.say(runlog.Event{Type: runlog.Text, Text: fmt.Sprintf("Word %d.", i)})
	}
	page := s.get(t, "/runs/fly")
	if n := strings.Count(page.body, `<li class="step`); n > 400 || !strings.Contains(page.body, "Word 1999.") || strings.Contains(page.body, "Word 3.") {
		t.Errorf("%d steps in the page", n)
	}
	at := strings.Index(page.body, "?before=")
	if at < 0 {
		t.Fatal("no way to the earlier steps")
	}
	number, _, _ := strings.Cut(page.body[at+len("?before="):], "#")
	earlier := s.get(t, "/runs/fly?before="+number)
	if !strings.Contains(earlier.body, "The newest steps") || strings.Contains(earlier.body, "Word 1999.") || strings.Count(earlier.body, `<li class="step`) < 200 {
		t.Errorf("the earlier steps before %s are not those before: %d", number, strings.Count(earlier.body, `<li class="step`))
	}
}

func TestRunActions(t *testing.T) {
	s := newSite(t, options{})
	w := s.begin(t, "fly")
	ctx := context.Background()
	q, err := s.Runs.Question(ctx, run.Ask{Run: w.r.ID, Attempt: 1, Tool: "Bash", Input: json.RawMessage(`{"command":"rm -rf <x>"}`)})
	must(t, err)
	page := s.get(t, "/runs/fly")
	if !strings.Contains(page.body, "rm -rf \\u003cx\\u003e") && !strings.Contains(page.body, "rm -rf &lt;x&gt;") || !strings.Contains(page.body, `data-decide="allow" disabled`) {
		t.Error("the question is not on the page")
	}
	for _, c := range []struct {
		path, body string
		want       int
	}{
		{"/actions/run/send", `{"slug":"fly","message":"Mind the gap"}`, 200},
		{"/actions/run/send", `{"slug":"fly","message":" "}`, 400},
		{"/actions/run/send", `{"slug":"nowhere","message":"x"}`, 404},
		{"/actions/run/send", `{"slug":"fly","message":"x","now":"yes"}`, 400},
		{"/actions/run/answer", `{"slug":"fly","ask":"` + q.ID + `","decision":"always"}`, 400},
		{"/actions/run/answer", `{"slug":"fly","ask":"` + q.ID + `","decision":"deny"}`, 200},
		{"/actions/run/answer", `{"slug":"fly","ask":"` + q.ID + `","decision":"allow"}`, 409},
		{"/actions/run/comment", `{"slug":"fly","path":"a.go","line":3,"text":"Why?","quote":"x"}`, 200},
		{"/actions/run/comment", `{"slug":"fly","path":"a.go","line":3,"side":"left","text":"Why?"}`, 400},
		{"/actions/run/uncomment", `{"slug":"fly","comment":"nowhere"}`, 404},
		{"/actions/run/review", `{"slug":"fly","message":""}`, 200},
		{"/actions/run/review", `{"slug":"fly"}`, 400},
		{"/actions/run/retry", `{"slug":"fly"}`, 409},
	} {
		if got := s.post(t, c.path, c.body); got.StatusCode != c.want {
			t.Errorf("%s %s: %d, want %d: %s", c.path, c.body, got.StatusCode, c.want, got.body)
		} else if c.want == 200 && !strings.Contains(got.body, `"run":{"id"`) {
			t.Errorf("%s answers no run: %s", c.path, got.body)
		}
	}
	messages, err := s.Runs.Messages(ctx, w.r.ID, true)
	must(t, err)
	if len(messages) != 2 || messages[1].Kind != "review" || !strings.Contains(messages[1].Text, "a.go:3\n> x\nWhy?") {
		t.Errorf("the messages: %+v", messages)
	}
}

// gitIn runs git in the site's repository and returns what it said.
func (s *site) gitIn(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = s.root
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.org")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// change writes a file and commits it.
func (s *site) change(t testing.TB, name, text string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(s.root, name), []byte(text), 0o644))
	s.gitIn(t, "add", "-A")
	s.gitIn(t, "commit", "-q", "-m", "change "+name)
}

// TestWorkThatDoesNotMergeIsSaidBefore: the page says which paths, offers the agent in place
// of Accept, and the action answers 409 with nothing changed.
func TestWorkThatDoesNotMergeIsSaidBefore(t *testing.T) {
	s := newSite(t, options{})
	w := s.begin(t, "fly")
	w.r.Begin, w.r.Branch = s.gitIn(t, "rev-parse", "HEAD"), "task/fly"
	s.gitIn(t, "switch", "-q", "-c", "task/fly")
	s.change(t, "docs/guide.md", "# Guide\n\nThe <b>heron</b> flies.\n")
	w.r.Head = s.gitIn(t, "rev-parse", "HEAD")
	s.gitIn(t, "switch", "-q", "main")
	w.end(run.Review, run.Finished, "done")
	page := s.get(t, "/runs/fly")
	for _, want := range []string{`data-open="accept"`, `data-file="docs/guide.md"`, "The &lt;b&gt;heron&lt;/b&gt; flies.", "+1", `data-line="3" data-side="new"`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the review has no %s", want)
		}
	}
	if got := s.post(t, "/actions/run/comment", `{"slug":"fly","path":"docs/guide.md","line":3,"text":"Why <i>flies</i>?"}`); got.StatusCode != 200 {
		t.Fatalf("comment: %d %s", got.StatusCode, got.body)
	}
	s.gitIn(t, "update-ref", "refs/heads/task/fly", s.gitIn(t, "commit-tree", "-m", "by hand", "-p", w.r.Head, w.r.Head+"^{tree}"))
	page = s.get(t, "/runs/fly")
	if !strings.Contains(page.body, "task/fly has been changed since the review began.") || strings.Contains(page.body, `data-open="accept"`) {
		t.Error("a branch that somebody committed to is not told of, or Accept is offered")
	}
	s.gitIn(t, "update-ref", "refs/heads/task/fly", w.r.Head)
	s.change(t, "other.md", "# Other\n")
	if page = s.get(t, "/runs/fly"); !strings.Contains(page.body, "main has 1 newer commit that this work does not stand on.") || !strings.Contains(page.body, `data-do="/actions/run/rebase"`) {
		t.Error("a base that has moved is not told of")
	}
	s.change(t, "docs/guide.md", "# Guide\n\nThe heron sleeps.\n")
	before := s.gitIn(t, "rev-parse", "main")
	page = s.get(t, "/runs/fly")
	for _, want := range []string{"It does not merge onto main any more: both changed docs/guide.md.", "Let the agent settle it", "Why &lt;i&gt;flies&lt;/i&gt;?", "Send review (1)"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the review of work that does not merge has no %s", want)
		}
	}
	if strings.Contains(page.body, `data-open="accept"`) {
		t.Error("Accept is offered")
	}
	if got := s.post(t, "/actions/run/accept", `{"slug":"fly"}`); got.StatusCode != 409 || !strings.Contains(got.body, "docs/guide.md") {
		t.Errorf("accept: %d %s", got.StatusCode, got.body)
	}
	if after := s.gitIn(t, "rev-parse", "main"); after != before {
		t.Error("main has moved")
	}
	state := s.get(t, "/run.json?slug=fly")
	if state.StatusCode != 200 || !strings.Contains(state.body, `"kind":"run-state"`) || !strings.Contains(state.body, `"path":"docs/guide.md"`) {
		t.Errorf("run.json: %d %s", state.StatusCode, state.body)
	}
}

// TestLinesOfSecretsAreNotServed: the review says that such a file changes, under its old
// name and its new one, and shows no line of it.
func TestLinesOfSecretsAreNotServed(t *testing.T) {
	s := newSite(t, options{})
	key := strings.Repeat("the key that nobody may see\n", 9)
	s.change(t, "server.pem", key)
	w := s.begin(t, "fly")
	w.r.Begin, w.r.Branch = s.gitIn(t, "rev-parse", "HEAD"), "task/fly"
	s.gitIn(t, "switch", "-q", "-c", "task/fly")
	s.gitIn(t, "mv", "server.pem", "docs/server.md")
	s.change(t, "docs/server.md", key+"and one more\n")
	s.change(t, "docs/ID_RSA", "nobody may see this either\n")
	s.change(t, "docs/guide.md", "# Guide\n\nThe heron flies.\n")
	w.r.Head = s.gitIn(t, "rev-parse", "HEAD")
	s.gitIn(t, "switch", "-q", "main")
	w.end(run.Review, run.Finished, "done")
	page := s.get(t, "/runs/fly")
	for _, want := range []string{"The heron flies.", `data-file="docs/server.md"`, "server.pem → docs/server.md", `data-file="docs/ID_RSA"`, "No file of such a name"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the review has no %s", want)
		}
	}
	if strings.Contains(page.body, "nobody may see") || strings.Contains(page.body, "and one more") {
		t.Error("lines of a secret are served")
	}
}

// TestWorkLeavesOnlyWhereItsAddressWasShown: each way out asks for the address first, and
// takes the word for that address alone.
func TestWorkLeavesOnlyWhereItsAddressWasShown(t *testing.T) {
	s := newSite(t, options{})
	state := t.TempDir()
	env := map[string]string{"HOME": state, "PATH": os.Getenv("PATH")}
	getenv := func(k string) (string, bool) { v, ok := env[k]; return v, ok }
	s.Manager.Forge = &forge.Forge{Git: s.Manager.Git, StateDir: forge.UserState(getenv), Getenv: getenv}
	w := s.begin(t, "fly")
	w.r.Begin, w.r.Branch = s.gitIn(t, "rev-parse", "HEAD"), "task/fly"
	s.gitIn(t, "switch", "-q", "-c", "task/fly")
	s.change(t, "docs/guide.md", "# Guide\n\nThe heron flies.\n")
	w.r.Head = s.gitIn(t, "rev-parse", "HEAD")
	s.gitIn(t, "switch", "-q", "main")
	w.end(run.Review, run.Finished, "done")
	const button = `data-open="push"`
	if page := s.get(t, "/runs/fly"); strings.Contains(page.body, button) {
		t.Error("without a remote there is a button")
	}
	if got := s.get(t, "/remotes.json?slug=fly"); got.StatusCode != 200 || !strings.Contains(got.body, `"remotes":[]`) {
		t.Errorf("without a remote: %d %s", got.StatusCode, got.body)
	}
	bare := filepath.Join(t.TempDir(), "thing.git")
	s.gitIn(t, "init", "-q", "--bare", bare)
	s.gitIn(t, "remote", "add", "origin", bare)
	if page := s.get(t, "/runs/fly"); !strings.Contains(page.body, button) {
		t.Error("with a remote there is no button")
	}
	if got := s.get(t, "/remotes.json?slug=fly"); !strings.Contains(got.body, fmt.Sprintf(`{"name":"origin","address":%q,"confirmed":false,"pulls":false}`, bare)) {
		t.Errorf("with a remote: %s", got.body)
	}
	for _, c := range []struct {
		path, body string
		want       int
		word       string
	}{
		{"/actions/run/push", `{}`, 400, "slug"},
		{"/actions/run/push", `{"slug":"nowhere"}`, 404, "not_found"},
		{"/actions/run/push", `{"slug":"fly","remote":"--all"}`, 400, "no name of a remote"},
		{"/actions/run/push", `{"slug":"fly","remote":"elsewhere"}`, 404, "no remote elsewhere"},
		{"/actions/run/push", `{"slug":"fly"}`, 403, "is not confirmed yet"},
		{"/actions/run/push", `{"slug":"fly","confirm":"/another/place"}`, 409, "not /another/place"},
		{"/actions/run/push", `{"slug":"fly"}`, 403, "is not confirmed yet"},
		{"/actions/run/pr", `{"slug":"fly"}`, 503, "there is no forge"},
		{"/actions/run/merge", `{"slug":"fly","squash":true}`, 404, "has no pull request"},
		{"/actions/run/push", fmt.Sprintf(`{"slug":"fly","confirm":%q}`, bare), 200, w.r.Head},
		{"/actions/run/push", `{"slug":"fly"}`, 200, `"remote":"origin"`},
	} {
		if got := s.post(t, c.path, c.body); got.StatusCode != c.want || !strings.Contains(got.body, c.word) {
			t.Errorf("%s %s: %d %s, want %d with %q", c.path, c.body, got.StatusCode, got.body, c.want, c.word)
		}
	}
	if there := s.gitIn(t, "--git-dir", bare, "rev-parse", "refs/heads/task/fly"); there != w.r.Head {
		t.Errorf("the remote has %s", there)
	}
	if got := s.get(t, "/remotes.json?slug=fly"); !strings.Contains(got.body, `"confirmed":true`) {
		t.Errorf("after the word was given: %s", got.body)
	}
}
