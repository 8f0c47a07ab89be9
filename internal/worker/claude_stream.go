package worker

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tasks/internal/runlog"
)

// claudeStream reads what Claude Code prints with --output-format stream-json.
type claudeStream struct {
	dir, session string
	bill         string // file with what the session had cost before, "" for none
	said         string // its last words
	junk         string // its last line that is no event
	final        *claudeLine
	resets       time.Time // when a limit of the account ends
	errored      string    // what a message called its own error
	use          runlog.Tokens
	counted      map[string]claudeUse // by message, for one comes in pieces
}

// claudeLine is one event, as far as we read it.
type claudeLine struct {
	Type    string                          `json:"type"`
	Subtype string                          `json:"subtype"`
	Session string                          `json:"session_id"`
	CWD     string                          `json:"cwd"`
	Model   string                          `json:"model"`
	Version string                          `json:"claude_code_version"`
	MCP     []struct{ Name, Status string } `json:"mcp_servers"`
	Parent  string                          `json:"parent_tool_use_id"`
	Error   json.RawMessage                 `json:"error"`
	Message struct {
		ID      string          `json:"id"`
		Content json.RawMessage `json:"content"`
		Usage   claudeUse       `json:"usage"`
	} `json:"message"`
	Attempt int     `json:"attempt"`
	Retries int     `json:"max_retries"`
	Delay   float64 `json:"retry_delay_ms"`
	Status  int     `json:"error_status"`
	Limit   struct {
		Status   string  `json:"status"`
		ResetsAt float64 `json:"resetsAt"`
	} `json:"rate_limit_info"`

	Result  string    `json:"result"`
	Errors  []string  `json:"errors"`
	IsError bool      `json:"is_error"`
	API     int       `json:"api_error_status"`
	Cost    *float64  `json:"total_cost_usd"`
	Usage   claudeUse `json:"usage"`
	Ended   string    `json:"terminal_reason"`
	Denials []struct {
		Tool  string          `json:"tool_name"`
		Input json.RawMessage `json:"tool_input"`
	} `json:"permission_denials"`
}

type claudeUse struct {
	Input  int64 `json:"input_tokens"`
	Made   int64 `json:"cache_creation_input_tokens"`
	Cached int64 `json:"cache_read_input_tokens"`
	Output int64 `json:"output_tokens"`
}

func (u claudeUse) tokens() (in, out int64) { return u.Input + u.Made + u.Cached, u.Output }

// decodeClaude reads a line leniently: a field of another form than ours is passed over,
// not the line.
func decodeClaude(line []byte) (claudeLine, bool) {
	var e claudeLine
	err := json.Unmarshal(line, &e)
	if _, odd := err.(*json.UnmarshalTypeError); err != nil && !odd {
		return e, false
	}
	return e, e.Type != ""
}

func (d *claudeStream) Line(line []byte) []runlog.Event {
	e, ok := decodeClaude(line)
	if !ok {
		if text := oneLine(string(line), 300); text != "" {
			d.junk = text
			return []runlog.Event{{Type: runlog.Output, Name: "stdout", Text: strings.ToValidUTF8(string(line), "\uFFFD")}}
		}
		return nil
	}
	switch e.Type {
	case "system":
		return d.system(e)
	case "assistant":
		return d.assistant(e)
	case "user":
		return d.user(e)
	case "rate_limit_event":
		if at := time.Unix(int64(e.Limit.ResetsAt), 0); e.Limit.Status == "rejected" && e.Limit.ResetsAt > 0 {
			d.resets = at
		}
	case "result":
		d.final = &e
		if e.Result != "" {
			d.said = e.Result
		}
		in, out := e.Usage.tokens() // its num_turns counts something else than answers of the model
		d.use.Input, d.use.Output = max(in, d.use.Input), max(out, d.use.Output)
		d.use.CostUSD = d.cost(e)
		return []runlog.Event{d.usage()}
	}
	return nil
}

// Over tells whether the result is there.
func (d *claudeStream) Over() bool { return d.final != nil }

func (d *claudeStream) usage() runlog.Event {
	u := d.use
	return runlog.Event{Type: runlog.Usage, Usage: &u}
}

