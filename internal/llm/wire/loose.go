package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"tasks/internal/llm"
)

// Unmarshal reads a piece of an answer. It forgives wrong types (they read as
// absent) and numbers that JSON does not have, but not broken JSON: a part of the
// answer would be missing unseen. After an error v holds nothing.
func Unmarshal[T any](data []byte) (v T, err error) {
	if v, err = forgiving[T](data); err == nil {
		return v, nil
	}
	if mended, ok := mendNumbers(data); ok {
		return forgiving[T](mended)
	}
	return v, err
}

func forgiving[T any](data []byte) (v T, err error) {
	err = json.Unmarshal(data, &v)
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		err = nil
	}
	return v, err
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

// Words is a text that may come as a string, as a list of parts, or not at all.
// Its bytes are for a llm.Joiner.
type Words struct {
	Text     []byte
	Thinking []byte // parts that are the model's reasoning
}

// UnmarshalJSON never fails: what has no meaning is nothing.
func (w *Words) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case '"':
		w.Text, _ = llm.Unquote(nil, raw)
	case '[':
		var parts []json.RawMessage
		if json.Unmarshal(raw, &parts) != nil {
			return nil
		}
		for _, p := range parts {
			var part Words
			part.UnmarshalJSON(p)
			w.Text = append(w.Text, part.Text...)
			w.Thinking = append(w.Thinking, part.Thinking...)
		}
	case '{':
		var part struct {
			Text     *Words `json:"text"`
			Summary  *Words `json:"summary"`
			Thinking *Words `json:"thinking"`
		}
		if json.Unmarshal(raw, &part) != nil {
			return nil
		}
		switch {
		case part.Thinking != nil:
			w.Thinking = part.Thinking.Text
		case part.Text != nil:
			w.Text = part.Text.Text
		case part.Summary != nil:
			w.Text = part.Summary.Text
		}
	}
	return nil
}

// Plain is a string or number as text; anything else is empty.
func Plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		return string(raw)
	}
	return ""
}

// Integer is a number, or a string that holds one; nil for anything else.
func Integer(raw json.RawMessage) *int {
	if len(raw) == 1 && raw[0] >= '0' && raw[0] <= '9' {
		n := int(raw[0] - '0')
		return &n
	}
	f, err := strconv.ParseFloat(Plain(raw), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1e9 {
		return nil
	}
	n := int(f)
	return &n
}

// Present tells whether a field is there and says something.
func Present(raw []byte) bool {
	switch string(raw) {
	case "", "null", `""`, "{}", "[]", "false":
		return false
	}
	return true
}

// Bytes are the bytes of a text that may have been sent as JSON unquoted: those of
// the string, for a llm.Joiner, or the JSON itself. Nil for null.
func Bytes(raw json.RawMessage) []byte {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil
	case raw[0] == '"':
		text, _ := llm.Unquote(nil, raw)
		return text
	}
	return raw
}

// Amount is the first of these fields that holds a number above zero, or 0.
func Amount(fields map[string]json.RawMessage, names ...string) float64 {
	const most = 1 << 40 // of tokens nobody has so many; also keeps sums from overflowing
	for _, n := range names {
		if f, err := strconv.ParseFloat(Plain(fields[n]), 64); err == nil && f > 0 && !math.IsInf(f, 0) {
			return min(f, most)
		}
	}
	return 0
}
