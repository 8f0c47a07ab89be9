package wire

import (
	"context"
	"io"
	"sync"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
)

type phase int

const (
	connecting phase = iota
	awaitingHeaders
	awaitingToken
	streaming
	ending // the model has finished; only token counts may still come
)

// endGrace is how long a finished answer waits for its token counts.
const endGrace = 5 * time.Second

// A limiter ends one call of the model when its present phase takes too long, by
// cancelling its context with the reason.
type limiter struct {
	limits config.Timeouts
	words  wording
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	phase    phase
	deadline time.Time
	timer    *time.Timer
}

func newLimiter(limits config.Timeouts, words wording, cancel context.CancelCauseFunc) *limiter {
	l := &limiter{limits: limits, words: words, cancel: cancel}
	l.deadline = time.Now().Add(limits.Connect)
	l.timer = time.AfterFunc(limits.Connect, l.fire)
	return l
}

func (l *limiter) stop() { l.timer.Stop() }

// enter begins a phase, if it is a later one.
func (l *limiter) enter(p phase) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p > l.phase {
		l.phase = p
		l.extend()
	}
}

// reopen takes a finished answer back: the server said so too early.
func (l *limiter) reopen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase == ending {
		l.phase = streaming
		l.extend()
	}
}

// alive tells that bytes have come.
func (l *limiter) alive() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase == streaming {
		l.extend()
	}
}

func (l *limiter) extend() {
	d := l.limit()
	l.deadline = time.Now().Add(d)
	l.timer.Reset(d)
}

func (l *limiter) limit() time.Duration {
	switch l.phase {
	case connecting:
		return l.limits.Connect
	case awaitingHeaders:
		return l.limits.Headers
	case awaitingToken:
		return l.limits.FirstToken
	case ending:
		return min(endGrace, l.limits.Idle)
	}
	return l.limits.Idle
}

func (l *limiter) fire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().Before(l.deadline) {
		return // moved while the timer went off
	}
	l.cancel(l.reason())
}

// reason says which limit was passed.
func (l *limiter) reason() error {
	d := human(l.limit())
	switch l.phase {
	case connecting:
		return fault.New(fault.Unavailable, "could not connect to the model server at %s within %s", l.words.host, d).
			WithHint("check the network and %s", l.words.api.setting("BASE_URL"))
	case awaitingHeaders:
		return fault.New(fault.Unavailable, "the model server at %s took the question, but did not begin to answer within %s", l.words.host, d).
			WithHint("try again; a local model may still be loading")
	case awaitingToken:
		return fault.New(fault.Unavailable, "the model server at %s began to answer, but sent no first token within %s", l.words.host, d).
			WithHint("try again; a long document makes the first token late")
	}
	return fault.New(fault.Unavailable, "the answer stopped in the middle: %s sent nothing for %s", l.words.host, d).
		WithHint("try again; the text so far is kept, and no tool of it was run")
}

// body tells the limiter of every read.
type body struct {
	io.Reader
	*limiter
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if n > 0 {
		b.alive()
	}
	return n, err
}
