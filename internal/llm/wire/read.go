package wire

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/llm"
)

// respond reads the response.
func (c *Client) respond(ctx context.Context, a *Answer, at Attempt, resp *http.Response, limit *limiter) *Failure {
	in, err := decoded(resp, body{resp.Body, limit})
	if err != nil {
		return c.broken(ctx, a, err)
	}
	if resp.StatusCode/100 != 2 {
		return c.refused(in, resp)
	}
	switch first, err := peek(in); {
	case err == io.EOF:
		return c.ended(a)
	case err != nil:
		return c.broken(ctx, a, err)
	case first == '<':
		return fail(fault.New(fault.Unavailable, "%s answered with a web page, not as a model server does: %s", c.words.host, c.page(in)).
			WithHint("%s %s", c.api.setting("BASE_URL"), c.api.BaseHint))
	case first == '{' || first == '[':
		return c.readWhole(ctx, a, at, in)
	}
	return c.readStream(ctx, a, at, in, limit)
}

// decoded undoes a compression that nobody asked for.
func decoded(resp *http.Response, raw io.Reader) (*bufio.Reader, error) {
	switch enc := strings.ToLower(resp.Header.Get("Content-Encoding")); enc {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, err
		}
		raw = z
	default:
		return nil, fault.New(fault.Unavailable, "the model server compressed its answer in a way that was not asked for: %s", short(oneLine(enc), 20))
	}
	return bufio.NewReader(raw), nil
}

// peek is the first byte that is neither white space nor a byte order mark.
func peek(in *bufio.Reader) (byte, error) {
	for {
		b, err := in.Peek(1)
		if err != nil {
			return 0, err
		}
		switch b[0] {
		case ' ', '\t', '\r', '\n', 0xEF, 0xBB, 0xBF:
			in.Discard(1)
		default:
			return b[0], nil
		}
	}
}

// readStream reads an event stream to its end.
func (c *Client) readStream(ctx context.Context, a *Answer, at Attempt, in io.Reader, limit *limiter) *Failure {
	frames := llm.NewFrames(in)
	for !a.done {
		frame, err := frames.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return c.broken(ctx, a, err)
		}
		if f := c.frame(a, at, frame); f != nil {
			return c.named(f)
		}
		switch {
		case a.finished && !a.resumed:
			limit.enter(ending)
		case a.shown:
			limit.enter(streaming)
			limit.reopen()
		}
	}
	if a.done {
		drain(in, limit)
	}
	return c.ended(a)
}

// drain reads what is left after [DONE], mostly nothing, so that the connection can
// be used for the next call; it waits a moment only.
func drain(in io.Reader, limit *limiter) {
	late := time.AfterFunc(20*time.Millisecond, func() { limit.cancel(nil) })
	defer late.Stop()
	io.CopyN(io.Discard, in, 64<<10)
}

// readWhole reads the answer of a server that does not stream: one JSON, or one a
// line.
func (c *Client) readWhole(ctx context.Context, a *Answer, at Attempt, in io.Reader) *Failure {
	data, err := io.ReadAll(io.LimitReader(in, 2*maxAnswer))
	if err != nil {
		return c.broken(ctx, a, err)
	}
	frames := [][]byte{data}
	if first, rest, _ := bytes.Cut(bytes.TrimSpace(data), []byte{'\n'}); len(rest) > 0 && bytes.HasSuffix(bytes.TrimSpace(first), []byte{'}'}) {
		frames = bytes.Split(data, []byte{'\n'})
	}
	for _, f := range frames {
		if f := c.frame(a, at, llm.Frame{Data: f}); f != nil {
			return c.named(f)
		}
	}
	return c.ended(a)
}

// frame sorts out what is no piece of an answer and hands on what is.
func (c *Client) frame(a *Answer, at Attempt, f llm.Frame) *Failure {
	data := bytes.TrimSpace(f.Data)
	switch {
	case len(data) == 0:
		return nil
	case bytes.EqualFold(data, []byte("[DONE]")):
		a.Done()
		return nil
	case data[0] != '{' && data[0] != '[':
		a.odd = string(data[:min(len(data), 2000)])
		if f.Event == "error" {
			return c.words.inStream(data)
		}
		return nil
	case data[0] == '[': // only errors come as lists
		return c.words.inStream(data)
	}
	failed, err := at.Piece(f.Event, data)
	switch {
	case err != nil && f.Cut:
		return nil // half a piece: the end tells
	case err != nil:
		return fail(fault.New(fault.Unavailable, "the model server sent a piece of the answer that is not JSON: %s", c.words.plain(string(data[:min(len(data), 400)]))))
	case failed == nil && a.Size() > maxAnswer:
		return fail(fault.New(fault.Unavailable, "the model's answer grew beyond %d MB and was stopped", maxAnswer>>20))
	}
	return failed
}

// named gives a failure from within an answer what only the client knows.
func (c *Client) named(f *Failure) *Failure {
	if f.Status == http.StatusNotFound || f.Status == http.StatusUnauthorized {
		p := parseProblem([]byte(f.Said))
		p.status = f.Status
		return c.words.failure(p, f.Said, nil)
	}
	return f
}

// ended judges an answer whose stream is at its end.
func (c *Client) ended(a *Answer) *Failure {
	switch {
	case a.finished, a.done && a.finish != "", a.whole:
		return nil
	}
	what := "the answer was cut off: " + c.words.host + " closed the connection before the model had finished"
	if a.done {
		what = "the answer was cut off: " + c.words.host + " ended it without saying that the model had finished"
	}
	if words := c.words.plain(unmarkup(a.odd)); words != "" {
		what += "; its last words were: " + words
	}
	return &Failure{brief: what, retry: true,
		err: fault.New(fault.Unavailable, "%s", what).WithHint("try again; the text so far is kept, and no tool of it was run")}
}

// broken words an error of reading. After the model has finished it is none.
func (c *Client) broken(ctx context.Context, a *Answer, err error) *Failure {
	if a.finished && !a.resumed {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return fail(cause)
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return fail(known)
	}
	what := fmt.Sprintf("the answer was cut off: the connection to %s broke: %s", c.words.host, c.words.plain(cause(err)))
	return &Failure{brief: what, retry: true,
		err: fault.New(fault.Unavailable, "%s", what).WithHint("try again; the text so far is kept, and no tool of it was run")}
}

// refused reads the response of a server that says no.
func (c *Client) refused(in io.Reader, resp *http.Response) *Failure {
	const most = 64 << 10
	data, _ := io.ReadAll(io.LimitReader(in, most))
	if len(data) == most { // the end may hold half a secret
		data = data[:most-4<<10]
	}
	p := parseProblem(data)
	p.status = resp.StatusCode
	f := c.words.failure(p, string(data), resp.Header)
	switch resp.Header.Get("X-Should-Retry") {
	case "true":
		f.retry = true
	case "false":
		f.retry = false
	}
	if Mentions(p.code, "insufficient_quota") {
		f.retry = false
	}
	return f
}

func (c *Client) page(in io.Reader) string {
	data, _ := io.ReadAll(io.LimitReader(in, 64<<10))
	return c.words.plain(unmarkup(string(data)))
}
