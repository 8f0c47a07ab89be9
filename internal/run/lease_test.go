package run_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
)

// queued is a store with one queued run.
func queued(t *testing.T) (*run.Store, run.Run) {
	t.Helper()
	s, _ := open(t)
	return s, enqueue(t, s, "alpha", "")
}

func TestALeaseIsOneSupervisors(t *testing.T) {
	s, r := queued(t)
	now := time.Now()
	token, ok, err := s.Claim(t.Context(), r.ID, now)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if _, again, err := s.Claim(t.Context(), r.ID, now); again || err != nil {
		t.Errorf("claimed twice: %v, %v", again, err)
	}
	if _, err := s.Unqueue(t.Context(), "alpha"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a claimed run was taken out of the queue: %v", err)
	}
	if _, err := s.Take(t.Context(), r.ID, "another", 1, "s", now); !errors.Is(err, run.ErrLost) {
		t.Errorf("taken with another token: %v", err)
	}
	on, err := s.Take(t.Context(), r.ID, token, 7, "s", now)
	if err != nil || on.State != run.Running || on.Attempt != 1 || on.PID != 7 || on.StartedAt.IsZero() {
		t.Fatalf("%+v, %v", on, err)
	}
	if _, err := s.Take(t.Context(), r.ID, token, 8, "s", now); !errors.Is(err, run.ErrLost) {
		t.Errorf("taken twice: %v", err)
	}
	if ok, err := s.Unclaim(t.Context(), r.ID, token, nil, time.Time{}); ok || err != nil {
		t.Errorf("a taken claim was given back: %v, %v", ok, err)
	}
	if stop, err := s.Renew(t.Context(), r.ID, token, now.Add(5*time.Second)); stop != "" || err != nil {
		t.Errorf("%q, %v", stop, err)
	}
	reason := run.Reason{run.Crashed, "gone"}
	if ok, err := s.Lose(t.Context(), r.ID, token, run.Retrying, reason, now, now.Add(14*time.Second)); ok || err != nil {
		t.Errorf("a lease that holds was lost: %v, %v", ok, err)
	}
	if ok, err := s.Move(t.Context(), r.ID, []run.State{run.Running}, run.Interrupted, nil, time.Time{}, now); ok || err != nil {
		t.Errorf("a leased run was moved by another: %v, %v", ok, err)
	}
	if ok, err := s.AskStop(t.Context(), r.ID, "enough"); !ok || err != nil {
		t.Error(ok, err)
	}
	if stop, err := s.Renew(t.Context(), r.ID, token, now.Add(5*time.Second)); stop != "enough" || err != nil {
		t.Errorf("%q, %v", stop, err)
	}
	if ok, err := s.Lose(t.Context(), r.ID, token, run.Retrying, reason, now, now.Add(16*time.Second)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	for what, err := range map[string]error{
		"renew":  func() error { _, err := s.Renew(t.Context(), r.ID, token, now); return err }(),
		"save":   s.Save(t.Context(), on, token),
		"finish": func() error { on.State = run.Review; return s.Finish(t.Context(), on, token, run.Attempt{N: 1}, now) }(),
	} {
		if !errors.Is(err, run.ErrLost) {
			t.Errorf("%s after the loss: %v", what, err)
		}
	}
	got, err := s.ByID(t.Context(), r.ID)
	if err != nil || got.State != run.Retrying || got.Crashes != 1 || got.Lease != "" || got.PID != 0 || got.Reason.Text != "gone" || got.Stop != "" {
		t.Errorf("%+v, %v", got, err)
	}
	attempts, err := s.Attempts(t.Context(), r.ID)
	if err != nil || len(attempts) != 1 || attempts[0].Outcome != run.Lost || attempts[0].EndedAt.IsZero() {
		t.Errorf("%+v, %v", attempts, err)
	}
}

func TestAFinishedAttemptLeavesNothingOpen(t *testing.T) {
	s, r := queued(t)
	now := time.Now()
	token, _, err := s.Claim(t.Context(), r.ID, now)
	if err != nil {
		t.Fatal(err)
	}
	on, err := s.Take(t.Context(), r.ID, token, 7, "s", now)
	if err != nil {
		t.Fatal(err)
	}
	ask, err := s.Question(t.Context(), run.Ask{Run: r.ID, Attempt: 1, Tool: "Bash", Input: json.RawMessage(`{"command":"ls"}`)})
	if err != nil || ask.State != run.Open {
		t.Fatal(ask, err)
	}
	if err := s.Decide(t.Context(), r.ID, "nothing", run.Allowed, "", now); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a question that is not there: %v", err)
	}
	on.State = run.Running
	if err := s.Finish(t.Context(), on, token, run.Attempt{N: 1}, now); err == nil {
		t.Error("an attempt ended as running")
	}
	on.State, on.Reason = run.Review, &run.Reason{run.Finished, "done"}
	code := 0
	if err := s.Finish(t.Context(), on, token, run.Attempt{N: 1, Outcome: run.Done, ExitCode: &code, Commits: []string{"a", "b"}}, now); err != nil {
		t.Fatal(err)
	}
	asks, err := s.Asks(t.Context(), r.ID)
	if err != nil || len(asks) != 1 || asks[0].State != run.Lapsed {
		t.Errorf("%+v, %v", asks, err)
	}
	if err := s.Decide(t.Context(), r.ID, ask.ID, run.Allowed, "", now); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a lapsed question was answered: %v", err)
	}
	got, err := s.ByID(t.Context(), r.ID)
	if err != nil || got.State != run.Review || got.EndedAt.IsZero() || got.Lease != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if ok, err := s.Move(t.Context(), r.ID, []run.State{run.Review}, run.Retrying, nil, now, now); !ok || err != nil {
		t.Error(ok, err)
	}
	if token, ok, err := s.Claim(t.Context(), r.ID, now); !ok || err != nil || token == "" {
		t.Errorf("a run that waits for its next attempt was not claimed: %v, %v", ok, err)
	}
}

