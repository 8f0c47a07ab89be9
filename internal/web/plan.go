package web

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"slices"

	"tasks/internal/chart"
	"tasks/internal/docs"
	"tasks/internal/fault"
	"tasks/internal/plan"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// planKind is a kind of thing that tasks belong to, and its pages.
type planKind struct {
	kind         tracker.Kind
	title, href  string // of the list
	what         string // of one
	loose        string
	folder       string
	example      string
	list         func(*tracker.Objects) []tracker.Object
	value        func(*task.Task) string
	burnByStream bool // its bars are by workstream too
}

var planKinds = map[string]planKind{
	"workstreams": {kind: tracker.Workstream, title: "Workstreams", href: "/workstreams", what: "Workstream", loose: "no workstream", folder: "tasks/workstreams/",
		example: "tasks new \"What is to be done\" --workstream storage",
		list:    func(o *tracker.Objects) []tracker.Object { return o.Workstreams }, value: func(t *task.Task) string { return t.Workstream }},
	"milestones": {kind: tracker.Milestone, title: "Milestones", href: "/milestones", what: "Milestone", loose: "no milestone", folder: "tasks/milestones/", burnByStream: true,
		example: "---\ntype: milestone\ntitle: Version 1.0\ndue: 2027-01-31\n---",
		list:    func(o *tracker.Objects) []tracker.Object { return o.Milestones }, value: func(t *task.Task) string { return t.Milestone }},
	"team": {kind: tracker.Person, title: "Team", href: "/team", what: "Person", loose: "nobody", folder: "tasks/team/", burnByStream: true,
		example: "---\ntype: person\nname: Your Name\n---",
		list:    func(o *tracker.Objects) []tracker.Object { return o.Team }, value: func(t *task.Task) string { return t.Owner }},
}

// filter is the key that narrows the list of tasks to one of the kind.
func (k planKind) filter() string {
	switch k.kind {
	case tracker.Person:
		return "owner"
	default:
		return string(k.kind)
	}
}

// only narrows the list of tasks to those of one object.
func (k planKind) only(o tracker.Object) url.Values {
	v := url.Values{k.filter(): {o.Name}}
	if k.kind == tracker.Initiative {
		v.Set("workstream", cmp.Or(o.Workstream, nobody))
	}
	return v
}

func (s *Server) workstreams(w http.ResponseWriter, r *request) error {
	return s.planPages(w, r, "workstreams")
}
func (s *Server) milestones(w http.ResponseWriter, r *request) error {
	return s.planPages(w, r, "milestones")
}
func (s *Server) team(w http.ResponseWriter, r *request) error { return s.planPages(w, r, "team") }

// planPages is the list of a kind, and below it the page of each.
func (s *Server) planPages(w http.ResponseWriter, r *request, name string) error {
	k := planKinds[name]
	switch {
	case len(r.rest) > 1 || r.slash && len(r.rest) > 0:
		return fault.New(fault.NotFound, "there is no page at this address")
	case r.slash:
		return redirect(w, r, k.href)
	}
	world, err := s.planWorld(r.Context())
	if err != nil {
		return err
	}
	if len(r.rest) == 0 {
		return s.planList(w, r, k, world)
	}
	list := k.list(world.objects)
	asked := r.rest[0]
	if k.kind == tracker.Person && asked != task.Owner(asked) && task.Owner(asked) != "" {
		return redirect(w, r, k.href+"/"+url.PathEscape(task.Owner(asked)))
	}
	i := slices.IndexFunc(list, func(o tracker.Object) bool { return o.Name == asked })
	if i < 0 {
		return unknownObject(k.what, asked, list)
	}
	var rows []TaskRow
	for _, row := range world.rows {
		if k.value(row.Task) == asked {
			rows = append(rows, row)
		}
	}
	return s.planPage(w, r, k, world, list[i], rows)
}

// unknownObject is not found, with names that are near.
func unknownObject(what, name string, list []tracker.Object) error {
	names := make([]string, len(list))
	for i, o := range list {
		names[i] = o.Name
	}
	err := fault.New(fault.NotFound, "there is no %s %q: neither a file nor a task names it", lowerFirst(what), name)
	if near := tracker.Near(name, names); len(near) > 0 {
		return err.WithHint("did you mean %s?", near[0])
	}
	return err
}

