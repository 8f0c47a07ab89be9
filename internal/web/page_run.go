package web

import (
	"html/template"
	"time"

	"tasks/internal/manager"
	"tasks/internal/run"
)

// RunPage is one run of a task: its story, its facts, its work.
type RunPage struct {
	Base
	Slug     string
	TaskHref string // "" where the task's file is gone
	Stream   string // the task's workstream
	Run      *RunView
	V        *manager.RunView // nil: the task has no run
	Light    bool             // without story and diff: what changes by itself beside them
	Latest   bool             // of the task's runs; only this one can be acted on
	Refresh  string           // address of the light form of this page
	Events   string           // address of its event stream
	Story    storyView
	Earlier  string // address of earlier steps, "" for none
	Later    string // address of the newest ones, "" where they are shown
	Empty    string // why there is no story yet
	Facts    []RunFact
	Advice   string // what to do about the state
	Acts     RunActs
	Others   []OtherRun
	Diff     *DiffView // nil: no work to look at yet
	DiffWhy  string    // why there is no diff
	Drafts   int       // comments that are not sent
	Plan     []PlanBox
	Verified []run.Evidence // what verify said last
	AtWork   bool           // an agent is at it
	Attempts int            // so many before a run is failed
	AnswerIn string         // how long a question waits, in words
}

// RunFact is one line about a run.
type RunFact struct {
	Label, Text string
	When        time.Time
	Until       bool // When lies ahead
	Copy        string
	Code        bool
	Href        string
	Note        string // beside a link
}

// RunActs is what can be done with a run, and why what cannot be done cannot.
type RunActs struct {
	Kickoff, Start, Unqueue, Stop, Retry, Accept, Reject bool
	Rebase                                               bool   // its base or its branch has moved, and it fits
	Push, Pull                                           bool   // it can leave this machine; it has a pull request
	Why                                                  string // why not accept
	Base                                                 string // the branch that accept goes to
	Conflicts                                            string // what to send to the agent where the work does not merge
}

// PlanBox is one box of the plan.
type PlanBox struct {
	Text string
	Done bool
}

// OtherRun is another run of the task.
type OtherRun struct {
	Href  string
	State run.State
	When  time.Time
	On    bool
	Cost  string
}

// DiffView is the work of a run against its base.
type DiffView struct {
	Files            []DiffFile
	Plus, Minus      int
	Base, Head       string
	Comments, Drafts int
	Cut              int // files that are not shown
}

// DiffFile is one file of it.
type DiffFile struct {
	ID            string
	Path, OldPath string
	Status        string // added, modified, deleted, renamed
	Plus, Minus   int
	Binary        bool
	Mode          string // the change of its mode, in words
	Large         bool
	Withheld      bool // by its name the policy serves none of it
	Folded        bool
	Hunks         []DiffHunk
	Comments      []commentJSON // on the file as a whole, or on lines that are not shown
}

// DiffHunk is some lines that belong together.
type DiffHunk struct {
	Head  string
	Lines []DiffLine
}

// DiffLine is one line. Old and New are its numbers, 0 where it is not on that side.
type DiffLine struct {
	Sign     string // "+", "-", " "
	Old, New int
	HTML     template.HTML // escaped and coloured by the markdown room's highlighter
	Comments []commentJSON
	NoEnd    bool // the file ends here without a line feed
	text     string
}

// Class is the line's class.
func (l DiffLine) Class() string {
	switch l.Sign {
	case "+":
		return "add"
	case "-":
		return "del"
	}
	return "ctx"
}

// Line and Side are where a comment on the line stands.
func (l DiffLine) Line() int {
	if l.New > 0 {
		return l.New
	}
	return l.Old
}

// Side is old for a line that was taken away.
func (l DiffLine) Side() string {
	if l.New > 0 {
		return "new"
	}
	return "old"
}
