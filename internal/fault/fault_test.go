package fault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestCodes(t *testing.T) {
	for _, c := range []struct {
		err          error
		code         Code
		exit, status int
		hint         string
	}{
		{errors.New("odd"), Internal, 1, 500, ""},
		{New(Usage, "a"), Usage, 2, 400, ""},
		{New(Invalid, "a").WithHint("do %s", "b"), Invalid, 3, 422, "do b"},
		{fmt.Errorf("outer: %w", New(NotFound, "a").WithHint("h")), NotFound, 4, 404, "h"},
		{New(Conflict, "a: %w", fs.ErrExist), Conflict, 5, 409, ""},
		{New(Forbidden, "a"), Forbidden, 6, 403, ""},
		{New(Unavailable, "a"), Unavailable, 7, 503, ""},
		{New("strange", "a"), "strange", 1, 500, ""},
		{context.Canceled, Internal, 1, 500, ""},
	} {
		code := CodeOf(c.err)
		if code != c.code || code.ExitStatus() != c.exit || code.HTTPStatus() != c.status || HintOf(c.err) != c.hint {
			t.Errorf("%v: %q, exit %d, status %d, hint %q", c.err, code, code.ExitStatus(), code.HTTPStatus(), HintOf(c.err))
		}
	}
	if CodeOf(nil) != "" || HintOf(nil) != "" {
		t.Error("no error has a code")
	}
	if !errors.Is(New(Conflict, "a: %w", fs.ErrExist), fs.ErrExist) {
		t.Error("the cause is lost")
	}
	if !Canceled(fmt.Errorf("x: %w", context.DeadlineExceeded)) || Canceled(New(Usage, "a")) {
		t.Error("the end of a context is not told apart")
	}
}
