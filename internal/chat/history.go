package chat

import (
	"fmt"
	"unicode/utf8"

	"tasks/internal/llm"
)

// What is sent of a conversation is bounded, in bytes of text. The newest earlier
// turn keeps its tool outputs nearly whole, because the next question is often
// about them; the older ones keep their beginnings.
const (
	historyBytes  = 400 << 10
	lastOutput    = 24 << 10
	olderOutput   = 1 << 10
	currentOutput = 2 << 10 // of the running turn, where it alone is over the bound
)

// window is what fits of a conversation's history: the messages, legal for any
// endpoint, and how many earlier turns were left out. history ends with the
// running turn, of which nothing is left out but the middle of tool outputs.
func window(history []stored, current string) (fit []llm.Message, dropped int) {
	turns := splitTurns(history)
	for i := range turns {
		age := len(turns) - 1 - i
		switch {
		case turns[i][0].turn == current:
		case age <= 1:
			shorten(turns[i], lastOutput)
		default:
			shorten(turns[i], olderOutput)
		}
	}
	total := 0
	for _, t := range turns {
		total += weight(t)
	}
	for total > historyBytes && len(turns) > 1 {
		total -= weight(turns[0])
		turns = turns[1:]
		dropped++
	}
	for i, t := range turns {
		if i == len(turns)-1 && total > historyBytes {
			shortenUntil(t, total-historyBytes)
		}
		for _, m := range t {
			fit = append(fit, m.Message)
		}
	}
	return llm.Legal(fit), dropped
}

// splitTurns copies history, cut where a new turn begins.
func splitTurns(history []stored) [][]stored {
	var turns [][]stored
	for i, m := range history {
		if i == 0 || m.turn != history[i-1].turn {
			turns = append(turns, nil)
		}
		last := len(turns) - 1
		turns[last] = append(turns[last], m)
	}
	return turns
}

func weight(messages []stored) int {
	n := 0
	for _, m := range messages {
		n += len(m.Text) + len(m.Reasoning)
		for _, c := range m.Calls {
			n += len(c.Name) + len(c.Arguments)
		}
	}
	return n
}

func shorten(messages []stored, limit int) {
	for i := range messages {
		if messages[i].Role == llm.ToolRole {
			messages[i].Text = clip(messages[i].Text, limit)
		}
	}
}

// shortenUntil shortens tool outputs, the oldest first, until excess bytes are gone.
func shortenUntil(messages []stored, excess int) {
	for i := range messages {
		if excess <= 0 {
			return
		}
		excess -= weight(messages[i : i+1])
		shorten(messages[i:i+1], currentOutput)
		excess += weight(messages[i : i+1])
	}
}

// clip cuts s to about limit bytes and says so.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return fmt.Sprintf("%s\n[cut here: the first %d of %d bytes]", head(s, limit), limit, len(s))
}

// head is the beginning of s, at most n bytes, not cut within a character.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
