package supervisor

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"tasks/internal/process"
	"tasks/internal/run"
	"tasks/internal/runlog"
	"tasks/internal/worker"
)

// asker is a supervisor that has begun, with the answers that come back.
func asker(t *testing.T, wait time.Duration) (*house, *supervisor, chan worker.Decision) {
	t.Helper()
	h := newHouse(t, "")
	id := h.queue("").ID
	token := h.claim(id)
	start, err := process.StartTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.config.Runs.Take(t.Context(), id, token, os.Getpid(), start, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	h.config.Now = time.Now
	s := &supervisor{Config: h.config, token: token, dir: run.Dir(h.config.StateDir, id), run: r, limits: h.config.Settings.Manager}
	s.limits.Answer = wait
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if s.log, err = runlog.Open(s.dir, 1); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.log.Close() })
	return h, s, make(chan worker.Decision, 2)
}

// open waits until n questions are open, and returns them.
func (h *house) open(id string, n int) []run.Ask {
	h.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		all, err := h.config.Runs.Asks(h.t.Context(), id)
		var open []run.Ask
		for _, a := range all {
			if a.State == run.Open {
				open = append(open, a)
			}
		}
		if err == nil && len(open) == n {
			return open
		}
		if time.Now().After(end) {
			h.t.Fatalf("%d questions are open, want %d: %v", len(open), n, err)
		}
	}
}

// TestARunAsksUntilEachQuestionIsAnswered: one answer of two leaves the run waiting for a person.
func TestARunAsksUntilEachQuestionIsAnswered(t *testing.T) {
	h, s, answers := asker(t, time.Minute)
	for n := range 2 {
		go func() {
			answers <- s.ask(t.Context(), worker.Question{Tool: "Bash", Title: fmt.Sprint(n), Input: json.RawMessage("{}")})
		}()
	}
	for left := 2; left > 0; left-- {
		a := h.open(s.run.ID, left)[0]
		waiting := func() int { // a question is there a moment before its phase is
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.open
		}
		for end := time.Now().Add(30 * time.Second); waiting() != left; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d wait, want %d", waiting(), left)
			}
		}
		if err := h.config.Runs.Decide(t.Context(), s.run.ID, a.ID, run.Allowed, "", time.Now()); err != nil {
			t.Fatal(err)
		}
		s.look(t.Context()) // one word reaches each of them
		select {
		case d := <-answers:
			if !d.Allow {
				t.Errorf("%+v", d)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("with %d open the answer reached nobody", left)
		}
		want := run.Asking
		if left == 1 {
			want = run.Working
		}
		if got := h.now(s.run.ID).Phase; got != want {
			t.Errorf("with %d open it is %s, want %s", left-1, got, want)
		}
	}
}

// TestNoAnswerCountsAsNo: a question never stalls a run, and what came of it is in the record.
func TestNoAnswerCountsAsNo(t *testing.T) {
	h, s, _ := asker(t, 30*time.Millisecond)
	d := s.ask(t.Context(), worker.Question{Tool: "Bash", Title: "ls", Input: json.RawMessage("{}")})
	if d.Allow || d.Why != "nobody answered within 30ms, which counts as no" {
		t.Errorf("%+v", d)
	}
	all, err := h.config.Runs.Asks(t.Context(), s.run.ID)
	if err != nil || len(all) != 1 || all[0].State != run.Lapsed || h.now(s.run.ID).Phase != run.Working {
		t.Errorf("%+v, %v", all, err)
	}
}
