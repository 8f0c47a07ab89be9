package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tasks/internal/task"
)

// Question is what Next needs to know beside the tasks.
type Question struct {
	Owner string               // canonical; "" for everybody's tasks
	On    map[string]string    // state of the run of a task that is queued or worked on, by slug
	Due   map[string]time.Time // of milestones
}

// Choice is the task to take next, nil where none can be taken, and why.
type Choice struct {
	Task   *task.Task
	Reason string // one sentence without its full stop
}

// Next chooses the task to take next. It is one that is ready or not started, that no
// run has, and all of whose dependencies are completed. Among those: ready before not
// started, then by priority, by how many open tasks wait for it, by its milestone's
// due date, by age, and by slug. An owner gets their own tasks, and before all others
// one that they have begun.
func Next(tasks []*task.Task, q Question) Choice {
	w := look(tasks, q)
	var can []*task.Task
	for _, t := range tasks {
		if w.mine(t) && w.why(t) == "" {
			can = append(can, t)
		}
	}
	if len(can) == 0 {
		return Choice{Reason: w.none()}
	}
	best := slices.MinFunc(can, w.compare)
	return Choice{best, w.reason(best)}
}

// world is the tasks, looked at once.
type world struct {
	Question
	tasks  []*task.Task
	known  map[string]*task.Task       // by slug, and by id
	named  map[string]int              // how many tasks a slug or id means
	needed map[*task.Task][]*task.Task // the open tasks that name a task
	counts map[*task.Task]int          // what waiting has found
}

func look(tasks []*task.Task, q Question) *world {
	w := &world{Question: q, tasks: tasks, known: make(map[string]*task.Task, 2*len(tasks)),
		named: make(map[string]int, len(tasks)), needed: map[*task.Task][]*task.Task{}, counts: map[*task.Task]int{}}
	for _, t := range tasks {
		w.known[t.ID] = t
		w.named[t.Slug]++
		if t.ID != t.Slug {
			w.named[t.ID]++
		}
	}
	for i := len(tasks) - 1; i >= 0; i-- { // of two with a slug the first counts, as in task.Graph
		w.known[tasks[i].Slug] = tasks[i]
	}
	for _, t := range tasks {
		if over(t) {
			continue
		}
		for _, name := range t.DependsOn {
			if d := w.known[name]; d != nil {
				w.needed[d] = append(w.needed[d], t)
			}
		}
	}
	return w
}

// waiting is how many open tasks wait for t, directly or not. It is asked only of
// tasks that wait for nothing, so that a long chain is walked once.
func (w *world) waiting(t *task.Task) int {
	if n, known := w.counts[t]; known {
		return n
	}
	seen := map[*task.Task]bool{t: true}
	for queue := []*task.Task{t}; len(queue) > 0; queue = queue[1:] {
		for _, d := range w.needed[queue[0]] {
			if !seen[d] {
				seen[d] = true
				queue = append(queue, d)
			}
		}
	}
	w.counts[t] = len(seen) - 1
	return len(seen) - 1
}

func over(t *task.Task) bool { return t.Status == task.Completed || t.Status == task.Cancelled }

func (w *world) mine(t *task.Task) bool { return w.Owner == "" || t.Owner == w.Owner }

// why is the reason for which a task cannot be taken, "" where it can.
func (w *world) why(t *task.Task) string {
	switch {
	case over(t):
		return "is over"
	case t.Broken != nil:
		return "does not parse"
	case w.named[t.Slug] > 1: // no command could take it by its name
		return "shares its name with another task"
	case w.On[t.Slug] != "":
		return "has a run (" + w.On[t.Slug] + ")"
	case t.Status == task.Blocked:
		return "is blocked"
	case t.Status == task.InProgress && w.Owner == "":
		return "is in progress"
	case t.Status != task.InProgress && t.Status != task.Ready && t.Status != task.NotStarted:
		return fmt.Sprintf("has the status %q, which is none of ours", t.Status)
	}
	if open := w.open(t); len(open) > 0 {
		return "waits for " + listed(open)
	}
	return ""
}

// open are the dependencies of t that are not completed, as they are to be told.
func (w *world) open(t *task.Task) []string {
	var out []string
	for _, name := range t.DependsOn {
		switch d := w.known[name]; {
		case d == nil:
			out = append(out, name+" (no such task)")
		case d.Status != task.Completed:
			out = append(out, d.Slug+" ("+string(d.Status)+")")
		}
	}
	return out
}

// listed is at most three of a list in words.
func listed(list []string) string {
	if len(list) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:3], ", "), len(list)-3)
	}
	return strings.Join(list, ", ")
}

// compare puts the task to take before the others.
func (w *world) compare(a, b *task.Task) int {
	return cmp.Or(
		cmp.Compare(rank(a), rank(b)),
		cmp.Compare(priority(a), priority(b)),
		cmp.Compare(w.waiting(b), w.waiting(a)),
		late(w.Due[a.Milestone], w.Due[b.Milestone]),
		late(a.CreatedAt, b.CreatedAt),
		cmp.Compare(a.Slug, b.Slug),
		cmp.Compare(a.Path, b.Path),
	)
}

func rank(t *task.Task) int { return slices.Index(order, t.Status) }

var order = []task.Status{task.InProgress, task.Ready, task.NotStarted}

// priority is p0 to p3; a task without one is after them.
func priority(t *task.Task) string { return cmp.Or(t.Priority, "p9") }

// late compares times; none is after all.
func late(a, b time.Time) int {
	if a.IsZero() || b.IsZero() {
		return cmp.Compare(btoi(a.IsZero()), btoi(b.IsZero()))
	}
	return a.Compare(b)
}

// reason says why t was chosen.
func (w *world) reason(t *task.Task) string {
	parts := []string{map[task.Status]string{task.InProgress: "begun already", task.Ready: "ready", task.NotStarted: "not started"}[t.Status]}
	if t.Priority != "" {
		parts = append(parts, t.Priority)
	}
	switch n := len(t.DependsOn); n {
	case 0:
		parts = append(parts, "it waits for nothing")
	case 1:
		parts = append(parts, "its dependency is completed")
	default:
		parts = append(parts, fmt.Sprintf("its %d dependencies are completed", n))
	}
	switch n := w.waiting(t); n {
	case 0:
	case 1:
		parts = append(parts, "one open task waits for it")
	default:
		parts = append(parts, fmt.Sprintf("%d open tasks wait for it", n))
	}
	if due := w.Due[t.Milestone]; !due.IsZero() {
		parts = append(parts, t.Milestone+" is due on "+due.Format(time.DateOnly))
	}
	return strings.Join(parts, ", ")
}

// none says why there is nothing to take.
func (w *world) none() string {
	var all, held int
	var say []string
	for _, t := range w.tasks {
		if !w.mine(t) {
			continue
		}
		all++
		if over(t) {
			continue
		}
		held++
		if len(say) < 3 {
			say = append(say, t.Slug+" "+w.why(t))
		}
	}
	whose := ""
	if w.Owner != "" {
		whose = " of " + w.Owner
	}
	switch {
	case all == 0:
		return "there is no task" + whose
	case held == 0:
		return "every task" + whose + " is completed or cancelled"
	case held > len(say):
		say = append(say, fmt.Sprintf("and %d more", held-len(say)))
	}
	return "no open task" + whose + " can be taken: " + strings.Join(say, "; ")
}
