package worker

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tasks/internal/lazy"
	"tasks/internal/process"
	"tasks/internal/runlog"
)

// codexStream reads what codex exec --json prints.
type codexStream struct {
	dir, session string
	mark         string // items are numbered from 0 in each turn; this keeps them apart
	budget       bool
	said, junk   string
	done, failed bool
	why          string
	lost         time.Time // since when it has only told of trouble with its model; zero: it has not
	use          runlog.Tokens
}

func newCodexStream(s Spec) *codexStream {
	return &codexStream{dir: s.Dir, mark: strconv.FormatInt(time.Now().UnixMilli(), 36) + "-", budget: s.BudgetUSD > 0}
}

type codexLine struct {
	Type    string `json:"type"`
	Thread  string `json:"thread_id"`
	Message string `json:"message"`
	Error   struct{ Message string }
	Item    codexItem `json:"item"`
	Usage   struct {
		Input  int64 `json:"input_tokens"`
		Output int64 `json:"output_tokens"`
	} `json:"usage"`
}

type codexItem struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	Message   string          `json:"message"`
	Command   string          `json:"command"`
	Output    string          `json:"aggregated_output"`
	Exit      *int            `json:"exit_code"`
	Status    string          `json:"status"`
	Server    string          `json:"server"`
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
	Result    json.RawMessage `json:"result"`
	Query     string          `json:"query"`
	Changes   []struct {
		Path string `json:"path"`
		Kind any    `json:"kind"`
	} `json:"changes"`
	Items []struct {
		Completed bool `json:"completed"`
	} `json:"items"`
}

func (d *codexStream) Line(line []byte) []runlog.Event {
	var e codexLine
	err := json.Unmarshal(line, &e)
	if _, odd := err.(*json.UnmarshalTypeError); err != nil && !odd || e.Type == "" {
		if text := oneLine(string(line), 300); text != "" {
			d.junk = text
			return []runlog.Event{{Type: runlog.Output, Name: "stdout", Text: strings.ToValidUTF8(string(line), "\uFFFD")}}
		}
		return nil
	}
	switch e.Type {
	case "thread.started":
		return d.begin(e.Thread)
	case "item.started", "item.completed":
		return d.item(e.Item, e.Type == "item.completed")
	case "turn.started":
		d.done, d.failed = false, false
	case "turn.completed":
		d.done, d.failed = true, false
		d.use.Input, d.use.Output = e.Usage.Input, e.Usage.Output
		return []runlog.Event{d.turn(1)}
	case "turn.failed":
		d.done, d.failed, d.why = true, true, e.Error.Message
	case "error":
		again := e.Message == d.why
		d.why = e.Message
		if again {
			return nil
		}
		if d.lost.IsZero() {
			d.lost = time.Now()
		}
		return []runlog.Event{{Type: runlog.Notice, Status: "warn", Text: e.Message}}
	}
	return nil
}

// Stuck tells whether it has been trying to reach its model for too long: it would try
// forever, and what it says of it is no sign of life.
func (d *codexStream) Stuck() bool {
	return !d.done && !d.lost.IsZero() && time.Since(d.lost) > patience
}

// Over tells whether the turn is over.
func (d *codexStream) Over() bool { return d.done }

func (d *codexStream) begin(id string) []runlog.Event {
	if id == "" || id == d.session {
		return nil
	}
	d.session = id
	out := []runlog.Event{{Type: runlog.Session, Name: "codex", ID: id}}
	if d.budget {
		out = append(out, runlog.Event{Type: runlog.Notice, Status: "info", Text: "Codex does not say what it costs: only turns and time bound this run, not money"})
	}
	return out
}

// turn counts n more turns. The program does not say when it asks its model; each thing
// that it does takes about one time.
func (d *codexStream) turn(n int) runlog.Event {
	d.use.Turns += n
	u := d.use
	return runlog.Event{Type: runlog.Usage, Usage: &u}
}

