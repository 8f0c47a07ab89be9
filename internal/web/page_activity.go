package web

import (
	"html/template"
	"time"
)

// ActivityPage is what happened lately, newest first, by day.
type ActivityPage struct {
	Base
	Days        []ActivityDay
	Review      []TaskRow // runs that wait for a merge
	Finished    []Finished
	Runs        []RunTime // of the window, newest first
	RunTimes    RunTimes
	Kinds       []Choice // to show one kind alone
	People      []Choice // to show one person alone
	All         int      // items of the window
	Shown       int      // of those that fit the choice
	Spark       template.HTML
	From, To    time.Time
	Read        time.Time // how old what is shown is
	Latest      bool      // the window ends now
	Cut         bool      // the window is cut at so many commits
	Limit       int
	Shallow     bool
	Empty       bool // no commit at all
	Pending     bool // git is still reading
	Problem     string
	OlderHref   string
	LatestHref  string
	ClearHref   string // shows all kinds and people; "" where nothing is chosen
	ChosenWords string
}

// ActivityDay is the items of one day.
type ActivityDay struct {
	Label string
	Date  string // as 2006-01-02
	Items []ActivityItem
}

// ActivityItem is one line of it; Icon is a name of the sprite.
type ActivityItem struct {
	When         time.Time
	Kind         string
	Icon, Text   string
	Href         string
	Who, WhoHref string
	Files        []ActivityFile
	More         int // files that are not listed
	Hash         string
	Reason       string // of a run
}

// ActivityFile is a file that a commit changed.
type ActivityFile struct {
	Name, Path, Href string // Href is "" where it is not there any more
	Op               string
	Task             bool
}

// Finished is a task that was completed, or a run that ended.
type Finished struct {
	When       time.Time
	Icon, Word string
	Title      string
	Href       string
	Who        string
}

// Choice is a link that narrows a page down.
type Choice struct {
	Label, Href string
	N           int
	On          bool
}

// RunTime is how long a run waited and worked, and what it cost.
type RunTime struct {
	Title, Href string
	Run         *RunView
	When        time.Time
	Waited      string // from the handover to the first attempt; "" where it still waits
	Worked      string // from the first attempt to review or end; "" where it is at work
	Attempts    int
	Cost        string
}

// RunTimes is what the runs of a window have in common; "" where nothing is known.
type RunTimes struct {
	All            int
	Waited, Worked string // half of the runs took no longer
	Cost           string // of all
}
