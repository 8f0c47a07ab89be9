package llmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// A Request is what the server was asked.
type Request struct {
	Header http.Header
	Body   []byte // as it was sent

	Model    string
	Stream   bool
	System   string    // the system (or developer's) messages, joined by LF
	User     string    // the last user message
	Results  []Result  // tool results since the last user message
	Tools    []string  // names of the tools offered
	Messages []Message // all, in order
}

// A Result is one tool result.
type Result struct {
	CallID string
	Name   string // of the call it answers; empty where there is none
	Text   string
}

// A Message is one message as it was sent.
type Message struct {
	Role   string
	Text   string
	CallID string // of a tool message
	Calls  []Call
}

// parse reads a request. It is stricter than most servers, to catch mistakes: a
// result must answer a call that stands before it and is not answered yet, and
// every call must be answered before anybody else speaks. The request is given also
// with an error, as far as it was understood.
func parse(header http.Header, body []byte) (*Request, error) {
	var in struct {
		Model    string
		Stream   bool
		Messages []struct {
			Role       string
			Content    any
			ToolCallID string `json:"tool_call_id"`
			ToolCalls  []struct {
				ID       string
				Function struct{ Name, Arguments string }
			} `json:"tool_calls"`
		}
		Tools []struct{ Function struct{ Name string } }
	}
	r := &Request{Header: header, Body: body}
	if err := json.Unmarshal(body, &in); err != nil {
		return r, fmt.Errorf("the request is no JSON of the right form: %w", err)
	}
	r.Model, r.Stream = in.Model, in.Stream
	for _, t := range in.Tools {
		r.Tools = append(r.Tools, t.Function.Name)
	}
	open := map[string]string{} // calls that wait for a result: id to name
	for i, m := range in.Messages {
		msg := Message{Role: m.Role, Text: content(m.Content), CallID: m.ToolCallID}
		if m.Role != "tool" && len(open) > 0 {
			return r, fmt.Errorf("message %d (%s) comes before the results of calls %v", i, m.Role, open)
		}
		switch m.Role {
		case "system", "developer":
			r.System += msg.Text + "\n"
		case "user":
			r.User, r.Results = msg.Text, nil
		case "tool":
			name, ok := open[m.ToolCallID]
			if !ok {
				return r, fmt.Errorf("message %d is a result for call %q, which is not waiting for one", i, m.ToolCallID)
			}
			delete(open, m.ToolCallID)
			r.Results = append(r.Results, Result{CallID: m.ToolCallID, Name: name, Text: msg.Text})
		case "assistant":
			for _, c := range m.ToolCalls {
				if c.ID == "" || c.Function.Name == "" || !json.Valid([]byte(c.Function.Arguments)) {
					return r, fmt.Errorf("message %d has a call without id, name or JSON arguments: %+v", i, c)
				}
				if _, twice := open[c.ID]; twice {
					return r, fmt.Errorf("message %d has two calls with the id %q", i, c.ID)
				}
				open[c.ID] = c.Function.Name
				msg.Calls = append(msg.Calls, Call{ID: c.ID, Name: c.Function.Name, Arguments: c.Function.Arguments})
			}
		default:
			return r, fmt.Errorf("message %d has the unknown role %q", i, m.Role)
		}
		r.Messages = append(r.Messages, msg)
	}
	if len(open) > 0 {
		return r, fmt.Errorf("calls %v have no results", open)
	}
	return r, nil
}

// content is a message's text, sent as a string or as parts.
func content(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		text := ""
		for _, part := range v {
			if p, ok := part.(map[string]any); ok {
				s, _ := p["text"].(string)
				text += s
			}
		}
		return text
	}
	return ""
}
