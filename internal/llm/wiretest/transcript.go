package wiretest

import (
	"encoding/json"
	"fmt"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/llm"
)

// A Transcript writes down all that comes out of a client.
type Transcript struct {
	lines []string
	last  llm.EventKind
}

func (tr *Transcript) add(format string, args ...any) {
	tr.last = ""
	tr.lines = append(tr.lines, fmt.Sprintf(format, args...))
}

// Event joins neighbouring pieces of one kind.
func (tr *Transcript) Event(e llm.Event) {
	joins := e.Kind == llm.Text || e.Kind == llm.Reasoning
	if joins && tr.last == e.Kind {
		tr.lines[len(tr.lines)-1] += e.Text
		return
	}
	tr.add("%s: %s", e.Kind, e.Text)
	if joins {
		tr.last = e.Kind
	}
}

// Result writes down how a call ended.
func (tr *Transcript) Result(r *llm.Response, err error) {
	if err != nil {
		tr.add("= error %s: %s", fault.CodeOf(err), err)
		if h := fault.HintOf(err); h != "" {
			tr.add("  hint: %s", h)
		}
	}
	if r == nil {
		return
	}
	finish := string(r.Finish)
	if err != nil {
		finish = "partial"
	}
	tr.add("= %s %s", finish, oneLine(r.Message.Text))
	if r.Model != "" {
		tr.add("  model %s", r.Model)
	}
	if r.Usage.Input+r.Usage.Output > 0 {
		tr.add("  usage %d %d", r.Usage.Input, r.Usage.Output)
	}
	if r.Usage.CostUSD != nil {
		tr.add("  cost %g", *r.Usage.CostUSD)
	}
	if len(r.Message.Extra) > 0 {
		extra, _ := json.Marshal(r.Message.Extra)
		tr.add("  keep %s", extra)
	}
	for _, c := range r.Message.Calls {
		extra, _ := json.Marshal(c.Extra)
		tr.add("  run @%s %s %s %s", c.ID, c.Name, c.Arguments, strings.TrimSuffix(string(extra), "null"))
	}
}

// oneLine shortens what is very long.
func oneLine(s string) string {
	if len(s) > 600 {
		s = fmt.Sprintf("%s… (%d bytes)", s[:20], len(s))
	}
	return strings.ReplaceAll(s, "\n", `\n`)
}

// String is the transcript so far.
func (tr *Transcript) String() string { return strings.Join(tr.lines, "\n") }
