package chat_test

import (
	"strings"
	"testing"
	"time"

	"tasks/internal/chat"
	"tasks/internal/llm"
	"tasks/internal/llm/llmtest"
	"tasks/internal/llm/openai"
)

// withServer puts a scripted model behind real HTTP in, beside the real tools.
func withServer(t *testing.T, script llmtest.Script) (*llmtest.Server, func(*chat.Config)) {
	t.Helper()
	srv, err := llmtest.Start(script)
	if err != nil {
		t.Fatal(err)
	}
	client, err := openai.New(openai.Config{BaseURL: srv.URL(), Model: "scripted"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		srv.Close()
	})
	return srv, func(c *chat.Config) {
		withRealTools(c)
		c.Model = func() (llm.Service, error) { return client, nil }
	}
}

// A whole conversation over HTTP; the server itself refuses an illegal history.
func TestAConversationOverHTTP(t *testing.T) {
	hang := make(chan struct{})
	srv, conf := withServer(t, llmtest.Script{
		{User: "mend", Text: "I look. ", Pieces: 2, Calls: []llmtest.Call{
			{Name: "read_file", Arguments: `{"path":"docs/guide.md"}`}, {Name: "search_files", Arguments: `{"query":"heron"}`}}},
		{User: "mend", Results: 2, Calls: []llmtest.Call{
			{Name: "edit_file", Arguments: `{"path":"docs/guide.md","old_string":"heron","new_string":"crane"}`}}},
		{User: "mend", Results: 3, Result: "Edited docs/guide.md", Text: "Done: it is a *crane* now."},
		{User: "cut", Text: "This is half of", Cut: true},
		{User: "stop", Text: "I say this and then ", Hang: hang},
		{User: "again", Text: "Here I am."},
	})
	h := newHouse(t, conf)

	ref := h.start("mend it")
	e := h.until(ref, 0, "approval") // the search brought other text in
	if err := h.answer(ref, e, "allow"); err != nil {
		t.Fatal(err)
	}
	events, _, _ := h.watch(ref.Conversation, 0)
	if reason(t, events) != "stop" || text(events) != "I look. Done: it is a *crane* now." {
		t.Errorf("%s: %q", kinds(events), text(events))
	}
	for _, r := range ofKind(events, "tool_result") {
		if field(r, "status") != "ok" {
			t.Errorf("result %s", r.Data)
		}
	}

	events = h.say("now the cut")
	if reason(t, events) != "error" || text(events) != "This is half of" {
		t.Errorf("%s: %q", kinds(events), text(events))
	}

	ref = h.start("now stop")
	h.until(ref, ref.After, "content")
	begin := time.Now()
	if err := h.Stop(t.Context(), anna, ref.Conversation); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("the stop took %v", took)
	}
	if events, _, _ = h.watch(ref.Conversation, ref.After); reason(t, events) != "cancelled" {
		t.Errorf("%s", kinds(events))
	}

	if events = h.say("again"); reason(t, events) != "stop" {
		t.Errorf("%s: %s", kinds(events), events[len(events)-2].Data)
	}
	if err := srv.Err(); err != nil {
		t.Error(err)
	}
	if left := srv.Unused(); len(left) > 0 {
		t.Errorf("never asked: %s", strings.Join(left, ", "))
	}
}
