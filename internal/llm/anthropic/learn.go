package anthropic

import (
	"fmt"
	"strconv"
	"strings"

	"tasks/internal/lazy"
	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

// defaultTokens bounds an answer whose request does not; the API wants a bound.
const defaultTokens = 8192

// quirks is what a server has taught us. The zero value is what the API says.
type quirks struct {
	most       int  // tokens of an answer; 0 is not known
	noThinking bool // what the model thought does not go back
	noStream   bool // the answer comes whole
}

// tokens is the bound on an answer to req.
func (q quirks) tokens(req *llm.Request) int {
	n := req.MaxTokens
	if n <= 0 {
		n = defaultTokens
	}
	if q.most > 0 {
		n = min(n, q.most)
	}
	return n
}

// tooMany matches how the bound of a model is told: "max_tokens: 8192 > 4096, which is
// the maximum allowed number of output tokens".
var tooMany = lazy.Regexp(`max_tokens\b[^0-9]{0,20}(\d+) > (\d+)`)

// adapt looks for a part of the request that the server refused and returns what to
// do from now on, with words for people: none where there is nothing to change. Each
// change leads on, never back, so that this ends.
func (q quirks) adapt(f *wire.Failure, req *llm.Request) (next quirks, what string) {
	if !f.Refuses() {
		return q, ""
	}
	said := strings.ToLower(f.Said)
	if m := tooMany().FindStringSubmatch(said); m != nil && q.most == 0 {
		if n, err := strconv.Atoi(m[2]); err == nil && n > 0 && n < q.tokens(req) {
			q.most = n
			return q, fmt.Sprintf("an answer has at most %d tokens", n)
		}
	}
	switch {
	case !q.noThinking && hasThinking(req) && wire.Mentions(said, "thinking", "signature"):
		q.noThinking = true
		return q, "what the model thought does not go back to it"
	case !q.noStream && wire.RefusesStream(said):
		q.noStream = true
		return q, "the answer is asked for whole"
	}
	return q, ""
}

// hasThinking tells whether thinking would go back with req.
func hasThinking(req *llm.Request) bool {
	for _, m := range req.Messages {
		if m.Extra[thinkingKey] != nil {
			return true
		}
		for _, c := range m.Calls {
			if c.Extra[thinkingKey] != nil {
				return true
			}
		}
	}
	return false
}
