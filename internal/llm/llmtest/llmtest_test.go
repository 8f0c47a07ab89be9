package llmtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/llm"
	"tasks/internal/llm/llmtest"
	"tasks/internal/llm/openai"
)

// start plays script for the test and gives a client of it.
func start(t *testing.T, script llmtest.Script) (*llmtest.Server, *openai.Client) {
	t.Helper()
	s, err := llmtest.Start(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c, err := openai.New(openai.Config{BaseURL: s.URL(), Model: "scripted",
		Sleep: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return s, c
}

func ask(text string) *llm.Request {
	return &llm.Request{System: "You help with docs/guide.md.", Messages: []llm.Message{{Role: llm.User, Text: text}},
		Tools: []llm.Tool{{Name: "search_files"}, {Name: "read_file"}}}
}

func ignore(llm.Event) {}

// TestAConversation plays a turn of three steps, where the arguments of each come
// from the results before.
func TestAConversation(t *testing.T) {
	s, c := start(t, llmtest.Script{
		{User: "todo", Reasoning: "I look.", Calls: []llmtest.Call{{Name: "search_files", Arguments: `{"query":"TODO"}`}}},
		{User: "todo", Results: 1, Text: "Two files.", Calls: []llmtest.Call{
			{Name: "read_file", Arguments: `{"path":{{result 0 | find "(?m)^([^:]+):" | json}}}`},
			{Name: "read_file", Arguments: `{"path":{{result 0 | find "(b[^:]+):" | json}},"n":1}`}}},
		{User: "todo", Results: 3, Result: "second", Text: `You said "{{user}}": {{result 1}}, {{result 2}}. {{system | find "docs/\\S+"}}`, Input: 5, Output: 7},
	})
	req := ask("Which TODO is left?")
	results := map[string]string{"search_files": "a \"quoted\".md:1: TODO\nb.md:2: TODO", `{"path":"a \"quoted\".md"}`: "first", `{"path":"b.md","n":1}`: "second"}
	var kinds []string
	for range 3 {
		resp, err := c.Stream(t.Context(), req, func(e llm.Event) { kinds = append(kinds, string(e.Kind)) })
		if err != nil {
			t.Fatal(err)
		}
		req.Messages = append(req.Messages, resp.Message)
		for _, call := range resp.Message.Calls {
			text := results[call.Name] + results[call.Arguments]
			req.Messages = append(req.Messages, llm.Message{Role: llm.ToolRole, CallID: call.ID, Text: text})
		}
		if len(resp.Message.Calls) == 0 {
			want := `You said "Which TODO is left?": first, second. docs/guide.md.`
			if resp.Message.Text != want || resp.Usage.Input != 5 || resp.Usage.Output != 7 {
				t.Errorf("got %+v", resp)
			}
		}
	}
	if got := strings.Join(kinds[:3], " "); got != "reasoning reasoning call" {
		t.Errorf("events: %s", got)
	}
	if err := s.Err(); err != nil || len(s.Unused()) > 0 {
		t.Errorf("%v, unused: %q", err, s.Unused())
	}
	last := s.Requests()[2]
	if len(last.Results) != 3 || last.Results[2].Name != "read_file" || last.Results[2].Text != "second" || len(last.Tools) != 2 ||
		last.System != "You help with docs/guide.md.\n" || len(last.Messages) != 7 {
		t.Errorf("the last request: %+v", last)
	}
}

func TestTextAndArgumentsComeInPieces(t *testing.T) {
	text, args := "Grüße aus\n\n  der 世界.  ", `{"query":"a b ü"}`
	for _, n := range []int{0, 1, 3, 1000} {
		_, c := start(t, llmtest.Script{{Text: text, Calls: []llmtest.Call{{Name: "search_files", Arguments: args}, {Name: "read_file"}}, Pieces: n}})
		events := 0
		resp, err := c.Stream(t.Context(), ask("x"), func(e llm.Event) { events++ })
		if err != nil || resp.Message.Text != text || resp.Message.Calls[0].Arguments != args || resp.Message.Calls[1].Arguments != "{}" {
			t.Errorf("pieces of %d: %+v, %v", n, resp, err)
		}
		if n == 1 && events < len([]rune(text)) {
			t.Errorf("pieces of 1: only %d events", events)
		}
	}
}

func TestWhatNoStepFits(t *testing.T) {
	s, c := start(t, llmtest.Script{
		{Name: "never", User: "bye", Text: "Bye."},
		{User: "hello", Offered: []string{"edit_file"}, Text: "no"},
		{User: "hello", Withheld: []string{"read_file"}, Text: "no"},
		{User: "hello", System: "other", Text: "no"},
		{User: "hello", Results: 1, Text: "no"},
	})
	_, err := c.Stream(t.Context(), ask("Hello?"), ignore)
	if err == nil || !strings.Contains(err.Error(), `the user said "Hello?"`) || len(s.Requests()) != 1 {
		t.Errorf("got %v after %d requests", err, len(s.Requests()))
	}
	if s.Err() == nil || !strings.Contains(s.Err().Error(), "no step of the script fits") {
		t.Errorf("Err: %v", s.Err())
	}
	if got := s.Unused(); len(got) != 5 || got[0] != "never" {
		t.Errorf("unused: %q", got)
	}
}

func TestHowOftenAStepIsUsed(t *testing.T) {
	s, c := start(t, llmtest.Script{{Text: "one"}, {Text: "two", Times: 2}, {Text: "more", Results: llmtest.Any, Times: llmtest.Forever}})
	for i, want := range []string{"one", "two", "two", "more", "more"} {
		if i == 2 && strings.Join(s.Unused(), "") != `step 1 (user "", 0 results)` {
			t.Errorf("unused before the third: %q", s.Unused())
		}
		resp, err := c.Stream(t.Context(), ask("x"), ignore)
		if err != nil || resp.Message.Text != want {
			t.Errorf("request %d: %+v, %v, want %s", i, resp, err, want)
		}
	}
	s.Add(llmtest.Step{Text: "added"})
	if got := s.Unused(); len(got) != 1 {
		t.Errorf("unused: %q", got)
	}
}

func TestFailures(t *testing.T) {
	t.Run("status", func(t *testing.T) {
		_, c := start(t, llmtest.Script{
			{Status: 429, Header: http.Header{"Retry-After": {"1"}}, Body: `{"error":{"message":"slow"}}`},
			{Text: "ok"}})
		if resp, err := c.Stream(t.Context(), ask("x"), ignore); err != nil || resp.Message.Text != "ok" {
			t.Errorf("got %+v, %v", resp, err)
		}
	})
	t.Run("cut", func(t *testing.T) {
		_, c := start(t, llmtest.Script{{Text: "So far", Calls: []llmtest.Call{{Name: "read_file"}}, Cut: true}})
		resp, err := c.Stream(t.Context(), ask("x"), ignore)
		if fault.CodeOf(err) != fault.Unavailable || resp == nil || resp.Message.Text != "So far" || resp.Message.Calls != nil {
			t.Errorf("got %+v, %v", resp, err)
		}
	})
	t.Run("raw bytes", func(t *testing.T) {
		_, c := start(t, llmtest.Script{{Body: "data: {\"choices\":[{\"delta\":{\"content\":\"raw\"},\"finish_reason\":\"stop\"}]}\r\r",
			Header: http.Header{"Content-Type": {"text/event-stream"}}}})
		if resp, err := c.Stream(t.Context(), ask("x"), ignore); err != nil || resp.Message.Text != "raw" {
			t.Errorf("got %+v, %v", resp, err)
		}
	})
	t.Run("hang until told", func(t *testing.T) {
		told := make(chan struct{})
		_, c := start(t, llmtest.Script{{Text: "a", Hang: told}})
		resp, err := c.Stream(t.Context(), ask("x"), func(llm.Event) { close(told) })
		if err != nil || resp.Message.Text != "a" {
			t.Errorf("got %+v, %v", resp, err)
		}
	})
	t.Run("hang until the client goes", func(t *testing.T) {
		_, c := start(t, llmtest.Script{{Text: "a", Hang: make(chan struct{})}})
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := c.Stream(ctx, ask("x"), func(llm.Event) { cancel() }); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("close ends what hangs", func(t *testing.T) {
		s, c := start(t, llmtest.Script{{Text: "a", Hang: make(chan struct{})}})
		if _, err := c.Stream(t.Context(), ask("x"), func(llm.Event) { s.Close() }); err == nil {
			t.Error("no error")
		}
	})
	t.Run("template", func(t *testing.T) {
		for _, text := range []string{"{{result 0}}", `{{user | find "zzz"}}`, "{{nonsense}}", `{{user | find "("}}`} {
			s, c := start(t, llmtest.Script{{Text: text}})
			if _, err := c.Stream(t.Context(), ask("x"), ignore); err == nil || s.Err() == nil {
				t.Errorf("%s: got %v, Err %v", text, err, s.Err())
			}
		}
	})
}

// TestIllegalHistoriesAreCaught: what a real server may let pass is a mistake here.
func TestIllegalHistoriesAreCaught(t *testing.T) {
	const call = `{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}`
	for name, messages := range map[string]string{
		"no result":        call,
		"result too late":  call + `,{"role":"user","content":"x"},{"role":"tool","tool_call_id":"a"}`,
		"orphan result":    `{"role":"tool","tool_call_id":"a"}`,
		"second result":    call + `,{"role":"tool","tool_call_id":"a"},{"role":"tool","tool_call_id":"a"}`,
		"empty id":         `{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}`,
		"one id twice":     `{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"a","function":{"name":"f","arguments":"{}"}}]}`,
		"broken arguments": `{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}`,
		"unknown role":     `{"role":"wizard"}`,
		"no JSON":          `{`,
	} {
		s, err := llmtest.Start(llmtest.Script{{Results: llmtest.Any, Text: "ok"}})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.Post(s.URL()+"/chat/completions", "application/json", strings.NewReader(fmt.Sprintf(`{"messages":[%s]}`, messages)))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 500 || s.Err() == nil || len(s.Requests()) != 1 {
			t.Errorf("%s: status %d, Err %v", name, resp.StatusCode, s.Err())
		}
		s.Close()
	}
}

func TestWithoutStream(t *testing.T) {
	s, _ := start(t, llmtest.Script{{Text: "Whole.", Reasoning: "Hm.", Calls: []llmtest.Call{{Name: "f"}}}})
	resp, err := http.Post(s.URL()+"/chat/completions", "application/json", strings.NewReader(`{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if ct := resp.Header.Get("Content-Type"); ct != "application/json" || resp.StatusCode != 200 || s.Requests()[0].User != "hi" {
		t.Errorf("%s, %d, %+v", ct, resp.StatusCode, s.Requests()[0])
	}
	models, err := http.Get(s.URL() + "/models")
	if err != nil || models.StatusCode != 200 {
		t.Errorf("models: %v", err)
	}
	models.Body.Close()
}
