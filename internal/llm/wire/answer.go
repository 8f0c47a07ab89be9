package wire

import (
	"encoding/json"
	"strings"

	"tasks/internal/lazy"
	"tasks/internal/llm"
)

// maxAnswer bounds one answer: text, reasoning and arguments together, in bytes.
const maxAnswer = 8 << 20

// An Answer is put together from its pieces, telling of each as it comes.
type Answer struct {
	Request *llm.Request

	words wording
	on    func(llm.Event)

	text, reasoning llm.Joiner
	said, thought   strings.Builder
	calls           *llm.Assembler
	kept            int  // bytes that are kept elsewhere
	shown           bool // something was told that cannot be taken back
	finish          string
	finished, done  bool // a reason was given; the stream said that it ends
	whole           bool // it was no stream
	resumed         bool // something came after a reason was given
	usage           llm.Usage
	rawModel, model string // as the server wrote it, and for people
	odd             string // the last thing that was no piece: the best clue to a cut
}

func newAnswer(w wording, req *llm.Request, on func(llm.Event)) *Answer {
	a := &Answer{words: w, Request: req, on: on, calls: llm.NewAssembler(req.Tools)}
	a.text.Secrets, a.reasoning.Secrets = w.secrets.forms, w.secrets.forms
	return a
}

// Size is how much of the answer there is, in bytes: text, reasoning, calls, and what
// Keep was told of.
func (a *Answer) Size() int { return a.said.Len() + a.thought.Len() + a.calls.Size() + a.kept }

// Keep counts what is kept of the answer without being shown, so that it is bounded.
func (a *Answer) Keep(bytes int) { a.kept += bytes }

// Model takes in the model's name as the server writes it.
func (a *Answer) Model(name []byte) {
	if len(name) > 0 && string(name) != a.rawModel {
		a.rawModel = string(name)
		a.model = a.words.plain(a.rawModel)
	}
}

// Whole says that this is no stream: a reason for the end may be missing.
func (a *Answer) Whole() { a.whole = true }

// Done says that the server has ended the stream; whether the answer is complete is
// for End to say.
func (a *Answer) Done() { a.done = true }

// End takes in the reason for the end, where there is one. size is what Size was
// before the piece it came with: after an end there should be no more.
func (a *Answer) End(reason []byte, size int) *Failure {
	if a.finished && a.Size() > size {
		a.finished, a.resumed = false, true // it was not the end after all
	}
	word := strings.ToLower(string(reason))
	if brokenFinishes[word] {
		return a.words.within().failure(problem{message: "finish reason " + word, status: 500}, "", nil)
	}
	if word != "" {
		a.finish, a.finished = word, true
	}
	return nil
}

// Failed is the failure that an error object within the answer stands for.
func (a *Answer) Failed(data []byte) *Failure { return a.words.inStream(data) }