// initiatives is /initiatives/<workstream>/<initiative>; "-" is no workstream.
func (s *Server) initiatives(w http.ResponseWriter, r *request) error {
	if len(r.rest) == 0 {
		return redirect(w, r, "/workstreams")
	}
	if len(r.rest) != 2 || r.slash {
		return fault.New(fault.NotFound, "there is no page at this address")
	}
	stream, name := r.rest[0], r.rest[1]
	if stream == "-" {
		stream = ""
	}
	world, err := s.planWorld(r.Context())
	if err != nil {
		return err
	}
	var list []tracker.Object
	for _, o := range world.objects.Initiatives {
		if o.Workstream == stream {
			list = append(list, o)
		}
	}
	i := slices.IndexFunc(list, func(o tracker.Object) bool { return o.Name == name })
	if i < 0 {
		return unknownObject("initiative", name, list)
	}
	k := planKind{kind: tracker.Initiative, title: "Workstreams", href: "/workstreams", what: "Initiative", folder: path.Join("tasks/workstreams", stream, "initiatives") + "/"}
	return s.planPage(w, r, k, world, list[i], initiativeRows(world.rows, list[i]))
}

func initiativeRows(rows []TaskRow, o tracker.Object) []TaskRow {
	return slices.DeleteFunc(slices.Clone(rows), func(row TaskRow) bool { return row.Initiative != o.Name || row.Workstream != o.Workstream })
}

// planList is the page of all of a kind.
func (s *Server) planList(w http.ResponseWriter, r *request, k planKind, world *planWorld) error {
	p := PlanListPage{Base: s.base(r, "tasks", k.title, ""), What: lowerFirst(k.what), Total: len(world.rows), Folder: k.folder, Example: k.example}
	if k.kind == tracker.Person {
		p.What = "owner"
	}
	by := world.by(k.value)
	for _, o := range k.list(world.objects) {
		p.Rows = append(p.Rows, world.planRow(o, tasksOf(by[o.Name])))
	}
	p.All = len(p.Rows)
	p.Rows = mostOpen(p.Rows, maxListed)
	if p.Loose = len(by[""]); p.Loose > 0 {
		p.LooseIs, p.LooseHref = k.loose, tasksHref(nil, k.filter(), nobody)
	}
	if k.kind == tracker.Milestone {
		p.Timeline = template.HTML(chart.Timeline("Milestones over time", spans(p.Rows), world.now))
	}
	return s.page(w, r, http.StatusOK, "planlist", p)
}

// maxListed is how many of a kind a page lists.
const maxListed = 300

// mostOpen are the n rows with the most open work, in their order.
func mostOpen(rows []PlanRow, n int) []PlanRow {
	if len(rows) <= n {
		return rows
	}
	by := make([]int, len(rows)) // places of the rows
	for i := range by {
		by[i] = i
	}
	slices.SortStableFunc(by, func(a, b int) int { return cmp.Compare(rows[b].Open, rows[a].Open) })
	by = by[:n]
	slices.Sort(by)
	out := make([]PlanRow, n)
	for i, at := range by {
		out[i] = rows[at]
	}
	return out
}

// maxSpans is how many lines a timeline has: those that are over are left out first.
const maxSpans = 24

func spans(rows []PlanRow) []chart.Span {
	if len(rows) > maxSpans {
		rows = slices.DeleteFunc(slices.Clone(rows), func(r PlanRow) bool { return r.Open == 0 })
		rows = rows[:min(len(rows), maxSpans)]
	}
	var out []chart.Span
	for _, r := range rows {
		words := cmp.Or(r.DueWords, "no due date")
		if r.Open == 0 && r.Done > 0 {
			words = "done"
		}
		out = append(out, chart.Span{Label: r.Title, Href: r.Href, Start: r.start, Due: r.Due, Words: words, Over: r.Overdue, Done: r.Done, All: r.Counted})
	}
	return out
}

