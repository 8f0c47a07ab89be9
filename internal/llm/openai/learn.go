package openai

import (
	"encoding/json"
	"net/http"
	"strings"

	"tasks/internal/llm"
)

// quirks is what a server has taught us. The zero value is what the standard says.
type quirks struct {
	noUsage   bool // stream_options is left out
	noStream  bool // the answer comes whole
	noExtra   bool // calls go back without their opaque fields
	reasoning bool // calls go back with their reasoning
	told      bool // the server has changed our mind about reasoning once
	tokens    tokenField
	role      systemRole
	content   emptyContent
}

// tokenField is how the bound on the answer is named.
type tokenField int

const (
	maxTokens tokenField = iota
	maxCompletion
	noMax
)

// systemRole is whose words the system prompt is.
type systemRole int

const (
	roleSystem systemRole = iota
	roleDeveloper
	roleUser
)

func (r systemRole) String() string {
	return [...]string{"system", "developer", "user"}[r]
}

// emptyContent is how a message without text is written.
type emptyContent int

const (
	contentNull emptyContent = iota
	contentEmpty
	contentAbsent
)

func (e emptyContent) empty() any {
	switch e {
	case contentNull:
		return json.RawMessage("null")
	case contentEmpty:
		return ""
	}
	return nil
}

// adapt looks for a parameter that the server refused and returns what to do from
// now on, with words for people. ok is false where there is nothing to change.
// Each change leads on, never back, so that this ends.
func (q quirks) adapt(status int, said string, req *llm.Request) (next quirks, what string, ok bool) {
	if status != http.StatusBadRequest && status != http.StatusUnprocessableEntity {
		return q, "", false
	}
	said = strings.ToLower(said)
	for _, l := range lessons {
		if what, ok := l(&q, said, req); ok {
			return q, what, true
		}
	}
	return q, "", false
}

// lessons are tried in order: the more certain the words, the earlier.
var lessons = []func(q *quirks, said string, req *llm.Request) (string, bool){
	func(q *quirks, said string, _ *llm.Request) (string, bool) {
		if q.noUsage || q.noStream || !has(said, "stream_options", "include_usage") {
			return "", false
		}
		q.noUsage = true
		return "stream_options is left out", true
	},
	func(q *quirks, said string, req *llm.Request) (string, bool) {
		if q.told || !has(said, "reasoning_content") || !hasCalls(req) {
			return "", false
		}
		q.reasoning, q.told = !q.reasoning, true
		return "the model's reasoning goes back to it", true
	},
	func(q *quirks, said string, req *llm.Request) (string, bool) {
		if q.tokens == noMax || req.MaxTokens == 0 || !has(said, "max_tokens", "max_completion_tokens") {
			return "", false
		}
		q.tokens++
		return [...]string{"", "max_completion_tokens is sent in place of max_tokens", "the answer's length is not bounded"}[q.tokens], true
	},
	func(q *quirks, said string, req *llm.Request) (string, bool) {
		if q.noExtra || !has(said, extraNames(req)...) {
			return "", false
		}
		q.noExtra = true
		return "the opaque fields of calls are left out", true
	},
	func(q *quirks, said string, _ *llm.Request) (string, bool) {
		if q.role == roleUser || !has(said, q.role.String()) || !has(said, "role", "message", "instruction") || !refuses(said) {
			return "", false
		}
		q.role++
		return "the instructions are sent with the role " + q.role.String(), true
	},
	func(q *quirks, said string, req *llm.Request) (string, bool) {
		if q.content == contentAbsent || !hasCalls(req) || !has(said, "content") || has(said, "reasoning_content") ||
			!has(said, "null", "nil", "none", "empty", "string", "required", "blank") {
			return "", false
		}
		q.content++
		return [...]string{"", "calls go back with an empty text", "calls go back without a text"}[q.content], true
	},
	func(q *quirks, said string, _ *llm.Request) (string, bool) {
		if q.noStream || !has(said, "'stream'", `"stream"`, "`stream`", "streaming") || !refuses(said) {
			return "", false
		}
		q.noStream = true
		return "the answer is asked for whole", true
	},
}

// refusesTools tells whether the server says that this model has no tools.
func refusesTools(said string, req *llm.Request) bool {
	said = strings.ToLower(said)
	return len(req.Tools) > 0 && (has(said, "tool-call-parser", "enable-auto-tool-choice") ||
		has(said, "tool", "function call") && !has(said, "tool_call_id", "role 'tool'") &&
			has(said, "not support", "unsupported", "n't support", "not enabled", "not available", "support tool use"))
}

func refuses(said string) bool {
	return has(said, "not support", "unsupported", "n't support", "not allowed", "not permitted", "not one of", "unknown", "unrecognized",
		"invalid", "not enabled", "not available", "support tool use", "must be")
}

func has(s string, any ...string) bool {
	for _, a := range any {
		if a != "" && strings.Contains(s, a) {
			return true
		}
	}
	return false
}

func hasCalls(req *llm.Request) bool {
	for _, m := range req.Messages {
		if len(m.Calls) > 0 {
			return true
		}
	}
	return false
}

// extraNames are the names of the opaque fields that the request holds.
func extraNames(req *llm.Request) []string {
	var names []string
	for _, m := range req.Messages {
		for _, c := range m.Calls {
			for k := range c.Extra {
				names = append(names, strings.ToLower(strings.TrimPrefix(k, functionExtra)))
			}
		}
	}
	return names
}
