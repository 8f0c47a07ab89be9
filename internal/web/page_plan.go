package web

import (
	"html/template"
	"time"

	"tasks/internal/chart"
	"tasks/internal/task"
)

// PlanListPage is all workstreams, all milestones or the team.
type PlanListPage struct {
	Base
	What      string // workstream, milestone, owner
	Rows      []PlanRow
	All       int // of the kind; more than Rows where there are very many
	Timeline  template.HTML
	Bars      template.HTML
	Loose     int    // tasks that belong to none
	LooseIs   string // what they are: "tasks belong to no workstream"
	LooseHref string // the list of them
	Total     int    // tasks in all
	Folder    string // where the files are
	Example   string // what to write for a first one
}

// PlanRow is one workstream, milestone, initiative or owner of a list.
type PlanRow struct {
	Title, Name, Href string
	Description       string
	Kind              string // of an owner: person or role
	Path              string // "": no file stands behind the name
	Known             bool   // a file, or a workstream's folder, stands behind it; else only tasks use the name
	Broken            *task.Broken
	Bar, Legend       template.HTML
	Done, Counted     int
	Percent           int
	Open, Cancelled   int
	Due               time.Time
	DueWords          string
	Overdue           bool
	Words             string // "2 in progress, 1 blocked"
	parts             []chart.Part
	start             time.Time
}

// PlanPage is one workstream, milestone, initiative or owner.
type PlanPage struct {
	Base
	Row      PlanRow
	FileHref string
	What     string // Workstream, Milestone …
	NoFile   string // the file that would stand behind it, where none does
	FilledBy PlanRef
	Owner    PlanRef
	Parent   PlanRef // the workstream of an initiative
	Burn     template.HTML
	Bars     []PlanBars
	Below    []PlanRow // initiatives of a workstream
	Groups   []PlanGroup
	HTML     template.HTML
	Total    int
}

// PlanRef is a link to something of the plan; the zero one is none.
type PlanRef struct{ Name, Href string }

// PlanBars are bars under a heading.
type PlanBars struct {
	Label string
	HTML  template.HTML
}

// PlanGroup is the tasks of one status, cut where they are very many.
type PlanGroup struct {
	TaskGroup
	All    int
	Folded bool // completed and cancelled: shown when asked for
}

// HomePage says what needs the user, what to take next and where the work stands.
type HomePage struct {
	Base
	Needs     []HomeNeed
	Queued    HomeGroup
	Active    HomeGroup
	Next      *TaskRow
	NextWhy   string // why that one, or why none
	Standing  []PlanRow
	StandHref string // where the others are; "" where all are shown
	Overall   PlanRow
	Recent    []ActivityItem
	// RecentPending says that git is still being asked for them.
	RecentPending bool
	Readme        template.HTML
	NoTasks       bool
	NoDocs        bool
}

// HomeNeed is one kind of thing that needs the user.
type HomeNeed struct {
	Label, Icon, Class string
	Rows               []TaskRow  // tasks
	Lines              []NeedLine // of what is no task, or needs its reason said
	All                int
	MoreHref           string
}

// HomeGroup is some tasks with how many there are.
type HomeGroup struct {
	Rows []TaskRow
	All  int
}

// NeedLine is one thing with its reason.
type NeedLine struct {
	Title, Href string
	Words       string
	Slug        string
}
