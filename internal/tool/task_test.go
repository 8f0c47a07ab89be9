package tool_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/tool"
)

const ready = `---
title: Alpha
status: not_started
verify:
  - make check
  - go test ./...
---

## Problem

The reader drops the last line of a file that has no newline at its end.

## Context

It was found in the import of a customer's list; the tests have no such file.

## Possible Solutions

1. Read line by line (recommended): small, and what the others do.

## Plan

- [ ] Change the reader
- [ ] Add a test with such a file

## Implementation Progress

## QA Exploration

## Review Feedback
`

func TestRegisterShowsTheWholeWorksheetAndBindsIt(t *testing.T) {
	h := newHouse(t, map[string]string{"tasks/alpha.md": ready})
	p, err := h.prepare("register_task_for_manager", "slug", "tasks/alpha.md", "note", " soon ")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.Diff, ready) || !strings.Contains(p.Diff, "  $ make check\n  $ go test ./...\n") {
		t.Errorf("the card shows %q", p.Diff)
	}
	if string(p.Arguments) != `{"note":"soon","slug":"alpha"}` {
		t.Errorf("arguments %s", p.Arguments)
	}
	h.write("tasks/alpha.md", ready+"\nmore\n")
	other, err := h.prepare("register_task_for_manager", "slug", "alpha", "note", " soon ")
	if err != nil || other.Digest == p.Digest {
		t.Errorf("other bytes: the same digest (%v)", err)
	}
	r := p.Run(t.Context(), nil)
	if r.Status != tool.OK || !strings.Contains(r.Content, "alpha is in the queue at place 1") || h.manager.hash != repo.Hash([]byte(ready)) {
		t.Errorf("got %+v, hash %s", r, h.manager.hash)
	}
	if r := h.call("register_task_for_manager", "slug", "alpha"); !strings.Contains(r.Content, "already") {
		t.Errorf("again: %+v", r)
	}
	if h.set.Find("register_task_for_manager").Class() != tool.Register {
		t.Error("registering is not of its own class")
	}
}

func TestRegisterRefusesBeforeAnybodyIsAsked(t *testing.T) {
	h := newHouse(t, map[string]string{"tasks/thin.md": "---\ntitle: Thin\nstatus: ready\n---\n", "docs/a.md": "x\n"})
	h.wantError(h.call("register_task_for_manager", "slug", "thin"), "invalid", "thin is not ready", "validate_task", "section-")
	for _, slug := range []string{"--status=done", "../x", "a;b", "", "-", "a b$(x)", "docs/a.md", "nobody", "/etc/passwd", "tasks/../docs/a.md"} {
		h.wantError(h.call("register_task_for_manager", "slug", slug))
	}
	if all, err := h.runs.LatestAll(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("runs %v, %v", all, err)
	}
}

func TestCreateTask(t *testing.T) {
	h := newHouse(t, map[string]string{"tasks/fix-it.md": ready})
	p, err := h.prepare("create_task", "title", "Count the herons", "sections", map[string]string{"Problem": "Nobody knows how many there are."})
	if err != nil {
		t.Fatal(err)
	}
	if p.Sensitive || !strings.Contains(p.Diff, "Nobody knows") {
		t.Errorf("plan %+v", p)
	}
	again, err := h.prepare("create_task", "title", "Count the herons", "sections", map[string]string{"Problem": "Nobody knows how many there are."})
	if err != nil || again.Digest != p.Digest {
		t.Errorf("the same call has another digest: %v", err)
	}
	r := p.Run(t.Context(), nil)
	if r.Status != tool.OK || r.Edit == nil || r.Edit.Path != "tasks/count-the-herons.md" {
		t.Fatalf("got %+v", r)
	}
	if text := h.text("tasks/count-the-herons.md"); !strings.Contains(text, "Nobody knows") || !strings.Contains(text, "## Review Feedback") {
		t.Errorf("worksheet %q", text)
	}
	if r := h.call("edit_file", "path", "tasks/count-the-herons.md", "old_string", "Nobody knows", "new_string", "We ask"); r.Status != tool.OK {
		t.Errorf("its own file needs to be read first: %+v", r)
	}
	h.wantError(h.call("create_task", "title", "Fix it"), "conflict")
	h.wantError(h.call("create_task", "title", "Count the herons"), "conflict")
	h.wantError(h.call("create_task", "title", "???"))
	h.wantError(h.call("create_task", "title", "X", "workstream", "../../etc"))
	h.wantError(h.call("create_task", "title", "X", "sections", map[string]string{"Verify": "rm"}), "not known")
	if _, err := h.editor.Undo(t.Context(), h.session.ID(), r.Edit.ID); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("undo of a creation that was edited since: %v, want conflict", err)
	}
}

func TestValidateAndStatus(t *testing.T) {
	h := newHouse(t, map[string]string{"tasks/alpha.md": ready, "tasks/thin.md": "---\ntitle: Thin\nstatus: ready\n---\n"})
	if r := h.call("validate_task", "slug", "alpha"); r.Status != tool.OK || !strings.Contains(r.Content, "No findings") || r.Taints {
		t.Errorf("alpha: %+v", r)
	}
	r := h.call("validate_task", "slug", "thin")
	if r.Status != tool.OK || !strings.HasPrefix(r.Content, "tasks/thin.md:") || !strings.Contains(r.Content, ": section-") || !r.Taints {
		t.Errorf("thin: %+v", r)
	}
	h.wantError(h.call("validate_task", "slug", "nobody"), "not_found")
	if r := h.call("task_status", "slug", "tasks/alpha.md"); r.Content != `{"asked":"alpha"}` || !r.Taints {
		t.Errorf("status of alpha: %+v", r)
	}
	if r := h.call("task_status"); r.Content != `{"asked":""}` {
		t.Errorf("status of all: %+v", r)
	}
	h.wantError(h.call("task_status", "slug", ""), "slug")
	h.session.doc = "tasks/alpha.md"
	if r := h.call("task_status", "slug", "alpha"); r.Taints {
		t.Error("the open page taints")
	}
}

