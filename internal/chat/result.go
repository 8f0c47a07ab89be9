package chat

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"tasks/internal/llm"
	"tasks/internal/tool"
)

const (
	resultBytes = 256 << 10 // of one result; tools have bounds of their own below it
	sameResults = 5         // the same call with the same result this often is a loop
)

// settle journals a result: its secrets hidden, hidden characters made visible, cut
// to what is left of the turn's limit. What is kept is what the model is sent.
func (t *turn) settle(c *call, r tool.Result) {
	switch r.Status {
	case tool.OK, tool.Error, tool.Denied, tool.Cancelled, tool.Timeout:
	default:
		r.Status = tool.Error
	}
	redact := t.s.cfg.Redact
	// Redacted again because a secret may have stood there in hidden characters.
	r.Content = redact(visible(redact(r.Content)))
	r.Summary = oneLine(redact(visible(redact(r.Summary))))
	t.bound(&r)
	t.watchForLoop(c, r)
	data := resultData{ID: c.ID, Name: visible(c.Name), Status: string(r.Status), Summary: r.Summary,
		Content: r.Content, Truncated: r.Truncated, Edit: r.Edit}
	t.commit(entry{
		frames:   []frame{{kindToolResult, data}},
		messages: []llm.Message{{Role: llm.ToolRole, CallID: c.ID, Text: orElse(r.Content, "(no output)")}},
		also:     t.taint(r.Taints),
	})
}

// bound cuts a result to its limits and notes when the turn's is used up.
func (t *turn) bound(r *tool.Result) {
	limit := t.s.cfg.Limits.ToolBytes
	left := max(limit-t.spent.bytes, 0)
	t.spent.bytes += len(r.Content)
	if t.spent.bytes >= limit && t.spent.over == "" {
		t.spent.over = fmt.Sprintf("The turn was ended after %d KB of tool output, its limit.", limit>>10)
	}
	if most := max(min(resultBytes, left), 1<<10); len(r.Content) > most {
		r.Content = clip(r.Content, most)
		r.Truncated = true
	}
}

// watchForLoop ends the turn where the model does the same over and over.
func (t *turn) watchForLoop(c *call, r tool.Result) {
	if t.spent.same == nil {
		t.spent.same = map[[sha256.Size]byte]int{}
	}
	key := sha256.Sum256([]byte(strings.Join([]string{c.Name, string(c.arguments()), string(r.Status), r.Content}, "\x00")))
	t.spent.same[key]++
	if t.spent.same[key] >= sameResults && t.spent.over == "" {
		t.spent.over = fmt.Sprintf("The turn was ended because the model made the same call %d times with the same result.", sameResults)
	}
}

// taint notes, with the result that brings it, that the conversation now holds text
// other than the user's and the open page's.
func (t *turn) taint(brings bool) func(*transaction) error {
	if !brings || t.conv.tainted {
		return nil
	}
	t.conv.tainted = true
	return func(tx *transaction) error {
		_, err := tx.Exec("update conversations set tainted = 1 where id = ?", t.conv.id)
		return err
	}
}

func oneLine(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = head(s, most) + "…"
	}
	return s
}
