package web

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"tasks/internal/chart"
	"tasks/internal/manager"
	"tasks/internal/plan"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// planWorld is what the pages of the plan are made of, read at one moment.
type planWorld struct {
	status  *manager.Status
	rows    []TaskRow
	objects *tracker.Objects
	now     time.Time
	known   map[string]*task.Task // by slug and id
}

func (s *Server) planWorld(ctx context.Context) (*planWorld, error) {
	st, rows, err := s.project(ctx)
	if err != nil {
		return nil, err
	}
	w := &planWorld{status: st, rows: rows, now: time.Now(), known: make(map[string]*task.Task, len(rows))}
	all := tasksOf(rows)
	for _, t := range all {
		w.known[t.ID] = t
	}
	for _, t := range all {
		w.known[t.Slug] = t
	}
	w.objects, err = s.Tracker.ObjectsOf(all)
	return w, err
}

func tasksOf(rows []TaskRow) []*task.Task {
	all := make([]*task.Task, len(rows))
	for i, row := range rows {
		all[i] = row.Task
	}
	return all
}

// by puts the rows together by a value of theirs; "" are those without one.
func (w *planWorld) by(value func(*task.Task) string) map[string][]TaskRow {
	out := map[string][]TaskRow{}
	for _, row := range w.rows {
		v := value(row.Task)
		out[v] = append(out[v], row)
	}
	return out
}

// objectHref is the address of a workstream, milestone, initiative or owner.
func objectHref(o tracker.Object) string {
	name := url.PathEscape(o.Name)
	switch o.Kind {
	case tracker.Milestone:
		return "/milestones/" + name
	case tracker.Workstream:
		return "/workstreams/" + name
	case tracker.Initiative:
		return "/initiatives/" + url.PathEscape(cmp.Or(o.Workstream, "-")) + "/" + name
	}
	return "/team/" + name
}

// planHref is the address of a page of the plan by the names that tasks use.
func planHref(kind string, names ...string) string {
	href := "/" + kind
	for _, n := range names {
		href += "/" + url.PathEscape(cmp.Or(n, "-"))
	}
	return href
}

// stateOrder is the order of the parts of a bar: from done to not begun.
var stateOrder = []task.Status{task.Completed, task.InProgress, task.Blocked, task.Ready, task.NotStarted}

// stateParts are the parts of a set of tasks by state. Cancelled tasks are none of it;
// a word that is no status counts with what is not started, and says so.
func stateParts(p plan.Progress) []chart.Part {
	n := map[task.Status]int{}
	for _, c := range p.ByStatus {
		n[c.Status] = c.Count
	}
	parts := make([]chart.Part, 0, len(stateOrder)+1)
	known := n[task.Cancelled]
	for _, st := range stateOrder {
		parts = append(parts, chart.Part{Class: safeClass(st), Label: statusLabel(st), N: n[st]})
		known += n[st]
	}
	return append(parts, chart.Part{Class: "broken", Label: "Without a valid status", N: p.Total - known})
}

// planRow is an object with the progress of its tasks.
func (w *planWorld) planRow(o tracker.Object, tasks []*task.Task) PlanRow {
	p := plan.Of(tasks)
	row := PlanRow{
		Title: cmp.Or(o.Title, o.Name), Name: o.Name, Href: objectHref(o), Description: o.Description, Path: o.Path, Known: o.Known, Broken: o.Broken,
		Due: o.Due, DueWords: plan.DueWords(o.Due, w.now, p.Open), Overdue: plan.Overdue(o.Due, w.now, p.Open), start: plan.Begun(tasks),
	}
	if o.Kind == tracker.Person || o.Kind == tracker.Role {
		row.Kind = string(o.Kind)
	}
	row.count(p)
	return row
}

func (row *PlanRow) count(p plan.Progress) {
	row.parts = stateParts(p)
	row.Done, row.Counted, row.Percent, row.Open, row.Cancelled = p.Done, p.Counted(), p.Percent(), p.Open, p.Cancelled
	row.Bar = template.HTML(chart.Stack(cmp.Or(row.Title, "Tasks")+" by state", row.parts))
	row.Legend = template.HTML(chart.Legend(row.parts))
	var words []string
	for _, part := range row.parts[1:] {
		if part.N > 0 {
			words = append(words, num(part.N)+" "+strings.ToLower(part.Label))
		}
	}
	if p.Cancelled > 0 {
		words = append(words, num(p.Cancelled)+" cancelled")
	}
	row.Words = strings.Join(words, ", ")
}