func TestAStoppedCallIsNotAFailedOne(t *testing.T) {
	for err, want := range map[error]tool.Status{
		context.Canceled: tool.Cancelled, context.DeadlineExceeded: tool.Timeout,
		fmt.Errorf("read: %w", context.Canceled): tool.Cancelled, fault.New(fault.Forbidden, "no"): tool.Error,
	} {
		if got := tool.Failed(err); got.Status != want || got.Content == "" || got.Summary == "" {
			t.Errorf("%v: %+v, want %s", err, got, want)
		}
	}
	h := newHouse(t, map[string]string{"docs/a.md": strings.Repeat("x\n", 1000)})
	p, err := h.prepare("search_files", "query", "x")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer stop()
	if r := p.Run(ctx, nil); r.Status != tool.Timeout {
		t.Errorf("a search out of time: %+v", r)
	}
}

func TestMessageRunBindsTheRunAsItIs(t *testing.T) {
	h := newHouse(t, map[string]string{"tasks/alpha.md": ready})
	h.wantError(h.call("message_run", "slug", "alpha", "message", "hello"), "not_found", "no run")
	h.wantError(h.call("message_run", "slug", "nobody", "message", "hello"), "not_found")
	h.call("register_task_for_manager", "slug", "alpha")
	h.wantError(h.call("message_run", "slug", "alpha", "message", "  "), "invalid", "empty")
	h.wantError(h.call("message_run", "slug", "alpha", "message", strings.Repeat("x", 8001)))
	p, err := h.prepare("message_run", "slug", "alpha", "message", " mind the tests ")
	if err != nil || p.Diff != "mind the tests" || !strings.Contains(p.Sentence, "queued") {
		t.Fatalf("%+v, %v", p, err)
	}
	h.begin("alpha")
	later, err := h.prepare("message_run", "slug", "alpha", "message", " mind the tests ")
	if err != nil || later.Digest == p.Digest || !strings.Contains(later.Sentence, "after its present step") {
		t.Errorf("the run has begun, and what was approved still holds: %+v, %v", later, err)
	}
	if got := h.call("message_run", "slug", "alpha", "message", "mind the tests"); got.Status != tool.OK || len(h.manager.sent) != 1 || h.manager.sent[0] != `alpha "mind the tests" false message assistant` {
		t.Errorf("%+v, sent %q", got, h.manager.sent)
	}
	if h.set.Find("message_run").Class() != tool.Register {
		t.Error("it could be allowed for good")
	}
}

// The assistant edits the worksheet of a task whose run is on: it is done, the person is
// asked, and both are told that the run does not see it, and what reaches it.
func TestI09AnEditUnderARunIsTold(t *testing.T) {
	h := newHouse(t, map[string]string{"tasks/alpha.md": ready, "docs/alpha.md": "one\n"})
	h.session.doc = "tasks/alpha.md"
	edit := func(path, from, to string) (*tool.Plan, tool.Result) {
		t.Helper()
		h.call("read_file", "path", path)
		p, err := h.prepare("edit_file", "path", path, "old_string", from, "new_string", to)
		if err != nil {
			t.Fatal(err)
		}
		return p, p.Run(t.Context(), nil)
	}
	if p, r := edit("tasks/alpha.md", "no such file", "no file of the kind"); p.Sensitive || strings.Contains(r.Content, "run") {
		t.Errorf("without a run: %+v, %q", p, r.Content)
	}
	h.call("register_task_for_manager", "slug", "alpha")
	if p, r := edit("tasks/alpha.md", "Change the reader", "Mend the reader"); !p.Sensitive || !strings.Contains(p.Sentence, "unqueue") || !strings.Contains(r.Content, "kick it off again") {
		t.Errorf("in the queue: %+v, %q", p, r.Content)
	}
	h.begin("alpha")
	p, r := edit("tasks/alpha.md", "Mend the reader", "Write it anew")
	if !p.Sensitive || r.Status != tool.OK || !strings.Contains(h.text("tasks/alpha.md"), "Write it anew") {
		t.Errorf("%+v, %+v", p, r)
	}
	for _, want := range []string{"the run of alpha is running", "message_run", "follow-up task"} {
		if !strings.Contains(p.Sentence, want) || !strings.Contains(r.Content, want) {
			t.Errorf("%q and %q do not say %q", p.Sentence, r.Content, want)
		}
	}
	if p, r := edit("docs/alpha.md", "one", "two"); p.Sensitive || strings.Contains(r.Content, "run") {
		t.Errorf("another file of the name: %+v, %q", p, r.Content)
	}
	// What its agent has said is no text of the open page.
	if r := h.call("task_status", "slug", "alpha"); !r.Taints {
		t.Error("the words of an agent do not taint")
	}
}

// begin has a supervisor take the queued run of the task.
func (h *house) begin(slug string) {
	h.t.Helper()
	r, err := h.runs.Latest(h.t.Context(), slug)
	if err != nil || r == nil {
		h.t.Fatal(r, err)
	}
	token, ok, err := h.runs.Claim(h.t.Context(), r.ID, time.Now())
	if err != nil || !ok {
		h.t.Fatal(ok, err)
	}
	if _, err := h.runs.Take(h.t.Context(), r.ID, token, 1, "x", time.Now()); err != nil {
		h.t.Fatal(err)
	}
}
