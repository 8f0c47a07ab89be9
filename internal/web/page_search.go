package web

import (
	"time"

	"tasks/internal/task"
)

// SearchPage is what a search found, best first.
type SearchPage struct {
	Base
	Regex    bool
	Asked    bool // something was looked for
	Files    []SearchFile
	Tabs     []SearchTab
	Chosen   string   // the kind that is shown; "" for all
	Total    int      // lines of all files
	Found    int      // files of all kinds
	More     bool     // there are files that are not shown
	Late     bool     // time ran out
	Problems []string // filters that fit nothing
	Hints    []SearchHint
	Took     time.Duration
	Error    string
	Advice   string
}

// SearchTab is one kind of files.
type SearchTab struct {
	Label, Href string
	Count       int
	On          bool
}

// SearchHint is a search that may be tried.
type SearchHint struct{ Text, Href, Says string }

// SearchFile is what was found in one file.
type SearchFile struct {
	Path, Title, Href, Kind string
	Status                  task.Status // of a task
	Lines                   []SearchLine
	Left                    int // lines that are not shown
}

// SearchLine is one line, in parts of which some are marked.
type SearchLine struct {
	Line  int
	Href  string
	Parts []SearchPart
}

// SearchPart is a piece of a line.
type SearchPart struct {
	Text string `json:"text"`
	Mark bool   `json:"mark"`
}

// Text is the whole line.
func (l SearchLine) Text() (all string) {
	for _, p := range l.Parts {
		all += p.Text
	}
	return all
}
