package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tasks/internal/fault"
	"tasks/internal/llm"
)

const (
	maxTries = 3
	maxSpent = 60 * time.Second // on all tries and the waits between them
)

// failedCall stands for a call of the model that its server could not read.
const failedCall = "\x00failed call"

// A retrier decides whether one call is tried again. Nothing of it was shown yet.
type retrier struct {
	client *Client
	on     func(llm.Event)
	start  time.Time
	tries  int
	failed bool // the model's broken call was forgiven once
}

// again waits for the next try and returns nil, or why there is none.
func (r *retrier) again(ctx context.Context, f *Failure) error {
	if f.Said == failedCall && !r.failed {
		r.failed = true
		r.tell("the model wrote a tool call that its server could not read; asking once more")
		return nil
	}
	r.tries++
	if !f.retry {
		return f.err
	}
	now := r.client.cfg.Now()
	wait, asked := retryAfter(f.header, now)
	if !asked {
		wait = backoff(r.tries)
	}
	switch {
	case asked && wait > maxSpent:
		return fault.New(fault.Unavailable, "%s, and not to ask again for %s", f.brief, human(wait)).
			WithHint("try again after that, or choose another model")
	case r.tries >= maxTries || now.Add(wait).Sub(r.start) > maxSpent:
		return f.err
	}
	when := "in " + human(wait)
	if wait == 0 {
		when = "at once"
	}
	r.tell(fmt.Sprintf("%s; trying again %s (%d of %d)", f.brief, when, r.tries+1, maxTries))
	jitter := rand.N(min(wait/4, 500*time.Millisecond) + 1) // not the same for all who were sent away together
	return r.client.cfg.Sleep(ctx, wait+jitter)
}

func (r *retrier) tell(s string) { r.on(llm.Event{Kind: llm.Retry, Text: s}) }

// backoff is the wait after the n-th try: 1 s, then 3 s.
func backoff(n int) time.Duration {
	d := time.Second
	for range n - 1 {
		d *= 3
	}
	return d
}

// retryAfter is how long the server asks us to wait: in ms, or as seconds, "6s" or
// a date. ok is false where it does not say.
func retryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	if wait, ok := seconds(h.Get("Retry-After-Ms"), time.Millisecond); ok {
		return wait, true
	}
	v := strings.TrimSpace(h.Get("Retry-After"))
	if wait, ok := seconds(v, time.Second); ok {
		return wait, true
	}
	if d, err := time.ParseDuration(v); err == nil {
		return max(d, 0), true
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(t.Sub(now), 0), true
	}
	return 0, false
}

func seconds(v string, unit time.Duration) (time.Duration, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, false
	}
	const most = 1e6 * float64(time.Hour)
	return time.Duration(min(max(f, 0)*float64(unit), most)), true
}

// unreached words an error of getting a response at all.
func (c *Client) unreached(ctx context.Context, err error) *Failure {
	if cause := context.Cause(ctx); cause != nil {
		return fail(cause)
	}
	var known *fault.Error
	if errors.As(err, &known) { // a redirect or address that is refused: named by the server
		return fail(fault.New(known.Code, "%s", c.words.plain(known.Message)).WithHint("%s", known.Hint))
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) { // its text would repeat the address
		err = wrapped.Err
	}
	setting := c.api.setting("BASE_URL")
	hint := "check the network and " + setting
	if strings.HasPrefix(c.url, "http:") {
		hint = "start the model server, or correct " + setting
	}
	what, retry := c.words.plain(cause(err)), false
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &dns):
		what = "its name is not known here"
	case errors.As(err, &cert):
		what, hint = "its certificate is not to be trusted: "+c.words.plain(cert.Err.Error()), "correct "+setting+", or have this machine trust the server's certificate"
	case errors.Is(err, syscall.ECONNREFUSED):
		what, retry = "it refuses the connection", true
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		what, retry = "it broke the connection off", true
	case isTimeout(err):
		return fail(fault.New(fault.Unavailable, "could not connect to the model server at %s within %s", c.words.host, human(c.cfg.Timeouts.Connect)).WithHint("%s", hint))
	}
	brief := fmt.Sprintf("the model server at %s cannot be reached: %s", c.words.host, what)
	return &Failure{brief: brief, retry: retry, err: fault.New(fault.Unavailable, "%s", brief).WithHint("%s", hint)}
}

// cause is why a connection broke, without its addresses.
func cause(err error) string {
	var errno syscall.Errno
	var op *net.OpError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it ended too early"
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &op):
		return op.Err.Error()
	}
	return err.Error()
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
