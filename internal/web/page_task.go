package web

import (
	"html/template"

	"tasks/internal/task"
)

// TaskPage is a task: its front matter as a header, then the document.
type TaskPage struct {
	DocPage
	Task       *task.Task
	Run        *RunView
	Sections   []task.Section // as they stand in the file
	Missing    []string       // sections of a worksheet that the file lacks
	Body       template.HTML  // HTML with a bar at each section
	Depends    []TaskRef
	Dependents []TaskRef
	Graph      template.HTML // of the neighbours, "" for none
	NextName   string        // of the section to write next, "" for none
	NextAdvice string
}

// GraphPage is the dependencies of all tasks.
type GraphPage struct {
	Base
	Graph      template.HTML
	Rows       []GraphRow   // the same as a list
	Cycles     [][]TaskRef  // each ends where it begins, or is cut
	MoreCycles int          // that are not told
	Linked     int          // tasks that wait or are waited for; Rows has the first of them
	Alone      int          // tasks without any dependency, which are not drawn
	Left       int          // tasks that the drawing has no room for
	Total      int          // of tasks that fit the filters
	Filters    []FilterMenu // of the form
	All        bool         // done tasks as well
	Status     string       // the one asked for, "" for the open ones
	Missing    int          // names that no task has
}

// GraphRow is one task of the list with what it waits for.
type GraphRow struct {
	TaskRef
	Needs     []TaskRef
	MoreNeeds int // that are not named
	NeededBy  int
}

// FilterMenu is one choice of a form.
type FilterMenu struct {
	Name, Label, Value string
	Options            []string
}
