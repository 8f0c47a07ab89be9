package web

import (
	"encoding/json"
	"net/http"

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
