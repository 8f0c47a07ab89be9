// Package task is the worksheet: front matter read by yaml nodes and written by
// splicing bytes, sections, rules, dependency graph, template. It touches no disk.
//
// Setting a field changes the bytes of that field's value only; the result is
// parsed again and compared before it is given out. A file that does not parse is
// still a Task, with Broken set.
package task

import "time"

// Status is a task's state as written; only the six of the contract are written.
type Status string

// The statuses.
const (
	NotStarted Status = "not_started"
	Ready      Status = "ready"
	InProgress Status = "in_progress"
	Blocked    Status = "blocked"
	Completed  Status = "completed"
	Cancelled  Status = "cancelled"
)

// Broken says why a file does not parse.
type Broken struct {
	Line   int    `json:"line"` // from 1, in the file
	Reason string `json:"reason"`
}

// Task is one worksheet. The JSON form, with the contract's keys and nulls, is
// tracker's to make, because it holds the run as well.
type Task struct {
	Slug, ID, Path                     string
	Title, Description                 string
	Status                             Status
	Priority                           string // p0 to p3, or ""
	Milestone, Workstream, Initiative  string
	Owner                              string // canonical form
	DependsOn, Labels, Touches, Verify []string
	CreatedAt, UpdatedAt, CompletedAt  time.Time // zero where absent
	CompletedBy, PRURL, Parent         string
	Hash                               string // of the file's bytes; set by the reader of the file
	Broken                             *Broken
	Body                               int // byte offset of what follows the front matter
}

// SectionState is how full a section is.
type SectionState string

// The states of a section.
const (
	Filled SectionState = "filled"
	Thin   SectionState = "thin"
	Empty  SectionState = "empty"
)

// Section is one H2 of the worksheet. For a section the rules ask for that is not
// there at all, Line is 0.
type Section struct {
	Name  string
	State SectionState
	Text  string // trimmed, without the heading
	Line  int    // of the heading, from 1
}

// SectionNames are the sections of a worksheet in their order.
var SectionNames = []string{"Problem", "Context", "Possible Solutions", "Plan", "Implementation Progress", "QA Exploration", "Review Feedback"}

// Finding is one broken rule.
type Finding struct {
	Path    string `json:"path"`
	Line    int    `json:"line"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Level   string `json:"level"` // L1, L2, L3
}

// IsTask tells whether a markdown file below tasks/ is a task (contract, section 2).
func IsTask(path string, src []byte) bool { panic("skeleton") }

// Parse reads a worksheet; it never fails: what does not parse is Broken.
func Parse(path string, src []byte) *Task { panic("skeleton") }

// Sections are the worksheet's H2 sections in file order.
func Sections(src []byte) []Section { panic("skeleton") }

// Change is one change of front matter. A nil Value removes the key.
type Change struct {
	Key   string
	Value any // string, []string, time.Time, nil
}

// Set applies changes to the front matter; every other byte stays. Invalid where
// the file is broken, a value is not of its form, or an anchor is in the way.
func Set(src []byte, changes ...Change) ([]byte, error) { panic("skeleton") }

// Slugify makes a slug of a title: ASCII, at most 60 characters; "" where nothing is left.
func Slugify(title string) string { panic("skeleton") }

// ValidSlug tells whether s is of the form of a slug.
func ValidSlug(s string) bool { panic("skeleton") }

// Owner is the canonical form in which owners are compared.
func Owner(s string) string { panic("skeleton") }

// Check finds the broken rules of one file: L1 always, L3 where strict.
func Check(t *Task, src []byte, strict bool) []Finding { panic("skeleton") }