// Call takes in pieces of calls.
func (a *Answer) Call(pieces ...llm.CallPiece) *Failure {
	if len(pieces) == 0 {
		return nil
	}
	begun, err := a.calls.Add(pieces)
	for _, name := range begun {
		a.flush()
		a.shown = true
		a.on(llm.Event{Kind: llm.CallBegin, Text: a.words.plain(name)})
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

// Tell passes a piece on. Before the kind changes, what was held back comes first.
func (a *Answer) Tell(kind llm.EventKind, piece []byte) {
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

func (a *Answer) flush() {
	a.show(llm.Reasoning, a.reasoning.Flush())
	a.show(llm.Text, a.text.Flush())
}

func (a *Answer) show(kind llm.EventKind, s string) {
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

// Usage takes in token counts; the last are right.
func (a *Answer) Usage(u llm.Usage) { a.usage = u }

// Clean tells whether a field that is to go back as it came holds no secret.
func (a *Answer) Clean(field json.RawMessage) bool {
	return a.words.secrets.scrub(string(field)) == string(field)
}

// partial is what of the answer was shown, nil where there was no text.
func (a *Answer) partial() *llm.Response {
	a.flush()
	if a.said.Len() == 0 {
		return nil
	}
	return &llm.Response{Message: a.message(), Usage: a.usage, Model: a.model}
}

func (a *Answer) message() llm.Message {
	return llm.Message{Role: llm.Assistant, Text: a.said.String(), Reasoning: a.thought.String()}
}

// Response is the whole answer; the stream has ended as it should.
func (a *Answer) Response() *llm.Response {
	a.flush()
	r := &llm.Response{Message: a.message(), Usage: a.usage, Model: a.model}
	calls := a.calls.Calls()
	for i := range calls {
		calls[i].Name = a.words.secrets.scrub(calls[i].Name)
		calls[i].Arguments = a.words.secrets.scrub(calls[i].Arguments)
		for k, v := range calls[i].Extra {
			if !a.Clean(v) {
				delete(calls[i].Extra, k)
			}
		}
	}
	known := true
	r.Finish, known = finishes[a.finish], a.finish == "" || finishes[a.finish] != ""
	switch {
	case !known:
		r.Finish = llm.Stop
		a.Warn("the model server gave a reason for the end that is not known: " + a.words.plain(a.finish))
	case a.finish == "": // a whole answer without a reason
		r.Finish = llm.Stop
	}
	switch {
	case len(calls) > 0 && (r.Finish == llm.Length || r.Finish == llm.Filtered):
		a.Warn("the answer ended early, in or after a tool call: no tool of it is run")
	case len(calls) > 0:
		r.Finish, r.Message.Calls = llm.ToolUse, calls
	case r.Finish == llm.ToolUse:
		r.Finish = llm.Stop
		a.Warn("the model server announced tool calls, but sent none")
	}
	if len(calls) == 0 && len(a.Request.Tools) > 0 && leaked(r.Message.Text) {
		a.Warn("the model wrote a tool call as text; it is not run. This model, or the way its server runs it, does not do tools")
	}
	return r
}

// Warn tells of something odd that the answer goes on in spite of.
func (a *Answer) Warn(s string) { a.on(llm.Event{Kind: llm.Warning, Text: s}) }

// finishes are the reasons for an end by the names they have been seen under.
var finishes = map[string]llm.Finish{
	"stop": llm.Stop, "eos": llm.Stop, "eos_token": llm.Stop, "end_turn": llm.Stop, "stop_sequence": llm.Stop, "complete": llm.Stop, "done": llm.Stop,
	"length": llm.Length, "max_tokens": llm.Length, "max_output_tokens": llm.Length, "model_length": llm.Length,
	"model_context_window_exceeded": llm.Length, "pause_turn": llm.Length,
	"tool_calls": llm.ToolUse, "tool_call": llm.ToolUse, "tool-calls": llm.ToolUse, "tool_use": llm.ToolUse, "function_call": llm.ToolUse,
	"content_filter": llm.Filtered, "content-filter": llm.Filtered, "safety": llm.Filtered, "recitation": llm.Filtered, "refusal": llm.Filtered,
}

// brokenFinishes are reasons that mean there is no end: the server gave up.
var brokenFinishes = map[string]bool{
	"error": true, "abort": true, "aborted": true, "cancelled": true, "network_error": true, "insufficient_system_resource": true,
}

// leak matches a tool call in the special words of models, at the start of a line.
var leak = lazy.Regexp(`(?m)^[ \t]*(<tool_call>|<tool_calls>|<function=|<function_call|<\|tool_call|<\|python_tag\||\[TOOL_CALLS\]|<｜tool)`)

// fenced matches what is quoted as code: talk about a tool call, not one.
var fenced = lazy.Regexp("(?s)```.*?(```|$)")

func leaked(text string) bool { return leak().MatchString(fenced().ReplaceAllString(text, "")) }
