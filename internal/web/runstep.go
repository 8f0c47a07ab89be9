package web

import (
	"html/template"
	"time"
)

// Step is one entry of a run's story: what was told, said or done, folded so that it is
// read in one line. What an agent says is text of strangers: it stands here as text, or
// as the sanitised HTML of the markdown room, and nowhere as markup of our own.
type Step struct {
	Key     string // of its element: "s" and the number of its first event
	Seq     int64  // its first event
	Touched int64  // the newest event that is in it
	Attempt int
	At      time.Time
	Kind    string // attempt, told, words, thought, tool, command, reads, output, ask, hook, verify, commit, notice, state, end
	Icon    string
	Verb    string
	Object  string // shown as code, "" for none
	Note    string // "exit 1", "2 files"
	State   string // busy, ok, error, warn, ""
	Took    time.Duration
	HTML    template.HTML // of words
	Text    string        // plain, shown as it is
	Open    bool          // the body is shown without asking
	Parts   []StepPart
	Items   []StepItem
	Cut     bool
	done    string // the verb when it is over
}

// StepPart is one block of a step's body.
type StepPart struct{ Label, Text string }

// StepItem is one of several things that a step stands for.
type StepItem struct {
	ID, Object, Note, State string
}

// fold makes steps of events. It keeps the newest of them, and the place where each open
// call is waited for.
type fold struct {
	keep     int   // so many steps at most
	before   int64 // only steps that begin before this event are kept; 0: all
	worktree string

	steps   []*Step
	dropped int // steps that are no longer kept
	last    *Step
	open    map[string]call // calls and questions without their result yet
	attempt int
	rule    *Step // of the present attempt
	seq     int64
	facts   int64 // the newest event that changed what stands beside the story
}

// call is where the result of a call goes.
type call struct {
	step *Step
	item int // of the step's items; -1: the step itself
}

func newFold(keep int, before int64, worktree string) *fold {
	return &fold{keep: keep, before: before, worktree: worktree, open: map[string]call{}}
}

// push begins a step.
func (f *fold) push(s *Step) *Step {
	f.last = s
	if f.before > 0 && f.seq >= f.before {
		return s
	}
	f.steps = append(f.steps, s)
	if over := len(f.steps) - f.keep; over > f.keep/4 {
		f.steps = append([]*Step(nil), f.steps[over:]...)
		f.dropped += over
	}
	return s
}

// kept are the steps to show, oldest first, and how many came before them.
func (f *fold) kept() ([]*Step, int) {
	over := max(len(f.steps)-f.keep, 0)
	return f.steps[over:], f.dropped + over
}