// planPage is the page of one object.
func (s *Server) planPage(w http.ResponseWriter, r *request, k planKind, world *planWorld, o tracker.Object, rows []TaskRow) error {
	tasks := tasksOf(rows)
	p := PlanPage{Row: world.planRow(o, tasks), What: k.what, Total: len(rows), Groups: groupsOf(rows, k.only(o))}
	if o.Kind == tracker.Role {
		p.What = "Role"
	}
	kind := "tasks"
	if o.Path != "" {
		kind = "doc"
	} else {
		p.NoFile = k.folder + o.Name + ".md"
		if k.kind == tracker.Workstream {
			p.NoFile = k.folder + o.Name + "/README.md"
		}
	}
	p.Base = s.base(r, kind, p.Row.Title, o.Path)
	if o.Path != "" {
		p.file(o.Path)
		p.FileHref = docs.Href(o.Path)
		p.document(s, r, o.Path)
	}
	p.Description = o.Description
	p.Crumbs = []Crumb{{k.title, k.href}, {Name: o.Name}}
	p.FilledBy, p.Owner = ownerRef(o.FilledBy), ownerRef(o.Owner)
	if k.kind == tracker.Initiative && o.Workstream != "" {
		p.Parent = PlanRef{o.Workstream, "/workstreams/" + url.PathEscape(o.Workstream)}
		p.Crumbs = []Crumb{{k.title, k.href}, {p.Parent.Name, p.Parent.Href}, {Name: o.Name}}
	}
	if p.Row.Counted > 0 {
		p.Burn = world.burnUp("Scope and done over time", tasks, o.Due)
	}
	p.Bars = world.breakdown(k, tasks)
	if k.kind == tracker.Workstream {
		for _, i := range world.objects.Initiatives {
			if i.Workstream == o.Name {
				p.Below = append(p.Below, world.planRow(i, tasksOf(initiativeRows(rows, i))))
			}
		}
	}
	return s.page(w, r, http.StatusOK, "plan", p)
}

// breakdown are the bars by owner, and by what else tells the tasks apart.
func (w *planWorld) breakdown(k planKind, tasks []*task.Task) []PlanBars {
	called := func(list []tracker.Object, kind tracker.Kind) func(string) (string, string) {
		titles := map[string]string{}
		for _, o := range list {
			titles[o.Name] = o.Title
		}
		return func(name string) (string, string) {
			return cmp.Or(titles[name], name), objectHref(tracker.Object{Kind: kind, Name: name})
		}
	}
	var out []PlanBars
	add := func(b PlanBars) {
		if b.HTML != "" {
			out = append(out, b)
		}
	}
	if k.kind != tracker.Person {
		add(bars("By owner", "Owner", "nobody", tasks, func(t *task.Task) string { return t.Owner }, called(w.objects.Team, tracker.Person)))
	}
	if k.burnByStream {
		add(bars("By workstream", "Workstream", "no workstream", tasks, func(t *task.Task) string { return t.Workstream }, called(w.objects.Workstreams, tracker.Workstream)))
	}
	if k.kind != tracker.Milestone {
		add(bars("By milestone", "Milestone", "no milestone", tasks, func(t *task.Task) string { return t.Milestone }, called(w.objects.Milestones, tracker.Milestone)))
	}
	return out
}

// document renders the file behind the page below its figures. What cannot be read
// leaves the figures alone: the page says where the file is.
func (p *PlanPage) document(s *Server, r *request, name string) {
	d, err := s.Docs.Page(r.Context(), name)
	if err != nil || d.Rendered == nil {
		return
	}
	p.HTML = template.HTML(d.Rendered.HTML)
	for _, h := range d.Rendered.Headings {
		if h.Level > 1 { // the title stands above the figures
			p.Outline = append(p.Outline, h)
		}
	}
	if len(p.Outline) < 2 {
		p.Outline = nil
	}
}

func ownerRef(name string) PlanRef {
	if name == "" {
		return PlanRef{}
	}
	return PlanRef{name, "/team/" + url.PathEscape(name)}
}

// standing are the milestones and workstreams with work that is open, the nearest
// date first, at most n.
func (w *planWorld) standing(n int) (rows []PlanRow, more string) {
	byMilestone := w.by(func(t *task.Task) string { return t.Milestone })
	for _, o := range w.objects.Milestones {
		if row := w.planRow(o, tasksOf(byMilestone[o.Name])); row.Open > 0 {
			row.Kind = "milestone"
			rows = append(rows, row)
		}
	}
	if len(rows) > n-n/3 {
		rows, more = rows[:n-n/3], "/milestones"
	}
	byStream := w.by(func(t *task.Task) string { return t.Workstream })
	var streams []PlanRow
	for _, o := range w.objects.Workstreams {
		if row := w.planRow(o, tasksOf(byStream[o.Name])); row.Open > 0 {
			row.Kind = "workstream"
			streams = append(streams, row)
		}
	}
	slices.SortStableFunc(streams, func(a, b PlanRow) int { return cmp.Compare(b.Open, a.Open) })
	if room := n - len(rows); len(streams) > room {
		streams, more = streams[:room], "/workstreams"
	}
	return append(rows, streams...), more
}

// overall is all tasks as one bar.
func (w *planWorld) overall() PlanRow {
	row := PlanRow{Title: "All tasks", Href: "/tasks"}
	row.count(plan.Of(tasksOf(w.rows)))
	return row
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return fmt.Sprintf("%c%s", s[0]|0x20, s[1:])
}
