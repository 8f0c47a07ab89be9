package manager

import (
	"context"

	"tasks/internal/task"
)

// reorder gives the runs that wait the priority that their tasks have by now: what people
// keep in the front matter counts as it stands, and the queue is gone through by it. With
// dry the world alone is changed. It tells whether any run has another priority.
func (m *Manager) reorder(ctx context.Context, w *World, dry bool) (bool, error) {
	s := set(*w)
	now := map[string]string{}
	for slug, r := range w.Runs {
		t := s.taskOf(r)
		if !r.State.Waiting() || t == nil || t.Broken != nil || !s.here(r) || t.Priority == r.Priority {
			continue
		}
		if _, valid := task.ParsePriority(t.Priority); !valid && t.Priority != "" {
			continue // it is not of the form of one, which the check says
		}
		moved := *r
		moved.Priority = t.Priority
		w.Runs[slug], now[r.ID] = &moved, t.Priority
	}
	if dry || len(now) == 0 {
		return len(now) > 0, nil
	}
	return true, m.Runs.Reorder(ctx, now)
}