// TestARunIsNotTakenUpBesideAnother: a task has one active run, also when an old one is
// asked to go on.
func TestARunIsNotTakenUpBesideAnother(t *testing.T) {
	s, old := queued(t)
	now := time.Now()
	if ok, err := s.Move(t.Context(), old.ID, []run.State{run.Queued}, run.Interrupted, nil, time.Time{}, now); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, fresh, err := s.Enqueue(t.Context(), run.Run{Slug: "alpha", Path: "tasks/alpha.md", Hash: "h"}); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	if ok, err := s.Move(t.Context(), old.ID, []run.State{run.Interrupted}, run.Retrying, nil, now, now); ok || fault.CodeOf(err) != fault.Conflict {
		t.Errorf("%v, %v; want a conflict", ok, err)
	}
}

func TestTalkAndReviewAreKept(t *testing.T) {
	s, r := queued(t)
	for _, bad := range []run.Message{{Run: r.ID}, {Run: r.ID, Text: string(make([]byte, run.MaxMessage+1))}} {
		if _, err := s.Send(t.Context(), bad); fault.CodeOf(err) != fault.Usage {
			t.Errorf("%d bytes: %v", len(bad.Text), err)
		}
	}
	for _, text := range []string{"one", "two"} {
		if _, err := s.Send(t.Context(), run.Message{Run: r.ID, Text: text, Now: text == "two", Source: "cli"}); err != nil {
			t.Fatal(err)
		}
	}
	waiting, err := s.Messages(t.Context(), r.ID, true)
	if err != nil || len(waiting) != 2 || waiting[0].Text != "one" || !waiting[1].Now || waiting[0].Kind != "message" {
		t.Fatalf("%+v, %v", waiting, err)
	}
	if err := s.MarkSent(t.Context(), []int64{waiting[0].ID}, 3, time.Now()); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Messages(t.Context(), r.ID, true); err != nil || len(left) != 1 || left[0].Text != "two" {
		t.Errorf("%+v, %v", left, err)
	}
	if all, err := s.Messages(t.Context(), r.ID, false); err != nil || len(all) != 2 || !all[0].Sent || all[0].Attempt != 3 || all[0].SentAt.IsZero() {
		t.Errorf("%+v, %v", all, err)
	}

	c, err := s.AddComment(t.Context(), run.Comment{Run: r.ID, Path: "a.go", Line: 3, Quote: "x := 1", Text: "why?"})
	if err != nil || c.Side != "new" {
		t.Fatal(c, err)
	}
	for _, bad := range []run.Comment{{Run: r.ID, Path: "a.go"}, {Run: r.ID, Text: "x"}, {Run: r.ID, Path: "a", Text: "x", Line: -1}} {
		if _, err := s.AddComment(t.Context(), bad); fault.CodeOf(err) != fault.Usage {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if err := s.DropComment(t.Context(), "another", c.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("another run's draft was dropped: %v", err)
	}
	if err := s.SentComments(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.DropComment(t.Context(), r.ID, c.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a sent comment was taken back: %v", err)
	}
	if list, err := s.Comments(t.Context(), r.ID); err != nil || len(list) != 1 || !list[0].Sent || list[0].Quote != "x := 1" {
		t.Errorf("%+v, %v", list, err)
	}

	if err := s.AddEvidence(t.Context(), run.Evidence{Run: r.ID, Attempt: 1, N: 1, Command: "make", ExitCode: 2, Took: 1500 * time.Millisecond, Output: "no", At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if list, err := s.EvidenceOf(t.Context(), r.ID); err != nil || len(list) != 1 || list[0].OK || list[0].Took != 1500*time.Millisecond {
		t.Errorf("%+v, %v", list, err)
	}
}
