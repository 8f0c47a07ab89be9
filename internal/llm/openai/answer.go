package openai

import (
	"bytes"
	"regexp"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/llm"
)

// maxAnswer bounds one answer: text, reasoning and arguments together, in bytes.
const maxAnswer = 8 << 20

// An answer is put together from chunks, telling of each piece as it comes.
type answer struct {
	secrets secrets
	on      func(llm.Event)
	req     *llm.Request

	text, reasoning       llm.Joiner
	said, thought         strings.Builder
	calls                 *llm.Assembler
	shown                 bool // something was told that cannot be taken back
	finish                string
	finished, done, whole bool // a reason was given; [DONE] came; it was no stream
	resumed               bool // something came after a reason was given
	usage                 llm.Usage
	rawModel, model       string // as the server wrote it, and for people
	odd                   string // the last thing that was no chunk: the best clue to a cut
}

func newAnswer(s secrets, req *llm.Request, on func(llm.Event)) *answer {
	a := &answer{secrets: s, req: req, on: on, calls: llm.NewAssembler(req.Tools)}
	a.text.Secrets, a.reasoning.Secrets = s.forms, s.forms
	return a
}

// frame takes in one frame.
func (a *answer) frame(f llm.Frame) *failure {
	event, data := f.Event, bytes.TrimSpace(f.Data)
	switch {
	case len(data) == 0:
		return nil
	case bytes.EqualFold(data, []byte("[DONE]")):
		a.done = true
		return nil
	case data[0] != '{' && data[0] != '[':
		a.odd = string(data[:min(len(data), 2000)])
		if event == "error" {
			return errorInStream(a.secrets, data)
		}
		return nil
	case data[0] == '[': // only errors come as lists
		return errorInStream(a.secrets, data)
	}
	c, err := parseChunk(data)
	if err != nil && f.Cut {
		return nil // half a chunk: the end tells
	}
	if err != nil {
		return fail(fault.New(fault.Unavailable, "the model server sent a piece of the answer that is not JSON: %s", a.secrets.words(string(data[:min(len(data), 400)]))))
	}
	if event == "error" || c.isError() {
		return errorInStream(a.secrets, data)
	}
	return a.chunk(&c)
}

// isError tells whether this is an error rather than a piece of an answer.
func (c *chunk) isError() bool {
	if present(c.Error) {
		return true
	}
	for i := range c.Choices {
		if present(c.Choices[i].Error) {
			return true
		}
	}
	return len(c.Choices) == 0 && (present(c.Detail) || string(c.Object.text) == "error" || string(c.Type.text) == "error")
}

func present(raw []byte) bool {
	switch string(raw) {
	case "", "null", `""`, "{}", "[]", "false":
		return false
	}
	return true
}

// chunk takes in one chunk.
func (a *answer) chunk(c *chunk) *failure {
	if len(c.Model.text) > 0 && string(c.Model.text) != a.rawModel {
		a.rawModel = string(c.Model.text)
		a.model = a.secrets.words(a.rawModel)
	}
	a.count(c.Usage)
	a.count(c.Groq.Usage)
	for i := range c.Choices {
		ch := &c.Choices[i]
		a.count(ch.Usage)
		if n := integer(ch.Index); n != nil && *n != 0 {
			continue // we asked for one answer
		}
		if f := a.choice(ch); f != nil {
			return f
		}
	}
	if a.said.Len()+a.thought.Len()+a.calls.Size() > maxAnswer {
		return fail(fault.New(fault.Unavailable, "the model's answer grew beyond %d MB and was stopped", maxAnswer>>20))
	}
	return nil
}

func (a *answer) choice(ch *choice) *failure {
	before := a.said.Len() + a.thought.Len() + a.calls.Size()
	d := ch.Delta
	if d == nil {
		d = ch.Message
		a.whole = a.whole || d != nil
	}
	if d == nil {
		d = &delta{Content: ch.Text}
	}
	a.tell(llm.Reasoning, d.thinking())
	a.tell(llm.Text, d.Content.text)
	a.tell(llm.Text, d.Refusal.text)
	if f := a.call(d); f != nil {
		return f
	}
	if a.finished && a.said.Len()+a.thought.Len()+a.calls.Size() > before {
		a.finished, a.resumed = false, true // it was not the end after all
	}
	reason := strings.ToLower(string(ch.Finish.text))
	if brokenFinishes[reason] {
		return newFailure(a.secrets, "", "", problem{message: "finish reason " + reason, status: 500}, "", nil)
	}
	if reason != "" {
		a.finish, a.finished = reason, true
	}
	return nil
}

// thinking is the model's reasoning, once, under whichever name it came.
func (d *delta) thinking() []byte {
	for _, w := range []words{d.ReasoningContent, d.Reasoning, d.ReasoningDetails} {
		if len(w.text) > 0 {
			return w.text
		}
		if len(w.thinking) > 0 {
			return w.thinking
		}
	}
	return d.Content.thinking
}

