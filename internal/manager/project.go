package manager

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tasks/internal/run"
	"tasks/internal/task"
)

// World is all that the projection is made of, read at one moment.
type World struct {
	Root   string
	Owner  string // canonical; "" for all
	At     time.Time
	Tasks  []*task.Task
	Runs   map[string]*run.Run // the newest of each task, by slug
	Health []Health
	// Untrusted says why the root's own commands may not run, nil where they may.
	Untrusted *run.Reason
}

// Project makes the status of a world. It is pure: the same world, the same status.
func Project(w World) *Status {
	st := &Status{
		Root: w.Root, At: w.At.UTC(), Health: orEmpty(w.Health), Counts: counts(w),
		Tasks: []Row{}, Signals: []Signal{},
	}
	if w.Owner != "" {
		st.Owner = &w.Owner
	}
	known := bySlug(w.Tasks)
	for _, t := range w.Tasks {
		r := settled(w, known, t)
		row := t.JSON(nil)
		if r != nil {
			row.Run = r.JSON()
			st.Counts["run_"+string(r.State)]++
		}
		if readyNotQueued(row) {
			st.Counts["ready_not_queued"]++
		}
		st.Tasks = append(st.Tasks, row)
		st.Signals = append(st.Signals, signals(t, r, known)...)
	}
	for slug, r := range w.Runs {
		if known[slug] == nil && r.State.Active() {
			st.Counts["run_"+string(r.State)]++
			st.Signals = append(st.Signals, orphan(r))
		}
	}
	sortRows(st.Tasks)
	slices.SortFunc(st.Signals, func(a, b Signal) int {
		return cmp.Or(cmp.Compare(b.Tier, a.Tier), cmp.Compare(a.Slug, b.Slug), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Evidence, b.Evidence))
	})
	return st
}

// counts are the tasks by status, every status named; the runs' follow.
func counts(w World) map[string]int {
	c := map[string]int{"total": len(w.Tasks), "broken": 0, "ready_not_queued": 0, "run_queued": 0, "run_blocked": 0, "run_running": 0, "run_review": 0}
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

// bySlug is the tasks by slug; of several with one slug the first, as the tracker
// lists them.
func bySlug(tasks []*task.Task) map[string]*task.Task {
	m := make(map[string]*task.Task, len(tasks))
	for _, t := range tasks {
		if m[t.Slug] == nil {
			m[t.Slug] = t
		}
	}
	return m
}

// settled is the run of t as it stands by the tasks as they are now; nil for none.
// A waiting run's reason may be older than the files, and is made anew.
func settled(w World, known map[string]*task.Task, t *task.Task) *run.Run {
	r := w.Runs[t.Slug]
	if r == nil || (known[t.Slug] != t && r.Path != t.Path) {
		return nil
	}
	if !r.State.Waiting() || (r.Reason != nil && !ours(r.Reason.Code)) {
		return r
	}
	now := *r
	now.State, now.Reason = run.Queued, w.Untrusted
	if now.Reason == nil {
		now.Reason = waits(t, known, w.Owner)
	}
	if now.Reason != nil {
		now.State = run.Blocked
	}
	return &now
}

// ours tells whether the reason is made anew from what is so now.
func ours(code string) bool {
	return code == run.Dependency || code == run.Owner || code == run.Untrusted
}

// waits says why a run of t has to wait, nil where it need not.
func waits(t *task.Task, known map[string]*task.Task, owner string) *run.Reason {
	var open []string
	for _, slug := range t.DependsOn {
		switch d := known[slug]; {
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
	if owner != "" && t.Owner != owner {
		whose := "nobody's"
		if t.Owner != "" {
			whose = t.Owner + "'s"
		}
		return &run.Reason{Code: run.Owner, Text: "it is " + whose + ", this manager takes " + owner + "'s"}
	}
	return nil
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
