package tracker

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/task"
)

// Kind says what an Object is.
type Kind string

// The kinds.
const (
	Person     Kind = "person"
	Role       Kind = "role"
	Milestone  Kind = "milestone"
	Workstream Kind = "workstream"
	Initiative Kind = "initiative"
)

// Object is something that tasks refer to: what may stand in their owner, milestone,
// workstream and initiative fields.
type Object struct {
	Kind        Kind
	Name        string // as tasks name it; of people and roles in canonical form
	Workstream  string // of an initiative; "" where only tasks of no workstream name it
	Path        string // of its file; "" where there is none
	Known       bool   // it has a file or, a workstream, a folder: not only tasks name it
	Title       string // the file's, or Name
	Description string
	Status      string    // as written
	FilledBy    string    // of a role: who it is at present, canonical
	Owner       string    // canonical
	Due         time.Time // of a milestone; zero where none is set
	Broken      *task.Broken
}

// Objects are all of one checkout, each list sorted: milestones by due date, those
// without one last, the others by name.
type Objects struct {
	Team, Milestones, Workstreams, Initiatives []Object
}

// maxObject bounds what is read of a file for its front matter and title.
const maxObject = 256 << 10

// Objects reads what tasks may refer to, and adds what they refer to without a file.
// A file that does not parse is there, Broken, under its name.
func (t *Tracker) Objects(ctx context.Context) (*Objects, error) {
	all, err := t.All(ctx)
	if err != nil {
		return nil, err
	}
	return t.ObjectsOf(all)
}

// ObjectsOf is Objects for tasks that have been read already.
func (t *Tracker) ObjectsOf(all []*task.Task) (*Objects, error) {
	o := &Objects{}
	var err error
	if o.Team, err = t.objects(folder+"/team", Person); err != nil {
		return nil, err
	}
	if o.Milestones, err = t.objects(folder+"/milestones", Milestone); err != nil {
		return nil, err
	}
	streams, err := t.repo.ReadDir(folder + "/workstreams")
	if err := missing(err); err != nil {
		return nil, err
	}
	for _, e := range streams {
		if !e.Dir {
			continue
		}
		o.Workstreams = append(o.Workstreams, t.workstream(e))
		below, err := t.objects(e.Path+"/initiatives", Initiative)
		if err != nil {
			return nil, err
		}
		for i := range below {
			below[i].Workstream = e.Name
		}
		o.Initiatives = append(o.Initiatives, below...)
	}
	o.mentioned(all)
	for _, list := range []*[]Object{&o.Team, &o.Milestones, &o.Workstreams, &o.Initiatives} {
		slices.SortFunc(*list, func(a, b Object) int {
			return cmp.Or(dueFirst(a.Due, b.Due), cmp.Compare(a.Workstream, b.Workstream), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Path, b.Path))
		})
	}
	return o, nil
}

func dueFirst(a, b time.Time) int {
	switch {
	case a.Equal(b):
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

// missing is nil for an error that only says that there is no such folder.
func missing(err error) error {
	switch fault.CodeOf(err) {
	case "", fault.NotFound, fault.Usage:
		return nil
	}
	return err
}

// objects are those of the markdown files in a folder.
func (t *Tracker) objects(dir string, kind Kind) ([]Object, error) {
	list, err := t.repo.ReadDir(dir)
	if err := missing(err); err != nil {
		return nil, err
	}
	var out []Object
	for _, e := range list {
		name, is := strings.CutSuffix(e.Name, ".md")
		if !is || e.Dir || strings.EqualFold(name, "readme") || strings.EqualFold(name, "index") {
			continue
		}
		o := Object{Kind: kind, Name: name, Path: e.Path, Known: true, Title: name}
		if kind == Person {
			o.Name = task.Owner(name)
		}
		t.fill(&o)
		out = append(out, o)
	}
	return out, nil
}

// workstream is a folder, with its README where it has one.
func (t *Tracker) workstream(e repo.Entry) Object {
	o := Object{Kind: Workstream, Name: e.Name, Known: true, Title: e.Name}
	if name := path.Join(e.Path, "README.md"); t.there(name) {
		o.Path = name
		t.fill(&o)
	}
	return o
}

func (t *Tracker) there(name string) bool {
	info, err := t.repo.Stat(name)
	return err == nil && !info.Dir
}

// fields are the keys of an object's front matter that mean something here.
type fields struct {
	Type        string
	Title, Name string
	Description string
	Status      string
	FilledBy    string `yaml:"filled_by"`
	Owner       string
	Due         yaml.Node
}

// fill reads an object's file. What cannot be read makes it Broken.
func (t *Tracker) fill(o *Object) {
	f, err := t.repo.ReadFile(o.Path, maxObject)
	if err != nil {
		o.Broken = &task.Broken{Line: 1, Reason: why(err)}
		return
	}
	front, body, broken := task.FrontMatter(f.Data)
	o.Title = cmp.Or(heading(body), o.Title)
	if broken != nil {
		o.Broken = broken
		return
	}
	var y fields
	if front != nil {
		if err := front.Decode(&y); err != nil {
			o.Broken = &task.Broken{Line: front.Line + 1, Reason: strings.TrimPrefix(err.Error(), "yaml: ")}
			return
		}
	}
	if o.Kind == Person && strings.EqualFold(y.Type, string(Role)) {
		o.Kind = Role
	}
	o.Title = cmp.Or(strings.TrimSpace(y.Title), strings.TrimSpace(y.Name), o.Title)
	o.Description, o.Status = strings.TrimSpace(y.Description), strings.TrimSpace(y.Status)
	o.FilledBy, o.Owner = task.Owner(y.FilledBy), task.Owner(y.Owner)
	if y.Due.Value != "" {
		if o.Due, err = parseDue(y.Due.Value); err != nil {
			o.Broken = &task.Broken{Line: y.Due.Line + 1, Reason: err.Error()}
		}
	}
}

func why(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// parseDue reads a date, or a time.
func parseDue(s string) (time.Time, error) {
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(form, strings.TrimSpace(s)); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fault.New(fault.Invalid, "due %q is not a date such as 2027-01-31", s)
}

// heading is the text of a document's first heading of the first level, "" for none.
func heading(body []byte) string {
	for line := range bytes.Lines(body) {
		if text, is := bytes.CutPrefix(bytes.TrimSpace(line), []byte("# ")); is {
			return string(bytes.TrimSpace(text))
		}
	}
	return ""
}

// mentioned adds what tasks refer to and no file stands for.
func (o *Objects) mentioned(all []*task.Task) {
	add := func(list *[]Object, kind Kind, name, workstream string) {
		if name == "" || slices.ContainsFunc(*list, func(x Object) bool {
			return x.Name == name && (kind != Initiative || x.Workstream == workstream)
		}) {
			return
		}
		*list = append(*list, Object{Kind: kind, Name: name, Title: name, Workstream: workstream})
	}
	seen := map[[4]string]bool{}
	for _, t := range all {
		key := [4]string{t.Owner, t.Milestone, t.Workstream, t.Initiative}
		if seen[key] {
			continue
		}
		seen[key] = true
		add(&o.Team, Person, t.Owner, "")
		add(&o.Milestones, Milestone, t.Milestone, "")
		add(&o.Workstreams, Workstream, t.Workstream, "")
		add(&o.Initiatives, Initiative, t.Initiative, t.Workstream)
	}
}
