package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"tasks/internal/task"
)

// record is one task of another tool under our names.
type record struct {
	id     string // theirs, unique in its source
	path   string // below the folder that was read
	line   int    // 0 for the whole file
	digest string

	title, description          string
	slug                        string // wished for, "" for one of the title
	status                      task.Status
	priority, owner, milestone  string
	labels, touches, deps       []string // deps are ids of theirs
	parent                      string   // an id of theirs
	created, updated, completed time.Time

	parts map[string][]part // by section
	left  bag               // what has no place
	notes []string
}

// part is a piece of a section, under a heading of its own where it has one.
type part struct{ heading, text string }

// The sections of a worksheet that an import fills.
const (
	inProblem  = "Problem"
	inContext  = "Context"
	inOptions  = "Possible Solutions"
	inPlan     = "Plan"
	inProgress = "Implementation Progress"
	inQA       = "QA Exploration"
	inReview   = "Review Feedback"
)

func newRecord(path string, line int, left bag) *record {
	return &record{path: path, line: line, left: left, parts: map[string][]part{}}
}

// add puts a text into a section; an empty one is left out.
func (r *record) add(section, heading, text string) {
	if strings.TrimSpace(text) != "" {
		r.parts[section] = append(r.parts[section], part{oneLine(heading), text})
	}
}

func (r *record) note(format string, args ...any) {
	r.notes = append(r.notes, clean(fmt.Sprintf(format, args...)))
}

// where is the place of the record as people and editors write it.
func (r *record) where() string {
	if r.line == 0 {
		return r.path
	}
	return fmt.Sprintf("%s:%d", r.path, r.line)
}

// setStatus takes a word for a status. A word that is not the one written is kept.
func (r *record) setStatus(word string) {
	status, ok := statusOf(word)
	r.status = status
	if word != "" && word != string(status) {
		r.left.keep("status", word)
	}
	if word != "" && !ok {
		r.note("the status %q is none of ours: it is %s now", word, status)
	}
}

func (r *record) setPriority(word string) {
	p, ok := priorityOf(word)
	r.priority = p
	if word != "" && word != p {
		r.left.keep("priority", word)
	}
	if word != "" && !ok {
		r.note("the priority %q is none of ours: none is set", word)
	}
}

// setOwner takes the first of the names; a worksheet has one owner.
func (r *record) setOwner(key string, names []string) {
	if len(names) == 0 {
		return
	}
	r.owner = task.Owner(names[0])
	if len(names) > 1 || r.owner != names[0] {
		r.left.keep(key, names...)
	}
	switch {
	case r.owner == "":
		r.note("the owner %q holds no letter or digit: none is set", names[0])
	case len(names) > 1:
		r.note("a task has one owner: %s; the others are kept as %s", r.owner, key)
	}
}

// setTime takes a time, to the second.
func (r *record) setTime(to *time.Time, key, text string) {
	if text == "" {
		return
	}
	t, ok := task.ParseTime(text)
	if !ok || t.Year() < 1 || t.Year() > 9999 {
		r.left.keep(key, text)
		r.note("%s %q is not a time", key, text)
		return
	}
	*to = t
}

// setMilestone takes the title of a milestone; id is how the tool refers to it.
func (r *record) setMilestone(id, title string) {
	if id == "" {
		return
	}
	if r.milestone = task.Slugify(title); r.milestone == "" {
		r.milestone = task.Slugify(id)
	}
	if r.milestone != id {
		r.left.keep("milestone", id)
	}
	if title != id && title != r.milestone {
		r.left.keep("milestone_title", title)
	}
}

// addList puts a list of names or addresses into Context.
func (r *record) addList(heading string, items []string) {
	var b strings.Builder
	for _, i := range items {
		b.WriteString("- " + oneLine(i) + "\n")
	}
	r.add(inContext, heading, b.String())
}

// setTitle takes a title, in one line of a bearable length.
func (r *record) setTitle(title string) {
	r.title = oneLine(title)
	if short := cut(r.title, 200); short != r.title {
		r.title = short
		r.add(inContext, "Whole title", title)
		r.note("the title is cut off at 200 characters and stands in Context whole")
	}
	if r.title == "" {
		r.title = "Task " + oneLine(cut(r.id, 80))
		r.note("it has no title")
	}
}

// fold is how ids are compared.
func fold(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

// sum is a digest of a value.
func (n *node) sum() string {
	h := sha256.New()
	var walk func(n *node)
	walk = func(n *node) {
		fmt.Fprintf(h, "%v %v %d:%s\n", n.list, n.object, len(n.text), n.text)
		for i := range n.items {
			walk(&n.items[i])
		}
		for i := range n.fields {
			fmt.Fprintf(h, "%d:%s ", len(n.fields[i].key), n.fields[i].key)
			walk(&n.fields[i].node)
		}
		fmt.Fprintln(h, ".")
	}
	walk(n)
	return hex.EncodeToString(h.Sum(nil))[:16]
}
