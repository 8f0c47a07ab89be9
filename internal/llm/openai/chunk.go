package openai

import (
	"encoding/json"

	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

// chunk is one piece of a streamed answer, or a whole one. Fields of the wrong type
// read as absent.
type chunk struct {
	Model   wire.Words      `json:"model"`
	Choices []choice        `json:"choices"`
	Usage   json.RawMessage `json:"usage"`
	Groq    struct {
		Usage json.RawMessage `json:"usage"`
	} `json:"x_groq"`

	// What errors look like.
	Error  json.RawMessage `json:"error"`
	Detail json.RawMessage `json:"detail"`
	Object wire.Words      `json:"object"`
	Type   wire.Words      `json:"type"`
}

type choice struct {
	Index   json.RawMessage `json:"index"`
	Delta   *delta          `json:"delta"`
	Message *delta          `json:"message"` // of a whole answer
	Text    wire.Words      `json:"text"`    // of a server that thinks this is a completion
	Finish  wire.Words      `json:"finish_reason"`
	Usage   json.RawMessage `json:"usage"`
	Error   json.RawMessage `json:"error"`
}

type delta struct {
	Content          wire.Words    `json:"content"`
	Refusal          wire.Words    `json:"refusal"`
	ReasoningContent wire.Words    `json:"reasoning_content"`
	Reasoning        wire.Words    `json:"reasoning"`
	ReasoningDetails wire.Words    `json:"reasoning_details"`
	ToolCalls        []toolCall    `json:"tool_calls"`
	FunctionCall     *toolFunction `json:"function_call"`
}

// toolCall is what a chunk says about one call.
type toolCall struct{ piece llm.CallPiece }

// UnmarshalJSON never fails: what has no meaning is nothing.
func (t *toolCall) UnmarshalJSON(raw []byte) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	function := fields["function"]
	for k, v := range fields {
		switch k {
		case "index":
			t.piece.Index = wire.Integer(v)
		case "id":
			t.piece.ID = wire.Plain(v)
		case "type", "function":
		case "name", "arguments": // of a server that left the function out
			if function == nil {
				t.field(k, v, "")
			}
		default:
			t.field(k, v, "")
		}
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(function, &inner) == nil {
		for k, v := range inner {
			t.field(k, v, functionExtra)
		}
	}
	return nil
}

// toolFunction is the older form of a call, one to an answer.
type toolFunction struct{ toolCall }

func (t *toolFunction) UnmarshalJSON(raw []byte) error {
	t.piece.Index = new(int)
	return t.toolCall.UnmarshalJSON(raw)
}

// field takes in one field of a call or of its function.
func (t *toolCall) field(key string, v json.RawMessage, prefix string) {
	switch {
	case string(v) == "null":
	case key == "name":
		t.piece.Name = wire.Plain(v)
	case key == "arguments":
		t.piece.Arguments = wire.Bytes(v)
	default:
		if t.piece.Extra == nil {
			t.piece.Extra = map[string]json.RawMessage{}
		}
		t.piece.Extra[prefix+key] = v
	}
}

// usage reads token counts under any of their names. ok is false where there are none.
func usage(raw json.RawMessage) (u llm.Usage, ok bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return u, false
	}
	u.Input = int(wire.Amount(fields, "prompt_tokens", "input_tokens"))
	u.Output = int(wire.Amount(fields, "completion_tokens", "output_tokens"))
	if cost := wire.Amount(fields, "cost", "total_cost"); cost > 0 {
		u.CostUSD = &cost
	}
	return u, u.Input > 0 || u.Output > 0 || u.CostUSD != nil
}
