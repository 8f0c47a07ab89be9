package supervisor

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tasks/internal/process"
	"tasks/internal/run"
	"tasks/internal/trust"
)

// TestVerifyAloneOnANewBase: the agent is not asked about work that only stands on another
// base, also where the supervisor that verified it was lost; for all else it is.
func TestVerifyAloneOnANewBase(t *testing.T) {
	h := newHouse(t, `echo asked >> asked; touch made`)
	front := "verify:\n  - test -f made\n"
	r := h.queue(front)
	if err := h.config.Trust.Trust(h.root, []trust.Command{{Kind: trust.Verify, Text: "test -f made"}}); err != nil {
		t.Fatal(err)
	}
	next := func(asked int, what string) *run.Run {
		t.Helper()
		got := h.attempt(r.ID)
		if got.State != run.Review || strings.Count(h.file("asked"), "asked") != asked {
			t.Fatalf("%s: %s, %v; the agent was asked %q", what, got.State, got.Reason, h.file("asked"))
		}
		return got
	}
	again := func() {
		t.Helper()
		ok, err := h.config.Runs.Move(t.Context(), r.ID, []run.State{run.Review}, run.Retrying, &run.Reason{Code: run.Rebased}, time.Now(), time.Now())
		if err != nil || !ok {
			t.Fatalf("%v, %v", ok, err)
		}
	}
	rebase := func() {
		t.Helper()
		on := h.now(r.ID)
		out, err := exec.Command("git", "-C", on.Worktree, "-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "new base").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		head, err := exec.Command("git", "-C", on.Worktree, "rev-parse", "HEAD").Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := h.config.Runs.SetTree(t.Context(), on.ID, on.Worktree, on.Begin, strings.TrimSpace(string(head))); err != nil {
			t.Fatal(err)
		}
		if err := h.config.Runs.SetProof(t.Context(), on.ID, true); err != nil {
			t.Fatal(err)
		}
		again()
	}
	lose := func() {
		t.Helper()
		start, err := process.StartTime(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		token := h.claim(r.ID)
		if _, err := h.config.Runs.Take(t.Context(), r.ID, token, os.Getpid(), start, time.Now()); err != nil {
			t.Fatal(err)
		}
		if ok, err := h.config.Runs.Lose(t.Context(), r.ID, token, run.Retrying, run.Reason{Code: run.Crashed, Text: "lost"}, time.Now(), time.Now().Add(run.LeaseTime*2)); err != nil || !ok {
			t.Fatalf("%v, %v", ok, err)
		}
	}
	next(1, "the first attempt")
	rebase()
	next(1, "on a new base")
	again()
	next(2, "on the same base")
	rebase()
	lose()
	next(2, "on a new base, after a supervisor was lost")
	rebase()
	if _, err := h.config.Runs.Send(t.Context(), run.Message{Run: r.ID, Text: "and this", CreatedAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	next(3, "on a new base, with a message")
	again()
	lose()
	next(4, "after an agent was lost, whatever was before")
}
