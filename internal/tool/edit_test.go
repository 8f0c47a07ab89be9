package tool_test

import (
	"strings"
	"testing"

	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/tool"
)

func TestEditFile(t *testing.T) {
	tests := []struct {
		name, file, old, new, want string
	}{
		{"a word", "one two\n", "two", "2", "one 2\n"},
		{"several lines", "a\nb\nc\n", "a\nb", "x", "x\nc\n"},
		{"to nothing", "a\nb\n", "b\n", "", "a\n"},
		{"regular expression signs", "a.*b (c)\n", "a.*b (c)", "$1\\0", "$1\\0\n"},
		{"CRLF kept", "a\r\nb\r\n", "a\r\nb", "a\r\nx\r\nb", "a\r\nx\r\nb\r\n"},
		{"CRLF within a line", "a\r\nb\r\n", "b", "c", "a\r\nc\r\n"},
		{"a lone CR kept as it is", "a\rb\n", "b", "c\rd", "a\rc\rd\n"},
		{"no newline at the end", "a", "a", "b", "b"},
		{"bytes that are not UTF-8 beside it are kept apart", "a\n", "a", "ä", "ä\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t, map[string]string{"docs/a.md": test.file})
			h.session.SetShown("docs/a.md", repo.Hash([]byte(test.file)))
			r := h.call("edit_file", "path", "docs/a.md", "old_string", test.old, "new_string", test.new)
			if r.Status != tool.OK || r.Edit == nil || r.Edit.Path != "docs/a.md" || r.Edit.ID == "" || r.Taints {
				t.Fatalf("got %+v", r)
			}
			if got := h.text("docs/a.md"); got != test.want {
				t.Errorf("file %q, want %q", got, test.want)
			}
			if h.session.Shown("docs/a.md") != repo.Hash([]byte(test.want)) {
				t.Error("the new text does not count as shown")
			}
			if _, err := h.editor.Undo(t.Context(), h.session.ID(), r.Edit.ID); err != nil || h.text("docs/a.md") != test.file {
				t.Errorf("undo: %v, file %q", err, h.text("docs/a.md"))
			}
		})
	}
}

func TestEditFileRefusesAndSaysHowToDoBetter(t *testing.T) {
	crlf, lf := "a\r\nb\r\nc\r\n", "Some  Words here\nb\nb\naaa\n"
	tests := []struct {
		name, file, old, new string
		words                []string
	}{
		{"twice", lf, "b", "x", []string{"occurs 2 times", "lines 2, 3", "exactly once"}},
		{"overlapping", lf, "aa", "x", []string{"occurs 2 times"}},
		{"not there", lf, "zebra crossing", "x", []string{"does not occur", "read the file again"}},
		{"other white space", lf, "some words here", "x", []string{"line 1 is near: Some  Words here"}},
		{"LF asked of CRLF", crlf, "a\nb", "x", []string{`write \r\n`}},
		{"CRLF asked of LF", lf, "b\r\nb", "x", []string{`write \n`}},
		{"LF written into CRLF", crlf, "b", "x\ny", []string{"end in CRLF", `write \r\n`}},
		{"masked", lf, "b [redacted]", "x", []string{"stands for a secret value"}},
		{"empty", lf, "", "x", []string{"old_string is empty", "create: true"}},
		{"the same", lf, "Words", "Words", []string{"nothing would change"}},
		{"NUL", lf, "Words", "a\x00", []string{"NUL"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t, map[string]string{"docs/a.md": test.file})
			h.session.SetShown("docs/a.md", repo.Hash([]byte(test.file)))
			h.wantError(h.call("edit_file", "path", "docs/a.md", "old_string", test.old, "new_string", test.new), test.words...)
			if h.text("docs/a.md") != test.file {
				t.Error("the file has changed")
			}
		})
	}
}

func TestAnEditNeedsTheTextThatWasShown(t *testing.T) {
	h := newHouse(t, map[string]string{"docs/a.md": "one\n"})
	r := h.call("edit_file", "path", "docs/a.md", "old_string", "nothing of it", "new_string", "two")
	h.wantError(r, "conflict", "was not read", "read_file")
	if strings.Contains(r.Content, "one") {
		t.Error("the error shows text that was not shown yet")
	}
	h.write("docs/b.md", "three\n")
	if r := h.call("edit_file", "path", "docs/b.md", "old_string", "three", "new_string", "four"); r.Status != tool.OK || h.text("docs/b.md") != "four\n" {
		t.Errorf("quoted rightly without a look: %+v", r)
	}
	h.write("docs/b.md", "five\n")
	h.wantError(h.call("edit_file", "path", "docs/b.md", "old_string", "five", "new_string", "six"), "conflict", "has changed")
	h.call("read_file", "path", "docs/a.md")
	plan, err := h.prepare("edit_file", "path", "docs/a.md", "old_string", "one", "new_string", "two")
	if err != nil {
		t.Fatal(err)
	}
	h.write("docs/a.md", "one, edited by a person\n")
	h.wantError(plan.Run(t.Context(), nil), "conflict", "read")
	h.wantError(h.call("edit_file", "path", "docs/a.md", "old_string", "one", "new_string", "two"), "conflict", "has changed", "read it again")
	if got := h.text("docs/a.md"); got != "one, edited by a person\n" {
		t.Errorf("file %q", got)
	}
}

