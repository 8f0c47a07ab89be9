package anthropic

import (
	"encoding/json"
	"strings"

	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

// thinkingKey is the field of a message or call that holds the blocks of thinking
// which stood before it: a JSON list.
const thinkingKey = "anthropic:thinking"

// thinkingOf are the blocks that e holds, as they go out.
func thinkingOf(e llm.Extra) []any {
	var list []json.RawMessage
	if json.Unmarshal(e[thinkingKey], &list) != nil {
		return nil
	}
	blocks := make([]any, len(list))
	for i := range list {
		blocks[i] = list[i]
	}
	return blocks
}

// thoughts are the blocks of thinking of one answer, each as it is to go back.
type thoughts struct {
	open  *thought
	next  []json.RawMessage // what follows them has not begun
	first []json.RawMessage // they stand before the text
}

// thought is one block in the making.
type thought struct {
	joiner    llm.Joiner
	text      strings.Builder
	signature []byte
}

// begin opens a block.
func (t *thoughts) begin() { t.open = &thought{} }

// add takes in a piece of the open block.
func (t *thoughts) add(text, signature []byte) {
	if t.open == nil {
		if len(text) == 0 {
			return
		}
		t.begin()
	}
	t.open.text.WriteString(t.open.joiner.Write(text))
	t.open.signature = append(t.open.signature, signature...)
}

// end closes the open block, where there is one.
func (t *thoughts) end() {
	o := t.open
	if o == nil {
		return
	}
	t.open = nil
	o.text.WriteString(o.joiner.Flush())
	block := struct {
		Type      string `json:"type"`
		Thinking  string `json:"thinking"`
		Signature string `json:"signature,omitempty"`
	}{"thinking", o.text.String(), string(o.signature)}
	if block.Thinking != "" || block.Signature != "" {
		t.push(block)
	}
}

// redacted takes in a block that only the server can read.
func (t *thoughts) redacted(data []byte) {
	t.push(struct {
		Type string `json:"type"`
		Data string `json:"data"`
	}{"redacted_thinking", string(data)})
}

func (t *thoughts) push(block any) {
	if data, err := wire.JSON(block); err == nil {
		t.next = append(t.next, data)
	}
}

// beforeText keeps what was thought so far for the message.
func (t *thoughts) beforeText() { t.first, t.next = append(t.first, t.next...), nil }

// beforeCall gives what was thought so far to a call that begins.
func (t *thoughts) beforeCall() llm.Extra {
	list := t.next
	t.next = nil
	return extra(list)
}

// ofMessage is what stands before the text.
func (t *thoughts) ofMessage() llm.Extra { return extra(t.first) }

func extra(list []json.RawMessage) llm.Extra {
	if len(list) == 0 {
		return nil
	}
	data, err := wire.JSON(list)
	if err != nil {
		return nil
	}
	return llm.Extra{thinkingKey: data}
}