// burnUp draws how the tasks grew. step is a day.
func (w *planWorld) burnUp(title string, tasks []*task.Task, due time.Time) template.HTML {
	from := plan.Begun(tasks)
	if from.IsZero() || from.After(w.now) {
		for _, t := range tasks { // without created_at what was completed says when it began
			if !t.CompletedAt.IsZero() && (from.IsZero() || t.CompletedAt.Before(from)) {
				from = t.CompletedAt
			}
		}
	}
	if from.IsZero() || !from.Before(w.now) {
		from = w.now.AddDate(0, 0, -1)
	}
	b := plan.BurnUp(tasks, from, w.now, 24*time.Hour)
	points := make([]chart.Point, len(b.Points))
	for i, p := range b.Points {
		points[i] = chart.Point{Day: p.At, Scope: p.Scope, Done: p.Done}
	}
	o := chart.BurnOpts{Title: title, Today: w.now, Due: due}
	if b.Undated > 0 {
		o.Notes = append(o.Notes, fmt.Sprintf("%s without created_at: counted from the first day on.", plural(b.Undated, "task", "tasks")))
	}
	if b.UndatedDone > 0 {
		o.Notes = append(o.Notes, fmt.Sprintf("%s without completed_at: counted as done only today.", plural(b.UndatedDone, "completed task", "completed tasks")))
	}
	return template.HTML(chart.BurnUp(points, o))
}

// bars draws the tasks by a value of theirs, those with the most open work first, at
// most maxBars and the rest together. none is what those without a value are called.
func bars(label, head, none string, tasks []*task.Task, value func(*task.Task) string, called func(string) (title, href string)) PlanBars {
	groups := map[string][]*task.Task{}
	for _, t := range tasks {
		groups[value(t)] = append(groups[value(t)], t)
	}
	type line struct {
		name string
		p    plan.Progress
	}
	var lines []line
	for name, list := range groups {
		if p := plan.Of(list); p.Counted() > 0 {
			lines = append(lines, line{name, p})
		}
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(btoi(a.name == ""), btoi(b.name == "")), cmp.Compare(b.p.Open, a.p.Open), cmp.Compare(b.p.Done, a.p.Done), strings.Compare(a.name, b.name))
	})
	var out []chart.Bar
	for i, l := range lines {
		if i == maxBars {
			out = append(out, chart.Bar{Label: fmt.Sprintf("%d more", len(lines)-maxBars), Parts: rest(lines[i:], func(l line) plan.Progress { return l.p })})
			break
		}
		bar := chart.Bar{Label: none, Parts: stateParts(l.p)}
		if l.name != "" {
			bar.Label, bar.Href = called(l.name)
		}
		out = append(out, bar)
	}
	if len(out) == 0 || len(lines) == 1 && lines[0].name == "" {
		return PlanBars{}
	}
	return PlanBars{label, template.HTML(chart.Bars(label, head, out, safeClass(task.Completed)))}
}

const maxBars = 12

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rest is several sets as one.
func rest[T any](list []T, of func(T) plan.Progress) []chart.Part {
	var sum []chart.Part
	for _, l := range list {
		parts := stateParts(of(l))
		if sum == nil {
			sum = parts
			continue
		}
		for i := range parts {
			sum[i].N += parts[i].N
		}
	}
	return sum
}

// planGroup is how many tasks of a status a page of the plan lists.
const planGroup = 50

// groupsOf are the tasks by status, the finished ones folded away.
// Where they are more, More is the list of tasks narrowed by only and the status.
func groupsOf(rows []TaskRow, only url.Values) []PlanGroup {
	var out []PlanGroup
	for _, g := range groups(rows) {
		if len(g.Rows) == 0 {
			continue
		}
		pg := PlanGroup{TaskGroup: g, All: len(g.Rows), Folded: g.Status == task.Completed || g.Status == task.Cancelled}
		if pg.All > planGroup {
			pg.Rows = pg.Rows[:planGroup]
			pg.More = tasksHref(only, "status", string(g.Status))
		}
		out = append(out, pg)
	}
	return out
}

// tasksHref is the list of tasks narrowed to only, and to value of key.
func tasksHref(only url.Values, key, value string) string {
	v := url.Values{}
	maps.Copy(v, only)
	v.Set(key, value)
	return "/tasks?" + v.Encode()
}

// openNeeds are the dependencies of a task that are not completed, in words.
func (w *planWorld) openNeeds(t *task.Task) []string {
	var out []string
	for _, name := range t.DependsOn {
		switch d := w.known[name]; {
		case d == nil:
			out = append(out, name+" (not there)")
		case d.Broken != nil:
			out = append(out, d.Name()+" (broken)")
		case d.Status != task.Completed:
			out = append(out, d.Name()+" ("+strings.ToLower(statusLabel(d.Status))+")")
		}
	}
	return out
}