func (d *codexStream) item(i codexItem, over bool) []runlog.Event {
	id := d.mark + i.ID
	if i.Type != "error" {
		d.lost, d.why = time.Time{}, ""
	}
	switch i.Type {
	case "agent_message":
		if !over || strings.TrimSpace(i.Text) == "" {
			return nil
		}
		d.said = i.Text
		return []runlog.Event{{Type: runlog.Text, Text: i.Text}}
	case "reasoning":
		if !over || strings.TrimSpace(i.Text) == "" {
			return nil
		}
		return []runlog.Event{{Type: runlog.Thought, Text: i.Text}}
	case "error":
		return []runlog.Event{{Type: runlog.Notice, Status: "warn", Text: i.Message}}
	case "command_execution":
		if !over {
			return []runlog.Event{{Type: runlog.Tool, ID: id, Name: "command", Title: oneLine(i.Command, 200), Input: object("command", i.Command)}}
		}
		return []runlog.Event{{Type: runlog.ToolResult, ID: id, Status: okIf(i.Status != "failed" && (i.Exit == nil || *i.Exit == 0)), Output: i.Output, Exit: i.Exit}, d.turn(1)}
	}
	name, title, input := d.tool(i)
	if name == "" {
		return nil
	}
	if !over {
		if i.Type == "file_change" {
			return nil // told when it is done
		}
		return []runlog.Event{{Type: runlog.Tool, ID: id, Name: name, Title: title, Input: input}}
	}
	var out []runlog.Event
	if i.Type == "file_change" || i.Type == "web_search" {
		out = append(out, runlog.Event{Type: runlog.Tool, ID: id, Name: name, Title: title, Input: input})
	}
	return append(out, runlog.Event{Type: runlog.ToolResult, ID: id, Status: okIf(i.Status != "failed"), Output: string(i.Result)}, d.turn(1))
}

// tool is what an item of another kind uses, and for what.
func (d *codexStream) tool(i codexItem) (name, title string, input json.RawMessage) {
	switch i.Type {
	case "file_change":
		var paths []string
		for _, c := range i.Changes {
			paths = append(paths, titleOf("", object("path", c.Path), d.dir))
		}
		return "edit", oneLine(strings.Join(paths, ", "), 200), object("paths", paths)
	case "mcp_tool_call":
		return joined(" ", i.Server, i.Tool), titleOf(i.Tool, i.Arguments, d.dir), i.Arguments
	case "web_search":
		return "search", oneLine(i.Query, 200), object("query", i.Query)
	}
	return "", "", nil
}

func object(key string, v any) json.RawMessage {
	b, err := json.Marshal(map[string]any{key: v})
	if err != nil {
		return nil
	}
	return b
}

func okIf(ok bool) string {
	if ok {
		return "ok"
	}
	return "error"
}

// httpStatus finds the status in what an agent tells of its model.
var httpStatus = lazy.Regexp(`(?i)\bstatus(?: code)?:? (\d{3})\b`)

func (d *codexStream) Result(end process.End) Result {
	r := Result{Session: d.session, LastWords: d.said, Tokens: d.use}
	if d.done && !d.failed {
		r.Outcome = Finished
		return r
	}
	words := strings.TrimSpace(end.LastWords)
	if words == "" {
		words = d.junk
	}
	if r.LastWords == "" {
		r.LastWords = joined("\n", d.why, words)
	}
	why := plainWhy(d.why)
	status := 0
	if m := httpStatus().FindStringSubmatch(why); m != nil {
		status, _ = strconv.Atoi(m[1])
	}
	switch {
	case strings.Contains(words, "unexpected argument") || strings.Contains(words, "unrecognized subcommand"):
		r.Outcome, r.Code, r.Text = Failed, "program", "this version of Codex does not know an option that a run needs: "+oneLine(words, 200)
	case why != "":
		classify(&r, status, "", oneLine(why, 300))
	default:
		r.Outcome, r.Code, r.Retry, r.Text = Failed, "agent", true, howEnded(end, words)
		if end.Cause == process.Exited {
			r.Text = joined(": ", fmt.Sprintf("the agent ended without a result (exit status %d)", end.Code), oneLine(words, 300))
		}
	}
	r.Forget = r.Code == "agent" && (strings.Contains(words, "no rollout found") || strings.Contains(words, "No saved session"))
	return r
}

// plainWhy takes the message out of an error that is told as JSON.
func plainWhy(why string) string {
	var e struct {
		Error   struct{ Type, Message string }
		Message string
		Status  int
	}
	if json.Unmarshal([]byte(why), &e) != nil {
		return why
	}
	if text := joined(" ", joined(": ", e.Error.Type, e.Error.Message), e.Message); text != "" {
		if e.Status > 0 {
			text = fmt.Sprintf("status %d: %s", e.Status, text)
		}
		return text
	}
	return why
}
