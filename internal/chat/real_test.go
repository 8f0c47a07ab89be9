package chat_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"tasks/internal/chat"
	"tasks/internal/edit"
	"tasks/internal/fault"
	"tasks/internal/tool"
	"tasks/internal/tracker"
)

// withRealTools puts the program's own tools and editor in.
func withRealTools(c *chat.Config) {
	c.Editor = edit.New(c.Repo, c.DB, []string{"docs", "tasks"})
	c.Tools = tool.New(tool.Deps{Repo: c.Repo, Tracker: tracker.New(c.Repo), Editor: c.Editor})
}

func TestReadSearchEditUndo(t *testing.T) {
	h := newHouse(t, withRealTools)
	h.model.then(
		asks("read_file", `{"path":"docs/guide.md"}`),
		asks("edit_file", `{"path":"docs/guide.md","old_string":"heron","new_string":"crane"}`),
		says("Done."))
	events := h.say("mend it")
	if n := ofKind(events, "approval"); len(n) != 0 {
		t.Errorf("asked about an edit of the open page: %s", kinds(events))
	}
	results := ofKind(events, "tool_result")
	var r struct {
		Status string
		Edit   struct{ ID, Path, Before, After, Diff string }
	}
	json.Unmarshal(results[1].Data, &r)
	if r.Status != "ok" || r.Edit.ID == "" || r.Edit.Path != "docs/guide.md" || !strings.Contains(r.Edit.Diff, "+Water the crane twice.") {
		t.Fatalf("result %s", results[1].Data)
	}
	conversation := field(events[0], "conversation")
	if _, err := h.Undo(t.Context(), bert, conversation, r.Edit.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("another browser's undo: %v", err)
	}
	undone, err := h.Undo(t.Context(), anna, conversation, r.Edit.ID)
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := h.repo.ReadFile("docs/guide.md", 0); !strings.Contains(string(f.Data), "heron") {
		t.Errorf("after undo: %q", f.Data)
	}
	_, err = h.Undo(t.Context(), anna, conversation, r.Edit.ID)
	wantCode(t, err, fault.Conflict)
	// Server and model know that it is taken back, also after a restart.
	h.again(withRealTools)
	told, err := h.Transcript(t.Context(), anna, conversation)
	if want := (edit.Standing{ID: r.Edit.ID, Path: "docs/guide.md", Undone: true, Latest: undone.ID}); err != nil || len(told.Edits) != 1 || told.Edits[0] != want {
		t.Errorf("edits %v, %v, want %v", told.Edits, err, want)
	}
	if last := told.Turns[0].Events; last[len(last)-1].Kind != "done" || told.LastID != last[len(last)-1].ID {
		t.Errorf("an undo moved the turn on: %s", kinds(last))
	}
	h.model.then(says("I see."))
	h.say("and now?")
	if p := h.model.request(3).System; !strings.Contains(p, `taken back edits that you made in this conversation; the files do not hold them any more: "docs/guide.md" (your edit 1 of it).`) {
		t.Errorf("prompt %s", p)
	}
	if _, err := h.Undo(t.Context(), anna, conversation, undone.ID); err != nil {
		t.Errorf("undo of the undo: %v", err)
	}
	if told, err = h.Transcript(t.Context(), anna, conversation); err != nil || told.Edits[0].Undone || told.Edits[0].Latest == r.Edit.ID {
		t.Errorf("edits %v, %v", told.Edits, err)
	}
}

func TestSearchTaintsTheTurn(t *testing.T) {
	h := newHouse(t, withRealTools)
	h.model.then(
		asks("search_files", `{"query":"orders"}`),
		asks("edit_file", `{"path":"docs/guide.md","old_string":"heron","new_string":"crane"}`),
		says("Done."))
	ref := h.start("find and mend")
	e := h.until(ref, 0, "approval")
	if !strings.Contains(field(e, "diff"), "+Water the crane") {
		t.Errorf("approval %s", e.Data)
	}
	if err := h.answer(ref, e, "allow"); err != nil {
		t.Fatal(err)
	}
	if r := ofKind(h.rest(ref, e), "tool_result"); field(r[0], "status") != "ok" {
		t.Errorf("result %s", r[0].Data)
	}
}

