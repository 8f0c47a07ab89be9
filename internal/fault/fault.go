// Package fault is the meaning of errors: a short list of codes from which the
// exit status, the HTTP status, the stream error and the tool error all derive.
//
// An error made here carries what happened and why for a person (Message), and,
// where there is one, what to do (Hint). An error of any other type is internal.
package fault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Code is the kind of an error, as scripts see it.
type Code string

// The codes of the contract, in the order of their exit statuses.
const (
	Internal    Code = "internal"    // 1, 500: our own mistake
	Usage       Code = "usage"       // 2, 400: the call is of the wrong form
	Invalid     Code = "invalid"     // 3, 422: a file or value breaks a rule
	NotFound    Code = "not_found"   // 4, 404
	Conflict    Code = "conflict"    // 5, 409: exists, changed since read, already running
	Forbidden   Code = "forbidden"   // 6, 403
	Unavailable Code = "unavailable" // 7, 503: no git work tree, no model, a program is not there
)

var table = map[Code]struct{ exit, status int }{
	Internal:    {1, http.StatusInternalServerError},
	Usage:       {2, http.StatusBadRequest},
	Invalid:     {3, http.StatusUnprocessableEntity},
	NotFound:    {4, http.StatusNotFound},
	Conflict:    {5, http.StatusConflict},
	Forbidden:   {6, http.StatusForbidden},
	Unavailable: {7, http.StatusServiceUnavailable},
}

// ExitStatus is the process exit status for c; 1 for a code it does not know.
func (c Code) ExitStatus() int {
	if e, ok := table[c]; ok {
		return e.exit
	}
	return 1
}

// HTTPStatus is the response status for c; 500 for a code it does not know.
func (c Code) HTTPStatus() int {
	if e, ok := table[c]; ok {
		return e.status
	}
	return http.StatusInternalServerError
}

// Error is an error with a meaning.
type Error struct {
	Code    Code
	Message string // one line: what happened: why
	Hint    string // what to do; may be empty; never a destructive command
	Err     error  // the cause, for errors.Is; its text is not shown to people
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.Err }

// New makes an error of the code. A %w in format sets the cause as in fmt.Errorf.
func New(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// WithHint sets what to do about the error and returns it.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// CodeOf is the code of the first *Error in err's chain; Internal for any other
// error, the empty code for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// HintOf is the hint of the first *Error in err's chain, or empty.
func HintOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

// Canceled tells whether err is the end of a context rather than a failure.
func Canceled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