func (a *answer) call(d *delta) *failure {
	pieces := make([]llm.CallPiece, 0, len(d.ToolCalls)+1)
	for _, t := range d.ToolCalls {
		pieces = append(pieces, t.piece)
	}
	if d.FunctionCall != nil {
		pieces = append(pieces, d.FunctionCall.piece)
	}
	if len(pieces) == 0 {
		return nil
	}
	begun, err := a.calls.Add(pieces)
	for _, name := range begun {
		a.flush()
		a.shown = true
		a.on(llm.Event{Kind: llm.CallBegin, Text: a.secrets.words(name)})
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

// tell passes a piece on. Before the kind changes, what was held back comes first.
func (a *answer) tell(kind llm.EventKind, piece []byte) {
	if len(piece) == 0 {
		return
	}
	if kind == llm.Text {
		a.show(llm.Reasoning, a.reasoning.Flush())
		a.show(kind, a.text.Write(piece))
		return
	}
	a.show(llm.Text, a.text.Flush())
	a.show(kind, a.reasoning.Write(piece))
}

func (a *answer) flush() {
	a.show(llm.Reasoning, a.reasoning.Flush())
	a.show(llm.Text, a.text.Flush())
}

func (a *answer) show(kind llm.EventKind, s string) {
	if s == "" {
		return
	}
	a.shown = true
	if kind == llm.Text {
		a.said.WriteString(s)
	} else {
		a.thought.WriteString(s)
	}
	a.on(llm.Event{Kind: kind, Text: s})
}

// count takes in token counts. The last that says something is right: some servers
// count along, some send zeros in between.
func (a *answer) count(raw []byte) {
	if len(raw) == 0 || string(raw) == "null" {
		return
	}
	if u, ok := usage(raw); ok {
		a.usage = u
	}
}

// partial is what of the answer was shown, nil where there was no text.
func (a *answer) partial() *llm.Response {
	a.flush()
	if a.said.Len() == 0 {
		return nil
	}
	return &llm.Response{Message: a.message(), Usage: a.usage, Model: a.model}
}

func (a *answer) message() llm.Message {
	return llm.Message{Role: llm.Assistant, Text: a.said.String(), Reasoning: a.thought.String()}
}

// result is the whole answer; the stream has ended as it should.
func (a *answer) result() *llm.Response {
	a.flush()
	r := &llm.Response{Message: a.message(), Usage: a.usage, Model: a.model}
	calls := a.calls.Calls()
	for i := range calls {
		calls[i].Name = a.secrets.scrub(calls[i].Name)
		calls[i].Arguments = a.secrets.scrub(calls[i].Arguments)
		for k, v := range calls[i].Extra {
			if a.secrets.scrub(string(v)) != string(v) {
				delete(calls[i].Extra, k)
			}
		}
	}
	known := true
	r.Finish, known = finishes[a.finish], a.finish == "" || finishes[a.finish] != ""
	switch {
	case !known:
		r.Finish = llm.Stop
		a.warn("the model server gave a reason for the end that is not known: " + a.secrets.words(a.finish))
	case a.finish == "": // a whole answer without a reason
		r.Finish = llm.Stop
	}
	switch {
	case len(calls) > 0 && (r.Finish == llm.Length || r.Finish == llm.Filtered):
		a.warn("the answer ended early, in or after a tool call: no tool of it is run")
	case len(calls) > 0:
		r.Finish, r.Message.Calls = llm.ToolUse, calls
	case r.Finish == llm.ToolUse:
		r.Finish = llm.Stop
		a.warn("the model server announced tool calls, but sent none")
	}
	if len(calls) == 0 && len(a.req.Tools) > 0 && leaked(r.Message.Text) {
		a.warn("the model wrote a tool call as text; it is not run. This model, or the way its server runs it, does not do tools")
	}
	return r
}

func (a *answer) warn(s string) { a.on(llm.Event{Kind: llm.Warning, Text: s}) }

// finishes are the reasons for an end by the names they have been seen under.
var finishes = map[string]llm.Finish{
	"stop": llm.Stop, "eos": llm.Stop, "eos_token": llm.Stop, "end_turn": llm.Stop, "stop_sequence": llm.Stop, "complete": llm.Stop, "done": llm.Stop,
	"length": llm.Length, "max_tokens": llm.Length, "max_output_tokens": llm.Length, "model_length": llm.Length,
	"tool_calls": llm.ToolUse, "tool_call": llm.ToolUse, "tool-calls": llm.ToolUse, "tool_use": llm.ToolUse, "function_call": llm.ToolUse,
	"content_filter": llm.Filtered, "content-filter": llm.Filtered, "safety": llm.Filtered, "recitation": llm.Filtered, "refusal": llm.Filtered,
}

// brokenFinishes are reasons that mean there is no end: the server gave up.
var brokenFinishes = map[string]bool{
	"error": true, "abort": true, "aborted": true, "cancelled": true, "network_error": true, "insufficient_system_resource": true,
}

// leak matches a tool call in the special words of models, at the start of a line.
var leak = regexp.MustCompile(`(?m)^[ \t]*(<tool_call>|<tool_calls>|<function=|<function_call|<\|tool_call|<\|python_tag\||\[TOOL_CALLS\]|<｜tool)`)

// fenced matches what is quoted as code: talk about a tool call, not one.
var fenced = regexp.MustCompile("(?s)```.*?(```|$)")

func leaked(text string) bool { return leak.MatchString(fenced.ReplaceAllString(text, "")) }
