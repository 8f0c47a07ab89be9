package anthropic

import (
	"encoding/json"
	"strconv"
	"strings"

	"tasks/internal/lazy"
	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

type wireRequest struct {
	Model     string        `json:"model"`
	MaxTokens int           `json:"max_tokens"`
	System    string        `json:"system,omitempty"`
	Messages  []wireMessage `json:"messages"`
	Tools     []wireTool    `json:"tools,omitempty"`
	Stream    bool          `json:"stream,omitempty"`
}

type wireMessage struct {
	Role    string `json:"role"`
	Content []any  `json:"content"` // blocks: wireText, wireUse, wireResult, or JSON that goes back as it came
}

type wireText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type wireUse struct {
	Type  string          `json:"type"`
	ID    string          `json:"id"`
	Name  string          `json:"name"`
	Input json.RawMessage `json:"input"`
}

type wireResult struct {
	Type    string `json:"type"`
	ID      string `json:"tool_use_id"`
	Content string `json:"content"`
}

type wireTool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"input_schema"`
}

// encode writes the request as this server takes it.
func encode(model string, req *llm.Request, q quirks) ([]byte, error) {
	w := wireRequest{Model: model, MaxTokens: q.tokens(req), System: req.System, Messages: messages(req.Messages, q), Stream: !q.noStream}
	for _, t := range req.Tools {
		w.Tools = append(w.Tools, wireTool{t.Name, t.Description, wire.Schema(t)})
	}
	return wire.JSON(w)
}

// beginning stands before a history whose first words are the model's: the API wants
// the user to begin.
const beginning = "(The conversation before this is left out.)"

// messages is the history, made legal: the user begins, roles alternate, the results
// of calls are the user's, and stand before what the user says.
func messages(history []llm.Message, q quirks) []wireMessage {
	var out []wireMessage
	var calls ids
	add := func(role string, blocks ...any) {
		if n := len(out); n > 0 && out[n-1].Role == role {
			out[n-1].Content = append(out[n-1].Content, blocks...)
			return
		}
		out = append(out, wireMessage{role, blocks})
	}
	for _, m := range llm.Legal(history) {
		switch m.Role {
		case llm.User:
			add("user", wireText{"text", m.Text})
		case llm.ToolRole:
			add("user", wireResult{"tool_result", calls.of(m.CallID), wire.Result(m.Text)})
		default:
			if len(out) == 0 {
				add("user", wireText{"text", beginning})
			}
			add("assistant", said(m, &calls, q)...)
		}
	}
	return out
}

// said is an answer of the model. What it thought goes back with calls only: there
// it goes on thinking.
func said(m llm.Message, calls *ids, q quirks) []any {
	var blocks []any
	thinking := func(e llm.Extra) {
		if len(m.Calls) > 0 && !q.noThinking {
			blocks = append(blocks, thinkingOf(e)...)
		}
	}
	thinking(m.Extra)
	if text := strings.TrimRight(m.Text, " \t\r\n"); text != "" { // blanks at the end, and text of nothing else, are refused
		blocks = append(blocks, wireText{"text", text})
	}
	for _, c := range m.Calls {
		thinking(c.Extra)
		blocks = append(blocks, wireUse{"tool_use", calls.of(c.ID), wire.ToolName(c.Name), wire.Arguments(c.Arguments)})
	}
	return blocks
}

// notInID matches what this API does not take in the id of a call; other APIs, whose
// calls may stand in the history, do.
var notInID = lazy.Regexp(`[^A-Za-z0-9_-]+`)

// ids gives calls the ids under which they go out, no two the same.
type ids struct {
	as    map[string]string
	taken map[string]bool
}

func (i *ids) of(id string) string {
	if as, ok := i.as[id]; ok {
		return as
	}
	if i.as == nil {
		i.as, i.taken = map[string]string{}, map[string]bool{}
	}
	base := notInID().ReplaceAllString(id, "_")
	as := base
	for n := 2; i.taken[as]; n++ {
		as = base + "_" + strconv.Itoa(n)
	}
	i.as[id], i.taken[as] = as, true
	return as
}
