package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"tasks/internal/manager"
)

// status is the page of queue and health.
func (s *Server) status(w http.ResponseWriter, r *request) error {
	st, err := s.Manager.Status(r.Context())
	if err != nil {
		return err
	}
	all, err := s.Tracker.All(r.Context())
	if err != nil {
		return err
	}
	rows := taskRows(st.Tasks, all)
	p := StatusPage{Base: s.base(r, "status", "Status", ""), Status: st, Rows: pick(rows, st.Queue()), Ready: pick(rows, st.Ready())}
	return s.page(w, r, http.StatusOK, "status", p)
}

// pick is the rows of which the projection speaks.
func pick(rows []TaskRow, of []manager.Row) []TaskRow {
	wanted := map[string]bool{}
	for _, r := range of {
		wanted[r.Path] = true
	}
	var out []TaskRow
	for _, row := range rows {
		if wanted[row.Path] {
			out = append(out, row)
		}
	}
	return out
}

// statusJSON is /status.json, as `tasks status --json` prints it.
func (s *Server) statusJSON(w http.ResponseWriter, r *request) error {
	st, err := s.Manager.Status(r.Context())
	if err != nil {
		return err
	}
	raw, err := json.Marshal(st)
	if err != nil {
		return err
	}
	data := map[string]any{}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	for key, value := range fields {
		data[key] = value
	}
	return sendJSON(w, r, http.StatusOK, envelope("status", data))
}

// activity is what happened lately: what the queue knows of, newest first.
func (s *Server) activity(w http.ResponseWriter, r *request) error {
	_, rows, err := s.project(r.Context())
	if err != nil {
		return err
	}
	p := ActivityPage{Base: s.base(r, "activity", "Activity", "")}
	for _, row := range rows {
		if row.Run == nil {
			continue
		}
		title := cmp.Or(row.Title, row.Slug)
		p.Items = append(p.Items, ActivityItem{When: row.Run.QueuedAt, Icon: "hourglass", Text: title + " was handed over", Href: row.Href})
	}
	slices.SortStableFunc(p.Items, func(a, b ActivityItem) int { return b.When.Compare(a.When) })
	return s.page(w, r, http.StatusOK, "activity", p)
}
