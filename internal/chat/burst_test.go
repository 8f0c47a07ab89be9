package chat_test

import (
	"context"
	"testing"
	"time"

	"tasks/internal/llm"
)

// A burst of one-character pieces becomes a few events, and memory stays flat.
func TestABurstIsJoined(t *testing.T) {
	h := newHouse(t)
	const pieces = 100_000
	h.model.then(func(_ context.Context, _ *llm.Request, on func(llm.Event)) (*llm.Response, error) {
		for i := range pieces {
			on(llm.Event{Kind: llm.Text, Text: string("abcdefghi \n"[i%11])})
		}
		return &llm.Response{Message: llm.Message{Text: "x"}, Finish: llm.Stop}, nil
	})
	begin := time.Now()
	events := h.say("go")
	took := time.Since(begin)
	if n := len(text(events)); n != pieces {
		t.Errorf("%d characters, want %d", n, pieces)
	}
	most := int(took/(50*time.Millisecond)) + 4 + pieces/(32<<10)
	if n := len(ofKind(events, "content")); n > most {
		t.Errorf("%d content events in %v, want at most %d", n, took, most)
	}
}

func TestTheFirstPieceDoesNotWait(t *testing.T) {
	h := newHouse(t)
	h.SetTimes(time.Hour, 0, 0)
	h.model.then(hangs("first"))
	ref := h.start("go")
	if e := h.until(ref, 0, "content"); field(e, "text") != "first" {
		t.Errorf("content %s", e.Data)
	}
	h.Stop(t.Context(), anna, ref.Conversation)
}

func TestLatePiecesComeOnTheClock(t *testing.T) {
	h := newHouse(t)
	h.model.then(func(ctx context.Context, _ *llm.Request, on func(llm.Event)) (*llm.Response, error) {
		on(llm.Event{Kind: llm.Text, Text: "first"})
		on(llm.Event{Kind: llm.Text, Text: " second"})
		<-ctx.Done() // says nothing more: the clock must bring the second
		return nil, ctx.Err()
	})
	ref := h.start("go")
	first := h.until(ref, 0, "content")
	if e := h.until(ref, first.ID, "content"); field(e, "text") != " second" {
		t.Errorf("content %s", e.Data)
	}
	h.Stop(t.Context(), anna, ref.Conversation)
}