func (d *claudeStream) system(e claudeLine) []runlog.Event {
	switch e.Subtype {
	case "init":
		d.dir = e.CWD
		var out []runlog.Event
		if e.Session != "" && e.Session != d.session {
			d.session = e.Session
			out = append(out, runlog.Event{Type: runlog.Session, Name: "claude", ID: e.Session, Title: joined(" · ", e.Version, e.Model)})
		}
		for _, s := range e.MCP {
			if s.Name == "tasks" && s.Status == "failed" {
				out = append(out, runlog.Event{Type: runlog.Notice, Status: "warn", Text: "the agent's questions cannot reach a person: what it may not do unasked is refused"})
			}
		}
		return out
	case "api_retry":
		text := fmt.Sprintf("the model did not answer (attempt %d of %d)", e.Attempt, e.Retries)
		if e.Status != 0 {
			text = fmt.Sprintf("the model answered with HTTP status %d (attempt %d of %d)", e.Status, e.Attempt, e.Retries)
		}
		if e.Delay > 0 {
			text += fmt.Sprintf(", asked again in %s", time.Duration(e.Delay*float64(time.Millisecond)).Round(100*time.Millisecond))
		}
		return []runlog.Event{{Type: runlog.Notice, Status: "warn", Text: text}}
	case "compact_boundary":
		return []runlog.Event{{Type: runlog.Notice, Status: "info", Text: "the agent's memory of this session was full and is now a summary"}}
	}
	return nil
}

// claudeBlock is one piece of a message.
type claudeBlock struct {
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	Thinking  string          `json:"thinking"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
	ToolUseID string          `json:"tool_use_id"`
	Content   json.RawMessage `json:"content"`
	IsError   bool            `json:"is_error"`
}

// blocks are the pieces of a message; a plain text is one.
func blocks(raw json.RawMessage) []claudeBlock {
	var list []claudeBlock
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && text != "" {
		return []claudeBlock{{Type: "text", Text: text}}
	}
	return nil
}

func (d *claudeStream) assistant(e claudeLine) []runlog.Event {
	var kind string
	if json.Unmarshal(e.Error, &kind) == nil && kind != "" {
		d.errored = kind
	}
	var out []runlog.Event
	under := ""
	if e.Parent != "" {
		under = "sub-agent: "
	}
	for _, b := range blocks(e.Message.Content) {
		switch b.Type {
		case "text":
			if under == "" && strings.TrimSpace(b.Text) != "" {
				d.said = b.Text
				out = append(out, runlog.Event{Type: runlog.Text, Text: b.Text})
			}
		case "thinking":
			if under == "" && strings.TrimSpace(b.Thinking) != "" {
				out = append(out, runlog.Event{Type: runlog.Thought, Text: b.Thinking})
			}
		case "tool_use", "server_tool_use":
			out = append(out, runlog.Event{Type: runlog.Tool, ID: b.ID, Name: b.Name, Title: under + titleOf(b.Name, b.Input, d.dir), Input: b.Input})
		}
	}
	if d.count(e) {
		out = append(out, d.usage())
	}
	return out
}

// count adds what a message used, once for each, and tells whether that was news. A
// message that the program made itself has no tokens.
func (d *claudeStream) count(e claudeLine) bool {
	id := e.Message.ID
	in, out := e.Message.Usage.tokens()
	if id == "" || in+out == 0 {
		return false
	}
	if d.counted == nil {
		d.counted = map[string]claudeUse{}
	}
	before, seen := d.counted[id]
	if before == e.Message.Usage {
		return false
	}
	if !seen && e.Parent == "" {
		d.use.Turns++
	}
	oldIn, oldOut := before.tokens()
	d.counted[id] = e.Message.Usage
	d.use.Input += in - oldIn
	d.use.Output += out - oldOut
	return true
}

func (d *claudeStream) user(e claudeLine) []runlog.Event {
	var out []runlog.Event
	for _, b := range blocks(e.Message.Content) {
		if b.Type != "tool_result" {
			continue
		}
		status := "ok"
		if b.IsError {
			status = "error"
		}
		var text []string
		for _, c := range blocks(b.Content) {
			if c.Type == "text" {
				text = append(text, c.Text)
			} else {
				text = append(text, "["+c.Type+"]")
			}
		}
		out = append(out, runlog.Event{Type: runlog.ToolResult, ID: b.ToolUseID, Status: status, Output: strings.Join(text, "\n")})
	}
	return out
}
