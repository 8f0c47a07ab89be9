package web

import "tasks/internal/task"

// ListBar is the form above a list of tasks: what it is narrowed to, sorted and
// grouped by. All of it is part of the address.
type ListBar struct {
	Action   string // the page's own path
	Q        string
	Menus    []ListMenu
	Clear    string   // the address without filters; "" where there are none
	Problems []string // what was asked for and is not understood
	Creates  bool     // a task may be made here
}

// ListMenu is one choice of the form.
type ListMenu struct {
	Name, Label, Value string
	Options            []ListOption
	Filters            bool // it leaves tasks out
}

// ListOption is one of its values.
type ListOption struct{ Value, Label string }

// TasksPage is the list of tasks.
type TasksPage struct {
	Base
	ListBar
	Groups             []TaskGroup
	Total              int // tasks that fit
	All                int // tasks there are
	From, To           int // of those that fit, from 1
	PrevHref, NextHref string
}

// TaskGroup is the tasks of one status, or of another key.
type TaskGroup struct {
	ID     string // for the heading
	Key    string // what the list is grouped by
	Status task.Status
	Label  string
	Rows   []TaskRow
	Count  int    // of all pages
	More   string // where the ones that are not shown are; "" for none
}

// BoardPage is the tasks in columns by status.
type BoardPage struct {
	Base
	ListBar
	Total, All int
	Lanes      []Lane
}

// Lane is one row of columns; Label "" where the board is not grouped.
type Lane struct {
	ID, Label string
	Count     int
	Columns   []Column
}

// Column is the tasks of one status in a lane.
type Column struct {
	ID     string
	Status task.Status
	Label  string
	Cards  []Card
	Count  int    // with those that are not shown
	Odd    bool   // of what no status is: no card can be moved there
	More   string // where they are; "" for none
}

// Card is one task of the board.
type Card struct {
	TaskRow
	Waits []string // dependencies that are not completed
}

// Single tells that the board has one lane without a name.
func (p BoardPage) Single() bool {
	return len(p.Lanes) < 2 && (len(p.Lanes) == 0 || p.Lanes[0].Label == "")
}