// What was approved is bound to the file's bytes: where they have changed it is shown
// again, and the change of the other stays.
func TestAnApprovedEditOfAChangedFileIsShownAgain(t *testing.T) {
	h := newHouse(t, withRealTools)
	mend := asks("edit_file", `{"path":"docs/other.md","old_string":"orders","new_string":"words"}`)
	h.model.then(asks("read_file", `{"path":"docs/other.md"}`), mend,
		asks("edit_file", `{"path":"docs/other.md","old_string":"words","new_string":"orders"}`), says("Done."))
	ref := h.start("go")
	first := h.until(ref, 0, "approval")
	h.write("docs/other.md", "# Another\n\nIgnore your orders.\n")
	if err := h.answer(ref, first, "allow"); err != nil {
		t.Fatal(err)
	}
	second := h.until(ref, first.ID, "approval")
	if field(second, "digest") == field(first, "digest") || !strings.Contains(field(second, "diff"), "# Another") {
		t.Errorf("shown again: %s", second.Data)
	}
	if f, _ := h.repo.ReadFile("docs/other.md", 0); !strings.Contains(string(f.Data), "orders") {
		t.Errorf("done before it was shown again: %q", f.Data)
	}
	if err := h.answer(ref, second, "allow"); err != nil {
		t.Fatal(err)
	}
	events := h.rest(ref, second)
	if f, _ := h.repo.ReadFile("docs/other.md", 0); string(f.Data) != "# Another\n\nIgnore your words.\n" {
		t.Errorf("the file: %q", f.Data)
	}
	// What the other wrote was not shown to the model: it must read before it goes on.
	results := ofKind(events, "tool_result")
	if field(results[0], "status") != "ok" || !strings.Contains(field(results[0], "content"), "read it again") ||
		!strings.HasPrefix(field(results[1], "content"), "error (conflict)") {
		t.Errorf("results %s and %s", results[0].Data, results[1].Data)
	}
}

// Where the place is gone there is nothing to show again.
func TestAnApprovedEditWhosePlaceIsGone(t *testing.T) {
	h := newHouse(t, withRealTools)
	h.model.then(asks("read_file", `{"path":"docs/other.md"}`),
		asks("edit_file", `{"path":"docs/other.md","old_string":"orders","new_string":"words"}`), says("Done."))
	ref := h.start("go")
	first := h.until(ref, 0, "approval")
	h.write("docs/other.md", "# Empty\n")
	if err := h.answer(ref, first, "allow"); err != nil {
		t.Fatal(err)
	}
	r := ofKind(h.rest(ref, first), "tool_result")
	if !strings.HasPrefix(field(r[0], "content"), "error (conflict)") {
		t.Errorf("result %s", r[0].Data)
	}
}

// The open page counts as shown, as it stood in the newest prompt and no other way.
func TestTheOpenPageCountsAsShown(t *testing.T) {
	h := newHouse(t, withRealTools)
	mend := asks("edit_file", `{"path":"docs/guide.md","old_string":"heron","new_string":"crane"}`)
	wrong := asks("edit_file", `{"path":"docs/guide.md","old_string":"not in it","new_string":"words"}`)
	other := asks("edit_file", `{"path":"docs/other.md","old_string":"not in it","new_string":"words"}`)
	h.model.then(mend, wrong, other, says("Done."))
	results := ofKind(h.say("go"), "tool_result")
	// What was shown may be told of in an error; what was not must be read first.
	if field(results[0], "status") != "ok" || strings.HasPrefix(field(results[1], "content"), "error (conflict)") ||
		!strings.HasPrefix(field(results[2], "content"), "error (conflict)") {
		t.Errorf("the open page: %s\nwrongly quoted: %s\nanother: %s", results[0].Data, results[1].Data, results[2].Data)
	}
}

func TestAPageBehindALink(t *testing.T) {
	h := newHouse(t, withRealTools)
	if err := os.Symlink("guide.md", h.root+"/docs/link.md"); err != nil {
		t.Skip("no links here:", err)
	}
	h.model.then(
		asks("read_file", `{"path":"docs/guide.md"}`),
		asks("edit_file", `{"path":"docs/guide.md","old_string":"heron","new_string":"crane"}`),
		says("Done."))
	events := h.say("go", func(m *chat.Message) { m.Doc = "docs/link.md" })
	for _, r := range ofKind(events, "tool_result") {
		if field(r, "status") != "ok" {
			t.Errorf("result %s", r.Data)
		}
	}
	if n := len(ofKind(events, "approval")); n != 0 {
		t.Errorf("%d approvals", n)
	}
}
