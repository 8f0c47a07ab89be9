package event_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"tasks/internal/event"
)

func ints(from, to int) []int {
	var s []int
	for i := from; i <= to; i++ {
		s = append(s, i)
	}
	return s
}

func TestNextGivesWhatCameAfter(t *testing.T) {
	topic := event.NewTopic[int](10, 100, nil)
	for i := 11; i <= 15; i++ {
		if n := topic.Publish(i); n != int64(i) {
			t.Fatalf("Publish gave the number %d, want %d", n, i)
		}
	}
	for after := int64(10); after < 15; after++ {
		got, last, err := topic.Next(t.Context(), after)
		if err != nil || last != 15 || !slices.Equal(got, ints(int(after)+1, 15)) {
			t.Errorf("after %d: %v to %d, %v", after, got, last, err)
		}
	}
}

func TestNumbersOutsideTheTopic(t *testing.T) {
	topic := event.NewTopic[int](10, 3, nil)
	if _, _, err := topic.Next(t.Context(), 9); !errors.Is(err, event.ErrFellBehind) {
		t.Errorf("before the topic began: %v, want ErrFellBehind", err)
	}
	for i := 11; i <= 20; i++ {
		topic.Publish(i)
	}
	if _, _, err := topic.Next(t.Context(), 16); !errors.Is(err, event.ErrFellBehind) {
		t.Errorf("older than what is kept: %v, want ErrFellBehind", err)
	}
	if got, _, err := topic.Next(t.Context(), 17); err != nil || !slices.Equal(got, ints(18, 20)) {
		t.Errorf("the oldest kept: %v, %v", got, err)
	}
}

func TestWeightBoundsWhatIsKept(t *testing.T) {
	topic := event.NewTopic(0, 10, func(s string) int { return len(s) })
	topic.Publish("aaaa")
	topic.Publish("bbbb")
	topic.Publish("cccc")
	if _, _, err := topic.Next(t.Context(), 0); !errors.Is(err, event.ErrFellBehind) {
		t.Errorf("12 bytes kept with a limit of 10: %v", err)
	}
	topic.Publish("far longer than the limit")
	got, _, err := topic.Next(t.Context(), 3)
	if err != nil || len(got) != 1 {
		t.Errorf("the newest must always be kept: %q, %v", got, err)
	}
}

func TestCloseGivesTheRestFirst(t *testing.T) {
	topic := event.NewTopic[int](0, 10, nil)
	topic.Publish(1)
	topic.Close()
	if n := topic.Publish(2); n != 1 {
		t.Errorf("Publish after Close: number %d, want 1", n)
	}
	if got, last, err := topic.Next(t.Context(), 0); err != nil || last != 1 || len(got) != 1 {
		t.Fatalf("%v %d %v", got, last, err)
	}
	if _, _, err := topic.Next(t.Context(), 1); err != io.EOF {
		t.Errorf("all given: %v, want EOF", err)
	}
}

func TestWaitingReaders(t *testing.T) {
	topic := event.NewTopic[int](0, 10, nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, _, err := topic.Next(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nothing to read: %v", err)
	}
	ended := make(chan error)
	go func() { _, _, err := topic.Next(t.Context(), 0); ended <- err }()
	topic.Close()
	if err := <-ended; err != io.EOF {
		t.Errorf("closed while it waited: %v", err)
	}
}

// A reader that is ahead, because it read the journal, waits for its number to pass.
func TestAReaderAhead(t *testing.T) {
	topic := event.NewTopic[int](0, 10, nil)
	got := make(chan []int)
	go func() { events, _, _ := topic.Next(t.Context(), 2); got <- events }()
	for i := 1; i <= 3; i++ {
		topic.Publish(i)
	}
	if events := <-got; !slices.Equal(events, []int{3}) {
		t.Errorf("%v, want 3 alone", events)
	}
	topic.Close()
	if _, _, err := topic.Next(t.Context(), 7); err != io.EOF {
		t.Errorf("ahead of a closed topic: %v, want EOF", err)
	}
}

// Every reader, however slow, sees the numbers grow by one, or is told of the gap.
func TestReadersSeeNoGapUnseen(t *testing.T) {
	const total = 20_000
	topic := event.NewTopic[int](0, 64, nil)
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			var after int64
			for {
				got, last, err := topic.Next(t.Context(), after)
				switch {
				case err == io.EOF:
					if after != total {
						t.Errorf("ended at %d, want %d", after, total)
					}
					return
				case errors.Is(err, event.ErrFellBehind):
					after = topic.Head()
					continue
				case err != nil:
					t.Error(err)
					return
				}
				if !slices.Equal(got, ints(int(after)+1, int(last))) {
					t.Errorf("after %d: %v", after, got)
					return
				}
				after = last
			}
		})
	}
	for i := 1; i <= total; i++ {
		topic.Publish(i)
	}
	topic.Close()
	readers.Wait()
}

func BenchmarkPublishToHundredReaders(b *testing.B) {
	topic := event.NewTopic[int](0, 1024, nil)
	var readers sync.WaitGroup
	for range 100 {
		readers.Go(func() {
			var after int64
			for {
				_, last, err := topic.Next(context.Background(), after)
				if err == io.EOF {
					return
				}
				if after = last; err != nil {
					after = topic.Head()
				}
			}
		})
	}
	for i := 0; b.Loop(); i++ {
		topic.Publish(i)
	}
	topic.Close()
	readers.Wait()
}
