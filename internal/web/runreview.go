package web

import (
	"net/http"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/run"
)

// commentJSON is a reviewer's comment in its JSON form.
type commentJSON struct {
	ID    string `json:"id"`
	Path  string `json:"path"`
	Line  int    `json:"line"`
	Side  string `json:"side"`
	Quote string `json:"quote"`
	Text  string `json:"text"`
	Sent  bool   `json:"sent"`
}

func commentOf(c run.Comment) commentJSON {
	return commentJSON{c.ID, c.Path, c.Line, c.Side, c.Quote, c.Text, c.Sent}
}

// runComment is POST /actions/run/comment: a draft of a comment on a line of the diff.
func (s *Server) runComment(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug  string `json:"slug"`
		Path  string `json:"path"`
		Line  int    `json:"line"`
		Side  string `json:"side"`
		Quote string `json:"quote"`
		Text  string `json:"text"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug, "path", in.Path, "text", in.Text); err != nil {
		return err
	}
	if in.Side != "" && in.Side != "old" && in.Side != "new" {
		return fault.New(fault.Usage, "the side of a line is old or new, not %q", in.Side)
	}
	on, err := s.reviewable(r, in.Slug)
	if err != nil {
		return err
	}
	c, err := s.Runs.AddComment(r.Context(), run.Comment{Run: on.ID, Path: in.Path, Line: in.Line, Side: in.Side, Quote: in.Quote, Text: strings.TrimSpace(in.Text)})
	if err != nil {
		return err
	}
	return sendJSON(w, r, http.StatusOK, map[string]any{"run": on.JSON(), "comment": commentOf(c)})
}

// runUncomment is POST /actions/run/uncomment: takes a draft back.
func (s *Server) runUncomment(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug    string `json:"slug"`
		Comment string `json:"comment"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug, "comment", in.Comment); err != nil {
		return err
	}
	on, err := s.reviewable(r, in.Slug)
	if err != nil {
		return err
	}
	if err := s.Runs.DropComment(r.Context(), on.ID, in.Comment); err != nil {
		return err
	}
	return sendJSON(w, r, http.StatusOK, map[string]any{"run": on.JSON()})
}

// runReview is POST /actions/run/review: sends the drafts back as one message.
func (s *Server) runReview(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug    string `json:"slug"`
		Message string `json:"message"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug); err != nil {
		return err
	}
	got, err := s.Manager.SendReview(r.Context(), in.Slug, strings.TrimSpace(in.Message), "page")
	return s.runAnswer(w, r, got, err)
}

// reviewable is the latest run of a task, whose work may still be commented on: Conflict
// where it is over for good.
func (s *Server) reviewable(r *request, slug string) (*run.Run, error) {
	on, err := s.Manager.RunOf(r.Context(), slug, "")
	if err != nil {
		return nil, err
	}
	if on.State == run.Accepted || on.State == run.Rejected {
		return nil, fault.New(fault.Conflict, "the run of %s is %s: nobody would read a comment", on.Slug, on.State)
	}
	return on, nil
}
