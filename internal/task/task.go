// Package task is the worksheet: front matter read by yaml nodes and written by
// splicing bytes, sections, rules, dependency graph, template. It touches no disk.
//
// Setting a field changes the bytes of that field's value only; the result is
// parsed again and compared before it is given out. A file that does not parse is
// still a Task, with Broken set.
package task

import (
	"path"
	"strings"
	"time"

	"tasks/internal/lazy"
)

// Status is a task's state as written; only the six of the contract are written.
// A file may hold another word, which is then a finding and kept as it is.
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

// Task is one worksheet. JSON makes the form in which programs see it.
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

// Name is what to call the task before people: its title, or its slug.
func (t *Task) Name() string {
	if t.Title != "" {
		return t.Title
	}
	return t.Slug
}

// SlugOf is the slug of a task's path: the file name without .md.
func SlugOf(p string) string { return strings.TrimSuffix(path.Base(p), ".md") }

// workstreamOf is the workstream that a path lies in, or "".
func workstreamOf(p string) string {
	parts := strings.Split(p, "/")
	if len(parts) == 5 && parts[0] == "tasks" && parts[1] == "workstreams" && parts[3] == "tasks" {
		return parts[2]
	}
	return ""
}

var (
	typeLine   = lazy.Regexp(`(?m)^["']?type["']?[ \t]*:[ \t]*["']?([A-Za-z_-]*)`)
	statusLine = lazy.Regexp(`(?m)^["']?status["']?[ \t]*:`)
)

// IsTask tells whether a markdown file below tasks/ is a task: its front matter
// says `type: task`, or has a status and no other type. Where the front matter does
// not parse, its lines and the place of the file decide, so that a slip of the pen
// makes no task vanish.
func IsTask(p string, src []byte) bool {
	_, is := Read(p, src)
	return is
}

// Read is IsTask and Parse in one. The task is there in any case.
func Read(p string, src []byte) (*Task, bool) {
	t, all := parse(p, src)
	if !strings.HasPrefix(p, "tasks/") || !strings.HasSuffix(p, ".md") {
		return t, false
	}
	if t.Broken != nil {
		return t, looksLikeTask(p, src)
	}
	hasStatus := false
	for _, e := range all {
		switch e.key {
		case "type":
			if e.kind != null && !(e.kind == single && strings.TrimSpace(e.value) == "") {
				return t, e.value == "task"
			}
		case "status":
			hasStatus = true
		}
	}
	return t, hasStatus
}

// looksLikeTask judges a file whose front matter does not parse.
func looksLikeTask(p string, src []byte) bool {
	inWorkstream := workstreamOf(p) != "" && ValidSlug(SlugOf(p))
	if !hasFence(src) {
		return inWorkstream
	}
	head := src[:min(len(src), maxFront)]
	if f, b := split(src); b == nil {
		head = src[f.start:f.end]
	}
	if m := typeLine().FindSubmatch(head); m != nil && len(m[1]) > 0 { // an empty or cut type says nothing
		return string(m[1]) == "task"
	}
	return inWorkstream || statusLine().Match(head) || path.Dir(p) == "tasks" && ValidSlug(SlugOf(p))
}

// Parse reads a worksheet; it never fails: what does not parse is Broken.
func Parse(p string, src []byte) *Task {
	t, _ := parse(p, src)
	return t
}

func parse(p string, src []byte) (*Task, []entry) {
	t := &Task{Slug: SlugOf(p), Path: p, Workstream: workstreamOf(p)}
	t.ID = t.Slug
	f, broken := split(src)
	if broken != nil {
		t.Broken = broken
		return t, nil
	}
	t.Body = f.body
	all, ok := quick(src, f)
	if !ok {
		root, broken := parseFront(src, f)
		if broken != nil {
			t.Broken = broken
			return t, nil
		}
		all = entries(src, f, root)
	}
	t.fill(all)
	return t, all
}

// fill takes the values of the entries. Of a key and its aliases the key counts,
// then the alias that stands first.
func (t *Task) fill(all []entry) {
	for i := range all {
		if s := known[all[i].key]; s != nil && counts(all, i, s) {
			t.set(s.name, &all[i])
		}
	}
}

// counts tells whether entry i, of the key s, is the one that is read of the key and
// its aliases.
func counts(all []entry, i int, s *keySpec) bool {
	if all[i].key == s.name {
		return true
	}
	for j := range all {
		if j != i && known[all[j].key] == s && (j < i || all[j].key == s.name) {
			return false
		}
	}
	return true
}

func (t *Task) set(key string, e *entry) {
	v := strings.TrimSpace(e.value)
	items := e.items
	if e.kind == single && v != "" {
		items = []string{v}
	}
	switch key {
	case "id":
		if v != "" {
			t.ID = v
		}
	case "title":
		t.Title = v
	case "description":
		t.Description = v
	case "status":
		t.Status, _ = ParseStatus(v)
	case "priority":
		t.Priority, _ = ParsePriority(v)
	case "milestone":
		t.Milestone = v
	case "workstream":
		if v != "" {
			t.Workstream = v
		}
	case "initiative":
		t.Initiative = v
	case "owner":
		t.Owner = Owner(v)
	case "completed_by":
		t.CompletedBy = Owner(v)
	case "pr_url":
		t.PRURL = v
	case "parent":
		t.Parent = v
	case "depends_on":
		t.DependsOn = items
	case "labels":
		t.Labels = items
	case "touches":
		t.Touches = items
	case "verify":
		t.Verify = items
	case "created_at":
		t.CreatedAt, _ = parseTime(v)
	case "updated_at":
		t.UpdatedAt, _ = parseTime(v)
	case "completed_at":
		t.CompletedAt, _ = parseTime(v)
	}
}

// Unreadable is the broken task for a file that could not be read, nil where its
// place is not one for tasks.
func Unreadable(p, why string) *Task {
	slug := SlugOf(p)
	if !ValidSlug(slug) || workstreamOf(p) == "" && path.Dir(p) != "tasks" {
		return nil
	}
	return &Task{Slug: slug, ID: slug, Path: p, Workstream: workstreamOf(p), Broken: &Broken{1, "the file cannot be read: " + why}}
}
