package chat_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"tasks/internal/chat"
	"tasks/internal/llm"
)

// bench: what the journal and the way to a reader add before the first word.
func BenchmarkTimeAddedToFirstToken(b *testing.B) {
	h := newHouse(b)
	var spoke time.Time
	var added time.Duration
	h.model.then(func(_ context.Context, _ *llm.Request, on func(llm.Event)) (*llm.Response, error) {
		spoke = time.Now()
		on(llm.Event{Kind: llm.Text, Text: "Hello "})
		return &llm.Response{Message: llm.Message{Text: "Hello "}, Finish: llm.Stop}, nil
	})
	for b.Loop() {
		ref, err := h.Start(b.Context(), chat.Message{Owner: anna, Text: "go", Doc: "docs/guide.md", Conversation: "new"})
		if err != nil {
			b.Fatal(err)
		}
		h.Watch(b.Context(), anna, ref.Conversation, 0, func(_ bool, events []chat.Event) error {
			if len(ofKind(events, "content")) > 0 {
				added += time.Since(spoke)
			}
			return nil
		})
	}
	b.ReportMetric(float64(added.Microseconds())/float64(b.N), "us-to-reader")
}

// bench: what one more running turn holds in memory while it waits for its model.
func BenchmarkMemoryOfARunningTurn(b *testing.B) {
	h := newHouse(b)
	h.model.then(hangs("Half an answer. "))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		ref, err := h.Start(b.Context(), chat.Message{Owner: anna, Text: "go", Doc: "docs/guide.md", Conversation: "new"})
		if err != nil {
			b.Fatal(err)
		}
		h.Watch(b.Context(), anna, ref.Conversation, 0, func(_ bool, events []chat.Event) error {
			if len(ofKind(events, "content")) > 0 {
				return context.Canceled
			}
			return nil
		})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc+after.StackInuse-before.HeapAlloc-before.StackInuse)/float64(b.N)/1024, "KiB/turn")
	h.Close()
}

// bench: what eight steps of one reading call each cost beside the model's time.
func BenchmarkEightToolSteps(b *testing.B) {
	h := newHouse(b)
	for b.Loop() {
		for range 8 {
			h.model.then(asks("read_file", `{"path":"docs/guide.md"}`), asks("read_file", `{"path":"docs/other.md"}`))
		}
		h.model.steps = append(h.model.steps[len(h.model.steps)-8:], says("ok"))
		ref, err := h.Start(b.Context(), chat.Message{Owner: anna, Text: "go", Doc: "docs/guide.md", Conversation: "new"})
		if err != nil {
			b.Fatal(err)
		}
		h.Watch(b.Context(), anna, ref.Conversation, 0, func(bool, []chat.Event) error { return nil })
	}
}
