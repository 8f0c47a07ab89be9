package chat_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tasks/internal/chat"
	"tasks/internal/fault"
	"tasks/internal/tool"
)

func TestWhatIsAskedAbout(t *testing.T) {
	plain := `{"path":"docs/guide.md","old":"heron","new":"crane"}`
	taint := `{"path":"docs/other.md"}`
	for _, c := range []struct {
		mode, name string
		calls      []string // name and arguments in turn
		asked      bool     // the last of them
	}{
		{"ask", "reading", []string{"read_file", taint}, false},
		{"ask", "an edit of the open page", []string{"edit_file", plain}, false},
		{"ask", "an edit after the open page was read", []string{"read_file", `{"path":"docs/guide.md"}`, "edit_file", plain}, false},
		{"ask", "an edit after another file was read", []string{"read_file", taint, "edit_file", plain}, true},
		{"ask", "an edit of front matter", []string{"edit_file", `{"path":"docs/guide.md","old":"---","new":"--- "}`}, true},
		{"ask", "the agent", []string{"agent", `{}`}, true},
		{"ask", "registering", []string{"register", `{}`}, true},
		{"nonsense", "the agent", []string{"agent", `{}`}, true},
		{"all", "reading", []string{"read_file", taint}, false},
		{"all", "an edit", []string{"edit_file", plain}, true},
		{"all", "registering", []string{"register", `{}`}, true},
		{"none", "an edit after another file was read", []string{"read_file", taint, "edit_file", plain}, false},
		{"none", "the agent", []string{"agent", `{}`}, false},
		{"none", "registering", []string{"register", `{}`}, false},
	} {
		t.Run(c.mode+"/"+c.name, func(t *testing.T) {
			h := newHouse(t, func(conf *chat.Config) { conf.Approve = c.mode })
			h.write("docs/guide.md", "---\ntitle: x\n---\nWater the heron.\n")
			h.model.then(asks(c.calls...), says("done"))
			ref := h.start("go")
			if c.asked {
				e := h.until(ref, 0, "approval")
				if field(e, "name") != c.calls[len(c.calls)-2] || field(e, "digest") == "" || field(e, "sentence") == "" {
					t.Errorf("approval %s", e.Data)
				}
				if ran := h.tools.ran(); strings.Contains(ran, field(e, "name")) {
					t.Errorf("it ran before it was allowed: %s", ran)
				}
				if err := h.answer(ref, e, "allow"); err != nil {
					t.Fatal(err)
				}
			}
			events, _, _ := h.watch(ref.Conversation, 0)
			if n := len(ofKind(events, "approval")); (n == 1) != c.asked {
				t.Errorf("%d approvals: %s", n, kinds(events))
			}
			for _, r := range ofKind(events, "tool_result") {
				if field(r, "status") != "ok" {
					t.Errorf("result %s", r.Data)
				}
			}
		})
	}
}

func TestReadonlyOffersNothingThatWrites(t *testing.T) {
	h := newHouse(t, func(c *chat.Config) { c.Approve = "readonly" })
	h.model.then(asks("edit_file", `{"path":"docs/guide.md","old":"heron","new":"x"}`, "agent", `{}`, "register", `{}`), says("ok"))
	events := h.say("go")
	if tools := h.model.request(0).Tools; len(tools) != 1 || tools[0].Name != "read_file" {
		t.Errorf("offered: %v", tools)
	}
	for _, r := range ofKind(events, "tool_result") {
		if field(r, "status") != "error" {
			t.Errorf("result %s", r.Data)
		}
	}
	if h.tools.ran() != "" || len(ofKind(events, "approval")) != 0 {
		t.Errorf("ran %q, events %s", h.tools.ran(), kinds(events))
	}
}

