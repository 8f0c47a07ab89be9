package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// responses is a scripted model that speaks the Responses API, as Codex asks it, and Chat
// Completions, as opencode does. Each step answers one request with tools.
type responses struct {
	*httptest.Server
	mu       sync.Mutex
	steps    []step
	requests []string
}

func startResponses(t *testing.T, steps ...step) *responses {
	m := &responses{steps: steps}
	m.Server = httptest.NewServer(http.HandlerFunc(m.serve))
	t.Cleanup(func() { m.CloseClientConnections(); m.Close() })
	return m
}

func (m *responses) sent() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.requests...)
}

func (m *responses) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	chat := strings.HasSuffix(r.URL.Path, "/chat/completions")
	if r.Method != http.MethodPost || !chat && !strings.HasSuffix(r.URL.Path, "/responses") {
		http.NotFound(w, r)
		return
	}
	var ask struct{ Tools []any }
	json.Unmarshal(body, &ask)
	m.mu.Lock()
	s := step{text: "A title"}
	if !chat || len(ask.Tools) > 0 {
		m.requests = append(m.requests, string(body))
		s = step{text: "The script has no more steps."}
		if len(m.steps) > 0 {
			s, m.steps = m.steps[0], m.steps[1:]
		}
	}
	n := len(m.requests)
	m.mu.Unlock()
	switch {
	case s.hang:
		<-r.Context().Done()
	case s.status != 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(s.status)
		kind := map[int]string{400: "invalid_request_error", 401: "authentication_error"}[s.status]
		fmt.Fprintf(w, `{"error":{"type":%q,"message":"scripted failure"}}`, kind)
	case s.cut:
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Content-Length", "100000")
		fmt.Fprint(w, "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case chat:
		answerChat(w, s, n)
	default:
		answerResponses(w, s, n)
	}
}

func answerResponses(w http.ResponseWriter, s step, n int) {
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(kind string, data map[string]any) {
		data["type"] = kind
		b, _ := json.Marshal(data)
		fmt.Fprintf(w, "event: %s\ndata: %s\n\n", kind, b)
	}
	id := fmt.Sprintf("resp_%d", n)
	send("response.created", map[string]any{"response": map[string]any{"id": id}})
	if s.text != "" {
		send("response.output_item.done", map[string]any{"output_index": 0, "item": map[string]any{"type": "message", "role": "assistant", "id": fmt.Sprintf("msg_%d", n),
			"content": []any{map[string]any{"type": "output_text", "text": s.text}}}})
	}
	for i, c := range s.calls {
		input, _ := json.Marshal(c.input)
		send("response.output_item.done", map[string]any{"output_index": i + 1, "item": map[string]any{"type": "function_call", "id": fmt.Sprintf("fc_%d_%d", n, i),
			"call_id": fmt.Sprintf("call_%d_%d", n, i), "name": c.name, "arguments": string(input)}})
	}
	send("response.completed", map[string]any{"response": map[string]any{"id": id, "usage": map[string]any{
		"input_tokens": 10, "input_tokens_details": map[string]any{"cached_tokens": 0}, "output_tokens": 5, "output_tokens_details": map[string]any{"reasoning_tokens": 0}, "total_tokens": 15}}})
}

func answerChat(w http.ResponseWriter, s step, n int) {
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(delta map[string]any, finish any) {
		b, _ := json.Marshal(map[string]any{"id": fmt.Sprintf("c_%d", n), "object": "chat.completion.chunk", "created": 1, "model": "scripted",
			"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}}})
		fmt.Fprintf(w, "data: %s\n\n", b)
	}
	finish := "stop"
	if s.text != "" {
		send(map[string]any{"role": "assistant", "content": s.text}, nil)
	}
	for i, c := range s.calls {
		finish = "tool_calls"
		input, _ := json.Marshal(c.input)
		send(map[string]any{"tool_calls": []any{map[string]any{"index": i, "id": fmt.Sprintf("call_%d_%d", n, i), "type": "function",
			"function": map[string]any{"name": c.name, "arguments": string(input)}}}}, nil)
	}
	send(map[string]any{}, finish)
	fmt.Fprint(w, `data: {"id":"u","object":"chat.completion.chunk","created":1,"model":"scripted","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}`+"\n\n")
	fmt.Fprint(w, "data: [DONE]\n\n")
}
