package wire

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptrace"

	"tasks/internal/fault"
	"tasks/internal/llm"
)

// An Attempt is one try: the request as the server is thought to take it, and what
// reads its answer into the Answer it was made for.
type Attempt interface {
	// Body writes the request.
	Body() ([]byte, error)
	// Piece takes in one JSON object of the answer; event is the name of its frame,
	// mostly empty. An error means that data cannot be read.
	Piece(event string, data []byte) (*Failure, error)
	// Response is the whole answer, whose stream has ended as it should.
	Response() *llm.Response
	// Learn looks for a part of the request that the server refused and has the next
	// Attempt do without; it says what changes, for people. Empty where there is
	// nothing to change. Each change leads on, never back, so that this ends.
	Learn(f *Failure) (what string)
}

// Stream asks the model, with an Attempt for each try. See llm.Service.
func (c *Client) Stream(ctx context.Context, req *llm.Request, on func(llm.Event), begin func(*Answer) Attempt) (*llm.Response, error) {
	r := retrier{client: c, on: on, start: c.cfg.Now()}
	for {
		a := newAnswer(c.words, req, on)
		at := begin(a)
		f := c.try(ctx, a, at)
		switch {
		case f == nil:
			return at.Response(), nil
		case ctx.Err() != nil:
			return a.partial(), ctx.Err()
		case a.shown:
			return a.partial(), f.err
		}
		if what := at.Learn(f); what != "" {
			on(llm.Event{Kind: llm.Warning, Text: "the model server refused a part of the request; from now on " + what})
			continue
		}
		if err := c.toolsRefused(f); err != nil && len(req.Tools) > 0 {
			return nil, err
		}
		if err := r.again(ctx, f); err != nil {
			return nil, err
		}
	}
}

// try is one exchange with the server. Where it fails nothing of it is left open.
func (c *Client) try(ctx context.Context, a *Answer, at Attempt) *Failure {
	data, err := at.Body()
	if err != nil {
		return fail(fault.New(fault.Internal, "the request to the model could not be written: %w", err))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := newLimiter(c.cfg.Timeouts, c.words, cancel)
	defer limit.stop()
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { limit.enter(awaitingHeaders) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodPost, c.url, bytes.NewReader(data))
	if err != nil {
		return fail(fault.New(fault.Internal, "the request to the model could not be made: %s", c.words.plain(err.Error())))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream, application/json")
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	c.api.Headers(req.Header, c.cfg.Key)
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreached(ctx, err)
	}
	defer resp.Body.Close()
	limit.enter(awaitingToken)
	return c.respond(ctx, a, at, resp, limit)
}
