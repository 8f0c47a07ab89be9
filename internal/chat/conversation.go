package chat

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"tasks/internal/edit"
)

// conversation is one row, as it was when it was read.
type conversation struct {
	id, owner, doc, page, title string
	tainted                     bool
	last                        int64
	created, updated            time.Time
}

const conversationColumns = "id, owner, doc, page, title, tainted, last_id, created_at, updated_at"

// scanner is a row.
type scanner interface{ Scan(...any) error }

func scanConversation(row scanner, more ...any) (conversation, error) {
	var c conversation
	var created, updated string
	err := row.Scan(append([]any{&c.id, &c.owner, &c.doc, &c.page, &c.title, &c.tainted, &c.last, &created, &updated}, more...)...)
	c.created, c.updated = parseTime(created), parseTime(updated)
	return c, err
}

func insertConversation(tx *transaction, c conversation) error {
	_, err := tx.Exec("insert into conversations (id, owner, doc, page, title, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?)",
		c.id, c.owner, c.doc, c.page, c.title, stamp(c.created), stamp(c.updated))
	return err
}

// insertTurn is Conflict where a turn of the conversation runs, also in a program
// beside us.
func insertTurn(tx *transaction, t *turn, message, requestID string, first int64, runner string) error {
	var open int
	if err := tx.QueryRow("select count(*) from turns where conversation = ? and reason is null", t.conv.id).Scan(&open); err != nil {
		return err
	}
	if open > 0 {
		return errBusy()
	}
	now := stamp(time.Now())
	_, err := tx.Exec("insert into turns (id, conversation, request_id, message, first_id, runner, started_at) values (?, ?, nullif(?, ''), ?, ?, ?, ?)",
		t.id, t.conv.id, requestID, message, first, runner, now)
	if err == nil {
		_, err = tx.Exec("update conversations set updated_at = ? where id = ?", now, t.conv.id)
	}
	return err
}

// conversation reads one. NotFound alike for one that is not there and another's.
func (j *journal) conversation(ctx context.Context, owner, id string) (conversation, error) {
	c, err := scanConversation(j.db.QueryRowContext(ctx, "select "+conversationColumns+" from conversations where id = ? and owner = ?", id, owner))
	if errors.Is(err, sql.ErrNoRows) {
		return c, errUnknown()
	}
	return c, err
}

// newest is the conversation of a page that moved last; sql.ErrNoRows without one.
func (j *journal) newest(ctx context.Context, owner, doc, page string) (conversation, error) {
	return scanConversation(j.db.QueryRowContext(ctx, "select "+conversationColumns+
		" from conversations where owner = ? and doc = ? and page = ? order by updated_at desc, rowid desc limit 1", owner, doc, page))
}

// sameRequest finds the turn that m has begun before, by its request id in the
// conversation, or the page, that it is meant for.
func (j *journal) sameRequest(ctx context.Context, m Message) (Ref, error) {
	if m.RequestID == "" {
		return Ref{}, nil
	}
	query := "select t.conversation, t.id, t.first_id - 1 from turns t join conversations c on c.id = t.conversation where c.owner = ? and t.request_id = ? and "
	args := []any{m.Owner, m.RequestID}
	if m.Conversation == "" || m.Conversation == "new" {
		query += "c.doc = ? and c.page = ? order by t.rowid desc limit 1"
		args = append(args, m.Doc, m.Page)
	} else {
		query += "c.id = ?"
		args = append(args, m.Conversation)
	}
	var r Ref
	err := j.db.QueryRowContext(ctx, query, args...).Scan(&r.Conversation, &r.Turn, &r.After)
	if errors.Is(err, sql.ErrNoRows) {
		return Ref{}, nil
	}
	return r, err
}

// Conversations lists those of a browser for a doc or page (both "": all), newest first.
func (s *Service) Conversations(ctx context.Context, owner, doc, page string) ([]Conversation, error) {
	if doc != "" {
		page = ""
	}
	rows, err := s.journal.db.QueryContext(ctx, "select "+conversationColumns+
		", exists(select 1 from turns t where t.conversation = c.id and t.reason is null) from conversations c"+
		" where owner = ? and (? = '' and ? = '' or doc = ? and page = ?) order by updated_at desc, rowid desc",
		owner, doc, page, doc, page)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []Conversation{}
	for rows.Next() {
		var running bool
		c, err := scanConversation(rows, &running)
		if err != nil {
			return nil, err
		}
		list = append(list, c.public(running))
	}
	return list, rows.Err()
}

