package llm

import (
	"strconv"
	"strings"
)

// CancelledResult is what the model is told where a call has no result: it was
// stopped, or the program ended, before there was one.
const CancelledResult = "Cancelled: this call was stopped before it gave a result. Whether it had an effect is not known."

// Legal is the history as every model server accepts it; messages is not changed.
//
// Each call of an assistant message is answered by exactly one tool message, right
// after it and in the order of the calls: a missing one becomes CancelledResult,
// and results without a call, or second ones, are left out. Ids are never empty and
// no two calls share one. Messages that say nothing are left out, and neighbours of
// one role that only talk are joined, because some chat templates demand that roles
// alternate. Legal(Legal(m)) is Legal(m).
func Legal(messages []Message) []Message {
	l := legaliser{seen: map[string]bool{}}
	for i, m := range messages {
		switch m.Role {
		case User:
			if strings.TrimSpace(m.Text) != "" {
				l.talk(Message{Role: User, Text: m.Text})
			}
		case Assistant:
			m.CallID = ""
			if len(m.Calls) > 0 {
				l.act(m, results(messages[i+1:]))
			} else if strings.TrimSpace(m.Text) != "" {
				l.talk(m)
			}
		}
	}
	return l.out
}

// results are the tool messages up to the next message of the assistant.
func results(after []Message) []Message {
	var found []Message
	for _, m := range after {
		if m.Role == Assistant {
			break
		}
		if m.Role == ToolRole {
			found = append(found, m)
		}
	}
	return found
}

type legaliser struct {
	out  []Message
	seen map[string]bool // the ids of calls so far
}

// talk adds a message without calls, joined to the one before where that is of the
// same role and has no calls either.
func (l *legaliser) talk(m Message) {
	if n := len(l.out); n > 0 && l.out[n-1].Role == m.Role && len(l.out[n-1].Calls) == 0 {
		last := &l.out[n-1]
		last.Text = join(last.Text, m.Text)
		last.Reasoning = join(last.Reasoning, m.Reasoning)
		return
	}
	l.out = append(l.out, m)
}

// act adds a message with calls and a result for each.
func (l *legaliser) act(m Message, results []Message) {
	if n := len(l.out); n > 0 && l.out[n-1].Role == Assistant && len(l.out[n-1].Calls) == 0 {
		last := l.out[n-1]
		l.out = l.out[:n-1]
		m.Text, m.Reasoning = join(last.Text, m.Text), join(last.Reasoning, m.Reasoning)
	}
	used := make([]bool, len(results))
	calls := make([]Call, len(m.Calls))
	answers := make([]Message, len(m.Calls))
	for i, c := range m.Calls {
		text := CancelledResult
		for k, r := range results {
			if !used[k] && r.CallID == c.ID {
				used[k], text = true, r.Text
				break
			}
		}
		c.ID = l.unique(c.ID)
		if strings.TrimSpace(c.Arguments) == "" {
			c.Arguments = "{}"
		}
		calls[i] = c
		answers[i] = Message{Role: ToolRole, CallID: c.ID, Text: text}
	}
	m.Calls = calls
	l.out = append(append(l.out, m), answers...)
}

// unique is id, or one made from it where it is empty or taken.
func (l *legaliser) unique(id string) string {
	base := id
	if base == "" {
		base = "call"
	}
	for n := 2; id == "" || l.seen[id]; n++ {
		id = base + "_" + strconv.Itoa(n)
	}
	l.seen[id] = true
	return id
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}
