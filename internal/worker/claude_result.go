package worker

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"tasks/internal/process"
)

// bill is what a session had cost when its last turn ended.
type bill struct {
	Session string  `json:"session"`
	CostUSD float64 `json:"cost_usd"`
}

// cost is what this turn cost. The program tells the cost of the whole session, which
// earlier turns are part of.
func (d *claudeStream) cost(e claudeLine) *float64 {
	if e.Cost == nil || *e.Cost < 0 {
		return nil
	}
	turn := *e.Cost
	if d.bill == "" || e.Session == "" {
		return &turn
	}
	var before bill
	if data, err := os.ReadFile(d.bill); err == nil && json.Unmarshal(data, &before) == nil && before.Session == e.Session && before.CostUSD <= turn {
		turn -= before.CostUSD
	}
	if data, err := json.Marshal(bill{e.Session, *e.Cost}); err == nil {
		os.WriteFile(d.bill, data, 0o600) // lost, a turn would only be counted too dear
	}
	return &turn
}

// Result judges by the result event; without one there is only how the program ended.
func (d *claudeStream) Result(end process.End) Result {
	r := Result{Session: d.session, LastWords: d.said, Tokens: d.use}
	if d.final == nil {
		return d.without(end, r)
	}
	f := d.final
	denied := d.denied()
	if !f.IsError && f.Subtype == "success" {
		r.Outcome, r.Text = Finished, denied
		return r
	}
	r.Outcome = Failed
	why := oneLine(f.Result, 300)
	if why == "" {
		why = oneLine(strings.Join(f.Errors, "; "), 300)
	}
	if r.LastWords == "" {
		r.LastWords = why
	}
	switch f.Subtype {
	case "error_max_turns":
		r.Code, r.Text = "turns", fmt.Sprintf("the agent took all of its turns (%d)", d.use.Turns)
	case "error_max_budget_usd":
		r.Code, r.Text = "budget", "the agent spent all it may"
		if f.Cost != nil {
			r.Text += fmt.Sprintf(" ($%.2f)", *f.Cost)
		}
	default:
		if strings.Contains(why, noConversation) {
			r.Forget = true
		}
		classify(&r, f.API, d.errored, why)
		if wait := time.Until(d.resets); r.Code == "model" && r.Retry && wait > 0 && wait < 24*time.Hour {
			r.After = wait.Round(time.Second)
		}
	}
	r.Text = joined("; ", r.Text, denied)
	return r
}

// noConversation is how the program says that it does not have a session.
const noConversation = "No conversation found"

func (d *claudeStream) without(end process.End, r Result) Result {
	words := strings.TrimSpace(end.LastWords)
	if words == "" {
		words = d.junk
	}
	if r.LastWords == "" {
		r.LastWords = words
	}
	r.Outcome, r.Retry = Failed, true
	switch {
	case strings.Contains(words, "unknown option"):
		r.Code, r.Retry = "program", false
		r.Text = "this version of Claude Code does not know an option that a run needs: " + oneLine(words, 200) + " (update it: npm install -g @anthropic-ai/claude-code)"
		return r
	case strings.Contains(words, noConversation):
		r.Forget = true
	}
	r.Code, r.Text = "agent", howEnded(end, words)
	if end.Cause == process.Exited {
		r.Text = fmt.Sprintf("the agent ended without a result (exit status %d)", end.Code)
		if line := oneLine(words, 300); line != "" {
			r.Text += ": " + line
		}
	}
	return r
}

// denied lists what the agent was not let do.
func (d *claudeStream) denied() string {
	var list []string
	seen := map[string]bool{}
	for _, n := range d.final.Denials {
		what := joined(" ", n.Tool, titleOf(n.Tool, n.Input, d.dir))
		if !seen[what] {
			seen[what] = true
			list = append(list, oneLine(what, 120))
		}
	}
	if len(list) == 0 {
		return ""
	}
	if more := len(list) - 5; more > 0 {
		list = append(list[:5], fmt.Sprintf("%d more", more))
	}
	return "it was not let do: " + strings.Join(list, "; ")
}
