package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"tasks/internal/run"
	"tasks/internal/task"
)

// status is the page of queue and health.
func (s *Server) status(w http.ResponseWriter, r *request) error {
	st, err := s.Manager.Status(r.Context())
	if err != nil {
		return err
	}
	rows, err := s.rows(r.Context())
	if err != nil {
		return err
	}
	p := StatusPage{Base: s.base(r, "status", "Status", ""), Status: st}
	for _, row := range rows {
		switch {
		case row.Run != nil && run.State(row.Run.State).Active():
			p.Rows = append(p.Rows, row)
		case row.Status == task.Ready:
			p.Ready = append(p.Ready, row)
		}
	}
	byPlace(p.Rows)
	return s.page(w, r, http.StatusOK, "status", p)
}

// byPlace sorts rows as the queue stands, what is past it first.
func byPlace(rows []TaskRow) {
	slices.SortStableFunc(rows, func(a, b TaskRow) int { return cmp.Compare(a.Run.Place, b.Run.Place) })
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
	rows, err := s.rows(r.Context())
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