func (c conversation) public(running bool) Conversation {
	p := Conversation{ID: c.id, Title: c.title, CreatedAt: c.created, UpdatedAt: c.updated, Running: running}
	if c.doc != "" {
		p.Doc = &c.doc
	} else {
		p.Page = &c.page
	}
	return p
}

// Transcript is one conversation whole; NotFound for another browser's.
func (s *Service) Transcript(ctx context.Context, owner, id string) (Transcript, error) {
	// One read transaction, so that the turns and the last id are of one moment.
	tx, err := s.journal.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return Transcript{}, err
	}
	defer tx.Rollback()
	c, err := scanConversation(tx.QueryRow("select "+conversationColumns+" from conversations where id = ? and owner = ?", id, owner))
	if errors.Is(err, sql.ErrNoRows) {
		return Transcript{}, errUnknown()
	}
	if err != nil {
		return Transcript{}, err
	}
	turns, err := collect(tx, func(rows *sql.Rows) (Turn, error) {
		var t Turn
		var started string
		err := rows.Scan(&t.Turn, &t.Message, &started, &t.Reason)
		t.StartedAt = parseTime(started)
		return t, err
	}, "select id, message, started_at, reason from turns where conversation = ? order by first_id", id)
	if err != nil {
		return Transcript{}, err
	}
	running := false
	for i := range turns {
		running = running || turns[i].Reason == nil
		turns[i].Events, err = collect(tx, scanEvent,
			"select id, event, data from events where conversation = ? and turn = ? order by id", id, turns[i].Turn)
		if err != nil {
			return Transcript{}, err
		}
	}
	edits, err := s.edits(ctx, id)
	return Transcript{Conversation: c.public(running), Turns: turns, LastID: c.last, Edits: edits}, err
}

// edits are those of a conversation as they stand now.
func (s *Service) edits(ctx context.Context, conversation string) ([]edit.Standing, error) {
	if s.cfg.Editor == nil {
		return []edit.Standing{}, nil
	}
	return s.cfg.Editor.Standings(ctx, conversation)
}

// openTurn is a turn without an end.
type openTurn struct {
	id, conversation, owner, runner string
}

// openTurns are the turns without an end: of one conversation, or of all for "".
func (j *journal) openTurns(conversation string) ([]openTurn, error) {
	return collect(j.db, func(rows *sql.Rows) (openTurn, error) {
		var o openTurn
		return o, rows.Scan(&o.id, &o.conversation, &o.owner, &o.runner)
	}, "select t.id, t.conversation, c.owner, t.runner from turns t join conversations c on c.id = t.conversation where t.reason is null and (? = '' or t.conversation = ?)",
		conversation, conversation)
}

// grants are the tools allowed for the rest of a conversation.
func (j *journal) grants(conversation string) (map[string]bool, error) {
	names, err := collect(j.db, func(rows *sql.Rows) (string, error) {
		var name string
		return name, rows.Scan(&name)
	}, "select tool from grants where conversation = ?", conversation)
	granted := map[string]bool{}
	for _, name := range names {
		granted[name] = true
	}
	return granted, err
}

func (j *journal) grant(conversation, tool string) error {
	return j.write(func(tx *transaction) error {
		_, err := tx.Exec("insert or ignore into grants (conversation, tool) values (?, ?)", conversation, tool)
		return err
	})
}

// shown is the hash of a file as it was last shown in a conversation, or "".
func (j *journal) shown(conversation, path string) (string, error) {
	var hash string
	err := j.db.QueryRow("select hash from shown where conversation = ? and path = ?", conversation, path).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return hash, err
}

func insertShown(tx *transaction, conversation string, shown map[string]string) error {
	for path, hash := range shown {
		if _, err := tx.Exec("insert into shown (conversation, path, hash) values (?, ?, ?) on conflict do update set hash = excluded.hash",
			conversation, path, hash); err != nil {
			return err
		}
	}
	return nil
}
