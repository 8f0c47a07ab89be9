package worker

import (
	"encoding/json"
	"fmt"
	"strings"

	"tasks/internal/process"
	"tasks/internal/runlog"
)

// opencodeStream reads what opencode run --format json prints.
type opencodeStream struct {
	dir, session string
	held         bool // it may run commands
	said, junk   string
	stopped      string // why its last step ended
	why          string
	status       int
	denied       []string
	use          runlog.Tokens
}

type opencodeLine struct {
	Type    string `json:"type"`
	Session string `json:"sessionID"`
	Part    struct {
		Text   string `json:"text"`
		Tool   string `json:"tool"`
		CallID string `json:"callID"`
		Reason string `json:"reason"`
		State  struct {
			Status string          `json:"status"`
			Input  json.RawMessage `json:"input"`
			Output string          `json:"output"`
			Error  string          `json:"error"`
			Meta   struct {
				Exit *int `json:"exit"`
			} `json:"metadata"`
		} `json:"state"`
		Tokens struct {
			Input     int64 `json:"input"`
			Output    int64 `json:"output"`
			Reasoning int64 `json:"reasoning"`
			Cache     struct {
				Write int64 `json:"write"`
				Read  int64 `json:"read"`
			} `json:"cache"`
		} `json:"tokens"`
		Cost *float64 `json:"cost"`
	} `json:"part"`
	Error struct {
		Name string `json:"name"`
		Data struct {
			Message string `json:"message"`
			Status  int    `json:"statusCode"`
		} `json:"data"`
	} `json:"error"`
}

func (d *opencodeStream) Line(line []byte) []runlog.Event {
	var e opencodeLine
	err := json.Unmarshal(line, &e)
	if _, odd := err.(*json.UnmarshalTypeError); err != nil && !odd || e.Type == "" {
		if text := oneLine(string(line), 300); text != "" {
			d.junk = text
			return []runlog.Event{{Type: runlog.Output, Name: "stdout", Text: strings.ToValidUTF8(string(line), "\uFFFD")}}
		}
		return nil
	}
	return append(d.begin(e.Session), d.event(e)...)
}

func (d *opencodeStream) begin(id string) []runlog.Event {
	if id == "" || id == d.session {
		return nil
	}
	first := d.session == ""
	if !first {
		return nil // of a sub-agent
	}
	d.session = id
	out := []runlog.Event{{Type: runlog.Session, Name: "opencode", ID: id}}
	if !d.held {
		out = append(out, runlog.Event{Type: runlog.Notice, Status: "warn", Text: "this system cannot hold the agent's commands, and opencode cannot ask: commands are refused"})
	}
	return out
}

func (d *opencodeStream) event(e opencodeLine) []runlog.Event {
	p := e.Part
	switch e.Type {
	case "text":
		if strings.TrimSpace(p.Text) == "" {
			return nil
		}
		d.said = p.Text
		return []runlog.Event{{Type: runlog.Text, Text: p.Text}}
	case "reasoning":
		if strings.TrimSpace(p.Text) == "" {
			return nil
		}
		return []runlog.Event{{Type: runlog.Thought, Text: p.Text}}
	case "tool_use":
		title := titleOf(p.Tool, p.State.Input, d.dir)
		output, failed := p.State.Output, p.State.Status == "error" || p.State.Meta.Exit != nil && *p.State.Meta.Exit != 0
		if p.State.Error != "" {
			output = joined("\n", output, p.State.Error)
			if strings.Contains(p.State.Error, "prevents you from using") || strings.Contains(p.State.Error, "rejected permission") {
				d.denied = append(d.denied, oneLine(joined(" ", p.Tool, title), 120))
			}
		}
		return []runlog.Event{
			{Type: runlog.Tool, ID: p.CallID, Name: p.Tool, Title: title, Input: p.State.Input},
			{Type: runlog.ToolResult, ID: p.CallID, Status: okIf(!failed), Output: output, Exit: p.State.Meta.Exit},
		}
	case "step_finish":
		return d.step(e)
	case "error":
		d.why, d.status = joined(": ", e.Error.Name, e.Error.Data.Message), e.Error.Data.Status
		return []runlog.Event{{Type: runlog.Notice, Status: "bad", Text: oneLine(d.why, 1000)}}
	}
	return nil
}

// step counts one answer of the model.
func (d *opencodeStream) step(e opencodeLine) []runlog.Event {
	t := e.Part.Tokens
	d.stopped = e.Part.Reason
	d.use.Turns++
	d.use.Input += t.Input + t.Cache.Read + t.Cache.Write
	d.use.Output += t.Output + t.Reasoning
	if c := e.Part.Cost; c != nil && *c >= 0 && (*c > 0 || d.use.CostUSD != nil) { // of a model that it does not know it says 0
		sum := *c
		if d.use.CostUSD != nil {
			sum += *d.use.CostUSD
		}
		d.use.CostUSD = &sum
	}
	u := d.use
	return []runlog.Event{{Type: runlog.Usage, Usage: &u}}
}

func (d *opencodeStream) Result(end process.End) Result {
	r := Result{Session: d.session, LastWords: d.said, Tokens: d.use}
	words := strings.TrimSpace(end.LastWords)
	if words == "" {
		words = d.junk
	}
	denied := ""
	if len(d.denied) > 0 {
		denied = "it was not let do: " + strings.Join(d.denied[:min(len(d.denied), 5)], "; ")
	}
	if r.LastWords == "" {
		r.LastWords = joined("\n", d.why, words)
	}
	exited := end.Cause == process.Exited
	switch {
	case d.why != "":
		classify(&r, d.status, "", oneLine(d.why, 300))
	case exited && end.Code == 0 && d.stopped != "":
		r.Outcome = Finished
	case exited:
		r.Outcome, r.Code, r.Retry = Failed, "agent", true
		r.Text = joined(": ", fmt.Sprintf("the agent ended without a result (exit status %d)", end.Code), oneLine(words, 300))
		r.Forget = strings.Contains(words, "Session not found")
	default:
		r.Outcome, r.Code, r.Retry, r.Text = Failed, "agent", true, howEnded(end, words)
	}
	r.Text = joined("; ", r.Text, denied)
	return r
}
