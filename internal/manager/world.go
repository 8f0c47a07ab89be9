package manager

import (
	"time"

	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/tracker"
	"tasks/internal/workflow"
)

// World is all that plan and projection are made of, read at one moment. It is plain
// values: the same world, the same plan and the same status.
type World struct {
	Root   string
	Branch string // checked out at the root; "" where none is
	Owner  string // whose tasks are taken, canonical and with roles resolved; "" for all
	At     time.Time
	Tasks  []*task.Task
	Runs   map[string]*run.Run // the newest of each task, by slug
	Health []Health
	Limits Limits
	// Team is the people and roles of tasks/team by canonical name; nil where there is no
	// such folder, and any owner will do.
	Team map[string]tracker.Object
	// Flow is what the workflow's files say; nil says nothing.
	Flow *workflow.Workflow
	// Untrusted says why the root's own commands may not run, nil where they may.
	Untrusted *run.Reason
	// Unreadable says why the tasks could not be read, "" where they were. Nothing is
	// begun or ended for what a task says then.
	Unreadable string
	// Held says why no agent can be started at all (its program is not there), "" where
	// one can.
	Held string
	// Edits is of the active runs whose file is another than the one kicked off, by run.
	Edits map[string]Edit
	// Missing is of the active runs whose file is not there: for how long that was seen.
	Missing map[string]time.Duration
	// Lives is of the leased runs, by run.
	Lives map[string]Life
	// Merged is of the runs whose work is on its base by other means than our own
	// landing, by run: how that is seen.
	Merged map[string]string
	// Conflicts is of the runs in review that do not fit onto their base any more, by
	// run: the paths.
	Conflicts map[string][]string
	// Moved is of the runs in review whose branch is elsewhere than it was for the review,
	// by run: where.
	Moved map[string]string
	// Baseless is of the runs whose base branch is not there any more.
	Baseless map[string]bool
	// Landings is of the runs that are being landed or were when a process died, by run:
	// whether the process that lands it is alive.
	Landings map[string]bool
	// Trees is git's list of linked worktrees below .worktrees, by path.
	Trees map[string]Tree
	// Starts says that this beat may start runs.
	Starts bool
}

// Limits bound what is on at once; 0 is no limit.
type Limits struct {
	Runs, Workstream, PerOwner int
	Stall                      time.Duration // without a word of an agent
	Beat                       time.Duration
}

// Edit is how a task's file differs from what was kicked off.
type Edit struct {
	// What is what an agent would be told otherwise now, in words; "" where only what
	// people keep there has changed (status, priority, dates).
	What string
	// Was is the status that was kicked off.
	Was task.Status
	// Invalid says why the file as it is would not be kicked off, "" where it would.
	Invalid string
}

// Life is what is seen of a leased run's supervisor.
type Life struct {
	Alive bool
	// Silent is for how long it has been seen alive with a lapsed lease.
	Silent time.Duration
}

// Tree is one linked worktree as git's own files tell.
type Tree struct {
	Branch  string // "" where none is checked out
	Missing bool   // its folder is gone
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

// scene is a world with its tasks to be found.
type scene struct {
	World
	known map[string]*task.Task // by slug
	paths map[string]*task.Task
}

func set(w World) *scene {
	s := &scene{World: w, known: bySlug(w.Tasks), paths: make(map[string]*task.Task, len(w.Tasks))}
	for _, t := range w.Tasks {
		s.paths[t.Path] = t
	}
	return s
}

// taskOf is the task that r works on, nil where its file is gone. Of several with its
// slug it is the one that was kicked off.
func (s *scene) taskOf(r *run.Run) *task.Task {
	if t := s.paths[r.Path]; t != nil && t.Slug == r.Slug {
		return t
	}
	return s.known[r.Slug]
}

// runOf is the run that works on t, nil for none.
func (s *scene) runOf(t *task.Task) *run.Run {
	r := s.Runs[t.Slug]
	if r == nil || s.taskOf(r) != t {
		return nil
	}
	return r
}

// here tells whether the root's files say anything about the run's task: they do not
// while another branch than the run's base is checked out.
func (s *scene) here(r *run.Run) bool {
	return s.Unreadable == "" && (r.Base == "" || r.Base == s.Branch)
}

// goneAfter is how long a file is not there until it counts as removed: git and editors
// take files away for a moment and bring them back.
const goneAfter = time.Minute

// over says why there is nothing to work on any more, "" where there is. final tells
// that it is over for good.
func (s *scene) over(r *run.Run) (why string, final bool) {
	if !s.here(r) {
		return "", false
	}
	t := s.taskOf(r)
	switch {
	case t == nil && s.Missing[r.ID] < goneAfter:
		return "", false
	case t == nil:
		return "its file " + r.Path + " is gone", false
	case t.Broken != nil:
		return "", false
	case t.Status == task.Completed || t.Status == task.Cancelled:
		return "its task is " + string(t.Status), true
	case t.Status == task.Blocked && s.Edits[r.ID].Was != "" && s.Edits[r.ID].Was != task.Blocked:
		return "its task was set to blocked", false
	}
	return s.stopped(t)
}
