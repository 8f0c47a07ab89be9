package web

import (
	"html/template"
	"time"

	"tasks/internal/docs"
	"tasks/internal/manager"
	"tasks/internal/markdown"
	"tasks/internal/task"
)

// Every page is one of these structs rendered by the template of its name over
// templates/shell.html; housetest executes each with a filled sample, so that a
// misspelt field fails a test.

// Base is what the shell needs; every page embeds it.
type Base struct {
	Title string // of the page, without the repository's name
	// Description is one sentence about the page; "" for the shell's own.
	Description string
	Kind        string // data-page-kind
	DocRel      string // data-doc-rel; "" where no file stands behind the page
	URL         string // path of this page, as the chat's "page"
	Repo        string // name of the repository: its folder's name
	Place       string // stands for the checkout among those of this browser; tells nothing of it
	Branch      string
	Assets      string // prefix of assets with their hash, "/tasks-assets/h-…/"
	Crumbs      []Crumb
	Nav         []*docs.Node
	Counts      map[string]int // of tasks by status, and "queued"
	// Outline is the headings of the document, nil where there is none.
	Outline []markdown.Heading
	Chat    ChatInfo
	Query   string // what stands in the search box
	Version string
	Demo    bool // the model is scripted; the shell says so plainly
}

// Crumb is one part of the path in the top bar; Href "" for the last.
type Crumb struct{ Name, Href string }

// ChatInfo is what the drawer needs before any script has run.
type ChatInfo struct {
	Ready     bool   // a model is configured
	Model     string // its name
	Source    string // where the key came from, never the key
	Scripted  bool   // the demo's model
	Approve   string // ask, all, readonly, none
	NeedToken bool   // a token is set and this browser has not shown it
	Doc       string
	Page      string
	Starters  []string // three questions that fit this page
}

// DocPage is a document (doc, or any text file).
type DocPage struct {
	Base
	Path       string
	HTML       template.HTML // from markdown.Render only
	ModTime    time.Time
	LastAuthor string // of the newest commit, or ""
	LastWhen   time.Time
	Words      int
	Minutes    int // reading time
	Hash       string
	Broken     []string // link targets that lead nowhere
	Cut        bool
	OpenIn     template.URL // opens the file in the user's editor; "" where none is known
	Editable   bool         // boxes and sections may be changed from the page
	Part       int          // of Parts, from 1; 0: all of it
	Parts      []docs.PartRef
	Prev, Next *docs.Node // nil where there is none
	LinksHere  []docs.Ref
}

// TaskRef is a task named by another.
type TaskRef struct {
	Slug, Title, Href string
	Status            task.Status
	Missing           bool
}

// RunView is a run as people see it.
type RunView struct {
	State    string
	Reason   string
	Place    int
	QueuedAt time.Time
	Note     string
	Since    time.Time // when it came to where it is, as far as that is known
	Attempt  int
	Worker   string
	Asks     bool   // its agent waits for a person's answer
	Cost     string // "" where nobody said it
}

// TaskRow is one task of a list.
type TaskRow struct {
	*task.Task
	Href string
	Run  *RunView
}

// FolderPage is a folder's listing, with its README below.
type FolderPage struct {
	Base
	Path               string
	Entries            []docs.ListEntry
	Total              int
	PrevHref, NextHref string
	Readme             template.HTML
	Filter             string // words that a name must hold
	Found, From        int    // entries with them; where this page begins
	Pages              []PageLink
	Letters            []PageLink
}

// StatusPage is queue and health.
type StatusPage struct {
	Base
	Status *manager.Status
	Active []ActiveRow   // tasks that a run holds, in the queue's order
	More   int           // that are not listed
	Others []SignalGroup // of tasks that no run holds
	Ready  []TaskRow     // ready, not queued
	Beat   string        // when the loop looks next, in words
}

// ActiveRow is a task that a run holds, with what it needs.
type ActiveRow struct {
	TaskRow
	Done, Boxes int // of the plan, in the worktree
	Signals     []manager.Signal
	Until       time.Time // the next attempt
}

// SignalGroup is what wants attention about one task.
type SignalGroup struct {
	Slug, Href string
	Signals    []manager.Signal
}

// ErrorPage is any error.
type ErrorPage struct {
	Base
	Code    int
	Heading string
	Message string
	Hint    string
	Near    []docs.ListEntry // pages with a similar name
}
