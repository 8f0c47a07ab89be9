package web

import (
	"context"
	"net/http"

	"tasks/internal/fault"
	"tasks/internal/forge"
	"tasks/internal/manager"
	"tasks/internal/run"
)

// remotesJSON is /remotes.json?slug=: where the work of a task's run can be pushed to now,
// the likeliest first.
func (s *Server) remotesJSON(w http.ResponseWriter, r *request) error {
	slug := r.URL.Query().Get("slug")
	if err := required("slug", slug); err != nil {
		return err
	}
	on, err := s.Manager.RunOf(r.Context(), slug, "")
	if err != nil {
		return err
	}
	ways, err := s.Manager.Ways(r.Context(), on)
	if err != nil {
		return err
	}
	type remote struct {
		Name      string `json:"name"`
		Address   string `json:"address"`
		Confirmed bool   `json:"confirmed"`
		Pulls     bool   `json:"pulls"`
	}
	list := []remote{}
	for _, way := range ways {
		list = append(list, remote{way.Name, way.Shown(), way.Confirmed, way.Pulls})
	}
	return sendJSON(w, r, http.StatusOK, envelope("remotes", map[string]any{"run": on.JSON(), "remotes": list}))
}

// sending is what the actions on a remote take. Confirm is the remote's address as it was
// shown: work may go there from now on.
type sending struct {
	Slug    string `json:"slug"`
	Remote  string `json:"remote"`
	Confirm string `json:"confirm"`
}

func (in sending) consent() manager.Consent {
	if in.Confirm == "" {
		return nil
	}
	return func(to forge.Remote) error {
		if to.Shown() != in.Confirm {
			return fault.New(fault.Conflict, "nothing was pushed: the remote %s is %s now, not %s", to.Name, to.Shown(), in.Confirm)
		}
		return nil
	}
}

// runPush is POST /actions/run/push, the same as `tasks run push`.
func (s *Server) runPush(w http.ResponseWriter, r *request) error {
	var in sending
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug); err != nil {
		return err
	}
	// A page that goes away must not leave a push half told of.
	p, err := s.Manager.Push(context.WithoutCancel(r.Context()), in.Slug, in.Remote, in.consent())
	if err != nil {
		return forge.Naming(err, in.Slug)
	}
	return sendJSON(w, r, http.StatusOK, map[string]any{"run": p.Run.JSON(), "remote": p.Remote.Name, "commit": p.Commit})
}

// runPR is POST /actions/run/pr, the same as `tasks run pr`.
func (s *Server) runPR(w http.ResponseWriter, r *request) error {
	var in sending
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug); err != nil {
		return err
	}
	_, made, err := s.Manager.OpenPull(context.WithoutCancel(r.Context()), in.Slug, in.Remote, in.consent())
	if err != nil {
		return forge.Naming(err, in.Slug)
	}
	return s.pullAnswer(w, r, in.Slug, map[string]any{"made": made})
}

// runMerge is POST /actions/run/merge, the same as `tasks run pr --merge` or --squash.
func (s *Server) runMerge(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug   string `json:"slug"`
		Squash bool   `json:"squash"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug); err != nil {
		return err
	}
	if _, err := s.Manager.MergePull(context.WithoutCancel(r.Context()), in.Slug, in.Squash); err != nil {
		return err
	}
	return s.pullAnswer(w, r, in.Slug, map[string]any{})
}

// pullAnswer is the run as it is after its pull request was asked about.
func (s *Server) pullAnswer(w http.ResponseWriter, r *request, slug string, with map[string]any) error {
	on, err := s.Manager.RunOf(r.Context(), slug, "")
	if err != nil {
		return err
	}
	with["run"] = on.JSON()
	return sendJSON(w, r, http.StatusOK, with)
}

// pullWords is how a run's pull request stands, in words; "" where that was never asked.
func pullWords(p run.Pull) string {
	switch {
	case p.State != "" && p.State != "open":
		return p.State
	case p.Conflicts:
		return "open, conflicts with its base"
	case p.Checks == "failing":
		return "open, checks fail"
	case p.Checks == "pending":
		return "open, checks are on"
	case p.Checks == "passing":
		return "open, checks pass"
	}
	return p.State
}
