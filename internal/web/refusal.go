package web

import (
	"fmt"
	"net/http"

	"tasks/internal/fault"
)

// refusal is an error whose HTTP status is finer than its code's.
type refusal struct {
	status int
	err    *fault.Error
}

func (r *refusal) Error() string { return r.err.Message }

func (r *refusal) Unwrap() error { return r.err }

// refuse makes a refusal; its code follows from the status.
func refuse(status int, format string, args ...any) *refusal {
	code := fault.Usage
	switch status {
	case http.StatusForbidden, http.StatusUnauthorized, http.StatusMisdirectedRequest:
		code = fault.Forbidden
	case http.StatusNotFound:
		code = fault.NotFound
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		code = fault.Unavailable
	}
	return &refusal{status, &fault.Error{Code: code, Message: fmt.Sprintf(format, args...)}}
}

func (r *refusal) withHint(hint string) *refusal {
	r.err.Hint = hint
	return r
}
