package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tasks/internal/docs"
	"tasks/internal/fault"
	"tasks/internal/manager"
	"tasks/internal/plan"
	"tasks/internal/run"
	"tasks/internal/task"
)

// statusOrder is the order of the groups of a list, and of the board's columns.
var statusOrder = []task.Status{task.InProgress, task.Blocked, task.Ready, task.NotStarted, task.Completed, task.Cancelled}

// project makes the one projection of tasks and runs as they are now, with a row
// for each task in its order. The lines about health, which take programs to find
// out, are only in manager.Status.
func (s *Server) project(ctx context.Context) (*manager.Status, []TaskRow, error) {
	all, err := s.Tracker.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	runs, err := s.Runs.LatestAll(ctx)
	if err != nil {
		return nil, nil, err
	}
	st, err := s.Manager.Project(ctx, all, runs)
	if err != nil {
		return nil, nil, err
	}
	rows := taskRows(st.Tasks, all)
	tellAsking(rows, runs)
	return st, rows, nil
}

// tellAsking marks the runs whose agent waits for a person's answer.
func tellAsking(rows []TaskRow, runs map[string]*run.Run) {
	for i := range rows {
		if r := runs[rows[i].Slug]; r != nil && rows[i].Run != nil {
			rows[i].Run.Asks = r.Phase == run.Asking
		}
	}
}

// taskRows are the rows of a projection for people.
func taskRows(of []manager.Row, all []*task.Task) []TaskRow {
	byPath, slugs := make(map[string]*task.Task, len(all)), make(map[string]int, len(all))
	for _, t := range all {
		byPath[t.Path] = t
		slugs[t.Slug]++
	}
	rows := make([]TaskRow, 0, len(of))
	for _, row := range of {
		t := byPath[row.Path]
		if t == nil { // made between two readings
			continue
		}
		r, _ := row.Run.(*run.JSON)
		next := TaskRow{Task: t, Href: taskHref(t), Run: runView(r)}
		if slugs[t.Slug] > 1 { // only the path tells them apart
			next.Href = docs.Href(t.Path)
		}
		rows = append(rows, next)
	}
	return rows
}

// taskHref is a task's own address, or its file's where the slug is not one.
func taskHref(t *task.Task) string {
	if !task.ValidSlug(t.Slug) {
		return docs.Href(t.Path)
	}
	return "/tasks/" + t.Slug
}

// runView is a run for people; nil for none.
func runView(r *run.JSON) *RunView {
	if r == nil {
		return nil
	}
	v := &RunView{State: string(r.State)}
	if r.Place != nil {
		v.Place = *r.Place
	}
	if r.QueuedAt != nil {
		v.QueuedAt = *r.QueuedAt
	}
	if r.Reason != nil {
		v.Reason = r.Reason.Text
	}
	v.Attempt, v.Cost, v.Since = r.Attempt, money(r.CostUSD), v.QueuedAt
	if r.Worker != nil {
		v.Worker = *r.Worker
	}
	for _, t := range []*time.Time{r.StartedAt, r.EndedAt} {
		if t != nil && !r.State.Waiting() {
			v.Since = *t
		}
	}
	return v
}

// task is /tasks/<slug>.
func (s *Server) task(w http.ResponseWriter, r *request) error {
	switch {
	case len(r.rest) == 0:
		return redirect(w, r, "/tasks")
	case len(r.rest) > 1 || r.slash:
		return fault.New(fault.NotFound, "there is no page at this address")
	}
	t, err := s.Tracker.Find(r.Context(), r.rest[0])
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	if wantsSource(r) {
		return s.source(w, r, t.Path)
	}
	p, err := s.Docs.Page(r.Context(), t.Path)
	if err != nil {
		return err
	}
	return s.taskPage(w, r, p)
}

// taskPage is a document with the task's header.
func (s *Server) taskPage(w http.ResponseWriter, r *request, p *docs.Page) error {
	ctx := r.Context()
	t := task.Parse(p.Path, p.Source)
	t.Hash = p.Hash
	page := TaskPage{DocPage: s.docPage(r, "task", p), Task: t, Sections: task.Sections(p.Source)}
	if t.Title != "" {
		page.Title = t.Title
	}
	page.Description = t.Description
	_, rows, err := s.project(ctx)
	if err != nil {
		return err
	}
	all := make([]*task.Task, len(rows))
	for i, row := range rows {
		all[i] = row.Task
		if row.Path == t.Path {
			page.Run = row.Run
		}
	}
	if page.Run != nil {
		page.Run.Note = s.note(ctx, t.Slug)
	}
	page.Depends, page.Dependents = related(t, all)
	page.fill(p.Source, all)
	return s.page(w, r, http.StatusOK, "task", page)
}

// related are the tasks that t names and those that name t.
func related(t *task.Task, all []*task.Task) (depends, dependents []TaskRef) {
	known := make(map[string]*task.Task, len(all))
	for _, other := range all {
		known[other.ID] = other
		known[other.Slug] = other
	}
	for _, name := range t.DependsOn {
		if other := known[name]; other != nil {
			depends = append(depends, taskRef(other))
		} else {
			depends = append(depends, TaskRef{Slug: name, Missing: true})
		}
	}
	for _, other := range all {
		for _, name := range other.DependsOn {
			if name == t.Slug || name == t.ID {
				dependents = append(dependents, taskRef(other))
				break
			}
		}
	}
	return depends, dependents
}

func taskRef(t *task.Task) TaskRef {
	return TaskRef{Slug: t.Slug, Title: t.Title, Href: taskHref(t), Status: t.Status}
}

// note is what was said at the kickoff of the latest run.
func (s *Server) note(ctx context.Context, slug string) string {
	r, err := s.Runs.Latest(ctx, slug)
	if err != nil || r == nil {
		return ""
	}
	return r.Note
}

// tasksJSON is /tasks.json, as `tasks list --json` prints it, narrowed and sorted by the same
// address as /tasks. A program is not answered with more than it asked for: a filter that is
// none is an error here.
func (s *Server) tasksJSON(w http.ResponseWriter, r *request) error {
	q := readList(r.URL.Query(), append([]string{"none"}, plan.GroupKeys...))
	if len(q.problems) > 0 {
		return fault.New(fault.Usage, "%s", strings.TrimSuffix(strings.Join(q.problems, " "), "."))
	}
	limit, err := count(r.URL.Query().Get("limit"))
	if err != nil {
		return err
	}
	st, rows, err := s.project(r.Context())
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(row TaskRow) bool { return !q.wants(row.Task) })
	if q.sort != "" {
		order, err := plan.Order("", q.sort)
		if err != nil {
			return err
		}
		slices.SortStableFunc(rows, func(a, b TaskRow) int { return order(a.Task, b.Task) })
	}
	byPath := make(map[string]manager.Row, len(st.Tasks))
	for _, row := range st.Tasks {
		byPath[row.Path] = row
	}
	list := make([]manager.Row, 0, len(rows))
	for _, row := range rows {
		if limit > 0 && len(list) == limit {
			break
		}
		list = append(list, byPath[row.Path])
	}
	return sendJSON(w, r, http.StatusOK, envelope("task-list", map[string]any{"tasks": list, "total": len(rows)}))
}

// count is a number of an address that bounds a list, 0 where none is given.
func count(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fault.New(fault.Usage, "the limit %q is no number of things", text)
	}
	return n, nil
}

// envelope is the frame of data for programs.
func envelope(kind string, data map[string]any) map[string]any {
	data["schemaVersion"], data["kind"] = 1, kind
	return data
}
