package edit

import "context"

// Standing is how an edit stands after the undos of it.
type Standing struct {
	ID     string `json:"id"`
	Path   string `json:"path"`
	Undone bool   `json:"undone"` // taken back, and not done again since
	Latest string `json:"latest"` // the newest of the edit and its undos: the one to undo next
}

// Standings are the edits of a conversation, oldest first, without those that were
// never made. An undo is told with the edit it undid, not as one of its own.
func (e *Editor) Standings(ctx context.Context, conversation string) ([]Standing, error) {
	rows, err := e.journal.db.QueryContext(ctx, `select id, path, coalesce(undoes, ''), coalesce(undone_by, '') from edits
		where conversation = ? and state = ? order by created_at, rowid`, conversation, done)
	if err != nil {
		return nil, unread(err)
	}
	defer rows.Close()
	first, undoneBy := []Standing{}, map[string]string{}
	for rows.Next() {
		var id, path, undoes, by string
		if err := rows.Scan(&id, &path, &undoes, &by); err != nil {
			return nil, unread(err)
		}
		undoneBy[id] = by
		if undoes == "" {
			first = append(first, Standing{ID: id, Path: path, Latest: id})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, unread(err)
	}
	for i := range first {
		for s := &first[i]; undoneBy[s.Latest] != ""; s.Undone = !s.Undone {
			s.Latest = undoneBy[s.Latest]
		}
	}
	return first, nil
}
