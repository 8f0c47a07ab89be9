package cli

import (
	"context"
	"io"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
)

// A text that nobody ends is left with Ctrl-C: the read of it cannot be cut off.
func TestReadingATextEndsWithTheCommand(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	defer out.Close()
	ended := make(chan error, 1)
	go func() {
		_, err := unlessDone(ctx, func() ([]byte, error) { return io.ReadAll(in) })
		ended <- err
	}()
	cancel()
	select {
	case err := <-ended:
		if !fault.Canceled(err) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it still reads")
	}
}

func TestStateWordsAreOneHarmlessLine(t *testing.T) {
	r := &run.Run{State: run.Failed, Reason: &run.Reason{Text: "the agent said:\n\x1b]0;mine\x07 so"}}
	if got, want := stateWords(r), "failed: the agent said: \ufffd]0;mine\ufffd so"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
