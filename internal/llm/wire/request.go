package wire

import (
	"bytes"
	"encoding/json"

	"tasks/internal/lazy"
	"tasks/internal/llm"
)

// JSON is v as it goes out: without the escapes that are for HTML only.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

var notInName = lazy.Regexp(`[^A-Za-z0-9_-]+`)

// ToolName is the name of a call, which the model may have made up, as servers
// accept it back.
func ToolName(name string) string {
	name = notInName().ReplaceAllString(name, "_")
	if name == "" {
		name = "unnamed"
	}
	return name[:min(len(name), 64)]
}

// Arguments are a call's arguments as servers accept them back: an object in any
// case.
func Arguments(args string) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(args), &object) == nil && object != nil {
		return json.RawMessage(args)
	}
	wrapped, _ := JSON(map[string]string{"invalid_json": args}) // a map of strings always encodes
	return wrapped
}

// Schema is the schema of a tool's arguments: of none where it has none.
func Schema(t llm.Tool) json.RawMessage {
	if len(t.Schema) == 0 {
		return json.RawMessage(`{"type":"object","properties":{}}`)
	}
	return t.Schema
}

// Result is the text of a tool's result: never empty, which some servers refuse.
func Result(text string) string {
	if text == "" {
		return "(no output)"
	}
	return text
}