func TestDenied(t *testing.T) {
	h := newHouse(t)
	h.model.then(asks("agent", `{}`), says("I see"))
	ref := h.start("go")
	e := h.until(ref, 0, "approval")
	if err := h.answer(ref, e, "deny"); err != nil {
		t.Fatal(err)
	}
	events := h.rest(ref, e)
	if got := kinds(events); got != "decision tool_result content block usage done" {
		t.Errorf("events %s", got)
	}
	if r := ofKind(events, "tool_result"); field(r[0], "status") != "denied" || h.tools.ran() != "" {
		t.Errorf("result %s, ran %q", r[0].Data, h.tools.ran())
	}
}

func TestAnswersThatDoNotCount(t *testing.T) {
	h := newHouse(t)
	h.model.then(asks("register", `{}`), says("ok"))
	ref := h.start("go")
	e := h.until(ref, 0, "approval")
	right := chat.Approval{Conversation: ref.Conversation, Call: field(e, "id"), Digest: field(e, "digest"), Decision: "allow"}
	for name, c := range map[string]struct {
		owner  string
		change func(*chat.Approval)
		code   fault.Code
	}{
		"another digest":       {anna, func(a *chat.Approval) { a.Digest = "other" }, fault.Conflict},
		"no digest":            {anna, func(a *chat.Approval) { a.Digest = "" }, fault.Conflict},
		"another call":         {anna, func(a *chat.Approval) { a.Call = "other" }, fault.Conflict},
		"another browser":      {bert, func(*chat.Approval) {}, fault.NotFound},
		"unknown conversation": {anna, func(a *chat.Approval) { a.Conversation = "c-none" }, fault.NotFound},
		"a new word":           {anna, func(a *chat.Approval) { a.Decision = "yes" }, fault.Usage},
		"always for register":  {anna, func(a *chat.Approval) { a.Decision = "always" }, fault.Usage},
	} {
		a := right
		c.change(&a)
		if err := h.Approve(t.Context(), c.owner, a); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if h.tools.ran() != "" {
		t.Fatalf("ran %s", h.tools.ran())
	}
	if err := h.Approve(t.Context(), anna, right); err != nil {
		t.Fatal(err)
	}
	wantCode(t, h.Approve(t.Context(), anna, right), fault.Conflict)
	h.rest(ref, e)
	wantCode(t, h.Approve(t.Context(), anna, right), fault.Conflict)
}

func TestWhatChangedIsShownAgain(t *testing.T) {
	h := newHouse(t)
	version := "1"
	h.tools.add("publish", tool.Agent, func(context.Context, tool.Session, map[string]string) (*tool.Plan, error) {
		v := version
		return &tool.Plan{Sentence: "Publish version " + v, Digest: "digest-" + v,
			Run: func(context.Context, func(string)) tool.Result {
				return tool.Result{Status: tool.OK, Content: "published " + v}
			}}, nil
	})
	h.model.then(asks("publish", `{}`), says("ok"))
	ref := h.start("go")
	first := h.until(ref, 0, "approval")
	version = "2"
	if err := h.answer(ref, first, "allow"); err != nil {
		t.Fatal(err)
	}
	second := h.until(ref, first.ID, "approval")
	if field(second, "digest") != "digest-2" || field(second, "sentence") != "Publish version 2" || h.tools.ran() != "" {
		t.Fatalf("shown again: %s, ran %q", second.Data, h.tools.ran())
	}
	wantCode(t, h.answer(ref, first, "allow"), fault.Conflict)
	if err := h.answer(ref, second, "allow"); err != nil {
		t.Fatal(err)
	}
	if r := ofKind(h.rest(ref, second), "tool_result"); len(r) != 1 || field(r[0], "content") != "published 2" {
		t.Errorf("result %s", kinds(r))
	}
}

func TestAFileThatChangedWhileTheCardWasOpen(t *testing.T) {
	h := newHouse(t, func(c *chat.Config) { c.Approve = "all" })
	h.model.then(asks("edit_file", `{"path":"docs/guide.md","old":"heron","new":"crane"}`), says("ok"))
	ref := h.start("go")
	e := h.until(ref, 0, "approval")
	h.write("docs/guide.md", "The person wrote heron anew.\n")
	if err := h.answer(ref, e, "allow"); err != nil {
		t.Fatal(err)
	}
	if r := ofKind(h.rest(ref, e), "tool_result"); field(r[0], "status") != "error" || !strings.HasPrefix(field(r[0], "content"), "error (conflict): ") {
		t.Errorf("result %s", r[0].Data)
	}
	if f, _ := h.repo.ReadFile("docs/guide.md", 0); string(f.Data) != "The person wrote heron anew.\n" {
		t.Errorf("the file was overwritten: %q", f.Data)
	}
}

func TestAlwaysIsThisToolInThisConversation(t *testing.T) {
	h := newHouse(t)
	h.model.then(asks("agent", `{}`), says("ok"), asks("agent", `{}`), says("ok"), asks("register", `{}`))
	ref := h.start("go")
	e := h.until(ref, 0, "approval")
	if err := h.answer(ref, e, "always"); err != nil {
		t.Fatal(err)
	}
	h.rest(ref, e)
	h.again() // it is the conversation's, so it outlives a restart
	events := h.say("again")
	if len(ofKind(events, "approval")) != 0 || len(ofKind(events, "tool_result")) != 1 {
		t.Errorf("asked again: %s", kinds(events))
	}
	other := h.start("register", func(m *chat.Message) { m.Conversation = ref.Conversation })
	h.until(other, other.After, "approval") // another tool is asked about
	if err := h.Stop(t.Context(), anna, ref.Conversation); err != nil {
		t.Fatal(err)
	}
	h.model.mu.Lock()
	h.model.steps = []step{asks("agent", `{}`)}
	h.model.mu.Unlock()
	fresh := h.start("go", func(m *chat.Message) { m.Conversation = "new" })
	h.until(fresh, 0, "approval") // and so is the same tool in another conversation
}

func TestAnApprovalLapses(t *testing.T) {
	h := newHouse(t)
	h.SetTimes(0, 50*time.Millisecond, 0)
	h.model.then(asks("agent", `{}`), says("ok"))
	ref := h.start("go")
	e := h.until(ref, 0, "approval")
	events := h.rest(ref, e)
	if r := ofKind(events, "tool_result"); field(r[0], "status") != "denied" || reason(t, events) != "stop" {
		t.Errorf("events %s", kinds(events))
	}
	if d := ofKind(events, "decision"); field(d[0], "decision") != "lapsed" {
		t.Errorf("decision %s", d[0].Data)
	}
	wantCode(t, h.answer(ref, e, "allow"), fault.Conflict)
}

func TestTaintOutlivesTurnAndRestart(t *testing.T) {
	h := newHouse(t)
	edit := asks("edit_file", `{"path":"docs/guide.md","old":"heron","new":"crane"}`)
	h.model.then(asks("read_file", `{"path":"docs/other.md"}`), says("ok"), edit)
	h.say("read the other")
	h.again()
	ref := h.start("now edit")
	h.until(ref, ref.After, "approval")
	if err := h.Stop(t.Context(), anna, ref.Conversation); err != nil {
		t.Fatal(err)
	}
	fresh := h.start("edit", func(m *chat.Message) { m.Conversation = "new" })
	events, _, _ := h.watch(fresh.Conversation, 0)
	if len(ofKind(events, "approval")) != 0 {
		t.Errorf("a new conversation is tainted: %s", kinds(events))
	}
}

func TestOneOfManyAnswersWins(t *testing.T) {
	h := newHouse(t)
	h.model.then(asks("agent", `{}`), says("ok"))
	ref := h.start("go")
	e := h.until(ref, 0, "approval")
	results := make(chan error)
	for i := range 10 {
		go func() { results <- h.answer(ref, e, []string{"allow", "deny"}[i%2]) }()
	}
	won := 0
	for range 10 {
		if err := <-results; err == nil {
			won++
		} else if fault.CodeOf(err) != fault.Conflict {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d answers counted", won)
	}
	events, _, _ := h.watch(ref.Conversation, 0)
	if n := len(ofKind(events, "decision")); n != 1 {
		t.Error(fmt.Sprint(n, " decisions"))
	}
}
