package index

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tasks/internal/docs"
	"tasks/internal/fault"
	"tasks/internal/query"
	"tasks/internal/repo"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// Kinds are the kinds of files, in the order in which they are shown.
var Kinds = []string{"task", "doc", "code"}

// Scope is what filters leave: values of one name are alternatives, names add up.
type Scope struct {
	Problems []string // values that fit nothing here, in words
	paths    []func(repo.Entry) bool
	kinds    []string
	tasks    map[string]*task.Task // by path; read where a filter needs them
	narrow   []func(*task.Task) bool
}

// Scope reads filters. Usage for a status, priority or kind that there is not,
// Invalid for a path that is no glob.
func (x *Index) Scope(ctx context.Context, filters []query.Filter) (*Scope, error) {
	s := &Scope{}
	by := map[string][]string{}
	for _, f := range filters {
		if f.Name == "path" {
			by["path"] = append(by["path"], f.Value)
			continue
		}
		for v := range strings.SplitSeq(f.Value, ",") {
			if v = strings.TrimSpace(v); v != "" {
				by[f.Name] = append(by[f.Name], v)
			}
		}
	}
	for _, v := range by["path"] {
		under, err := below(v)
		if err != nil {
			return nil, err
		}
		s.paths = append(s.paths, under)
	}
	for _, v := range by["kind"] {
		if v = strings.ToLower(v); !slices.Contains(Kinds, v) {
			return nil, fault.New(fault.Usage, "kind:%s: there is no such kind", v).WithHint("task, doc or code")
		}
		s.kinds = append(s.kinds, v)
	}
	if len(by) == 0 || len(by) == 1 && by["path"] != nil {
		return s, nil
	}
	all, err := x.Tracker.All(ctx)
	if err != nil {
		return nil, err
	}
	s.tasks = make(map[string]*task.Task, len(all))
	for _, t := range all {
		s.tasks[t.Path] = t
	}
	for _, name := range query.Names {
		if values := by[name]; len(values) > 0 && name != "path" && name != "kind" {
			if err := s.field(name, values, all); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// below is what a value of path: means, a prefix or a glob.
func below(v string) (func(repo.Entry) bool, error) {
	v = strings.TrimPrefix(strings.TrimPrefix(v, "./"), "/")
	if strings.ContainsAny(v, "*?[{") {
		return repo.Globbed(v)
	}
	return func(e repo.Entry) bool { return strings.HasPrefix(e.Path, v) }, nil
}

// fields are what a task has of each filter, in the form in which it is compared.
var fields = map[string]func(*task.Task) []string{
	"status":     func(t *task.Task) []string { return []string{string(t.Status)} },
	"priority":   func(t *task.Task) []string { return []string{t.Priority} },
	"owner":      func(t *task.Task) []string { return []string{t.Owner} },
	"workstream": func(t *task.Task) []string { return []string{strings.ToLower(t.Workstream)} },
	"milestone":  func(t *task.Task) []string { return []string{strings.ToLower(t.Milestone)} },
	"label": func(t *task.Task) []string {
		out := make([]string, len(t.Labels))
		for i, l := range t.Labels {
			out[i] = strings.ToLower(l)
		}
		return out
	},
}

// field narrows to the tasks that have one of the values.
func (s *Scope) field(name string, values []string, all []*task.Task) error {
	of := fields[name]
	var wanted []string
	for _, v := range values {
		w := strings.ToLower(v)
		switch name {
		case "status":
			st, ok := task.ParseStatus(v)
			if !ok {
				return fault.New(fault.Usage, "status:%s: there is no such status", v).WithHint("one of %s", statuses())
			}
			w = string(st)
		case "priority":
			p, ok := task.ParsePriority(v)
			if !ok {
				return fault.New(fault.Usage, "priority:%s: there is no such priority", v).WithHint("one of %s", strings.Join(task.Priorities, ", "))
			}
			w = p
		case "owner":
			w = task.Owner(v)
		}
		if name != "status" && name != "priority" && !slices.ContainsFunc(all, func(t *task.Task) bool { return slices.Contains(of(t), w) }) {
			s.Problems = append(s.Problems, unknown(name, v, w, all))
		}
		wanted = append(wanted, w)
	}
	s.narrow = append(s.narrow, func(t *task.Task) bool {
		return slices.ContainsFunc(of(t), func(v string) bool { return slices.Contains(wanted, v) })
	})
	return nil
}

func statuses() string {
	var names []string
	for _, s := range task.Statuses {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// unknown says that no task has the value, and which is like it.
func unknown(name, value, wanted string, all []*task.Task) string {
	var there []string
	for _, t := range all {
		for _, v := range fields[name](t) {
			if v != "" && !slices.Contains(there, v) {
				there = append(there, v)
			}
		}
	}
	slices.Sort(there)
	said := fmt.Sprintf("No task has %s:%s.", name, value)
	if near := tracker.Near(wanted, there); len(near) > 0 {
		said += " There is " + strings.Join(near, ", ") + "."
	}
	return said
}

// Want tells whether a file is within the scope.
func (s *Scope) Want(e repo.Entry) bool {
	if len(s.paths) > 0 && !slices.ContainsFunc(s.paths, func(in func(repo.Entry) bool) bool { return in(e) }) {
		return false
	}
	if s.tasks == nil {
		return true
	}
	t := s.tasks[e.Path]
	for _, fits := range s.narrow {
		if t == nil || !fits(t) {
			return false
		}
	}
	return len(s.kinds) == 0 || slices.Contains(s.kinds, kindOf(e.Path, t))
}

func kindOf(path string, t *task.Task) string {
	switch {
	case t != nil:
		return "task"
	case docs.IsMarkdown(path):
		return "doc"
	}
	return "code"
}
