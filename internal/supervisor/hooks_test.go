package supervisor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/run"
	"tasks/internal/trust"
	"tasks/internal/workflow"
)

// flow writes the root's WORKFLOW.md and trusts what it brings.
func (h *house) flow(text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.root, workflow.File), []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
	w, err := workflow.Load(h.root, "")
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.config.Trust.Trust(h.root, w.Commands()); err != nil {
		h.t.Fatal(err)
	}
}

// after_create runs once, before_run and after_run with every attempt, all in the
// worktree, and what the last two print is in the log.
func TestHooksRunInTheirOrder(t *testing.T) {
	h := newHouse(t, `echo agent >> order.txt; test -f second && exit 0; touch second; exit 1`)
	h.flow("---\nhooks:\n  after_create: echo $TASKS_SLUG created >> order.txt\n  before_run: echo before >> order.txt\n  after_run: echo after >> order.txt; echo bye; exit 7\n---\n")
	r := h.queue("")
	if got := h.attempt(r.ID); got.State != run.Retrying || got.Reason.Code != run.AgentFailed {
		t.Fatalf("%s %+v\n%s", got.State, got.Reason, h.events(r.ID))
	}
	if got := h.attempt(r.ID); got.State != run.Review { // after_run's failure does not count
		t.Fatalf("%s %+v\n%s", got.State, got.Reason, h.events(r.ID))
	}
	if got, want := h.file("order.txt"), "alpha created\nbefore\nagent\nafter\nbefore\nagent\nafter\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if log := h.events(r.ID); strings.Count(log, "hook after_run error") != 2 || strings.Count(log, "hook before_run ok") != 2 || strings.Count(log, "hook after_create ok") != 1 {
		t.Errorf("the log:\n%s", log)
	}
}

func TestBeforeRunThatFailsEndsTheAttempt(t *testing.T) {
	h := newHouse(t, `echo agent >> order.txt`)
	h.flow("---\nhooks:\n  before_run: test -f ready || { touch ready; echo not yet; exit 4; }\n---\n")
	r := h.queue("")
	got := h.attempt(r.ID)
	if got.State != run.Retrying || got.Reason.Code != run.HookFailed || !strings.Contains(got.Reason.Text, "before_run failed: it ended with status 4") {
		t.Fatalf("%s %+v", got.State, got.Reason)
	}
	if h.file("order.txt") != "" {
		t.Error("the agent was started")
	}
	if got := h.attempt(r.ID); got.State != run.Review || h.file("order.txt") != "agent\n" {
		t.Fatalf("%s %+v", got.State, got.Reason)
	}
}

// A worktree that was never made ready is not worked in by the next attempt.
func TestAfterCreateIsRunUntilItSucceeds(t *testing.T) {
	h := newHouse(t, `echo agent >> order.txt`)
	h.flow("---\nhooks:\n  after_create: echo try >> tries.txt; test $(wc -l < tries.txt) -gt 1\n---\n")
	r := h.queue("")
	if got := h.attempt(r.ID); got.State != run.Retrying || got.Reason.Code != run.HookFailed {
		t.Fatalf("%s %+v\n%s", got.State, got.Reason, h.events(r.ID))
	}
	if got := h.attempt(r.ID); got.State != run.Review || h.file("tries.txt") != "try\ntry\n" || h.file("order.txt") != "agent\n" {
		t.Fatalf("%s %+v, tries %q\n%s", got.State, got.Reason, h.file("tries.txt"), h.events(r.ID))
	}
}

func TestHooksThatAreNotTrustedDoNotRun(t *testing.T) {
	h := newHouse(t, `touch agent`)
	h.flow("---\nhooks:\n  before_run: touch ran\n---\n")
	changed := "---\nhooks:\n  before_run: touch ran; touch more\n---\n"
	if err := os.WriteFile(filepath.Join(h.root, workflow.File), []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	r := h.queue("")
	if got := h.attempt(r.ID); got.State != run.Failed || got.Reason.Code != run.Untrusted {
		t.Fatalf("%s %+v", got.State, got.Reason)
	}
	if h.file("ran")+h.file("agent") != "" {
		t.Error("something ran")
	}
}

func TestThePromptIsTheTemplates(t *testing.T) {
	h := newHouse(t, `true`)
	h.flow("Do {{ issue.identifier }}{% if attempt %} again{% endif %} after {{ issue.blocked_by | map: 'identifier' | join: ', ' }}.\n")
	r := h.queue("depends_on: [one, two]\n")
	if got := h.attempt(r.ID); got.State != run.Review {
		t.Fatalf("%s %+v", got.State, got.Reason)
	}
	data, err := os.ReadFile(h.agent + ".prompt")
	if err != nil || string(data) != "Do alpha after one, two.\n" {
		t.Errorf("%q, %v", data, err)
	}
	h.flow("Do {{ issue.nothing }}.\n") // read anew for each attempt
	if ok, err := h.config.Runs.Move(t.Context(), r.ID, []run.State{run.Review}, run.Retrying, &run.Reason{Code: run.Messaged}, h.now(r.ID).EndedAt, h.now(r.ID).EndedAt); err != nil || !ok {
		t.Fatal(ok, err)
	}
	if got := h.attempt(r.ID); got.State != run.Failed || got.Reason.Code != run.NoPrompt || !strings.Contains(got.Reason.Text, `"issue.nothing" is not known`) {
		t.Errorf("%s %+v", got.State, got.Reason)
	}
}

func TestBeforeRemoveRunsInTheWorktreeAndIsLogged(t *testing.T) {
	h := newHouse(t, `true`)
	h.flow("---\nhooks:\n  before_remove: echo $TASKS_SLUG goes from $(basename $PWD); exit 3\n---\n")
	r := h.queue("")
	got := h.attempt(r.ID)
	if got.State != run.Review {
		t.Fatalf("%s %+v", got.State, got.Reason)
	}
	err := BeforeRemove(t.Context(), h.config, got)
	if err == nil || !strings.Contains(err.Error(), "before_remove failed: it ended with status 3") {
		t.Errorf("%v", err)
	}
	if log := h.events(r.ID); !strings.Contains(log, "hook before_remove error") {
		t.Errorf("the log:\n%s", log)
	}
	if now := h.now(r.ID); now.State != run.Review {
		t.Errorf("%s %+v", now.State, now.Reason)
	}
	if err := h.config.Trust.Trust(h.root, []trust.Command{}); err != nil {
		t.Fatal(err)
	}
	if err := BeforeRemove(t.Context(), h.config, got); err != nil { // not trusted: not run
		t.Errorf("%v", err)
	}
}
