package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"tasks/internal/fault"
)

// The interface of the Symphony specification, section 13.7.2, over the manager's one
// projection.

// apiTime is how long an answer may take until the caller is told that it took too long.
const apiTime = 10 * time.Second

// site is this server's address as the caller knows it; the door has checked it.
func (r *request) site() string { return "http://" + r.Host }

// apiState is GET /api/v1/state.
func (s *Server) apiState(w http.ResponseWriter, r *request) error {
	ctx, cancel := context.WithTimeout(r.Context(), apiTime)
	defer cancel()
	st, err := s.Manager.Snapshot(ctx, r.site())
	if err != nil {
		return s.apiFail(w, r, err)
	}
	return sendJSON(w, r, http.StatusOK, st)
}

// apiIssue is GET /api/v1/<id>: a task's slug or id.
func (s *Server) apiIssue(w http.ResponseWriter, r *request) error {
	if len(r.rest) != 1 {
		return apiError(w, r, http.StatusNotFound, "issue_not_found", "there is no task at this address")
	}
	ctx, cancel := context.WithTimeout(r.Context(), apiTime)
	defer cancel()
	issue, err := s.Manager.Issue(ctx, r.rest[0], r.site())
	if err != nil {
		return s.apiFail(w, r, err)
	}
	return sendJSON(w, r, http.StatusOK, issue)
}

// apiRefresh is POST /api/v1/refresh: look at once. The body is empty or an object.
func (s *Server) apiRefresh(w http.ResponseWriter, r *request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return tooLarge()
	case err != nil:
		return fault.New(fault.Usage, "the body cannot be read: %w", err)
	}
	if len(body) > 0 {
		if err := decodeBody(body, &struct{}{}); err != nil {
			return err
		}
	}
	return sendJSON(w, r, http.StatusAccepted, map[string]any{
		"queued": true, "coalesced": s.Manager.Refresh(), "requested_at": time.Now().UTC(), "operations": []string{"poll", "reconcile"},
	})
}

// apiFail gives an error the codes of the specification.
func (s *Server) apiFail(w http.ResponseWriter, r *request, err error) error {
	switch {
	case r.Context().Err() != nil:
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return apiError(w, r, http.StatusServiceUnavailable, "timeout", "the state could not be read in time")
	case fault.CodeOf(err) == fault.NotFound:
		return apiError(w, r, http.StatusNotFound, "issue_not_found", err.Error())
	}
	return err
}

func apiError(w http.ResponseWriter, r *request, status int, code, message string) error {
	w.Header().Set("Cache-Control", "no-store")
	return sendJSON(w, r, status, map[string]any{"error": map[string]any{"code": code, "message": message, "hint": nil}})
}
