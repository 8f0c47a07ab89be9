package chat

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/llm"
	"tasks/internal/tool"
)

// Recover closes the turns that a dead program left open, honestly: open calls get
// a cancelled result, what the model had said so far stays in the history, and the
// turn ends with an error that says what happened. Turns that a living program runs
// beside us are left alone. Called once at start.
func (s *Service) Recover(ctx context.Context) error {
	s.starting.Lock()
	defer s.starting.Unlock()
	open, err := s.journal.openTurns("")
	if err != nil {
		return err
	}
	for _, o := range open {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := s.recover(o); err != nil {
			return err
		}
	}
	return nil
}

// recover closes an open turn; false where its runner lives.
func (s *Service) recover(o openTurn) (closed bool, err error) {
	s.mu.Lock()
	ours := s.runner != nil && s.runner.id == o.runner
	t := s.running[o.conversation]
	s.mu.Unlock()
	if t != nil && t.id == o.id {
		return false, nil
	}
	if !ours { // one of ours that does not run could not be journaled to its end
		if alive, err := runnerAlive(s.cfg.DB.Dir, o.runner); alive || err != nil {
			return false, err
		}
	}
	var last int64
	err = s.journal.write(func(tx *transaction) error {
		last, err = closeTurn(tx, o)
		return err
	})
	if err == nil && last > 0 {
		s.cfg.Log.Warn("closed a turn that was cut off", "conversation", o.conversation, "turn", o.id)
		s.cfg.Changed(o.owner, o.conversation, o.id, last)
	}
	return err == nil, err
}

// closeTurn writes the end of a turn that was cut off. It returns the number of the
// last event, 0 where another program has closed the turn in the meantime.
func closeTurn(tx *transaction, o openTurn) (last int64, err error) {
	var open int
	if err := tx.QueryRow("select count(*) from turns where id = ? and reason is null", o.id).Scan(&open); err != nil || open == 0 {
		return 0, err
	}
	if err := tx.QueryRow("select last_id from conversations where id = ?", o.conversation).Scan(&last); err != nil {
		return 0, err
	}
	events, err := collect(tx, scanEvent, "select id, event, data from events where conversation = ? and turn = ? order by id", o.conversation, o.id)
	if err != nil {
		return 0, err
	}
	var seq int64
	history, err := collect(tx, func(rows *sql.Rows) (stored, error) {
		m, n, err := scanMessage(rows)
		seq = n
		return m, err
	}, "select seq, turn, body from messages where conversation = ? and turn = ? order by seq", o.conversation, o.id)
	if err != nil {
		return 0, err
	}
	frames := openCalls(events)
	frames = append(frames,
		frame{kindError, errorData{Code: fault.Unavailable, Message: "the turn was cut off: the program ended while it ran",
			Hint: "send the message again to go on; look first at what was done"}},
		frame{kindDone, doneData{o.id, reasonError}})
	var ends []Event
	for _, f := range frames {
		data, err := encode(f.data, func(s string) string { return s }) // nothing in it that is not in the journal
		if err != nil {
			return 0, err
		}
		last++
		ends = append(ends, Event{ID: last, Kind: f.kind, Data: data})
	}
	if err := insertEvents(tx, o.conversation, o.id, ends); err != nil {
		return 0, err
	}
	if err := insertMessages(tx, o.conversation, o.id, seq+1, unsaid(events, history)); err != nil {
		return 0, err
	}
	return last, endTurn(tx, o.conversation, o.id, reasonError, time.Now())
}

// openCalls are the results for calls that have none.
func openCalls(events []Event) []frame {
	answered := map[string]bool{}
	for _, e := range events {
		var r resultData
		if e.Kind == kindToolResult && json.Unmarshal(e.Data, &r) == nil {
			answered[r.ID] = true
		}
	}
	var frames []frame
	for _, e := range events {
		var c callData
		if e.Kind != kindToolCall || json.Unmarshal(e.Data, &c) != nil || answered[c.ID] {
			continue
		}
		frames = append(frames, frame{kindToolResult, resultData{ID: c.ID, Name: c.Name,
			Status: string(tool.Cancelled), Summary: "cut off: whether it took effect is not recorded", Content: llm.CancelledResult}})
	}
	return frames
}

// unsaid is what the history lacks of a turn that was cut off: results of its last
// calls, or the text that was shown of an answer without an end.
func unsaid(events []Event, history []stored) []llm.Message {
	var shown strings.Builder
	for _, e := range events {
		var d textData
		if e.Kind == kindContent && json.Unmarshal(e.Data, &d) == nil {
			shown.WriteString(d.Text)
		}
	}
	kept := 0
	var open []llm.Call
	for _, m := range history {
		if m.Role == llm.Assistant {
			kept += len(m.Text)
		}
		open = append(open, m.Calls...)
		for i, c := range open {
			if m.Role == llm.ToolRole && c.ID == m.CallID {
				open = append(open[:i:i], open[i+1:]...)
				break
			}
		}
	}
	var out []llm.Message
	for _, c := range open {
		out = append(out, llm.Message{Role: llm.ToolRole, CallID: c.ID, Text: llm.CancelledResult})
	}
	if kept < shown.Len() {
		out = append(out, llm.Message{Role: llm.Assistant, Text: shown.String()[kept:]})
	}
	return out
}
