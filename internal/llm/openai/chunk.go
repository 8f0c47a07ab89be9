package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"tasks/internal/llm"
)

// chunk is one piece of a streamed answer, or a whole one. Fields of the wrong type
// read as absent.
type chunk struct {
	Model   words           `json:"model"`
	Choices []choice        `json:"choices"`
	Usage   json.RawMessage `json:"usage"`
	Groq    struct {
		Usage json.RawMessage `json:"usage"`
	} `json:"x_groq"`

	// What errors look like.
	Error  json.RawMessage `json:"error"`
	Detail json.RawMessage `json:"detail"`
	Object words           `json:"object"`
	Type   words           `json:"type"`
}

type choice struct {
	Index   json.RawMessage `json:"index"`
	Delta   *delta          `json:"delta"`
	Message *delta          `json:"message"` // of a whole answer
	Text    words           `json:"text"`    // of a server that thinks this is a completion
	Finish  words           `json:"finish_reason"`
	Usage   json.RawMessage `json:"usage"`
	Error   json.RawMessage `json:"error"`
}

type delta struct {
	Content          words         `json:"content"`
	Refusal          words         `json:"refusal"`
	ReasoningContent words         `json:"reasoning_content"`
	Reasoning        words         `json:"reasoning"`
	ReasoningDetails words         `json:"reasoning_details"`
	ToolCalls        []toolCall    `json:"tool_calls"`
	FunctionCall     *toolFunction `json:"function_call"`
}

// parseChunk reads a chunk. It forgives wrong types and numbers that JSON does not
// have, but not broken JSON: a part of the answer would be missing unseen.
func parseChunk(data []byte) (chunk, error) {
	var c chunk
	err := json.Unmarshal(data, &c)
	if err == nil {
		return c, nil
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return c, nil
	}
	if mended, ok := mendNumbers(data); ok {
		c = chunk{}
		if err = json.Unmarshal(mended, &c); err == nil || errors.As(err, &wrongType) {
			return c, nil
		}
	}
	return c, err
}

// mendNumbers puts null where NaN or Infinity stands outside of strings.
func mendNumbers(data []byte) ([]byte, bool) {
	if !bytes.Contains(data, []byte("NaN")) && !bytes.Contains(data, []byte("Infinity")) {
		return nil, false
	}
	parts := strings.Split(string(data), `"`)
	inString := false
	for i, part := range parts {
		if !inString {
			parts[i] = strings.NewReplacer("-Infinity", "null", "Infinity", "null", "NaN", "null").Replace(part)
			inString = i < len(parts)-1
			continue
		}
		slashes := len(part) - len(strings.TrimRight(part, `\`))
		inString = slashes%2 == 1 // the quote was escaped
	}
	return []byte(strings.Join(parts, `"`)), true
}

// words is a text that may come as a string, as a list of parts, or not at all.
// Its bytes are for a llm.Joiner.
type words struct {
	text     []byte
	thinking []byte // parts that are the model's reasoning
}

func (w *words) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case '"':
		w.text, _ = llm.Unquote(nil, raw)
	case '[':
		var parts []json.RawMessage
		if json.Unmarshal(raw, &parts) != nil {
			return nil
		}
		for _, p := range parts {
			var part words
			part.UnmarshalJSON(p)
			w.text = append(w.text, part.text...)
			w.thinking = append(w.thinking, part.thinking...)
		}
	case '{':
		var part struct {
			Text     *words `json:"text"`
			Summary  *words `json:"summary"`
			Thinking *words `json:"thinking"`
		}
		if json.Unmarshal(raw, &part) != nil {
			return nil
		}
		switch {
		case part.Thinking != nil:
			w.thinking = part.Thinking.text
		case part.Text != nil:
			w.text = part.Text.text
		case part.Summary != nil:
			w.text = part.Summary.text
		}
	}
	return nil
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
			t.piece.Index = integer(v)
		case "id":
			t.piece.ID = plain(v)
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
		t.piece.Name = plain(v)
	case key == "arguments" && v[0] == '"':
		t.piece.Arguments, _ = llm.Unquote(nil, v)
	case key == "arguments":
		t.piece.Arguments = v
	default:
		if t.piece.Extra == nil {
			t.piece.Extra = map[string]json.RawMessage{}
		}
		t.piece.Extra[prefix+key] = v
	}
}

// plain is a string or number as text; anything else is empty.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		return string(raw)
	}
	return ""
}

// integer is a number, or a string that holds one; nil for anything else.
func integer(raw json.RawMessage) *int {
	if len(raw) == 1 && raw[0] >= '0' && raw[0] <= '9' {
		n := int(raw[0] - '0')
		return &n
	}
	f, err := strconv.ParseFloat(plain(raw), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1e9 {
		return nil
	}
	n := int(f)
	return &n
}

// usage reads token counts under any of their names. ok is false where there are none.
func usage(raw json.RawMessage) (u llm.Usage, ok bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return u, false
	}
	number := func(names ...string) float64 {
		for _, n := range names {
			f, err := strconv.ParseFloat(plain(fields[n]), 64)
			if err == nil && f > 0 && !math.IsInf(f, 0) {
				return f
			}
		}
		return 0
	}
	const most = 1 << 40 // nobody has so many; also keeps sums from overflowing
	u.Input = int(min(number("prompt_tokens", "input_tokens"), most))
	u.Output = int(min(number("completion_tokens", "output_tokens"), most))
	if cost := number("cost", "total_cost"); cost > 0 {
		u.CostUSD = &cost
	}
	return u, u.Input > 0 || u.Output > 0 || u.CostUSD != nil
}
