package manager_test

import (
	"encoding/json"
	"testing"
	"time"

	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/runlog"
)

// The assistant is told of a run what its page tells.
func TestTaskStatusTellsOfTheRun(t *testing.T) {
	m := open(t, repository(t, map[string]string{"tasks/alpha.md": sheet("Alpha", "ready", "")}), manager.Config{})
	ctx, now := t.Context(), time.Now()
	r, _, err := m.Kickoff(ctx, "alpha", "cli", "")
	if err != nil {
		t.Fatal(err)
	}
	token, ok, err := m.Runs.Claim(ctx, r.ID, now)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	on, err := m.Runs.Take(ctx, r.ID, token, 1, "x", now)
	if err != nil {
		t.Fatal(err)
	}
	log, err := runlog.Open(run.Dir(m.StateDir, r.ID), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []runlog.Event{{Type: runlog.Text, Text: "I have begun"}, {Type: runlog.Text, Text: "the reader\nis mended"}} {
		if _, err := log.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Send(ctx, "alpha", "and the tests", false, "", "cli"); err != nil {
		t.Fatal(err)
	}
	spent := 0.25
	on.Phase, on.CostUSD, on.Turns = run.Working, &spent, 7
	if err := m.Runs.Save(ctx, on, token); err != nil {
		t.Fatal(err)
	}
	told := func() (got struct {
		Task struct{ Run struct{ State string } }
		Run  struct {
			Phase     string
			Attempts  []struct{ N int }
			Steps     int       `json:"plan_steps"`
			Cost      float64   `json:"cost_usd"`
			Last      string    `json:"last_words"`
			Next      time.Time `json:"next_retry"`
			Waiting   int       `json:"messages_waiting"`
			Questions []string
			Page      string
			Turns     int
		}
	}) {
		t.Helper()
		data, err := m.TaskStatus(ctx, "alpha")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		return got
	}
	got := told()
	if got.Task.Run.State != "running" || got.Run.Phase != "working" || len(got.Run.Attempts) != 1 || got.Run.Cost != 0.25 || got.Run.Turns != 7 ||
		got.Run.Last != "the reader is mended" || got.Run.Waiting != 1 || got.Run.Questions == nil || got.Run.Page != "/runs/alpha" || got.Run.Steps == 0 || !got.Run.Next.IsZero() {
		t.Errorf("a running one: %+v", got)
	}
	due := now.Add(time.Minute).Truncate(time.Millisecond)
	on.State, on.Reason, on.RetryAt = run.Retrying, &run.Reason{Code: run.AgentFailed, Text: "it is broken"}, due
	if err := m.Runs.Finish(ctx, on, token, run.Attempt{N: 1, Outcome: run.Fail, Reason: on.Reason}, now); err != nil {
		t.Fatal(err)
	}
	if got := told(); got.Run.Phase != "" || got.Run.Next.Sub(due).Abs() > time.Millisecond {
		t.Errorf("one that waits for its next attempt: %+v, want %s", got, due)
	}
}
