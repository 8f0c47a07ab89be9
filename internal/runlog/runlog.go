// Package runlog is the log of a run: what the agent said and did, one JSON object a
// line, appended by the run's supervisor and read by everybody else.
//
// The file is events.jsonl in the run's folder. Sequence numbers grow by one from 1,
// over all attempts. A line that was torn by a crash is cut off before the next one is
// appended; a reader passes over it. What an agent says is text of strangers: whoever
// shows it makes it safe for the place where it is shown.
package runlog

import (
	"encoding/json"
	"time"
)

// Type is the kind of an event.
type Type string

// The kinds, and the fields that each one fills beside Seq, At, Attempt and Type.
const (
	State      Type = "state"       // Status the run's state, Text the reason
	Session    Type = "session"     // Name the agent, ID its session, Title version and model
	Prompt     Type = "prompt"      // Text what the agent was told, Name why: first, message, review, verify, conflict, retry
	Text       Type = "text"        // Text the agent's words, markdown
	Thought    Type = "thought"     // Text what it thought aloud
	Tool       Type = "tool"        // ID, Name the tool, Title one line about it, Input its arguments
	ToolResult Type = "tool_result" // ID, Status ok or error, Output
	Output     Type = "output"      // Name stdout or stderr, Text lines of a program that speaks no protocol
	Ask        Type = "ask"         // ID, Name the tool, Title, Input: the agent waits for a person
	Answer     Type = "answer"      // ID, Status allow, deny or lapsed, Text why
	Usage      Type = "usage"       // Usage, of the whole attempt so far
	Hook       Type = "hook"        // Name, Status ok or error, Output
	Verify     Type = "verify"      // Title the command, Status ok or error, Exit, Output, Took
	Commit     Type = "commit"      // ID the hash, Title the subject, Text the files
	Notice     Type = "notice"      // Status info, warn or bad, Text
	End        Type = "end"         // of an attempt: Status finished, failed or stopped, Name the reason's code, Text, Exit
)

// Event is one line. At most maxField bytes are kept of each long field.
type Event struct {
	Seq     int64           `json:"seq"`
	At      time.Time       `json:"at"`
	Attempt int             `json:"attempt"`
	Type    Type            `json:"type"`
	ID      string          `json:"id,omitempty"`
	Name    string          `json:"name,omitempty"`
	Title   string          `json:"title,omitempty"`
	Status  string          `json:"status,omitempty"`
	Text    string          `json:"text,omitempty"`
	Input   json.RawMessage `json:"input,omitempty"`
	Output  string          `json:"output,omitempty"`
	Exit    *int            `json:"exit,omitempty"`
	Took    time.Duration   `json:"took_ns,omitempty"`
	Usage   *Tokens         `json:"usage,omitempty"`
	Cut     bool            `json:"cut,omitempty"` // something of it was too long
}

// Tokens is what an attempt used so far. CostUSD is nil where the agent does not say.
type Tokens struct {
	Input   int64    `json:"input_tokens"`
	Output  int64    `json:"output_tokens"`
	Turns   int      `json:"turns"`
	CostUSD *float64 `json:"cost_usd,omitempty"`
}

// maxField bounds each text of an event, in bytes.
const maxField = 32 << 10

// fit cuts what is too long, at a character's edge.
func (e *Event) fit() {
	for _, s := range []*string{&e.Text, &e.Output, &e.Title} {
		if len(*s) > maxField {
			*s, e.Cut = cutText(*s), true
		}
	}
	if len(e.Input) > maxField || len(e.Input) > 0 && !json.Valid(e.Input) {
		short, err := json.Marshal(map[string]string{"cut": cutText(string(e.Input))})
		if err != nil {
			short = []byte(`{}`)
		}
		e.Input, e.Cut = short, true
	}
}

func cutText(s string) string {
	s = s[:min(len(s), maxField)]
	for i := 0; i < 3 && len(s) > 0 && s[len(s)-1]&0xC0 == 0x80; i++ {
		s = s[:len(s)-1]
	}
	if len(s) > 0 && s[len(s)-1] >= 0xC0 {
		s = s[:len(s)-1]
	}
	return s
}
