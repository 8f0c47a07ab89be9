package web

import (
	"cmp"
	"context"
	"net/http"

	"tasks/internal/manager"
	"tasks/internal/run"
)

// runJSON is /run.json?slug=&run=: how a run stands, in few words, for what shows it
// beside something else.
func (s *Server) runJSON(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	if err := required("slug", q.Get("slug")); err != nil {
		return err
	}
	v, err := s.Manager.View(r.Context(), q.Get("slug"), q.Get("run"))
	if err != nil {
		return err
	}
	title := cmp.Or(v.Run.Title, v.Run.Slug)
	if v.Task != nil {
		title = v.Task.Name()
	}
	return sendJSON(w, r, http.StatusOK, envelope("run-state", map[string]any{
		"run": v.Run.JSON(), "title": title, "label": runLabel(runView(v.Run.JSON())), "phase": orNull(runPhase(v.Run)), "at_work": atWork(v.Run),
		"progress": map[string]int{"done": v.Progress.Done, "total": len(v.Progress.Boxes)}, "last": orNull(v.Last),
		"questions": len(v.Open), "advice": orNull(runAdvice(v.Run)), "attempts": s.attemptLimit(),
		"diffstat": s.restingStat(r.Context(), v), "href": "/runs/" + v.Run.Slug,
	}))
}

// restingStat is how much a run changed, nil while it is at work: the number would not
// stand still, and git would be asked again and again.
func (s *Server) restingStat(ctx context.Context, v *manager.RunView) *manager.Diffstat {
	if v.Run.State.Waiting() || atWork(v.Run) || v.Run.State == run.Retrying {
		return nil
	}
	return s.Manager.Diffstat(ctx, v.Run)
}
