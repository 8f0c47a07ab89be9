package manager

import (
	"cmp"
	"slices"

	"tasks/internal/task"
)

// Project makes the status of a world. It is pure: the same world, the same status.
func Project(w World) *Status {
	st := &Status{
		Root: w.Root, At: w.At.UTC(), Health: orEmpty(w.Health), Counts: counts(w),
		Tasks: []Row{}, Signals: []Signal{},
	}
	if w.Owner != "" {
		st.Owner = &w.Owner
	}
	s := set(w)
	for _, t := range w.Tasks {
		r := s.settled(s.runOf(t))
		row := t.JSON(nil)
		if r != nil {
			row.Run = r.JSON()
			st.Counts["run_"+string(r.State)]++
			if r.State.Active() {
				st.Counts["active"]++
			}
		}
		if readyNotQueued(row) {
			st.Counts["ready_not_queued"]++
		}
		st.Tasks = append(st.Tasks, row)
		st.Signals = append(st.Signals, s.signals(t, r)...)
	}
	for slug, r := range w.Runs {
		if s.known[slug] == nil && r.State.Active() {
			st.Counts["run_"+string(r.State)]++
			st.Signals = append(st.Signals, s.orphan(r))
		}
	}
	sortRows(st.Tasks)
	grouped(st.Signals)
	for _, g := range st.Groups() {
		st.Counts["signalled"]++
		if g[0].Tier > 1 {
			st.Counts["attention"]++
		}
	}
	for _, r := range w.Runs {
		if r.State.Leased() {
			st.Counts["slots_used"]++
		}
	}
	st.Counts["slots"] = w.Limits.Runs
	return st
}

// counts are the tasks by status, every status named; the runs' follow.
func counts(w World) map[string]int {
	c := map[string]int{"total": len(w.Tasks), "broken": 0, "ready_not_queued": 0, "run_queued": 0, "run_blocked": 0, "run_running": 0, "run_review": 0,
		"active": 0, "signalled": 0, "attention": 0, "slots_used": 0}
	for _, s := range []task.Status{task.NotStarted, task.Ready, task.InProgress, task.Blocked, task.Completed, task.Cancelled} {
		c[string(s)] = 0
	}
	for _, t := range w.Tasks {
		switch {
		case t.Broken != nil:
			c["broken"]++
		case t.Status != "":
			c[string(t.Status)]++
		}
	}
	return c
}

// sortRows puts first what a run holds (at work, then waiting by place), then by
// status, priority and slug.
func sortRows(rows []Row) {
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(
			cmp.Compare(stage(a), stage(b)),
			cmp.Compare(place(a), place(b)),
			cmp.Compare(statusRank(a), statusRank(b)),
			cmp.Compare(priorityOf(a), priorityOf(b)),
			cmp.Compare(a.Slug, b.Slug),
			cmp.Compare(a.Path, b.Path),
		)
	})
}

func stage(r Row) int {
	switch j := active(r); {
	case j == nil:
		return 2
	case j.State.Waiting():
		return 1
	}
	return 0
}

func place(r Row) int {
	if j := active(r); j != nil && j.Place != nil {
		return *j.Place
	}
	return 0
}

func statusRank(r Row) int {
	if r.Broken != nil || r.Status == nil {
		return 0
	}
	switch task.Status(*r.Status) {
	case task.InProgress:
		return 1
	case task.Ready:
		return 2
	case task.Blocked:
		return 3
	case task.NotStarted:
		return 4
	case task.Completed:
		return 5
	}
	return 6
}

func priorityOf(r Row) string {
	if r.Priority == nil {
		return "p2"
	}
	return *r.Priority
}
