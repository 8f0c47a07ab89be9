package run

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tasks/internal/fault"
)

// Message is what a person says to a run.
type Message struct {
	ID        int64
	Run, Text string
	Now       bool   // it interrupts the present step
	Kind      string // "message", or "review": comments sent back as one
	Source    string // cli, page, assistant
	Sent      bool   // the agent has it
	CreatedAt time.Time
	SentAt    time.Time // zero where not yet
	Attempt   int       // the attempt that got it
}

// MaxMessage bounds a message, in bytes.
const MaxMessage = 64 << 10

// Send records a message for the run.
func (s *Store) Send(ctx context.Context, m Message) (Message, error) {
	switch {
	case s.db == nil:
		return m, fault.New(fault.NotFound, "there is no run to send to")
	case m.Text == "":
		return m, fault.New(fault.Usage, "there is nothing to send: the message is empty")
	case len(m.Text) > MaxMessage:
		return m, fault.New(fault.Usage, "the message is too long: %d bytes, at most %d", len(m.Text), MaxMessage)
	}
	if m.Kind == "" {
		m.Kind = "message"
	}
	if m.CreatedAt.IsZero() {
		m.CreatedAt = time.Now()
	}
	res, err := s.db.ExecContext(ctx, `insert into run_messages (run, text, now, kind, source, created_at) values (?, ?, ?, ?, ?, ?)`,
		m.Run, m.Text, m.Now, m.Kind, m.Source, at(m.CreatedAt))
	if err != nil {
		return m, fmt.Errorf("send to run %s: %w", m.Run, err)
	}
	m.ID, err = res.LastInsertId()
	return m, err
}

// MarkSent records that the agent has the messages.
func (s *Store) MarkSent(ctx context.Context, ids []int64, attempt int, now time.Time) error {
	for _, id := range ids {
		if _, err := s.db.ExecContext(ctx, `update run_messages set state = 'sent', sent_at = ?, attempt = ? where id = ?`, at(now), attempt, id); err != nil {
			return fmt.Errorf("mark message %d: %w", id, err)
		}
	}
	return nil
}

// Messages are those of a run, oldest first; only those not sent yet where pending.
func (s *Store) Messages(ctx context.Context, id string, pending bool) ([]Message, error) {
	if s.db == nil {
		return nil, nil
	}
	clause := ""
	if pending {
		clause = " and state = 'queued'"
	}
	rows, err := s.db.QueryContext(ctx, `select id, run, text, now, kind, source, state = 'sent', created_at, coalesce(sent_at, ''), attempt
		from run_messages where run = ?`+clause+` order by id`, id)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	defer rows.Close()
	var list []Message
	for rows.Next() {
		var m Message
		var made, sent string
		if err := rows.Scan(&m.ID, &m.Run, &m.Text, &m.Now, &m.Kind, &m.Source, &m.Sent, &made, &sent, &m.Attempt); err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		if m.CreatedAt, err = instant(made); err == nil {
			m.SentAt, err = instant(sent)
		}
		if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

// Ask is a question of an agent: may it use the tool so?
type Ask struct {
	ID, Run    string
	Attempt    int
	Tool       string
	Title      string // one line about it
	Input      json.RawMessage
	State      AskState
	Answer     string // why, in words
	CreatedAt  time.Time
	AnsweredAt time.Time // zero while it is open
}

// AskState is how a question stands.
type AskState string

// The states.
const (
	Open    AskState = "open"
	Allowed AskState = "allow"
	Denied  AskState = "deny"
	Lapsed  AskState = "lapsed" // nobody answered in time, or the attempt ended; counts as no
)

// Question records an open question; its id is made here.
func (s *Store) Question(ctx context.Context, a Ask) (Ask, error) {
	if s.db == nil {
		return a, ErrLost
	}
	if a.CreatedAt.IsZero() {
		a.CreatedAt = time.Now()
	}
	if !json.Valid(a.Input) {
		a.Input = json.RawMessage("{}")
	}
	a.ID, a.State = newID(a.CreatedAt), Open
	_, err := s.exec(ctx, "question of", a.Run, `insert into run_asks (id, run, attempt, tool, title, input, created_at) values (?, ?, ?, ?, ?, ?, ?)`,
		a.ID, a.Run, a.Attempt, a.Tool, a.Title, string(a.Input), at(a.CreatedAt))
	return a, err
}

// Decide answers an open question. Conflict where it is answered or lapsed, NotFound
// where it is none of the run.
func (s *Store) Decide(ctx context.Context, runID, id string, to AskState, why string, now time.Time) error {
	n, err := s.exec(ctx, "answer for", runID, `update run_asks set state = ?, answer = ?, answered_at = ? where run = ? and id = ? and state = 'open'`,
		to, why, at(now), runID, id)
	if err != nil || n == 1 {
		return err
	}
	asks, err := s.Asks(ctx, runID)
	for _, a := range asks {
		if a.ID == id {
			return fault.New(fault.Conflict, "the question is answered already: %s", a.State)
		}
	}
	if err != nil {
		return err
	}
	return fault.New(fault.NotFound, "the run has no question %q", id)
}

// Asks are the questions of a run, oldest first.
func (s *Store) Asks(ctx context.Context, runID string) ([]Ask, error) {
	if s.db == nil {
		return nil, nil
	}
	rows, err := s.db.QueryContext(ctx, `select id, run, attempt, tool, title, input, state, answer, created_at, coalesce(answered_at, '')
		from run_asks where run = ? order by created_at, id`, runID)
	if err != nil {
		return nil, fmt.Errorf("read questions: %w", err)
	}
	defer rows.Close()
	var list []Ask
	for rows.Next() {
		var a Ask
		var input, made, answered string
		if err := rows.Scan(&a.ID, &a.Run, &a.Attempt, &a.Tool, &a.Title, &input, &a.State, &a.Answer, &made, &answered); err != nil {
			return nil, fmt.Errorf("read questions: %w", err)
		}
		a.Input = json.RawMessage(input)
		if a.CreatedAt, err = instant(made); err == nil {
			a.AnsweredAt, err = instant(answered)
		}
		if err != nil {
			return nil, fmt.Errorf("read questions: %w", err)
		}
		list = append(list, a)
	}
	return list, rows.Err()
}
