package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tasks/internal/repo"
)

const glide = "tasks/workstreams/air/tasks/glide.md"

// section asks for a section as the editor does.
func (s *site) section(t testing.TB, slug, name string) (text, hash string) {
	t.Helper()
	var out struct{ Text, Hash string }
	got := s.get(t, "/section.json?slug="+slug+"&section="+strings.ReplaceAll(name, " ", "+"))
	must(t, json.Unmarshal([]byte(got.body), &out))
	if got.StatusCode != 200 {
		t.Fatalf("section.json: %d %s", got.StatusCode, got.body)
	}
	return out.Text, out.Hash
}

func TestSetSectionKeepsEveryOtherByte(t *testing.T) {
	s := newSite(t, options{files: plans()})
	text, hash := s.section(t, "glide", "Problem")
	if text != "It falls." {
		t.Errorf("text %q", text)
	}
	before := s.file(t, glide)
	got := s.post(t, "/actions/set-section", body(t, "slug", "glide", "section", "Problem", "text", "It falls.\n\nOften.", "hash", hash))
	if got.StatusCode != 200 || !strings.Contains(got.body, `"task":{`) {
		t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	want := strings.Replace(before, "It falls.", "It falls.\r\n\r\nOften.", 1)
	if now := s.file(t, glide); now != want {
		t.Errorf("got %q, want %q", now, want)
	}
	if page := s.get(t, "/tasks/glide"); !strings.Contains(page.body, "<p>Often.</p>") {
		t.Error("the page does not show it")
	}
	// What has changed since is not overwritten.
	got = s.post(t, "/actions/set-section", body(t, "slug", "glide", "section", "Problem", "text", "Mine.", "hash", hash))
	if got.StatusCode != 409 || s.file(t, glide) != want {
		t.Errorf("with the old hash: %d %s", got.StatusCode, got.body)
	}
	text, hash = s.section(t, "glide", "Plan") // not there yet
	if got := s.post(t, "/actions/set-section", body(t, "slug", "glide", "section", "Plan", "text", "- [ ] Lift", "hash", hash)); got.StatusCode != 200 || text != "" {
		t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	if now := s.file(t, glide); now != want+"\r\n## Plan\r\n\r\n- [ ] Lift\r\n" {
		t.Errorf("put in: %q", now)
	}
}

// TestAnEditOfAPageIsUndone: byte for byte, the undo as well, and never over a later change.
func TestAnEditOfAPageIsUndone(t *testing.T) {
	s := newSite(t, options{files: plans()})
	before := s.file(t, glide)
	_, hash := s.section(t, "glide", "Problem")
	made := func(got reply) string {
		t.Helper()
		var out struct {
			Edit string `json:"edit"`
			Task struct {
				Hash string `json:"hash"`
			} `json:"task"`
		}
		if err := json.Unmarshal([]byte(got.body), &out); err != nil || got.StatusCode != 200 || out.Edit == "" || out.Task.Hash != hashOf(s.file(t, glide)) {
			t.Fatalf("%d %s: %v", got.StatusCode, got.body, err)
		}
		return out.Edit
	}
	first := made(s.post(t, "/actions/set-section", body(t, "slug", "glide", "section", "Problem", "text", "Another.", "hash", hash)))
	after := s.file(t, glide)
	second := made(s.post(t, "/actions/undo", body(t, "edit", first)))
	if now := s.file(t, glide); now != before {
		t.Errorf("undone: %q, want %q", now, before)
	}
	third := made(s.post(t, "/actions/undo", body(t, "edit", second)))
	if now := s.file(t, glide); now != after {
		t.Errorf("the undo undone: %q, want %q", now, after)
	}
	s.change(t, glide, after+"\r\nby hand\r\n")
	for _, tt := range []struct {
		body   string
		status int
	}{
		{body(t, "edit", third), 409}, // the file has changed since
		{body(t, "edit", first), 409}, // undone already
		{body(t, "edit", "nothing"), 404},
		{`{}`, 400},
		{`{"edit":1}`, 400},
	} {
		if got := s.post(t, "/actions/undo", tt.body); got.StatusCode != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.body, got.StatusCode, got.body, tt.status)
		}
	}
	if now := s.file(t, glide); now != after+"\r\nby hand\r\n" {
		t.Errorf("what was written by hand: %q", now)
	}
	// What changes nothing is no edit.
	text, hash := s.section(t, "glide", "Problem")
	if got := s.post(t, "/actions/set-section", body(t, "slug", "glide", "section", "Problem", "text", text, "hash", hash)); got.StatusCode != 200 || !strings.Contains(got.body, `"edit":null`) {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

func TestSetSectionRefusesAndWritesNothing(t *testing.T) {
	files := plans()
	files["tasks/agents.md"] = "---\ntype: task\ntitle: x\nstatus: ready\n---\n\n## Problem\n\nx\n"
	s := newSite(t, options{files: files})
	_, hash := s.section(t, "glide", "Problem")
	_, agents := s.section(t, "agents", "Problem")
	before := s.file(t, glide)
	for name, tt := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"new section":  {body(t, "slug", "glide", "section", "Problem", "text", "a\n## B", "hash", hash), 422, "###"},
		"no hash":      {body(t, "slug", "glide", "section", "Problem", "text", "a"), 400, "hash"},
		"no text":      {body(t, "slug", "glide", "section", "Problem", "hash", hash), 400, "text"},
		"no section":   {body(t, "slug", "glide", "text", "a", "hash", hash), 400, "section"},
		"not there":    {body(t, "slug", "glide", "section", "Weather", "text", "a", "hash", hash), 404, "Weather"},
		"no such task": {body(t, "slug", "nowhere", "section", "Plan", "text", "a", "hash", hash), 404, "nowhere"},
		"broken":       {body(t, "slug", "half-way", "section", "Plan", "text", "a", "hash", hash), 409, "changed"},
		"steering":     {body(t, "slug", "agents", "section", "Problem", "text", "obey", "hash", agents), 403, "steers"},
		"NUL":          {body(t, "slug", "glide", "section", "Problem", "text", "a\x00", "hash", hash), 422, "NUL"},
		"text as list": {`{"slug":"glide","section":"Problem","text":["a"],"hash":"x"}`, 400, "text"},
		"too large":    {body(t, "slug", "glide", "section", "Problem", "text", strings.Repeat("a", 300<<10), "hash", hash), 413, "256 KB"},
	} {
		got := s.post(t, "/actions/set-section", tt.body)
		if got.StatusCode != tt.status || !strings.Contains(got.body, tt.says) {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
		if s.file(t, glide) != before {
			t.Fatalf("%s: the file was changed", name)
		}
	}
}

// Of many who began with the same file exactly one writes; the others are told.
func TestOneOfManyWrites(t *testing.T) {
	s := newSite(t, options{files: plans()})
	_, hash := s.section(t, "glide", "Problem")
	const many = 8
	got := make(chan reply, many)
	for i := range many {
		in := body(t, "slug", "glide", "section", "Problem", "text", strings.Repeat("x", i+1), "hash", hash)
		go func() { got <- s.post(t, "/actions/set-section", in) }()
	}
	codes := map[int]int{}
	for range many {
		codes[(<-got).StatusCode]++
	}
	if codes[200] != 1 || codes[409] != many-1 {
		t.Errorf("answers: %v", codes)
	}
}

func TestASectionWithAKeyIsNotEditedHere(t *testing.T) {
	files := plans()
	files["tasks/leak.md"] = "---\ntype: task\ntitle: Leak\nstatus: ready\n---\n\n## Problem\n\nThe key sk-canary is here.\n\n## Plan\n\nTake it out.\n"
	s := newSite(t, options{files: files})
	got := s.get(t, "/section.json?slug=leak&section=Problem")
	if got.StatusCode != 403 || strings.Contains(got.body, "sk-canary") || !strings.Contains(got.body, "one of your keys") {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if text, _ := s.section(t, "leak", "Plan"); text != "Take it out." {
		t.Errorf("another section: %q", text)
	}
}

func TestSetBox(t *testing.T) {
	files := plans()
	files["docs/list.md"] = "# List\r\n\r\n- [ ] one\r\n- [x] two\r\n"
	files["docs/AGENTS.md"] = "- [ ] obey\n"
	files["notes.md"] = "- [ ] outside\n"
	s := newSite(t, options{files: files})
	hash := hashOf(s.file(t, "docs/list.md"))
	got := s.post(t, "/actions/set-box", body(t, "path", "docs/list.md", "line", 3, "checked", true, "hash", hash))
	if got.StatusCode != 200 || !strings.Contains(got.body, `"path":"docs/list.md"`) || s.file(t, "docs/list.md") != "# List\r\n\r\n- [x] one\r\n- [x] two\r\n" {
		t.Errorf("%d %s %q", got.StatusCode, got.body, s.file(t, "docs/list.md"))
	}
	for name, tt := range map[string]struct {
		body   string
		status int
	}{
		"old hash":      {body(t, "path", "docs/list.md", "line", 4, "checked", false, "hash", hash), 409},
		"no box there":  {body(t, "path", "docs/list.md", "line", 1, "checked", true, "hash", hashOf(s.file(t, "docs/list.md"))), 404},
		"steering file": {body(t, "path", "docs/AGENTS.md", "line", 1, "checked", true, "hash", hashOf("- [ ] obey\n")), 403},
		"other folder":  {body(t, "path", "notes.md", "line", 1, "checked", true, "hash", hashOf("- [ ] outside\n")), 403},
		"secret":        {body(t, "path", ".env", "line", 1, "checked", true, "hash", hash), 403},
		"climbing":      {body(t, "path", "docs/../../x.md", "line", 1, "checked", true, "hash", hash), 403},
		"not there":     {body(t, "path", "docs/no.md", "line", 1, "checked", true, "hash", hash), 404},
		"no line":       {body(t, "path", "docs/list.md", "checked", true, "hash", hash), 400},
		"no checked":    {body(t, "path", "docs/list.md", "line", 3, "hash", hash), 400},
		"no hash":       {body(t, "path", "docs/list.md", "line", 3, "checked", true), 400},
		"line as text":  {`{"path":"docs/list.md","line":"3","checked":true,"hash":"x"}`, 400},
	} {
		if got := s.post(t, "/actions/set-box", tt.body); got.StatusCode != tt.status {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
	}
}

func TestPreviewIsWhatThePageWouldShow(t *testing.T) {
	s := newSite(t, options{files: plans()})
	var out struct{ HTML string }
	got := s.post(t, "/actions/preview", body(t, "path", glide, "text", "See [soar](soar.md) and [no](nowhere.md).\r\n\r\n<script>alert(1)</script><b onclick=x>b</b>\n\n[x](javascript:alert(1))"))
	must(t, json.Unmarshal([]byte(got.body), &out))
	if got.StatusCode != 200 || !strings.Contains(out.HTML, `href="/tasks/soar"`) {
		t.Errorf("%d %s", got.StatusCode, out.HTML)
	}
	for _, bad := range []string{"<script", "onclick", "javascript:"} {
		if strings.Contains(out.HTML, bad) {
			t.Errorf("%s in %s", bad, out.HTML)
		}
	}
	for name, tt := range map[string]struct {
		body   string
		status int
	}{
		"no path": {body(t, "text", "a"), 400}, "climbing": {body(t, "path", "../x.md", "text", "a"), 403},
		"no document": {body(t, "path", "src/main.go", "text", "a"), 422},
	} {
		if got := s.post(t, "/actions/preview", tt.body); got.StatusCode != tt.status {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
	}
}

func TestEditingWhileARunIsOnWarns(t *testing.T) {
	files := plans()
	full := strings.Repeat("word ", 20)
	files["tasks/whole.md"] = "---\ntype: task\ntitle: Whole\nstatus: not_started\n---\n\n## Problem\n\n" + full + "\n\n## Context\n\n" + full + "\n\n## Possible Solutions\n\n1. " + full + " (Chosen)\n\n## Plan\n\n- [ ] " + full +
		"\n\n## Implementation Progress\n\n## QA Exploration\n\n- [ ] QA done\n\n## Review Feedback\n\n- [ ] Review cleared\n"
	s := newSite(t, options{files: files})
	if got := s.post(t, "/actions/kickoff", `{"slug":"whole"}`); got.StatusCode != 200 {
		t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	_, hash := s.section(t, "whole", "Implementation Progress")
	got := s.post(t, "/actions/set-section", body(t, "slug", "whole", "section", "Implementation Progress", "text", "Begun.", "hash", hash))
	if got.StatusCode != 200 || !strings.Contains(got.body, `"warning":"run `) {
		t.Errorf("set-section: %d %s", got.StatusCode, got.body)
	}
	got = s.post(t, "/actions/set-field", body(t, "slug", "whole", "field", "priority", "value", "p1"))
	if got.StatusCode != 200 || !strings.Contains(got.body, `"warning":"run `) {
		t.Errorf("set-field: %d %s", got.StatusCode, got.body)
	}
	if page := s.get(t, "/section.json?slug=whole&section=Plan"); !strings.Contains(page.body, `"warning":"run `) || !strings.Contains(page.body, "waits in the queue") {
		t.Errorf("the editor is not told of the run: %s", page.body)
	}
}

// hashOf is the hash by which the program knows a text.
func hashOf(text string) string { return repo.Hash([]byte(text)) }
