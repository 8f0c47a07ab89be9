package openai

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/llm"
)

// Stream asks the model. See llm.Service.
func (c *Client) Stream(ctx context.Context, req *llm.Request, on func(llm.Event)) (*llm.Response, error) {
	r := retrier{client: c, on: on, start: c.cfg.Now()}
	for {
		q := c.quirks()
		a := newAnswer(c.secrets, req, on)
		f := c.try(ctx, a, q)
		switch {
		case f == nil:
			return a.result(), nil
		case ctx.Err() != nil:
			return a.partial(), ctx.Err()
		case a.shown:
			return a.partial(), f.err
		}
		if next, what, ok := q.adapt(f.status, f.said, req); ok {
			c.remember(next)
			on(llm.Event{Kind: llm.Warning, Text: "the model server refused a part of the request; from now on " + what})
			continue
		}
		if refusesTools(f.said, req) && f.status >= 400 && f.status < 500 {
			return nil, fault.New(fault.Unavailable, "the model %q at %s does not do tools: %s", short(c.cfg.Model, 80), c.host, c.secrets.words(parseProblem([]byte(f.said)).message)).
				WithHint("set OPENAI_MODEL to a model that can call tools, or switch tool calls on in its server")
		}
		if err := r.again(ctx, f); err != nil {
			return nil, err
		}
	}
}

func (c *Client) quirks() quirks {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.learn
}

func (c *Client) remember(q quirks) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.learn = q
}

// try is one exchange with the server. Where it fails nothing of it is left open.
func (c *Client) try(ctx context.Context, a *answer, q quirks) *failure {
	data, err := encode(c.cfg.Model, a.req, q)
	if err != nil {
		return fail(fault.New(fault.Internal, "the request to the model could not be written: %w", err))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := newLimiter(c.cfg.Timeouts, c.host, cancel)
	defer limit.stop()
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { limit.enter(awaitingHeaders) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodPost, c.url, bytes.NewReader(data))
	if err != nil {
		return fail(fault.New(fault.Internal, "the request to the model could not be made: %s", c.secrets.words(err.Error())))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream, application/json")
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	if c.cfg.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.cfg.Key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreached(ctx, err)
	}
	defer resp.Body.Close()
	limit.enter(awaitingToken)
	return c.respond(ctx, a, resp, limit)
}

// respond reads the response.
func (c *Client) respond(ctx context.Context, a *answer, resp *http.Response, limit *limiter) *failure {
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
		return fail(fault.New(fault.Unavailable, "%s answered with a web page, not as a model server does: %s", c.host, c.page(in)).
			WithHint("OPENAI_BASE_URL mostly ends in /v1"))
	case first == '{' || first == '[':
		return c.readWhole(ctx, a, in)
	}
	return c.readStream(ctx, a, in, limit)
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
func (c *Client) readStream(ctx context.Context, a *answer, in io.Reader, limit *limiter) *failure {
	frames := llm.NewFrames(in)
	for !a.done {
		frame, err := frames.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return c.broken(ctx, a, err)
		}
		if f := a.frame(frame); f != nil {
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
func (c *Client) readWhole(ctx context.Context, a *answer, in io.Reader) *failure {
	data, err := io.ReadAll(io.LimitReader(in, 2*maxAnswer))
	if err != nil {
		return c.broken(ctx, a, err)
	}
	if _, err := parseChunk(data); err == nil || bytes.HasPrefix(data, []byte{'['}) {
		if f := a.frame(llm.Frame{Data: data}); f != nil {
			return c.named(f)
		}
		return c.ended(a)
	}
	for line := range bytes.Lines(data) {
		if f := a.frame(llm.Frame{Data: line}); f != nil {
			return c.named(f)
		}
	}
	return c.ended(a)
}

// named gives a failure from within an answer what only the client knows.
func (c *Client) named(f *failure) *failure {
	if f.status == http.StatusNotFound || f.status == http.StatusUnauthorized {
		return newFailure(c.secrets, c.host, c.cfg.Model, problemWith(f), f.said, nil)
	}
	return f
}

func problemWith(f *failure) problem {
	p := parseProblem([]byte(f.said))
	p.status = f.status
	return p
}

// ended judges an answer whose stream is at its end.
func (c *Client) ended(a *answer) *failure {
	switch {
	case a.finished, a.done && a.finish != "", a.whole:
		return nil
	}
	what := "the answer was cut off: " + c.host + " closed the connection before the model had finished"
	if a.done {
		what = "the answer was cut off: " + c.host + " ended it without saying that the model had finished"
	}
	if words := c.secrets.words(unmarkup(a.odd)); words != "" {
		what += "; its last words were: " + words
	}
	return &failure{brief: what, retry: true,
		err: fault.New(fault.Unavailable, "%s", what).WithHint("try again; the text so far is kept, and no tool of it was run")}
}

// broken words an error of reading. After the model has finished it is none.
func (c *Client) broken(ctx context.Context, a *answer, err error) *failure {
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
	what := fmt.Sprintf("the answer was cut off: the connection to %s broke: %s", c.host, c.secrets.words(cause(err)))
	return &failure{brief: what, retry: true,
		err: fault.New(fault.Unavailable, "%s", what).WithHint("try again; the text so far is kept, and no tool of it was run")}
}

// refused reads the response of a server that says no.
func (c *Client) refused(in io.Reader, resp *http.Response) *failure {
	const most = 64 << 10
	data, _ := io.ReadAll(io.LimitReader(in, most))
	if len(data) == most { // the end may hold half a secret
		data = data[:most-4<<10]
	}
	p := parseProblem(data)
	p.status = resp.StatusCode
	f := newFailure(c.secrets, c.host, c.cfg.Model, p, string(data), resp.Header)
	switch resp.Header.Get("X-Should-Retry") {
	case "true":
		f.retry = true
	case "false":
		f.retry = false
	}
	if has(p.code, "insufficient_quota") {
		f.retry = false
	}
	return f
}

func (c *Client) page(in io.Reader) string {
	data, _ := io.ReadAll(io.LimitReader(in, 64<<10))
	return c.secrets.words(unmarkup(string(data)))
}
