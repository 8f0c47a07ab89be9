package manager

import (
	"cmp"
	"strings"

	"tasks/internal/run"
	"tasks/internal/task"
)

// objection says why the run, which waits or is to be tried again, may not begin now, nil
// where it may. What is on at once is not looked at: see slots.
func (s *scene) objection(r *run.Run) *run.Reason {
	t := s.taskOf(r)
	edit := s.Edits[r.ID]
	switch {
	case t == nil && s.here(r):
		return &run.Reason{Code: run.Invalid, Text: r.Path + " is not there"}
	case t == nil:
		return &run.Reason{Code: run.Invalid, Text: r.Path + " is not there, and its base " + r.Base + " is not checked out"}
	case t.Broken != nil:
		return &run.Reason{Code: run.Invalid, Text: t.Path + " cannot be read: " + t.Broken.Reason}
	case s.Untrusted != nil:
		return s.Untrusted
	}
	if why := s.waits(t); why != nil {
		return why
	}
	if why := s.foreign(t.Owner); why != nil {
		return why
	}
	if why := s.routed(t); why != nil {
		return why
	}
	if r.Attempt > 0 || !s.here(r) { // it works on what was kicked off; another branch's file says nothing
		return nil
	}
	switch {
	case edit.Invalid != "":
		return &run.Reason{Code: run.Invalid, Text: edit.Invalid}
	case edit.What != "":
		return &run.Reason{Code: run.Changed, Text: "the file was edited since kickoff: " + edit.What}
	case t.Status == task.Blocked && edit.Was != "" && edit.Was != task.Blocked:
		return &run.Reason{Code: run.Changed, Text: "the file says blocked since kickoff"}
	}
	return nil
}

// waits says which dependencies are open, nil where none is.
func (s *scene) waits(t *task.Task) *run.Reason {
	var open []string
	for _, slug := range t.DependsOn {
		switch d := s.known[slug]; {
		case d == nil:
			open = append(open, slug+" (not there)")
		case d.Broken != nil:
			open = append(open, slug+" (broken)")
		case d.Status != task.Completed:
			open = append(open, slug+" ("+string(cmp.Or(d.Status, task.NotStarted))+")")
		}
	}
	if len(open) > 0 {
		return &run.Reason{Code: run.Dependency, Text: "depends on " + strings.Join(open, ", ")}
	}
	return nil
}

// settled is the run as it stands by the files as they are now: a waiting run's reason
// may be older than they are. That it waits for a slot is said by the beat alone.
func (s *scene) settled(r *run.Run) *run.Run {
	if r == nil || !r.State.Waiting() || s.Unreadable != "" {
		return r
	}
	now := *r
	if why, final := s.over(r); final {
		now.State, now.Reason, now.Place = run.Interrupted, &run.Reason{Code: run.TaskOver, Text: why}, 0
		return &now
	}
	why := s.objection(r)
	if why == nil && r.State == run.Blocked && r.Reason != nil && r.Reason.Code == run.Limit {
		why = r.Reason
	}
	switch {
	case why != nil:
		now.State, now.Reason = run.Blocked, why
	case r.State == run.Blocked:
		now.State, now.Reason = run.Queued, nil
	}
	return &now
}

func sameReason(a, b *run.Reason) bool {
	return a == b || a != nil && b != nil && *a == *b
}
