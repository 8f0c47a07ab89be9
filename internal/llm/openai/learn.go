package openai

import (
	"encoding/json"
	"strings"

	"tasks/internal/llm"
	"tasks/internal/llm/wire"
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
// now on, with words for people: none where there is nothing to change. Each change
// leads on, never back, so that this ends.
func (q quirks) adapt(f *wire.Failure, req *llm.Request) (next quirks, what string) {
	if !f.Refuses() {
		return q, ""
	}
	said := strings.ToLower(f.Said)
	for _, l := range lessons {
		if what, ok := l(&q, said, req); ok {
			return q, what
		}
	}
	return q, ""
}

// lessons are tried in order: the more certain the words, the earlier.
var lessons = []func(q *quirks, said string, req *llm.Request) (string, bool){
	func(q *quirks, said string, _ *llm.Request) (string, bool) {
		if q.noUsage || q.noStream || !wire.Mentions(said, "stream_options", "include_usage") {
			return "", false
		}
		q.noUsage = true
		return "stream_options is left out", true
	},
	func(q *quirks, said string, req *llm.Request) (string, bool) {
		if q.told || !wire.Mentions(said, "reasoning_content") || !hasCalls(req) {
			return "", false
		}
		q.reasoning, q.told = !q.reasoning, true
		return "the model's reasoning goes back to it", true
	},
	func(q *quirks, said string, req *llm.Request) (string, bool) {
		if q.tokens == noMax || req.MaxTokens == 0 || !wire.Mentions(said, "max_tokens", "max_completion_tokens") {
			return "", false
		}
		q.tokens++
		return [...]string{"", "max_completion_tokens is sent in place of max_tokens", "the answer's length is not bounded"}[q.tokens], true
	},
	func(q *quirks, said string, req *llm.Request) (string, bool) {
		if q.noExtra || !wire.Mentions(said, extraNames(req)...) {
			return "", false
		}
		q.noExtra = true
		return "the opaque fields of calls are left out", true
	},
	func(q *quirks, said string, _ *llm.Request) (string, bool) {
		if q.role == roleUser || !wire.Mentions(said, q.role.String()) || !wire.Mentions(said, "role", "message", "instruction") || !wire.Refuses(said) {
			return "", false
		}
		q.role++
		return "the instructions are sent with the role " + q.role.String(), true
	},
	func(q *quirks, said string, req *llm.Request) (string, bool) {
		if q.content == contentAbsent || !hasCalls(req) || !wire.Mentions(said, "content") || wire.Mentions(said, "reasoning_content") ||
			!wire.Mentions(said, "null", "nil", "none", "empty", "string", "required", "blank") {
			return "", false
		}
		q.content++
		return [...]string{"", "calls go back with an empty text", "calls go back without a text"}[q.content], true
	},
	func(q *quirks, said string, _ *llm.Request) (string, bool) {
		if q.noStream || !wire.RefusesStream(said) {
			return "", false
		}
		q.noStream = true
		return "the answer is asked for whole", true
	},
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
