package workflow

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
)

// Vars are what a template may name: issue, task (the same), attempt and run.
func Vars(in Input) map[string]any {
	t := in.Task
	blocked := []any{}
	for _, b := range in.Blockers {
		blocked = append(blocked, map[string]any{"id": orNil(b.ID), "identifier": orNil(b.Identifier), "state": orNil(b.State)})
	}
	body := ""
	if t.Body <= len(in.Sheet) {
		body = strings.TrimSpace(clean(string(in.Sheet[t.Body:])))
	}
	var priority any
	if n, err := strconv.Atoi(strings.TrimPrefix(t.Priority, "p")); err == nil {
		priority = n + 1 // the specification counts from 1
	}
	issue := map[string]any{
		"id": t.ID, "identifier": t.Slug, "title": clean(t.Name()), "description": orNil(body),
		"summary": orNil(clean(t.Description)), "state": string(t.Status), "priority": priority,
		"labels": words(t.Labels), "blocked_by": blocked, "url": nil, "branch_name": orNil(in.Run.Branch),
		"assignee_id": orNil(t.Owner), "native_ref": nil, "dispatchable": true,
		"created_at": orNilTime(t.CreatedAt), "updated_at": orNilTime(t.UpdatedAt),
		"slug": t.Slug, "path": t.Path, "milestone": orNil(t.Milestone), "workstream": orNil(t.Workstream),
		"initiative": orNil(t.Initiative), "owner": orNil(t.Owner), "verify": words(t.Verify), "touches": words(t.Touches),
	}
	var attempt, port any
	if in.Attempt != nil {
		attempt = *in.Attempt
	}
	if in.Run.Port > 0 {
		port = in.Run.Port
	}
	return map[string]any{
		"issue": issue, "task": issue, "attempt": attempt,
		"run": map[string]any{
			"id": in.Run.ID, "slug": in.Run.Slug, "path": in.Run.Path, "branch": in.Run.Branch, "base": in.Run.Base,
			"worktree": in.Run.Worktree, "worker": in.Run.Worker, "attempt": in.Run.Attempt, "port": port,
			"kind": string(in.Kind), "reason": orNil(clean(in.Why)),
		},
	}
}

func words(list []string) []any {
	out := []any{}
	for _, s := range list {
		out = append(out, clean(s))
	}
	return out
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func orNilTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// named puts the file's name into an error of Render.
func named(err error, file string) error {
	var f *fault.Error
	if class := ClassOf(err); class != "" && errors.As(err, &f) {
		return fault.New(f.Code, "%s: %w", file, err).WithHint("mend %s; see docs/manager.md", file)
	}
	return err
}
