package web

import (
	"context"
	"html/template"
	"net/http"

	"tasks/internal/docs"
	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/task"
)

// statusOrder is the order of the groups of a list, and of the board's columns.
var statusOrder = []task.Status{task.InProgress, task.Blocked, task.Ready, task.NotStarted, task.Completed, task.Cancelled}

// rows are all tasks with their runs.
func (s *Server) rows(ctx context.Context) ([]TaskRow, error) {
	all, err := s.Tracker.All(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := s.Runs.LatestAll(ctx)
	if err != nil {
		return nil, err
	}
	slugs := map[string]int{}
	for _, t := range all {
		slugs[t.Slug]++
	}
	rows := make([]TaskRow, len(all))
	for i, t := range all {
		rows[i] = TaskRow{Task: t, Href: taskHref(t), Run: runView(runs[t.Slug])}
		if slugs[t.Slug] > 1 { // only the path tells them apart
			rows[i].Href = docs.Href(t.Path)
		}
	}
	return rows, nil
}

// taskHref is a task's own address, or its file's where the slug is not one.
func taskHref(t *task.Task) string {
	if !task.ValidSlug(t.Slug) {
		return docs.Href(t.Path)
	}
	return "/tasks/" + t.Slug
}

// runView is a run for people; nil for none.
func runView(r *run.Run) *RunView {
	if r == nil {
		return nil
	}
	v := &RunView{State: string(r.State), Place: r.Place, QueuedAt: r.QueuedAt, Note: r.Note}
	if r.Reason != nil {
		v.Reason = r.Reason.Text
	}
	return v
}

// groups puts rows into one group for each status, the empty ones too. A status
// that is none of ours makes a group at the end.
func groups(rows []TaskRow) []TaskGroup {
	at := map[task.Status]int{}
	var out []TaskGroup
	group := func(st task.Status) int {
		i, ok := at[st]
		if !ok {
			i = len(out)
			at[st] = i
			out = append(out, TaskGroup{Status: st, Label: statusLabel(st)})
		}
		return i
	}
	for _, st := range statusOrder {
		group(st)
	}
	for _, row := range rows {
		i := group(row.Status)
		out[i].Rows = append(out[i].Rows, row)
	}
	return out
}

// tasks is the list of tasks.
func (s *Server) tasks(w http.ResponseWriter, r *request) error {
	return s.taskList(w, r, "tasks", "Tasks")
}

// board is the same tasks in columns.
func (s *Server) board(w http.ResponseWriter, r *request) error {
	return s.taskList(w, r, "board", "Board")
}

func (s *Server) taskList(w http.ResponseWriter, r *request, kind, title string) error {
	rows, err := s.rows(r.Context())
	if err != nil {
		return err
	}
	p := TasksPage{Base: s.base(r, kind, title, ""), Groups: groups(rows), Total: len(rows)}
	return s.page(w, r, http.StatusOK, kind, p)
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
	latest, err := s.Runs.Latest(ctx, t.Slug)
	if err != nil {
		return err
	}
	page.Run = runView(latest)
	all, err := s.Tracker.All(ctx)
	if err != nil {
		return err
	}
	page.Depends, page.Dependents = related(t, all)
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

// home says what is here and what needs the user.
func (s *Server) home(w http.ResponseWriter, r *request) error {
	rows, err := s.rows(r.Context())
	if err != nil {
		return err
	}
	p := HomePage{Base: s.base(r, "home", s.repoName, ""), NoTasks: len(rows) == 0}
	for _, row := range rows {
		switch {
		case row.Broken != nil:
			p.Broken = append(p.Broken, row)
		case row.Run != nil && run.State(row.Run.State).Waiting():
			p.Queued = append(p.Queued, row)
		case row.Status == task.InProgress || row.Run != nil && run.State(row.Run.State).Active():
			p.Active = append(p.Active, row)
		case row.Status == task.Ready:
			p.Ready = append(p.Ready, row)
		}
	}
	byPlace(p.Queued)
	l, err := s.Docs.Folder(r.Context(), "", 0, 1)
	if err != nil {
		return err
	}
	if l.Readme != nil && l.Readme.Rendered != nil {
		p.Readme = template.HTML(l.Readme.Rendered.HTML)
		p.Outline = l.Readme.Rendered.Headings
	}
	return s.page(w, r, http.StatusOK, "home", p)
}

// run is /runs/<slug>: the latest run of a task.
func (s *Server) run(w http.ResponseWriter, r *request) error {
	if len(r.rest) != 1 || r.slash {
		return fault.New(fault.NotFound, "there is no page at this address")
	}
	t, err := s.Tracker.Find(r.Context(), r.rest[0])
	if err != nil {
		return err
	}
	latest, err := s.Runs.Latest(r.Context(), t.Slug)
	if err != nil {
		return err
	}
	title := t.Title
	if title == "" {
		title = t.Slug
	}
	p := RunPage{Base: s.base(r, "run", title, ""), Slug: t.Slug, TaskHref: taskHref(t), Run: runView(latest)}
	p.Crumbs = []Crumb{{"Tasks", "/tasks"}, {t.Slug, taskHref(t)}, {Name: "Run"}}
	return s.page(w, r, http.StatusOK, "run", p)
}

// tasksJSON is /tasks.json, as `tasks list --json` prints it.
func (s *Server) tasksJSON(w http.ResponseWriter, r *request) error {
	all, err := s.Tracker.All(r.Context())
	if err != nil {
		return err
	}
	runs, err := s.Runs.LatestAll(r.Context())
	if err != nil {
		return err
	}
	list := make([]task.JSON, len(all))
	for i, t := range all {
		list[i] = t.JSON(runs[t.Slug].JSON())
	}
	return sendJSON(w, r, http.StatusOK, envelope("task-list", map[string]any{"tasks": list, "total": len(list)}))
}

// envelope is the frame of data for programs.
func envelope(kind string, data map[string]any) map[string]any {
	data["schemaVersion"], data["kind"] = 1, kind
	return data
}
