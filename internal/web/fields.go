package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/task"
)

// fieldOptions is how many choices are offered at once; typing narrows them.
const fieldOptions = 60

// fieldOption is one choice for a field.
type fieldOption struct {
	Value  string `json:"value"`
	Label  string `json:"label"`
	Detail string `json:"detail"`
	Status string `json:"status,omitempty"` // of a task
}

// fieldsJSON is /fields.json?slug=&field=&q=: what may stand in a field of a task,
// narrowed to what holds q. free says that other words may stand there as well.
func (s *Server) fieldsJSON(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	field := q.Get("field")
	t, err := s.Tracker.Find(r.Context(), q.Get("slug"))
	if err != nil {
		return err
	}
	all, err := s.Tracker.All(r.Context())
	if err != nil {
		return err
	}
	list, free, err := s.options(field, t, all)
	if err != nil {
		return err
	}
	words := strings.Fields(strings.ToLower(q.Get("q")))
	list = slices.DeleteFunc(list, func(o fieldOption) bool {
		text := strings.ToLower(o.Label + " " + o.Value + " " + o.Detail)
		return slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	})
	more := max(len(list)-fieldOptions, 0)
	list = append([]fieldOption{}, list[:len(list)-more]...)
	return sendJSON(w, r, http.StatusOK, envelope("field", map[string]any{"field": field, "options": list, "more": more, "free": free}))
}

// options are all choices for a field.
func (s *Server) options(field string, t *task.Task, all []*task.Task) (list []fieldOption, free bool, err error) {
	used := func(of func(*task.Task) []string) {
		count := map[string]int{}
		for _, o := range all {
			for _, v := range of(o) {
				if v != "" {
					count[v]++
				}
			}
		}
		for _, v := range keysOf(count) {
			list = append(list, fieldOption{Value: v, Label: v, Detail: plural(count[v], "task", "tasks")})
		}
	}
	known, err := s.Tracker.Known()
	if err != nil {
		return nil, false, err
	}
	names := func(from []string, of func(*task.Task) string) {
		if free = from == nil; free {
			used(func(o *task.Task) []string { return []string{of(o)} })
		}
		for _, v := range from {
			list = append(list, fieldOption{Value: v, Label: v})
		}
	}
	switch field {
	case "status":
		for _, v := range writtenStatuses {
			list = append(list, fieldOption{Value: string(v), Label: statusLabel(v), Status: string(v)})
		}
	case "priority":
		for _, v := range task.Priorities {
			list = append(list, fieldOption{Value: v, Label: v, Detail: priorityLabel(v)})
		}
	case "owner":
		names(known.Owners, func(o *task.Task) string { return o.Owner })
	case "milestone":
		names(known.Milestones, func(o *task.Task) string { return o.Milestone })
	case "initiative":
		names(nil, func(o *task.Task) string { return o.Initiative })
	case "labels":
		used(func(o *task.Task) []string { return o.Labels })
		list = slices.DeleteFunc(list, func(o fieldOption) bool { return slices.Contains(t.Labels, o.Value) })
		free = true
	case "depends_on":
		list = s.candidates(t, all)
	default:
		return nil, false, fault.New(fault.Usage, "there are no choices for a field %q", field)
	}
	return list, free, nil
}

// candidates are the tasks that t could wait for: not itself, none that it waits for,
// and none that waits for it. Those of its workstream come first, then open ones.
func (s *Server) candidates(t *task.Task, all []*task.Task) []fieldOption {
	g := task.NewGraph(all)
	waits := map[string]bool{t.Slug: true}
	for queue := []string{t.Slug}; len(queue) > 0; queue = queue[1:] {
		for _, d := range g.Dependents(queue[0]) {
			if !waits[d] {
				waits[d] = true
				queue = append(queue, d)
			}
		}
	}
	var could []*task.Task
	for _, o := range all {
		if !waits[o.Slug] && !slices.Contains(t.DependsOn, o.Slug) && !slices.Contains(t.DependsOn, o.ID) && o.Broken == nil {
			could = append(could, o)
		}
	}
	rank := func(o *task.Task) int {
		n := 0
		if o.Workstream != t.Workstream {
			n++
		}
		if o.Status == task.Completed || o.Status == task.Cancelled {
			n += 2
		}
		return n
	}
	slices.SortStableFunc(could, func(a, b *task.Task) int {
		return cmp.Or(rank(a)-rank(b), strings.Compare(strings.ToLower(a.Name()), strings.ToLower(b.Name())))
	})
	out := make([]fieldOption, len(could))
	for i, o := range could {
		out[i] = fieldOption{Value: o.Slug, Label: o.Name(), Detail: o.Slug, Status: string(o.Status)}
	}
	return out
}

// historyCommits is how much of a file's history its page shows.
const historyCommits = 30

// historyJSON is /history.json?path=: the newest commits that changed a file.
func (s *Server) historyJSON(w http.ResponseWriter, r *request) error {
	path := r.URL.Query().Get("path")
	if err := required("path", path); err != nil {
		return err
	}
	if _, err := s.Repo.Stat(path); err != nil {
		return missing(path, err)
	}
	h, err := s.history.Of(r.Context(), path, historyCommits)
	if err != nil {
		return err
	}
	commits := make([]map[string]any, len(h.Items))
	for i, it := range h.Items {
		commits[i] = map[string]any{"hash": it.Hash, "who": it.Who, "when": it.When, "subject": it.Text}
	}
	return sendJSON(w, r, http.StatusOK, envelope("history", map[string]any{
		"path": path, "commits": commits, "truncated": h.Cut, "pending": h.Pending, "problem": orNull(h.Problem),
	}))
}
