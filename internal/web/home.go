package web

import (
	"html/template"
	"net/http"

	"tasks/internal/run"
	"tasks/internal/task"
)

// home says what is here and what needs the user.
func (s *Server) home(w http.ResponseWriter, r *request) error {
	st, rows, err := s.project(r.Context())
	if err != nil {
		return err
	}
	p := HomePage{Base: s.base(r, "home", s.repoName, ""), NoTasks: len(rows) == 0}
	for _, row := range rows {
		switch {
		case row.Broken != nil:
			p.Broken = append(p.Broken, row)
		case row.Run != nil && run.State(row.Run.State).Waiting():
			p.Queued = append(p.Queued, row)
		case row.Status == task.InProgress || row.Run != nil && run.State(row.Run.State).Active():
			p.Active = append(p.Active, row)
		}
	}
	p.Ready = pick(rows, st.Ready())
	p.Recent = s.frame().recent
	l, err := s.Docs.Folder(r.Context(), "", 0, 1)
	if err != nil {
		return err
	}
	if l.Readme != nil && l.Readme.Rendered != nil {
		p.Readme = template.HTML(l.Readme.Rendered.HTML)
		p.Outline = l.Readme.Rendered.Headings
	}
	return s.page(w, r, http.StatusOK, "home", p)
}
