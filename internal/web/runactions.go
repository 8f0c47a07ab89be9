package web

import (
	"net/http"
	"strings"

	"tasks/internal/fault"
)

// dispatch is POST /actions/dispatch, the same as `tasks dispatch`.
func (s *Server) dispatch(w http.ResponseWriter, r *request) error {
	in, err := s.slug(w, r)
	if err != nil {
		return err
	}
	if !byHand(r) {
		got, err := s.Manager.Dispatch(r.Context(), in.Slug, "page")
		return s.runAnswer(w, r, got, err)
	}
	got, trusted, err := s.Manager.DispatchByHand(r.Context(), in.Slug, "page")
	return s.runAnswer(w, r, got, err, trusted...)
}

// runSend is POST /actions/run/send, the same as `tasks run send`.
func (s *Server) runSend(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug    string `json:"slug"`
		Message string `json:"message"`
		Now     bool   `json:"now"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug, "message", in.Message); err != nil {
		return err
	}
	got, err := s.Manager.Send(r.Context(), in.Slug, in.Message, in.Now, "", "page")
	return s.runAnswer(w, r, got, err)
}

// runStop is POST /actions/run/stop, the same as `tasks run stop`.
func (s *Server) runStop(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug string `json:"slug"`
		Why  string `json:"why"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug); err != nil {
		return err
	}
	got, err := s.Manager.Stop(r.Context(), in.Slug, in.Why)
	return s.runAnswer(w, r, got, err)
}

// runRetry is POST /actions/run/retry, the same as `tasks run retry`.
func (s *Server) runRetry(w http.ResponseWriter, r *request) error {
	in, err := s.slug(w, r)
	if err != nil {
		return err
	}
	got, err := s.Manager.Retry(r.Context(), in.Slug)
	return s.runAnswer(w, r, got, err)
}

// runAccept is POST /actions/run/accept, the same as `tasks run accept`.
func (s *Server) runAccept(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug  string `json:"slug"`
		Merge bool   `json:"merge"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug); err != nil {
		return err
	}
	got, err := s.Manager.Accept(r.Context(), in.Slug, in.Merge)
	return s.runAnswer(w, r, got, err)
}

// runRebase is POST /actions/run/rebase, the same as `tasks run rebase`.
func (s *Server) runRebase(w http.ResponseWriter, r *request) error {
	in, err := s.slug(w, r)
	if err != nil {
		return err
	}
	got, conflicts, err := s.Manager.Rebase(r.Context(), in.Slug, "page")
	if err != nil {
		return err
	}
	if conflicts == nil {
		conflicts = []string{}
	}
	return sendJSON(w, r, http.StatusOK, map[string]any{"run": got.JSON(), "conflicts": conflicts})
}

// runReject is POST /actions/run/reject, the same as `tasks run reject`.
func (s *Server) runReject(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug string `json:"slug"`
		Why  string `json:"why"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug); err != nil {
		return err
	}
	got, kept, err := s.Manager.Reject(r.Context(), in.Slug, strings.TrimSpace(in.Why))
	if err != nil {
		return err
	}
	return sendJSON(w, r, http.StatusOK, map[string]any{"run": got.JSON(), "kept": orNull(kept)})
}

// runAnswerAsk is POST /actions/run/answer: allow or deny what the run's agent asked for.
func (s *Server) runAnswerAsk(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug     string `json:"slug"`
		Ask      string `json:"ask"`
		Decision string `json:"decision"`
		Why      string `json:"why"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug, "ask", in.Ask, "decision", in.Decision); err != nil {
		return err
	}
	if in.Decision != "allow" && in.Decision != "deny" {
		return fault.New(fault.Usage, "the decision is allow or deny, not %q", in.Decision)
	}
	got, err := s.Manager.Answer(r.Context(), in.Slug, in.Ask, in.Decision == "allow", in.Why)
	return s.runAnswer(w, r, got, err)
}
