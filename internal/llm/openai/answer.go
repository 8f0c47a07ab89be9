package openai

import (
	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

// Piece takes in one chunk.
func (a *attempt) Piece(event string, data []byte) (*wire.Failure, error) {
	c, err := wire.Unmarshal[chunk](data)
	if err != nil {
		return nil, err
	}
	if event == "error" || c.isError() {
		return a.Failed(data), nil
	}
	a.Model(c.Model.Text)
	a.count(c.Usage)
	a.count(c.Groq.Usage)
	for i := range c.Choices {
		ch := &c.Choices[i]
		a.count(ch.Usage)
		if n := wire.Integer(ch.Index); n != nil && *n != 0 {
			continue // we asked for one answer
		}
		if f := a.choice(ch); f != nil {
			return f, nil
		}
	}
	return nil, nil
}

// isError tells whether this is an error rather than a piece of an answer.
func (c *chunk) isError() bool {
	if wire.Present(c.Error) {
		return true
	}
	for i := range c.Choices {
		if wire.Present(c.Choices[i].Error) {
			return true
		}
	}
	return len(c.Choices) == 0 && (wire.Present(c.Detail) || string(c.Object.Text) == "error" || string(c.Type.Text) == "error")
}

func (a *attempt) choice(ch *choice) *wire.Failure {
	size := a.Size()
	d := ch.Delta
	if d == nil && ch.Message != nil {
		d = ch.Message
		a.Whole()
	}
	if d == nil {
		d = &delta{Content: ch.Text}
	}
	a.Tell(llm.Reasoning, d.thinking())
	a.Tell(llm.Text, d.Content.Text)
	a.Tell(llm.Text, d.Refusal.Text)
	if f := a.Call(d.calls()...); f != nil {
		return f
	}
	return a.End(ch.Finish.Text, size)
}

// thinking is the model's reasoning, once, under whichever name it came.
func (d *delta) thinking() []byte {
	for _, w := range []wire.Words{d.ReasoningContent, d.Reasoning, d.ReasoningDetails} {
		if len(w.Text) > 0 {
			return w.Text
		}
		if len(w.Thinking) > 0 {
			return w.Thinking
		}
	}
	return d.Content.Thinking
}

func (d *delta) calls() (pieces []llm.CallPiece) {
	for _, t := range d.ToolCalls {
		pieces = append(pieces, t.piece)
	}
	if d.FunctionCall != nil {
		pieces = append(pieces, d.FunctionCall.piece)
	}
	return pieces
}

// count takes in token counts. The last that says something is right: some servers
// count along, some send zeros in between.
func (a *attempt) count(raw []byte) {
	if len(raw) == 0 || string(raw) == "null" {
		return
	}
	if u, ok := usage(raw); ok {
		a.Usage(u)
	}
}
