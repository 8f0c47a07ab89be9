// Package plan tells from a set of tasks where the work stands and what to take next.
// It is pure: what it says follows from the tasks it is given, and from nothing else,
// so that a command, a page and a report over the same files say the same.
package plan

import (
	"cmp"
	"slices"
	"time"

	"tasks/internal/task"
)

// Progress is how far a set of tasks is. A cancelled task is no work: it counts in
// Total and Cancelled only.
type Progress struct {
	Total, Done, Open, Cancelled, Broken int // a broken task is open, unless its status can be read
	ByStatus                             []StatusCount
	ByOwner                              []OwnerCount
}

// StatusCount is how many tasks have a status.
type StatusCount struct {
	Status task.Status
	Count  int
}

// OwnerCount is the work of one owner; Owner "" is that of nobody.
type OwnerCount struct {
	Owner      string
	Done, Open int
}

// Of is the progress of the tasks. ByStatus holds the six statuses in the order of
// work, and after them what else stands in the files; ByOwner those with the most open
// work first, nobody last.
func Of(tasks []*task.Task) Progress {
	p := Progress{Total: len(tasks)}
	states, owners := map[task.Status]int{}, map[string]*OwnerCount{}
	for _, t := range tasks {
		states[t.Status]++
		if t.Broken != nil {
			p.Broken++
		}
		if t.Status == task.Cancelled {
			p.Cancelled++
			continue
		}
		o := owners[t.Owner]
		if o == nil {
			o = &OwnerCount{Owner: t.Owner}
			owners[t.Owner] = o
		}
		if t.Status == task.Completed {
			p.Done++
			o.Done++
		} else {
			p.Open++
			o.Open++
		}
	}
	for _, s := range []task.Status{task.NotStarted, task.Ready, task.InProgress, task.Blocked, task.Completed, task.Cancelled} {
		p.ByStatus = append(p.ByStatus, StatusCount{s, states[s]})
		delete(states, s)
	}
	var other []StatusCount
	for s, n := range states {
		other = append(other, StatusCount{s, n})
	}
	slices.SortFunc(other, func(a, b StatusCount) int { return cmp.Compare(a.Status, b.Status) })
	p.ByStatus = append(p.ByStatus, other...)
	for _, o := range owners {
		p.ByOwner = append(p.ByOwner, *o)
	}
	slices.SortFunc(p.ByOwner, func(a, b OwnerCount) int {
		return cmp.Or(cmp.Compare(btoi(a.Owner == ""), btoi(b.Owner == "")), cmp.Compare(b.Open, a.Open), cmp.Compare(b.Done, a.Done), cmp.Compare(a.Owner, b.Owner))
	})
	return p
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Counted is how many tasks are work: all but the cancelled ones.
func (p Progress) Counted() int { return p.Done + p.Open }

// Percent is how much of what counts is done, rounded down so that 100 means all of
// it; 0 where nothing counts.
func (p Progress) Percent() int {
	if p.Counted() == 0 {
		return 0
	}
	return 100 * p.Done / p.Counted()
}

// Point is how many tasks there were, and how many of them were done, at the end of a
// step.
type Point struct {
	At          time.Time
	Scope, Done int
}

// Burn is the work over time.
type Burn struct {
	Points []Point
	// Undated tasks have no created_at: they are counted from the first point on.
	// UndatedDone ones have no completed_at: they are counted as done at the last.
	Undated, UndatedDone int
}

// maxPoints bounds a series: a picture has no more columns.
const maxPoints = 400

// BurnUp is the growth of the set from from to to, in steps; a step that would make
// more than a few hundred points is lengthened. Cancelled tasks are left out all the
// way, since no file says when they were cancelled. It has no points where to is not
// after from or nothing is left to count.
func BurnUp(tasks []*task.Task, from, to time.Time, step time.Duration) Burn {
	var b Burn
	var made, done []time.Time
	for _, t := range tasks {
		if t.Status == task.Cancelled {
			continue
		}
		begun := t.CreatedAt
		if begun.IsZero() {
			b.Undated++
			begun = from
		}
		made = append(made, begun)
		if t.Status != task.Completed {
			continue
		}
		ended := t.CompletedAt
		if ended.IsZero() {
			b.UndatedDone++
			ended = to
		}
		if ended.Before(begun) { // as the file says: done is never more than what there was
			ended = begun
		}
		done = append(done, ended)
	}
	if len(made) == 0 || !to.After(from) {
		return b
	}
	if least := to.Sub(from)/maxPoints + 1; step < least {
		step = least
	}
	slices.SortFunc(made, time.Time.Compare)
	slices.SortFunc(done, time.Time.Compare)
	for at := from; ; at = at.Add(step) {
		if at.After(to) {
			at = to
		}
		b.Points = append(b.Points, Point{at, until(made, at), until(done, at)})
		if !at.Before(to) {
			return b
		}
	}
}

// until is how many of the sorted times are not after at.
func until(times []time.Time, at time.Time) int {
	n, _ := slices.BinarySearchFunc(times, at, func(t, at time.Time) int {
		if t.After(at) {
			return 1
		}
		return -1
	})
	return n
}

// Begun is when the first of the tasks was created, zero where no file says so.
func Begun(tasks []*task.Task) time.Time {
	var first time.Time
	for _, t := range tasks {
		if !t.CreatedAt.IsZero() && (first.IsZero() || t.CreatedAt.Before(first)) {
			first = t.CreatedAt
		}
	}
	return first
}
