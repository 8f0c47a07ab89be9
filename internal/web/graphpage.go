package web

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"tasks/internal/chart"
	"tasks/internal/task"
)

// drawnTasks is how many tasks the graph page draws; the list below it has the rest.
const drawnTasks = 300

// listedTasks is how many the list has; a filter makes it shorter.
const listedTasks = 300

// What a line of the list, or the note of cycles, tells at most.
const (
	namedNeeds = 20
	toldCycles = 20
)

// graph is /graph: which task waits for which. Its filters are part of the address.
func (s *Server) graph(w http.ResponseWriter, r *request) error {
	all, err := s.Tracker.All(r.Context())
	if err != nil {
		return err
	}
	q := r.URL.Query()
	p := GraphPage{Base: s.base(r, "tasks", "Dependencies", "")}
	p.Crumbs = []Crumb{{"Tasks", "/tasks"}, {Name: "Dependencies"}}
	p.Description = "Which task waits for which"
	p.Status = q.Get("status")
	p.All = p.Status == "all"
	p.Filters = graphFilters(all, q)
	p.draw(all, graphWants(q))
	return s.page(w, r, http.StatusOK, "graph", p)
}

// graphWants is the filter of the address: open tasks where no status is named.
func graphWants(q url.Values) func(*task.Task) bool {
	return func(t *task.Task) bool {
		status := q.Get("status")
		done := t.Status == task.Completed || t.Status == task.Cancelled
		return (status == "all" || status == "" && !done || status == string(t.Status)) &&
			(q.Get("workstream") == "" || q.Get("workstream") == t.Workstream) &&
			(q.Get("milestone") == "" || q.Get("milestone") == t.Milestone)
	}
}

func graphFilters(all []*task.Task, q url.Values) []FilterMenu {
	streams, miles := map[string]bool{}, map[string]bool{}
	for _, t := range all {
		streams[t.Workstream], miles[t.Milestone] = true, true
	}
	delete(streams, "")
	delete(miles, "")
	menus := []FilterMenu{
		{"workstream", "Workstream", q.Get("workstream"), keysOf(streams)},
		{"milestone", "Milestone", q.Get("milestone"), keysOf(miles)},
	}
	return slices.DeleteFunc(menus, func(m FilterMenu) bool { return len(m.Options) == 0 })
}

// draw fills the page with the tasks that want asks for.
func (p *GraphPage) draw(all []*task.Task, want func(*task.Task) bool) {
	known := map[string]*task.Task{}
	for _, t := range all {
		known[t.ID] = t
	}
	for _, t := range all {
		known[t.Slug] = t
	}
	shown := map[string]bool{}
	for _, t := range all {
		if want(t) {
			shown[t.Slug] = true
		}
	}
	var edges []chart.Edge
	rows := map[string]*GraphRow{}
	row := func(t *task.Task) *GraphRow {
		if rows[t.Slug] == nil {
			rows[t.Slug] = &GraphRow{TaskRef: taskRef(t)}
		}
		return rows[t.Slug]
	}
	lost := map[string]bool{}
	for _, t := range all {
		if !shown[t.Slug] || known[t.Slug] != t {
			continue
		}
		p.Total++
		for _, name := range t.DependsOn {
			on := known[name]
			switch {
			case on == nil:
				lost[name] = true
				edges = append(edges, chart.Edge{From: name, To: t.Slug})
				row(t).Needs = append(row(t).Needs, TaskRef{Slug: name, Missing: true})
			case shown[on.Slug]:
				edges = append(edges, chart.Edge{From: on.Slug, To: t.Slug})
				row(t).Needs = append(row(t).Needs, taskRef(on))
				row(on).NeededBy++
			}
		}
	}
	var nodes []chart.Node
	for _, t := range all {
		if rows[t.Slug] != nil && known[t.Slug] == t {
			nodes = append(nodes, graphNode(t))
			row := *rows[t.Slug]
			row.MoreNeeds = max(len(row.Needs)-namedNeeds, 0)
			p.Rows = append(p.Rows, row)
		}
	}
	slices.SortStableFunc(p.Rows, func(a, b GraphRow) int { return cmp.Or(b.NeededBy-a.NeededBy, len(b.Needs)-len(a.Needs)) })
	p.Linked, p.Alone, p.Missing = len(p.Rows), p.Total-len(p.Rows), len(lost)
	p.Rows = p.Rows[:min(len(p.Rows), listedTasks)]
	p.cycles(all, known, shown)
	nodes, edges, p.Left = chart.Pick(nodes, edges, drawnTasks)
	p.Graph = template.HTML(chart.Graph(nodes, edges, chart.GraphOpts{ID: "all", Title: "Which task waits for which"}))
}

// cycles are those among the shown tasks.
func (p *GraphPage) cycles(all []*task.Task, known map[string]*task.Task, shown map[string]bool) {
	for _, way := range task.NewGraph(all).Cycles() {
		if !slices.ContainsFunc(way, func(slug string) bool { return shown[slug] }) {
			continue
		}
		if len(p.Cycles) == toldCycles {
			p.MoreCycles++
			continue
		}
		var refs []TaskRef
		for _, slug := range way[:min(len(way), namedNeeds)] {
			refs = append(refs, taskRef(known[slug]))
		}
		p.Cycles = append(p.Cycles, refs)
	}
}
