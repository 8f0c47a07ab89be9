package edit

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/store"
)

// state is how far an edit has come.
type state string

const (
	intent state = "intent" // announced; the file may be changed or not
	done   state = "done"
	failed state = "failed" // the file was not changed
)

// row is one edit in the journal. A nil text is a file that is not there.
type row struct {
	id, conversation, path, source string
	before, after                  []byte
	state                          state
	undoes, undoneBy               string
}

func (r row) hashBefore() string { return hashOf(r.before) }
func (r row) hashAfter() string  { return hashOf(r.after) }

func hashOf(text []byte) string {
	if text == nil {
		return ""
	}
	return repo.Hash(text)
}

func (r row) record() Record {
	return Record{
		ID: r.id, Conversation: r.conversation, Path: r.path, Undoes: r.undoes,
		Before: r.hashBefore(), After: r.hashAfter(), Diff: Diff(r.path, r.before, r.after),
	}
}

// journal holds the queries of the table edits.
type journal struct{ db *store.DB }

// begin writes an intent down.
func (j journal) begin(ctx context.Context, r row) error {
	_, err := j.db.ExecContext(ctx, `
		insert into edits (id, conversation, path, source, before_hash, after_hash, before, after, state, undoes, created_at)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.id, r.conversation, r.path, r.source, orNull(r.hashBefore()), orNull(r.hashAfter()),
		blob(r.before), blob(r.after), r.state, orNull(r.undoes), time.Now().UTC().Format(time.RFC3339Nano))
	if err != nil {
		return unwritten(err)
	}
	return nil
}

// finish closes an intent; with an undo that is done goes the mark on what it undid.
func (j journal) finish(ctx context.Context, r row, end state) error {
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return unwritten(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `update edits set state = ? where id = ?`, end, r.id); err != nil {
		return unwritten(err)
	}
	if end == done && r.undoes != "" {
		if _, err := tx.ExecContext(ctx, `update edits set undone_by = ? where id = ?`, r.id, r.undoes); err != nil {
			return unwritten(err)
		}
	}
	if err := tx.Commit(); err != nil {
		return unwritten(err)
	}
	return nil
}

const columns = `id, conversation, path, source, before_hash, after_hash, before, after, state, undoes, undone_by`

// find is one edit of a conversation.
func (j journal) find(ctx context.Context, conversation, id string) (row, error) {
	r, err := scan(j.db.QueryRowContext(ctx, `select `+columns+` from edits where id = ? and conversation = ?`, id, conversation))
	if errors.Is(err, sql.ErrNoRows) {
		where := "in this conversation"
		if conversation == "" {
			where = "made on a page"
		}
		return r, fault.New(fault.NotFound, "there is no edit %q %s", id, where)
	}
	return r, err
}

// open lists the intents that nobody closed, oldest first.
func (j journal) open(ctx context.Context) ([]row, error) {
	rows, err := j.db.QueryContext(ctx, `select `+columns+` from edits where state = ? order by created_at, rowid`, intent)
	if err != nil {
		return nil, unread(err)
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, unread(err)
	}
	return all, nil
}

func scan(s interface{ Scan(...any) error }) (row, error) {
	var r row
	var beforeHash, afterHash, undoes, undoneBy sql.NullString
	err := s.Scan(&r.id, &r.conversation, &r.path, &r.source, &beforeHash, &afterHash, &r.before, &r.after, &r.state, &undoes, &undoneBy)
	if errors.Is(err, sql.ErrNoRows) {
		return r, err
	}
	if err != nil {
		return r, unread(err)
	}
	// An empty text may come back as nil, which means something else: the hash knows.
	r.before, r.after = asWas(r.before, beforeHash), asWas(r.after, afterHash)
	r.undoes, r.undoneBy = undoes.String, undoneBy.String
	return r, nil
}

func asWas(text []byte, hash sql.NullString) []byte {
	switch {
	case !hash.Valid:
		return nil
	case text == nil:
		return []byte{}
	}
	return text
}

func orNull(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// blob keeps nil and empty apart.
func blob(text []byte) any {
	if text == nil {
		return nil
	}
	return text
}

func unwritten(err error) error {
	return fault.New(fault.Unavailable, "the edit journal cannot be written: %w", err)
}

func unread(err error) error {
	return fault.New(fault.Unavailable, "the edit journal cannot be read: %w", err)
}
