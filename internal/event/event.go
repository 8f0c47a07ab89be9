// Package event is the in-process broker: a Topic is one stream of events, numbered
// one by one, that keeps the newest and tells a reader honestly when it fell behind.
//
// Publish never waits for a reader. Readers hold nothing but a number: they ask for
// what came after it, so a slow one costs no memory, needs no goodbye, and slows
// nobody. One that asks for what is no longer kept gets ErrFellBehind; it reads what
// it missed from where the events are recorded, or starts afresh.
package event

import (
	"context"
	"errors"
	"io"
	"sync"
)

// ErrFellBehind is what Next says to a reader that asks for what is no longer kept.
var ErrFellBehind = errors.New("event: what came next is no longer kept")

// Topic is one stream of events. It is safe for concurrent use. Its events are
// shared by all readers and must not be changed.
type Topic[T any] struct {
	limit int
	weigh func(T) int

	mu     sync.Mutex
	kept   []T           // the newest, oldest first
	weight int           // of all that is kept
	head   int64         // number of the newest
	closed bool          // no more will come
	wake   chan struct{} // closed at the next event; nil where nobody waits
}

// NewTopic makes a topic whose next event has the number head+1. It keeps the newest
// events up to a weight of limit, and always the very newest. A nil weigh counts each
// event as 1.
func NewTopic[T any](head int64, limit int, weigh func(T) int) *Topic[T] {
	if weigh == nil {
		weigh = func(T) int { return 1 }
	}
	return &Topic[T]{head: head, limit: limit, weigh: weigh}
}

// Publish adds an event and returns its number. After Close it does nothing and
// returns the number of the newest.
func (t *Topic[T]) Publish(v T) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return t.head
	}
	t.head++
	t.kept = append(t.kept, v)
	t.weight += t.weigh(v)
	t.drop()
	t.wakeAll()
	return t.head
}

// drop lets the oldest go until the rest is within the limit.
func (t *Topic[T]) drop() {
	n := 0
	for t.weight > t.limit && n < len(t.kept)-1 {
		t.weight -= t.weigh(t.kept[n])
		n++
	}
	clear(t.kept[:n]) // the array lives on; what it pointed to need not
	t.kept = t.kept[n:]
}

func (t *Topic[T]) wakeAll() {
	if t.wake != nil {
		close(t.wake)
		t.wake = nil
	}
}

// Head is the number of the newest event.
func (t *Topic[T]) Head() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head
}

// Close says that no more will come. Readers still get what is kept.
func (t *Topic[T]) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.wakeAll()
}

// Next waits until there are events after the number after, and returns them all
// with the number of the last. A number that was not given out yet is waited for: a
// reader may know from elsewhere of events that are about to be published. Errors:
// ErrFellBehind, ctx's end, and io.EOF where the topic is closed and no more comes.
func (t *Topic[T]) Next(ctx context.Context, after int64) (events []T, last int64, err error) {
	for {
		events, wake, err := t.since(after)
		if err != nil {
			return nil, after, err
		}
		if len(events) > 0 {
			return events, after + int64(len(events)), nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, after, ctx.Err()
		}
	}
}

// since is what is there after the number, or a channel that is closed when more is.
func (t *Topic[T]) since(after int64) ([]T, <-chan struct{}, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	missing := t.head - after
	switch {
	case missing > int64(len(t.kept)):
		return nil, nil, ErrFellBehind
	case missing > 0:
		return append([]T(nil), t.kept[int64(len(t.kept))-missing:]...), nil, nil
	case t.closed:
		return nil, nil, io.EOF
	}
	if t.wake == nil {
		t.wake = make(chan struct{})
	}
	return nil, t.wake, nil
}
