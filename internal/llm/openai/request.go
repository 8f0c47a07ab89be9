package openai

import (
	"encoding/json"
	"strings"

	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

type wireRequest struct {
	Model         string         `json:"model"`
	Messages      []wireMessage  `json:"messages"`
	Tools         []wireTool     `json:"tools,omitempty"`
	Stream        bool           `json:"stream"`
	StreamOptions *streamOptions `json:"stream_options,omitempty"`
	MaxTokens     int            `json:"max_tokens,omitempty"`
	MaxCompletion int            `json:"max_completion_tokens,omitempty"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type wireMessage struct {
	Role       string  `json:"role"`
	Content    any     `json:"content,omitempty"` // a string, null, or nil for none; not raw JSON, which would be read again
	Reasoning  *string `json:"reasoning_content,omitempty"`
	ToolCalls  []any   `json:"tool_calls,omitempty"`
	ToolCallID string  `json:"tool_call_id,omitempty"`
}

type wireTool struct {
	Type     string       `json:"type"`
	Function wireFunction `json:"function"`
}

type wireFunction struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters"`
}

// encode writes the request as this server takes it.
func encode(model string, req *llm.Request, q quirks) ([]byte, error) {
	w := wireRequest{Model: model, Messages: messages(req, q), Stream: !q.noStream}
	if !q.noStream && !q.noUsage {
		w.StreamOptions = &streamOptions{IncludeUsage: true}
	}
	switch q.tokens {
	case maxTokens:
		w.MaxTokens = req.MaxTokens
	case maxCompletion:
		w.MaxCompletion = req.MaxTokens
	}
	for _, t := range req.Tools {
		w.Tools = append(w.Tools, wireTool{"function", wireFunction{t.Name, t.Description, wire.Schema(t)}})
	}
	return wire.JSON(w)
}

// messages are the system prompt and the history, made legal.
func messages(req *llm.Request, q quirks) []wireMessage {
	var out []wireMessage
	system := req.System
	if system != "" && q.role != roleUser {
		out = append(out, wireMessage{Role: q.role.String(), Content: system})
		system = ""
	}
	for _, m := range llm.Legal(req.Messages) {
		switch m.Role {
		case llm.User:
			if system != "" { // no other place for it: before the first question
				m.Text, system = system+"\n\n"+m.Text, ""
			}
			out = append(out, wireMessage{Role: "user", Content: m.Text})
		case llm.ToolRole:
			out = append(out, wireMessage{Role: "tool", Content: wire.Result(m.Text), ToolCallID: m.CallID})
		default:
			out = append(out, assistant(m, q))
		}
	}
	return out
}

// assistant is an answer of the model, with its reasoning where the server wants
// that back: with calls only, and then never empty.
func assistant(m llm.Message, q quirks) wireMessage {
	w := wireMessage{Role: "assistant", Content: m.Text}
	if len(m.Calls) == 0 {
		return w
	}
	if m.Text == "" {
		w.Content = q.content.empty()
	}
	if q.reasoning {
		reasoning := m.Reasoning
		if reasoning == "" {
			reasoning = " "
		}
		w.Reasoning = &reasoning
	}
	for _, c := range m.Calls {
		w.ToolCalls = append(w.ToolCalls, call(c, q))
	}
	return w
}

// functionExtra marks an extra field that stands inside the call's function.
const functionExtra = "function."

// call is one call as servers accept it back: a name of the allowed characters,
// arguments that parse, and the opaque fields where the server put them.
func call(c llm.Call, q quirks) any {
	function := map[string]any{"name": wire.ToolName(c.Name), "arguments": string(wire.Arguments(c.Arguments))}
	w := map[string]any{"id": c.ID, "type": "function", "function": function}
	for k, v := range c.Extra {
		inner, in := strings.CutPrefix(k, functionExtra)
		switch {
		case q.noExtra, strings.Contains(k, ":"): // with a colon it is another API's own
		case in && function[inner] == nil:
			function[inner] = v
		case !in && w[k] == nil:
			w[k] = v
		}
	}
	return w
}
