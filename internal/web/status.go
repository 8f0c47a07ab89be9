package web

import (
	"encoding/json"
	"net/http"

	"tasks/internal/manager"
	"tasks/internal/run"
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
	runs, err := s.Runs.LatestAll(r.Context())
	if err != nil {
		return err
	}
	rows := taskRows(st.Tasks, all)
	tellAsking(rows, runs)
	p := StatusPage{Base: s.base(r, "status", "Status", ""), Status: st, Ready: pick(rows, st.Ready())}
	s.activeRows(&p, pick(rows, st.Queue()), runs)
	return s.page(w, r, http.StatusOK, "status", p)
}

// activeRows fills the table of what is going on, and what wants attention beside it.
func (s *Server) activeRows(p *StatusPage, rows []TaskRow, runs map[string]*run.Run) {
	bySlug := map[string][]manager.Signal{}
	for _, g := range p.Status.Signals {
		bySlug[g.Slug] = append(bySlug[g.Slug], g)
	}
	p.More = max(len(rows)-shownRows, 0)
	held := map[string]bool{}
	for i, row := range rows {
		held[row.Slug] = true
		if i >= shownRows {
			continue
		}
		a := ActiveRow{TaskRow: row, Signals: bySlug[row.Slug]}
		if r := runs[row.Slug]; r != nil && !r.State.Waiting() {
			progress := s.Manager.ProgressOf(r)
			a.Done, a.Boxes, a.Until = progress.Done, len(progress.Boxes), r.RetryAt
		}
		p.Active = append(p.Active, a)
	}
	for _, g := range p.Status.Groups() {
		if held[g[0].Slug] || len(g) == 1 && g[0].Code == "ready_not_queued" {
			continue
		}
		p.Others = append(p.Others, SignalGroup{Slug: g[0].Slug, Href: "/tasks/" + g[0].Slug, Signals: g})
	}
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
