package chat_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"tasks/internal/llm"
	"tasks/internal/tool"
)

func TestReadingCallsRunSideBySideInOrder(t *testing.T) {
	h := newHouse(t)
	const n = 4
	var barrier sync.WaitGroup
	barrier.Add(n)
	h.tools.add("meet", tool.Read, func(_ context.Context, _ tool.Session, args map[string]string) (*tool.Plan, error) {
		return &tool.Plan{Run: func(context.Context, func(string)) tool.Result {
			barrier.Done()
			barrier.Wait() // only with all of them running
			return tool.Result{Status: tool.OK, Content: "met " + args["n"]}
		}}, nil
	})
	h.model.then(asks("meet", `{"n":"0"}`, "meet", `{"n":"1"}`, "no_such", `{}`, "meet", `{"n":"2"}`, "meet", `{"n":"3"}`), says("all met"))
	events := h.say("go")
	calls, results := ofKind(events, "tool_call"), ofKind(events, "tool_result")
	if len(calls) != 5 || len(results) != 5 {
		t.Fatalf("events: %s", kinds(events))
	}
	for i := range calls {
		if field(calls[i], "id") != field(results[i], "id") {
			t.Errorf("result %d is that of %s, want %s", i, field(results[i], "id"), field(calls[i], "id"))
		}
	}
	if field(results[2], "status") != "error" || !strings.Contains(field(results[2], "content"), "read_file") {
		t.Errorf("the unknown tool: %s", results[2].Data)
	}
	var told []string
	for _, m := range h.model.request(1).Messages {
		if m.Role == llm.ToolRole {
			told = append(told, m.Text)
		}
	}
	if told[0] != "met 0" || told[4] != "met 3" || len(told) != 5 {
		t.Errorf("the model was told %q", told)
	}
}

func TestWritingCallsRunOneAfterAnother(t *testing.T) {
	h := newHouse(t)
	edit := func(old, new string) string {
		b, _ := json.Marshal(map[string]string{"path": "docs/guide.md", "old": old, "new": new})
		return string(b)
	}
	h.model.then(asks("edit_file", edit("heron", "crane"), "edit_file", edit("crane", "stork"), "read_file", `{"path":"docs/guide.md"}`), says("done"))
	events := h.say("go")
	for _, r := range ofKind(events, "tool_result") {
		if field(r, "status") != "ok" {
			t.Errorf("result %s", r.Data)
		}
	}
	if got := kinds(events); got != "turn tool_call tool_result tool_call tool_result tool_call tool_result content block usage done" {
		t.Errorf("events: %s", got)
	}
	f, _ := h.repo.ReadFile("docs/guide.md", 0)
	if !strings.Contains(string(f.Data), "stork") {
		t.Errorf("file %q", f.Data)
	}
	// The page in the next prompt is the file as it is now.
	if sys := h.model.request(1).System; !strings.Contains(sys, "stork") || strings.Contains(sys, "heron") {
		t.Error("the prompt shows the old page")
	}
}

func TestEveryCallGetsOneResult(t *testing.T) {
	h := newHouse(t)
	h.tools.add("panics", tool.Read, func(context.Context, tool.Session, map[string]string) (*tool.Plan, error) {
		return &tool.Plan{Run: func(context.Context, func(string)) tool.Result { panic("ouch") }}, nil
	})
	h.tools.add("panics_early", tool.Agent, func(context.Context, tool.Session, map[string]string) (*tool.Plan, error) { panic("ouch") })
	h.tools.add("silent", tool.Read, func(context.Context, tool.Session, map[string]string) (*tool.Plan, error) {
		return does(tool.Result{}), nil
	})
	h.model.then(asks("panics", `{}`, "panics_early", `{}`, "silent", `{}`, "read_file", `{"path":7}`, "read_file", `not json`, "read_file", `{"path":".env"}`), says("ok"))
	events := h.say("go")
	calls, results := ofKind(events, "tool_call"), ofKind(events, "tool_result")
	if len(calls) != 6 || len(results) != 6 {
		t.Fatalf("events: %s", kinds(events))
	}
	for _, r := range results {
		if field(r, "status") != "error" {
			t.Errorf("result %s", r.Data)
		}
		if strings.Contains(string(r.Data), "ouch") {
			t.Errorf("a panic's words got out: %s", r.Data)
		}
	}
	for _, c := range calls {
		var d struct{ Arguments map[string]any }
		if err := json.Unmarshal(c.Data, &d); err != nil || d.Arguments == nil {
			t.Errorf("arguments must be an object: %s", c.Data)
		}
	}
	if reason(t, events) != "stop" {
		t.Errorf("reason %s", reason(t, events))
	}
}

func TestRepeatedCallIdsAreMadeDifferent(t *testing.T) {
	h := newHouse(t)
	same := func(_ context.Context, _ *llm.Request, _ func(llm.Event)) (*llm.Response, error) {
		c := llm.Call{ID: "call_0", Name: "read_file", Arguments: `{"path":"docs/guide.md"}`}
		return &llm.Response{Message: llm.Message{Calls: []llm.Call{c, c}}, Finish: llm.Stop}, nil
	}
	h.model.then(same, same, says("ok"))
	seen := map[string]bool{}
	for _, c := range ofKind(h.say("go"), "tool_call") {
		if seen[field(c, "id")] {
			t.Errorf("id %s twice", field(c, "id"))
		}
		seen[field(c, "id")] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d calls", len(seen))
	}
}