func TestTheDigestIsOfArgumentsAndBytes(t *testing.T) {
	h := newHouse(t, map[string]string{"docs/a.md": "one two\n", "docs/b.md": "one two\n"})
	digest := func(args ...any) string {
		t.Helper()
		h.call("read_file", "path", args[1])
		p, err := h.prepare("edit_file", args...)
		if err != nil {
			t.Fatal(err)
		}
		return p.Digest
	}
	first := digest("path", "docs/a.md", "old_string", "one", "new_string", "1")
	if first != digest("new_string", "1", "create", false, "old_string", "one", "path", "./docs/a.md") {
		t.Error("the same call spelt otherwise has another digest")
	}
	for name, other := range map[string]string{
		"other text": digest("path", "docs/a.md", "old_string", "one", "new_string", "2"),
		"other file": digest("path", "docs/b.md", "old_string", "one", "new_string", "1"),
	} {
		if other == first {
			t.Errorf("%s: the same digest", name)
		}
	}
	h.write("docs/a.md", "one two \n")
	if digest("path", "docs/a.md", "old_string", "one", "new_string", "1") == first {
		t.Error("other bytes: the same digest")
	}
}

func TestEditsOfFrontMatterAreSensitive(t *testing.T) {
	doc := "---\ntitle: A\nverify: [make]\n---\ntext\n---\nmore\n"
	tests := []struct {
		name, file, old, new string
		want                 bool
	}{
		{"in it", doc, "title: A", "title: B", true},
		{"its end", doc, "make]\n---\n", "make]\n", true},
		{"behind it", doc, "more", "less", false},
		{"across", doc, "---\ntext", "x: y\n---\ntext", true},
		{"one is put before the text", "text\n", "text", "---\nstatus: ready\n---\ntext", true},
		{"one without an end", "---\nstatus: x\n\ntext\n", "text", "words", true},
		{"behind a mark of byte order", "\uFEFF---\na: b\n---\nx\n", "a: b", "a: c", true},
		{"none", "text\n---\na: b\n---\n", "a: b", "a: c", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t, map[string]string{"docs/a.md": test.file})
			h.call("read_file", "path", "docs/a.md")
			p, err := h.prepare("edit_file", "path", "docs/a.md", "old_string", test.old, "new_string", test.new)
			if err != nil {
				t.Fatal(err)
			}
			if p.Sensitive != test.want {
				t.Errorf("sensitive %v, want %v", p.Sensitive, test.want)
			}
			if !strings.Contains(p.Diff, "docs/a.md") {
				t.Errorf("the plan shows no difference: %q", p.Diff)
			}
		})
	}
}

func TestTheWorksheetOfARunIsEditedWithAWarning(t *testing.T) {
	h := newHouse(t, map[string]string{"tasks/alpha.md": "---\ntitle: A\n---\ntext\n"})
	if _, _, err := h.runs.Enqueue(t.Context(), run.Run{Slug: "alpha", Path: "tasks/alpha.md"}); err != nil {
		t.Fatal(err)
	}
	h.call("read_file", "path", "tasks/alpha.md")
	p, err := h.prepare("edit_file", "path", "tasks/alpha.md", "old_string", "text", "new_string", "words")
	if err != nil {
		t.Fatal(err)
	}
	if !p.Sensitive || !strings.Contains(p.Sentence, "waits in the queue") {
		t.Errorf("plan %+v", p)
	}
	if r := p.Run(t.Context(), nil); r.Status != tool.OK || !strings.Contains(r.Content, "unqueue") {
		t.Errorf("result %+v", r)
	}
}

func TestCreateFile(t *testing.T) {
	h := newHouse(t, map[string]string{"docs/a.md": "a\n"})
	p, err := h.prepare("edit_file", "path", "docs/new/deep.md", "old_string", "", "new_string", "# New\u202e\n", "create", true)
	if err != nil {
		t.Fatal(err)
	}
	if p.Sensitive || !strings.Contains(p.Diff, "⟨U+202E⟩") {
		t.Errorf("sensitive %v, hidden signs are not shown: %q", p.Sensitive, p.Diff)
	}
	if r := p.Run(t.Context(), nil); r.Status != tool.OK || r.Edit == nil || r.Edit.Before != "" {
		t.Fatalf("got %+v", r)
	}
	if got := h.text("docs/new/deep.md"); got != "# New\u202e\n" {
		t.Errorf("file %q", got)
	}
	h.wantError(h.call("edit_file", "path", "docs/a.md", "old_string", "", "new_string", "x", "create", true), "conflict", "exists already")
	h.wantError(h.call("edit_file", "path", "docs/b.md", "old_string", "x", "new_string", "x", "create", true), "must be empty")
	h.wantError(h.call("edit_file", "path", "docs/b.md", "old_string", "x", "new_string", "y"), "not_found")
	p, err = h.prepare("edit_file", "path", "tasks/new.md", "old_string", "", "new_string", "---\nstatus: ready\n---\n", "create", true)
	if err != nil || !p.Sensitive {
		t.Errorf("a new file with front matter: %v, not sensitive", err)
	}
}
