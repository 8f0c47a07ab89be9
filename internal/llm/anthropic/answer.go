package anthropic

import (
	"encoding/json"

	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

// event is one event of a streamed answer, or a whole answer. Fields of the wrong
// type read as absent.
type event struct {
	Type  wire.Words      `json:"type"`
	Index json.RawMessage `json:"index"`

	Message *struct { // message_start
		Model wire.Words      `json:"model"`
		Usage json.RawMessage `json:"usage"`
	} `json:"message"`
	Block *block          `json:"content_block"`
	Delta *delta          `json:"delta"`
	Usage json.RawMessage `json:"usage"`

	// A whole answer.
	Model   wire.Words `json:"model"`
	Content []block    `json:"content"`
	Reason  wire.Words `json:"stop_reason"`

	// What errors look like.
	Error  json.RawMessage `json:"error"`
	Detail json.RawMessage `json:"detail"`
}

type block struct {
	Type      wire.Words      `json:"type"`
	Text      wire.Words      `json:"text"`
	ID        wire.Words      `json:"id"`
	Name      wire.Words      `json:"name"`
	Input     json.RawMessage `json:"input"`
	Thinking  wire.Words      `json:"thinking"`
	Signature wire.Words      `json:"signature"`
	Data      wire.Words      `json:"data"`
}

type delta struct {
	Type      wire.Words      `json:"type"`
	Text      wire.Words      `json:"text"`
	Arguments json.RawMessage `json:"partial_json"`
	Thinking  wire.Words      `json:"thinking"`
	Signature wire.Words      `json:"signature"`
	Reason    wire.Words      `json:"stop_reason"`
}

// Piece takes in one event. Events of other names are passed over, as the API wants.
func (a *attempt) Piece(name string, data []byte) (*wire.Failure, error) {
	e, err := wire.Unmarshal[event](data)
	if err != nil {
		return nil, err
	}
	kind := string(e.Type.Text)
	if kind == "" {
		kind = name
	}
	if kind == "error" || wire.Present(e.Error) || kind == "" && wire.Present(e.Detail) {
		return a.Failed(data), nil
	}
	size := a.Size()
	switch kind {
	case "message_start":
		if e.Message != nil {
			a.Model(e.Message.Model.Text)
			a.count(e.Message.Usage)
		}
	case "content_block_start":
		if e.Block != nil {
			return a.finishAfter(size, nil, a.begin(e.Block, wire.Integer(e.Index))), nil
		}
	case "content_block_delta":
		if e.Delta != nil {
			return a.finishAfter(size, nil, a.more(e.Delta, wire.Integer(e.Index))), nil
		}
	case "content_block_stop":
		a.thought.end()
	case "message_delta":
		a.count(e.Usage)
		if e.Delta != nil {
			return a.finishAfter(size, e.Delta.Reason.Text, nil), nil
		}
	case "message_stop":
		a.Done()
	case "message":
		return a.message(&e), nil
	}
	return nil, nil
}

// message takes in a whole answer.
func (a *attempt) message(e *event) *wire.Failure {
	size := a.Size()
	a.Whole()
	a.Model(e.Model.Text)
	a.count(e.Usage)
	for i := range e.Content {
		if f := a.begin(&e.Content[i], &i); f != nil {
			return f
		}
	}
	return a.finishAfter(size, e.Reason.Text, nil)
}

// finishAfter takes in the reason for the end, if any, of what came with a piece.
func (a *attempt) finishAfter(size int, reason []byte, f *wire.Failure) *wire.Failure {
	if f != nil {
		return f
	}
	if len(reason) > 0 {
		a.reason = string(reason)
	}
	return a.End(reason, size)
}

// begin takes in the start of a block, which may hold all of it. Blocks of other
// kinds are of tools that the server runs; we offer it none.
func (a *attempt) begin(b *block, index *int) *wire.Failure {
	a.thought.end()
	switch string(b.Type.Text) {
	case "text":
		a.thought.beforeText()
		a.Tell(llm.Text, b.Text.Text)
	case "thinking":
		a.thought.begin()
		a.think(b.Thinking.Text, b.Signature.Text)
	case "redacted_thinking":
		a.Keep(len(b.Data.Text))
		a.thought.redacted(b.Data.Text)
	case "tool_use":
		p := llm.CallPiece{Index: index, ID: string(b.ID.Text), Name: string(b.Name.Text), Extra: a.thought.beforeCall()}
		if wire.Present(b.Input) { // mostly {}, and the deltas hold it
			p.Arguments = wire.Bytes(b.Input)
		}
		return a.Call(p)
	}
	return nil
}

// more takes in a piece of a block.
func (a *attempt) more(d *delta, index *int) *wire.Failure {
	switch string(d.Type.Text) {
	case "text_delta":
		a.Tell(llm.Text, d.Text.Text)
	case "thinking_delta":
		a.think(d.Thinking.Text, nil)
	case "signature_delta":
		a.think(nil, d.Signature.Text)
	case "input_json_delta":
		return a.Call(llm.CallPiece{Index: index, Arguments: wire.Bytes(d.Arguments)})
	}
	return nil
}

func (a *attempt) think(text, signature []byte) {
	a.Keep(len(signature))
	a.thought.add(text, signature)
	a.Tell(llm.Reasoning, text)
}

// Response is the whole answer.
func (a *attempt) Response() *llm.Response {
	a.thought.end()
	r := a.Answer.Response()
	if a.reason == "pause_turn" {
		a.Warn("the model server paused in the middle of the answer: ask it to go on")
	}
	if extra := a.thought.ofMessage(); len(r.Message.Calls) > 0 && extra != nil && a.Clean(extra[thinkingKey]) {
		r.Message.Extra = extra
	}
	return r
}

// tokens are the counts so far: some come at the start, some at the end, none twice.
type tokens struct{ fresh, written, read, output int }

// count takes in token counts. What a server took from its cache is input as well.
func (a *attempt) count(raw json.RawMessage) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return
	}
	set := func(n *int, name string) {
		if f := wire.Amount(fields, name); f > 0 {
			*n = int(f)
		}
	}
	t := &a.tokens
	set(&t.fresh, "input_tokens")
	set(&t.written, "cache_creation_input_tokens")
	set(&t.read, "cache_read_input_tokens")
	set(&t.output, "output_tokens")
	a.Usage(llm.Usage{Input: t.fresh + t.written + t.read, Output: t.output})
}
