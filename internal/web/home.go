package web

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"tasks/internal/docs"
	"tasks/internal/plan"
	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// The bounds of what the home page lists; the rest is a number and a link.
const (
	homeRows     = 5
	homeStanding = 9
	homeRecent   = 8
)

// home says what needs the user, what to take next and where the work stands.
func (s *Server) home(w http.ResponseWriter, r *request) error {
	world, err := s.planWorld(r.Context())
	if err != nil {
		return err
	}
	p := HomePage{Base: s.base(r, "home", s.repoName, ""), NoTasks: len(world.rows) == 0}
	p.Needs = world.needs()
	for _, row := range world.rows {
		switch {
		case row.Broken != nil:
		case row.Run != nil && run.State(row.Run.State).Waiting():
			p.Queued.add(row)
		case row.Status == task.InProgress || row.Run != nil && run.State(row.Run.State).Active() && run.State(row.Run.State) != run.Review:
			p.Active.add(row)
		}
	}
	if !p.NoTasks {
		p.Next, p.NextWhy = world.next(task.Owner(s.Settings.Owner))
		p.Overall = world.overall()
		p.Standing, p.StandHref = world.standing(homeStanding)
	}
	if p.Recent, p.RecentPending, err = s.recentFiles(r.Context(), newNamer(s, world.rows, nil), homeRecent); err != nil {
		s.Log.Warn("the history cannot be read", "err", err) // the page has more to say than that
	}
	l, err := s.Docs.Folder(r.Context(), "", 0, 1)
	if err != nil {
		return err
	}
	p.NoDocs = l.Readme == nil && len(p.Nav) == 0
	if l.Readme != nil && l.Readme.Rendered != nil {
		p.Readme = template.HTML(l.Readme.Rendered.HTML)
	}
	return s.page(w, r, http.StatusOK, "home", p)
}

func (g *HomeGroup) add(row TaskRow) {
	if g.All++; len(g.Rows) < homeRows {
		g.Rows = append(g.Rows, row)
	}
}

// next is what to take next.
func (w *planWorld) next(owner string) (*TaskRow, string) {
	q := plan.Question{Owner: owner, On: map[string]string{}, Due: map[string]time.Time{}}
	for _, row := range w.rows {
		if row.Run != nil && run.State(row.Run.State).Active() {
			q.On[row.Slug] = row.Run.State
		}
	}
	for _, o := range w.objects.Milestones {
		if !o.Due.IsZero() {
			q.Due[o.Name] = o.Due
		}
	}
	c := plan.Next(tasksOf(w.rows), q)
	for i := range w.rows {
		if c.Task != nil && w.rows[i].Path == c.Task.Path {
			return &w.rows[i], c.Reason
		}
	}
	return nil, c.Reason
}

// needs is what waits for a person, the most pressing first.
func (w *planWorld) needs() []HomeNeed {
	broken := HomeNeed{Label: "Does not parse", Icon: "triangle-alert", Class: "blocked"}
	review := HomeNeed{Label: "Waits for your review", Icon: "file-check", Class: "in-progress", MoreHref: "/activity"}
	asks := HomeNeed{Label: "Waits for your answer", Icon: "shield-alert", Class: "blocked", MoreHref: "/status"}
	late := HomeNeed{Label: "Overdue", Icon: "flag", Class: "blocked", MoreHref: "/milestones"}
	blocked := HomeNeed{Label: "Blocked", Icon: "octagon-alert", Class: "blocked", MoreHref: "/board"}
	failed := HomeNeed{Label: "Ended without a result", Icon: "circle-x", Class: "blocked", MoreHref: "/status"}
	ready := HomeNeed{Label: "Ready, not queued", Icon: "circle", Class: "ready", MoreHref: "/status"}
	for _, row := range w.rows {
		state := run.State("")
		if row.Run != nil {
			state = run.State(row.Run.State)
		}
		switch {
		case row.Broken != nil:
			broken.line(row, "line "+num(row.Broken.Line)+": "+row.Broken.Reason)
		case state.Leased() && row.Run.Asks:
			asks.runLine(row, "its agent asks for leave to use a tool")
		case state == run.Review:
			review.runLine(row, row.Run.Reason)
		case state == run.Failed || state == run.Interrupted:
			if row.Status != task.Completed && row.Status != task.Cancelled {
				failed.runLine(row, cmp.Or(row.Run.Reason, "the run "+string(state)))
			}
		case row.Status == task.Blocked || state == run.Blocked:
			blocked.line(row, w.blockedBy(row))
		}
	}
	for _, row := range pick(w.rows, w.status.Ready()) {
		ready.row(row)
	}
	for _, o := range brokenObjects(w.objects) {
		broken.add(NeedLine{Title: o.Path, Href: docs.Href(o.Path), Words: "line " + num(o.Broken.Line) + ": " + o.Broken.Reason})
	}
	byMilestone := w.by(func(t *task.Task) string { return t.Milestone })
	for _, o := range w.objects.Milestones {
		if o.Due.IsZero() || !w.now.After(o.Due) {
			continue
		}
		if m := w.planRow(o, tasksOf(byMilestone[o.Name])); m.Overdue {
			late.add(NeedLine{Title: m.Title, Href: m.Href, Slug: m.Name, Words: m.DueWords + ", " + num(m.Open) + " of " + plural(m.Counted, "task", "tasks") + " open"})
		}
	}
	var out []HomeNeed
	for _, n := range []HomeNeed{asks, broken, review, late, failed, blocked, ready} {
		if n.All > 0 {
			out = append(out, n)
		}
	}
	return out
}

// brokenObjects are the files of the plan that do not parse.
func brokenObjects(o *tracker.Objects) []tracker.Object {
	return slices.DeleteFunc(slices.Concat(o.Milestones, o.Workstreams, o.Initiatives, o.Team), func(o tracker.Object) bool { return o.Broken == nil || o.Path == "" })
}

// blockedBy says what a task waits for.
func (w *planWorld) blockedBy(row TaskRow) string {
	if open := w.openNeeds(row.Task); len(open) > 0 {
		if len(open) > 3 {
			open = append(open[:3], num(len(open)-3)+" more")
		}
		return "waits for " + strings.Join(open, ", ")
	}
	if row.Run != nil && row.Run.Reason != "" {
		return row.Run.Reason
	}
	if len(row.DependsOn) > 0 {
		return "all that it depends on is completed: is it still blocked?"
	}
	return "nothing in its front matter says by what"
}

func (n *HomeNeed) line(row TaskRow, words string) {
	n.add(NeedLine{Title: row.Name(), Href: row.Href, Slug: row.Slug, Words: words})
}

// runLine is a line that leads to the task's run.
func (n *HomeNeed) runLine(row TaskRow, words string) {
	n.add(NeedLine{Title: row.Name(), Href: "/runs/" + row.Slug, Slug: row.Slug, Words: words})
}

func (n *HomeNeed) add(l NeedLine) {
	if n.All++; len(n.Lines) < homeRows {
		n.Lines = append(n.Lines, l)
	}
}

func (n *HomeNeed) row(row TaskRow) {
	if n.All++; len(n.Rows) < homeRows {
		n.Rows = append(n.Rows, row)
	}
}
