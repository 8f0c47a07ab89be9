package chat

import (
	"fmt"
	"slices"
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

// load reads the newest part of a conversation's history, in order, the number of
// its last message, and how many earlier turns it left out. It holds no more in
// memory than goes to the model.
func load(j *journal, conversation string) (history []stored, seq int64, dropped int, err error) {
	rows, err := j.db.Query("select seq, turn, body from messages where conversation = ? order by seq desc", conversation)
	if err != nil {
		return nil, 0, 0, err
	}
	defer rows.Close()
	turns, total, whole := 0, 0, 0 // whole: messages of turns that were read to their beginning
	for rows.Next() {
		m, n, err := scanMessage(rows)
		if err != nil {
			return nil, 0, 0, err
		}
		seq = max(seq, n)
		if len(history) == 0 || history[len(history)-1].turn != m.turn {
			turns, whole = turns+1, len(history)
		}
		if m.Role == llm.ToolRole {
			most := olderOutput
			if turns == 1 {
				most = lastOutput
			}
			m.Text = clip(m.Text, most)
		}
		history = append(history, m)
		if total += weight(history[len(history)-1:]); total > historyBytes && turns > 1 {
			history, turns = history[:whole], turns-1
			break
		}
	}
	if err := rows.Err(); err != nil {
		return nil, 0, 0, err
	}
	slices.Reverse(history)
	var all int
	err = j.db.QueryRow("select count(*) from turns where conversation = ?", conversation).Scan(&all)
	return history, seq, max(all-turns, 0), err
}

// window is what fits of a history: the messages, legal for any endpoint, and how
// many turns were left out. history ends with the running turn, of which nothing is
// left out but the ends of its oldest tool outputs.
func window(history []stored) (fit []llm.Message, dropped int) {
	turns := splitTurns(history)
	total := weight(history)
	for total > historyBytes && len(turns) > 1 {
		total -= weight(turns[0])
		turns = turns[1:]
		dropped++
	}
	for i, t := range turns {
		if i == len(turns)-1 {
			shorten(t, total-historyBytes)
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

// shorten shortens tool outputs, the oldest first, until excess bytes are gone.
func shorten(messages []stored, excess int) {
	for i := range messages {
		if m := &messages[i]; excess > 0 && m.Role == llm.ToolRole {
			was := len(m.Text)
			m.Text = clip(m.Text, currentOutput)
			excess -= was - len(m.Text)
		}
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
