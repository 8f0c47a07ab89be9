package chat

import (
	"context"
	"errors"
	"io"

	"tasks/internal/event"
)

// Watch calls fn with the events after `after`, in order, without a gap, and
// returns when the running turn has ended and all was given, or with fn's error, or
// ctx's. idle tells that nothing was there to give and nothing runs. after beyond
// the head gives reset true once, before all events from 1. Where a turn runs, fn is
// first called without events, so that a reader knows. A slow fn slows nobody.
// NotFound for another browser's conversation.
func (s *Service) Watch(ctx context.Context, owner, conversation string, after int64, fn func(reset bool, events []Event) error) (idle bool, err error) {
	after = max(after, 0)
	t := s.turnOf(conversation)
	// Read after the turn was looked up: what is not in the journal by now, t gives.
	c, err := s.journal.conversation(ctx, owner, conversation)
	if err != nil {
		return false, err
	}
	w := &watcher{s: s, conversation: conversation, at: after, fn: fn}
	if after > c.last {
		w.at, w.reset = 0, true
	}
	if t == nil {
		err = w.catchUp(ctx)
		return err == nil && !w.gave, err
	}
	if err := fn(w.reset, nil); err != nil {
		return false, err
	}
	w.reset = false
	return false, w.follow(ctx, t.topic)
}

// watcher is one reader's way through a conversation.
type watcher struct {
	s            *Service
	conversation string
	at           int64 // number of the newest event given
	reset        bool  // to be said with the next events
	gave         bool
	fn           func(bool, []Event) error
}

func (w *watcher) give(events []Event) error {
	if len(events) == 0 {
		return nil
	}
	if err := w.fn(w.reset, events); err != nil {
		return err
	}
	w.reset, w.gave = false, true
	w.at = events[len(events)-1].ID
	return nil
}

// catchUp gives what the journal holds after w.at.
func (w *watcher) catchUp(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		events, err := w.s.journal.eventsAfter(w.conversation, w.at)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := w.give(events); err != nil {
			return err
		}
	}
}

// follow gives a turn's events to their end, from the journal where it is behind.
func (w *watcher) follow(ctx context.Context, topic *event.Topic[Event]) error {
	for {
		events, _, err := topic.Next(ctx, w.at)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, event.ErrFellBehind):
			err = w.catchUp(ctx)
		case err == nil:
			err = w.give(events)
		}
		if err != nil {
			return err
		}
	}
}
