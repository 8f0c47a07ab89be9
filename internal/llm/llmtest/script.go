// Package llmtest is a model that says what a script says, over real HTTP on
// loopback, in the form of Chat Completions.
//
// A Script is a list of steps. Each request is answered by the first step that
// fits its facts: what the user said last, how many tool results there are since,
// which tools are offered. So a script reads like the conversation it plays:
//
//	llmtest.Start(llmtest.Script{
//		{User: "typo", Calls: []llmtest.Call{{Name: "read_file", Arguments: `{"path":"a.md"}`}}},
//		{User: "typo", Results: 1, Text: "It is in line 3."},
//	})
//
// A request that no step fits is answered with 500 and kept for Err; steps that
// were never used are named by Unused. Requests shows what was really sent.
// The package imports no testing: `tasks demo` is played by it too.
package llmtest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Any, as Step.Results, fits any number of tool results.
const Any = -1

// Forever, as Step.Times, lets a step be used again and again. It need not be used.
const Forever = -1

// A Script is what the model will say. The order counts: the first step that fits
// a request is used.
type Script []Step

// A Step is one answer and when it is given.
//
// Text, Reasoning and Calls' arguments may be text/template templates, over what
// was said before: {{result 0}} is the first tool result since the last user
// message, {{user}} that message, {{system}} the prompt; {{find RE TEXT}} is the
// first group (or all) of the first match, an error where there is none; {{json V}}
// quotes V, as arguments need it.
type Step struct {
	Name string // for reports; may be empty

	// When: all of these must fit.
	User     string   // stands in the last user message, whatever the case of its letters
	Results  int      // tool results since the last user message; Any
	Result   string   // stands in the last tool result
	System   string   // stands in the system prompt
	Offered  []string // tools that must be offered
	Withheld []string // tools that must not be
	Times    int      // how often the step may be used; 0 means once; Forever

	// What: in this order.
	Wait      time.Duration // before the headers
	Reasoning string
	Text      string
	Calls     []Call
	Finish    string // default "tool_calls" with Calls, else "stop"
	Input     int    // token counts; made up from the sizes where both are 0
	Output    int

	// How.
	Pieces int             // runes in a piece of text or arguments; 0 is words
	Pace   time.Duration   // between pieces
	Hang   <-chan struct{} // after the text, wait until it is closed (nil: do not)
	Cut    bool            // end the connection after the text and calls, without a finish

	// Or: a response of another kind.
	Status int         // an error of this status, with Body
	Header http.Header // added to any response
	Body   string      // sent as it is, in place of everything above, with Status or 200
}

// A Call is one tool call of the scripted model.
type Call struct {
	ID        string // made from the step's place where empty
	Name      string
	Arguments string // JSON; "{}" where empty
}

// fits tells whether the step answers r.
func (s *Step) fits(r *Request) bool {
	last := ""
	if len(r.Results) > 0 {
		last = r.Results[len(r.Results)-1].Text
	}
	switch {
	case !strings.Contains(strings.ToLower(r.User), strings.ToLower(s.User)),
		s.Results != Any && s.Results != len(r.Results),
		!strings.Contains(last, s.Result),
		!strings.Contains(r.System, s.System):
		return false
	}
	for _, name := range s.Offered {
		if !slices.Contains(r.Tools, name) {
			return false
		}
	}
	for _, name := range s.Withheld {
		if slices.Contains(r.Tools, name) {
			return false
		}
	}
	return true
}
