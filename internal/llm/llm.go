// Package llm holds the words of a model call and the reader of event streams.
//
// A Service answers one Request, telling of its pieces while they arrive, and
// returns the whole answer. It is safe for concurrent use. llm/openai speaks
// Chat Completions, llm/anthropic the Messages API, both over llm/wire; llm/llmtest is
// a scripted model over real HTTP.
package llm

import (
	"context"
	"encoding/json"
)

// Role says whose words a message holds.
type Role string

// The roles a message may have. The system prompt is Request.System.
const (
	User      Role = "user"
	Assistant Role = "assistant"
	ToolRole  Role = "tool"
)

// Message is one entry of the history that goes to the model. It is stored as
// JSON, so its field names are a file format.
type Message struct {
	Role      Role   `json:"role"`
	Text      string `json:"text,omitempty"`
	Reasoning string `json:"reasoning,omitempty"` // sent back only where the endpoint wants it
	Calls     []Call `json:"calls,omitempty"`     // Assistant only
	CallID    string `json:"call_id,omitempty"`   // ToolRole only: the call it answers
	Extra     Extra  `json:"extra,omitempty"`     // Assistant only
}

// Call is one tool call of the model.
type Call struct {
	ID        string `json:"id"`        // never empty
	Name      string `json:"name"`      // as the model wrote it
	Arguments string `json:"arguments"` // as the model wrote them; "{}" where there were none
	Extra     Extra  `json:"extra,omitempty"`
}

// Extra holds opaque fields that must go back with what they came with. A key with a
// colon, such as "anthropic:thinking", is of the API before the colon and goes to no
// other.
type Extra map[string]json.RawMessage

// Tool is a tool as the model is told of it.
type Tool struct {
	Name        string
	Description string
	Schema      json.RawMessage // JSON Schema of the arguments, an object
}

// Request is one call of the model.
type Request struct {
	System    string
	Messages  []Message
	Tools     []Tool
	MaxTokens int // 0: the endpoint's default
}

// EventKind says what an Event tells.
type EventKind string

// What may arrive while a model answers.
const (
	Text      EventKind = "text"      // a piece of the answer
	Reasoning EventKind = "reasoning" // a piece of the model's reasoning
	CallBegin EventKind = "call"      // a tool call has begun; Text is its name so far
	Retry     EventKind = "retry"     // nothing was shown yet; Text says why and how long the wait is
	Warning   EventKind = "warning"   // the call goes on; Text says what is odd
)

// Event is one piece of an answer while it arrives.
type Event struct {
	Kind EventKind
	Text string
}

// Finish says why the model stopped.
type Finish string

// The reasons a complete answer may have. A cut stream is an error, never one of them.
const (
	Stop     Finish = "stop"
	Length   Finish = "length"
	ToolUse  Finish = "tools"
	Filtered Finish = "filtered"
)

// Usage counts tokens; zero where the server did not say. Never negative.
type Usage struct {
	Input, Output int
	CostUSD       *float64
}

// Response is a complete answer.
type Response struct {
	Message Message // Role Assistant
	Finish  Finish
	Usage   Usage
	Model   string // as the server named it; may be empty
}

// Service is a model.
//
// Stream calls on for each piece, in order, from one goroutine, and returns the
// whole answer. On error the Response is nil unless text was already shown: then
// it holds that partial text, and no calls. Errors are *fault.Error with a
// message a person can act on and no secret in it; ctx's end is returned as
// ctx.Err(). llmtest.Server is the fake to test users of a Service with.
type Service interface {
	Stream(ctx context.Context, req *Request, on func(Event)) (*Response, error)
	Model() string // the configured name of the model
}
