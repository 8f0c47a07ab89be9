package chat

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"tasks/internal/event"
	"tasks/internal/fault"
	"tasks/internal/llm"
)

// The bounds of what a user sends; the request's body has one of its own.
const (
	messageBytes   = 256 << 10
	requestIDBytes = 200
)

// Start begins a turn. Usage for a message that cannot be one, Unavailable where no
// model is configured, NotFound for another browser's conversation or a file that
// is not there, Conflict while a turn of the conversation runs. The same RequestID
// again is the same turn, also after it has ended and after a restart.
func (s *Service) Start(ctx context.Context, m Message) (Ref, error) {
	if err := check(&m); err != nil {
		return Ref{}, err
	}
	s.starting.Lock()
	defer s.starting.Unlock()
	if ref, err := s.journal.sameRequest(ctx, m); err != nil || ref.Turn != "" {
		return ref, err
	}
	model, err := s.cfg.Model()
	if err != nil {
		return Ref{}, err
	}
	c, isNew, err := s.place(ctx, m)
	if err != nil {
		return Ref{}, err
	}
	if !isNew {
		if err := s.free(c.id); err != nil {
			return Ref{}, err
		}
		// Read again: to close a dead turn moves the conversation on.
		if c, err = s.journal.conversation(ctx, m.Owner, c.id); err != nil {
			return Ref{}, err
		}
	}
	return s.begin(m, c, isNew, model)
}

// check refuses what cannot be a message and brings m into its one form.
func check(m *Message) error {
	m.Text = strings.ToValidUTF8(m.Text, "\uFFFD")
	switch {
	case m.Owner == "":
		return fault.New(fault.Usage, "the message has no sender")
	case strings.TrimSpace(m.Text) == "":
		return fault.New(fault.Usage, "the message is empty").WithHint("write something before you send it")
	case len(m.Text) > messageBytes:
		return fault.New(fault.Usage, "the message is too long: %d of at most %d bytes", len(m.Text), messageBytes).
			WithHint("put long text into a file and ask about the file")
	case len(m.RequestID) > requestIDBytes || !utf8.ValidString(m.RequestID):
		return fault.New(fault.Usage, "request_id must be UTF-8 of at most %d bytes", requestIDBytes)
	case m.Doc == "" && m.Page == "" && (m.Conversation == "" || m.Conversation == "new"):
		return fault.New(fault.Usage, "the message names neither doc nor page nor conversation")
	}
	if m.Doc != "" {
		m.Page = ""
	}
	if m.Selection != nil {
		m.Selection.Text = strings.ToValidUTF8(m.Selection.Text, "\uFFFD")
	}
	return nil
}

// place finds the conversation that m belongs to, or makes one up.
func (s *Service) place(ctx context.Context, m Message) (c conversation, isNew bool, err error) {
	switch m.Conversation {
	case "new":
	case "":
		c, err = s.journal.newest(ctx, m.Owner, m.Doc, m.Page)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return c, false, err
		}
	default:
		c, err = s.journal.conversation(ctx, m.Owner, m.Conversation)
		return c, false, err
	}
	if m.Doc != "" {
		info, err := s.cfg.Repo.Stat(m.Doc)
		if err != nil {
			return c, false, err
		}
		if info.Dir {
			return c, false, fault.New(fault.Usage, "%s is a folder: doc names a file", m.Doc).WithHint("send the page's address as page")
		}
	}
	now := time.Now()
	return conversation{id: newID("c"), owner: m.Owner, doc: m.Doc, page: m.Page,
		title: s.cfg.Redact(title(m.Text)), created: now, updated: now}, true, nil
}

// free is Conflict while a turn of the conversation runs, here or in a program
// beside us. A turn that a dead program left open is closed.
func (s *Service) free(conversation string) error {
	if s.turnOf(conversation) != nil {
		return errBusy()
	}
	open, err := s.journal.openTurns(conversation)
	if err != nil {
		return err
	}
	for _, o := range open {
		closed, err := s.recover(o)
		if err != nil {
			return err
		}
		if !closed {
			return errBusy()
		}
	}
	return nil
}

func errBusy() error {
	return fault.New(fault.Conflict, "a turn of this conversation is running").
		WithHint("wait for its end, or stop it")
}

// begin journals the turn and lets it go.
func (s *Service) begin(m Message, c conversation, isNew bool, model llm.Service) (Ref, error) {
	var history []stored
	var seq int64
	var dropped int
	var err error
	if !isNew {
		if history, seq, dropped, err = load(s.journal, c.id); err != nil {
			return Ref{}, err
		}
	}
	t := newTurn(s, c, model, history, seq)
	t.dropped = dropped
	first, err := t.opening(m)
	if err != nil {
		return Ref{}, err
	}
	ask := llm.Message{Role: llm.User, Text: s.cfg.Redact(userText(m.Text, c.doc, m.Selection))}
	runner, err := s.enter(t)
	if err != nil {
		return Ref{}, err
	}
	err = s.journal.write(func(tx *transaction) error {
		if isNew {
			if err := insertConversation(tx, c); err != nil {
				return err
			}
		}
		if err := insertTurn(tx, t, s.cfg.Redact(m.Text), m.RequestID, first.ID, runner); err != nil {
			return err
		}
		if err := insertEvents(tx, c.id, t.id, []Event{first}); err != nil {
			return err
		}
		return insertMessages(tx, c.id, t.id, seq+1, []llm.Message{ask})
	})
	if err != nil {
		s.leave(t)
		return Ref{}, err
	}
	t.began(first, ask)
	go t.run()
	return Ref{Conversation: c.id, Turn: t.id, After: first.ID - 1}, nil
}

// enter makes t the running turn of its conversation, before it is in the database
// so that a watcher finds it there, and returns this service's runner. Unavailable
// once the service is closed.
func (s *Service) enter(t *turn) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", fault.New(fault.Unavailable, "the program is ending: no new turn is begun")
	}
	if s.runner == nil {
		r, err := newRunner(s.cfg.DB.Dir)
		if err != nil {
			return "", err
		}
		s.runner = r
	}
	s.running[t.conv.id] = t
	s.turns.Add(1)
	return s.runner.id, nil
}

// leave is the end of what enter began.
func (s *Service) leave(t *turn) {
	s.forget(t)
	t.cancel(nil)
	t.topic.Close()
	close(t.ended)
	s.turns.Done()
}

// forget lets the next turn of t's conversation begin.
func (s *Service) forget(t *turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[t.conv.id] == t {
		delete(s.running, t.conv.id)
	}
}

// title makes a conversation's title of its first message.
func title(text string) string {
	const most = 80
	words := strings.Fields(visible(text))
	out := ""
	for _, w := range words {
		next := strings.TrimSpace(out + " " + w)
		if n := utf8.RuneCountInString(next); n > most {
			if out == "" {
				return string([]rune(w)[:most]) + "…"
			}
			return out + "…"
		}
		out = next
	}
	return out
}

// newTopic makes the live events of a turn; the journal holds what it lets go.
func newTopic(head int64) *event.Topic[Event] {
	return event.NewTopic(head, 256<<10, func(e Event) int { return len(e.Data) + 64 })
}
