package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// messages is a scripted model that speaks the Messages API over HTTP, streamed and
// whole, as Claude Code asks it. Each step answers one request.
type messages struct {
	*httptest.Server
	mu       sync.Mutex
	steps    []step
	requests []string
	began    chan struct{} // gets a value when a hanging step was reached
}

// step is one answer: text, tool calls, or a status; hang never answers, cut ends the
// connection in the middle.
type step struct {
	text   string
	calls  []call
	status int
	hang   bool
	cut    bool
}

type call struct {
	name  string
	input map[string]any
}

func startMessages(t *testing.T, steps ...step) *messages {
	m := &messages{steps: steps, began: make(chan struct{}, 10)}
	m.Server = httptest.NewServer(http.HandlerFunc(m.serve))
	t.Cleanup(func() { m.CloseClientConnections(); m.Close() })
	return m
}

func (m *messages) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method != http.MethodPost || r.URL.Path != "/v1/messages" {
		return
	}
	var ask struct {
		Stream bool `json:"stream"`
		Tools  []any
	}
	json.Unmarshal(body, &ask)
	m.mu.Lock()
	m.requests = append(m.requests, string(body))
	s := step{text: "The script has no more steps."}
	if len(m.steps) > 0 {
		s, m.steps = m.steps[0], m.steps[1:]
	}
	n := len(m.requests)
	m.mu.Unlock()
	switch {
	case s.hang:
		m.began <- struct{}{}
		<-r.Context().Done()
	case s.status != 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(s.status)
		fmt.Fprint(w, `{"type":"error","error":{"type":"api_error","message":"scripted failure"}}`)
	case s.cut:
		w.Header().Set("Content-Length", "100000")
		fmt.Fprint(w, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"scripted\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	default:
		answer(w, s, n, ask.Stream)
	}
}

func answer(w http.ResponseWriter, s step, n int, stream bool) {
	var content []map[string]any
	if s.text != "" {
		content = append(content, map[string]any{"type": "text", "text": s.text})
	}
	stop := "end_turn"
	for i, c := range s.calls {
		stop = "tool_use"
		content = append(content, map[string]any{"type": "tool_use", "id": fmt.Sprintf("toolu_%d_%d", n, i), "name": c.name, "input": c.input})
	}
	message := map[string]any{"id": fmt.Sprintf("msg_%d", n), "type": "message", "role": "assistant", "model": "scripted",
		"content": content, "stop_reason": stop, "stop_sequence": nil, "usage": map[string]any{"input_tokens": 10, "output_tokens": 5}}
	if !stream {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(message)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(kind string, data map[string]any) {
		data["type"] = kind
		b, _ := json.Marshal(data)
		fmt.Fprintf(w, "event: %s\ndata: %s\n\n", kind, b)
	}
	message["content"], message["stop_reason"] = []any{}, nil
	send("message_start", map[string]any{"message": message})
	for i, c := range content {
		begin, delta := map[string]any{"type": "text", "text": ""}, map[string]any{"type": "text_delta", "text": c["text"]}
		if c["type"] == "tool_use" {
			input, _ := json.Marshal(c["input"])
			begin = map[string]any{"type": "tool_use", "id": c["id"], "name": c["name"], "input": map[string]any{}}
			delta = map[string]any{"type": "input_json_delta", "partial_json": string(input)}
		}
		send("content_block_start", map[string]any{"index": i, "content_block": begin})
		send("content_block_delta", map[string]any{"index": i, "delta": delta})
		send("content_block_stop", map[string]any{"index": i})
	}
	send("message_delta", map[string]any{"delta": map[string]any{"stop_reason": stop, "stop_sequence": nil}, "usage": map[string]any{"output_tokens": 5}})
	send("message_stop", map[string]any{})
}

func (m *messages) sent() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.requests...)
}
