package chat

import (
	"context"
	"database/sql"
	"encoding/json"
	"sync"
	"time"

	"tasks/internal/llm"
	"tasks/internal/store"
)

// journal is what this room keeps in the database. What is written here does not
// end with a request or a stopped turn, so its queries have no context of theirs.
type journal struct {
	db *store.DB
	// One writer at a time: SQLite allows no more, and waits for another by sleeping.
	writing  sync.Mutex
	prepared map[string]*sql.Stmt // the writer's, by their text
}

// transaction is one of the writer, whose statements are parsed once and not each
// time: what is written before the first word is shown is felt.
type transaction struct {
	*sql.Tx
	j *journal
}

// Exec runs a statement that changes rows.
func (t *transaction) Exec(query string, args ...any) (sql.Result, error) {
	ready := t.j.prepared[query]
	if ready == nil {
		var err error
		if ready, err = t.j.db.Prepare(query); err != nil {
			return nil, err
		}
		if t.j.prepared == nil {
			t.j.prepared = map[string]*sql.Stmt{}
		}
		t.j.prepared[query] = ready
	}
	return t.Stmt(ready).Exec(args...)
}

// timeForm is RFC 3339 of one width, so that times sort as text.
const timeForm = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string { return t.UTC().Format(timeForm) }

func parseTime(s string) time.Time {
	t, _ := time.Parse(timeForm, s)
	return t
}

// write runs fn in one transaction.
func (j *journal) write(fn func(tx *transaction) error) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	tx, err := j.db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(&transaction{tx, j}); err != nil {
		return err
	}
	return tx.Commit()
}

// insertEvents writes events, which have their numbers, and moves the head on.
func insertEvents(tx *transaction, conversation, turn string, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	for _, e := range events {
		if _, err := tx.Exec("insert into events (conversation, id, turn, event, data) values (?, ?, ?, ?, ?)",
			conversation, e.ID, turn, e.Kind, string(e.Data)); err != nil {
			return err
		}
	}
	_, err := tx.Exec("update conversations set last_id = ? where id = ?", events[len(events)-1].ID, conversation)
	return err
}

// insertMessages writes what the model will be sent; the first has the number seq.
func insertMessages(tx *transaction, conversation, turn string, seq int64, messages []llm.Message) error {
	for i, m := range messages {
		body, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("insert into messages (conversation, seq, turn, body) values (?, ?, ?, ?)",
			conversation, seq+int64(i), turn, string(body)); err != nil {
			return err
		}
	}
	return nil
}

// endTurn marks a turn as ended.
func endTurn(tx *transaction, conversation, turn, reason string, now time.Time) error {
	if _, err := tx.Exec("update turns set reason = ?, ended_at = ? where id = ?", reason, stamp(now), turn); err != nil {
		return err
	}
	_, err := tx.Exec("update conversations set updated_at = ? where id = ?", stamp(now), conversation)
	return err
}

// querier is a database or a transaction.
type querier interface {
	Query(query string, args ...any) (*sql.Rows, error)
}

// collect reads all rows of a query.
func collect[T any](q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func scanEvent(rows *sql.Rows) (Event, error) {
	var e Event
	var data string
	err := rows.Scan(&e.ID, &e.Kind, &data)
	e.Data = json.RawMessage(data)
	return e, err
}

// A page of the journal is small, so that no slow reader holds a read open, which
// would keep the database's log from being folded in.
const (
	pageEvents = 256
	pageBytes  = 512 << 10
)

// eventsAfter reads a page of the events after a number.
func (j *journal) eventsAfter(conversation string, after int64) ([]Event, error) {
	rows, err := j.db.Query("select id, event, data from events where conversation = ? and id > ? order by id limit ?",
		conversation, after, pageEvents)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var events []Event
	for size := 0; size < pageBytes && rows.Next(); {
		e, err := scanEvent(rows)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
		size += len(e.Data)
	}
	return events, rows.Err()
}

// stored is a message with the turn it belongs to.
type stored struct {
	turn string
	llm.Message
}

func scanMessage(rows *sql.Rows) (m stored, seq int64, err error) {
	var body string
	if err := rows.Scan(&seq, &m.turn, &body); err != nil {
		return m, seq, err
	}
	return m, seq, json.Unmarshal([]byte(body), &m.Message)
}
