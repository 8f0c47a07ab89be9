package web

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tasks/internal/chart"
	"tasks/internal/docs"
	"tasks/internal/history"
	"tasks/internal/run"
	"tasks/internal/task"
)

// historyChanged tells open pages that git has said what they went without.
func (s *Server) historyChanged() { s.StatusChanged(s.Manager.Generation()) }

// activity is what happened lately: a window of git and of the runs, by day.
func (s *Server) activity(w http.ResponseWriter, r *request) error {
	q, err := readActivityQuery(r.URL.Query())
	if err != nil {
		return err
	}
	win, err := s.history.Window(r.Context(), q.ask)
	if err != nil {
		return err
	}
	_, rows, err := s.project(r.Context())
	if err != nil {
		return err
	}
	p := ActivityPage{
		Base: s.base(r, "activity", "Activity", ""), All: len(win.Items), From: win.From, To: win.To, Read: win.At,
		Latest: q.ask.Until.IsZero(), Cut: win.Cut, Limit: history.Limit, Shallow: win.Shallow, Empty: win.Head == "" && !win.Pending,
		Pending: win.Pending, Problem: win.Problem,
	}
	if !win.Pending {
		p.Read = time.Now() // HEAD stands where it stood: what is kept is true now
	}
	known, err := s.Tracker.Known()
	if err != nil {
		return err
	}
	names := newNamer(s, rows, known.Owners)
	p.Days, p.Shown = s.activityDays(win, q, names)
	if q.kind == "" || q.kind == history.Run {
		if p.Runs, p.RunTimes, err = s.runTimes(r.Context(), win, names); err != nil {
			return err
		}
	}
	p.Kinds, p.People = activityChoices(win, q)
	p.Spark = template.HTML(chart.Spark("Changes a day", perDay(win)))
	if p.Latest {
		p.Review, p.Finished = waiting(rows), finished(rows, win)
	} else {
		p.LatestHref = activityQuery{kind: q.kind, who: q.who}.href()
	}
	if win.Older != nil {
		p.OlderHref = activityQuery{ask: *win.Older, kind: q.kind, who: q.who}.href()
	}
	if q.kind != "" || q.who != "" {
		p.ClearHref = activityQuery{ask: q.ask}.href()
	}
	return s.page(w, r, http.StatusOK, "activity", p)
}

// activityDays are the items that are asked for, by day.
func (s *Server) activityDays(win *history.Window, q activityQuery, n *namer) (days []ActivityDay, shown int) {
	now := time.Now()
	for i := range win.Items {
		it := &win.Items[i]
		if !q.fits(it) {
			continue
		}
		shown++
		at := it.When.Local()
		date := at.Format("2006-01-02")
		if len(days) == 0 || days[len(days)-1].Date != date {
			days = append(days, ActivityDay{Label: dayLabel(at, now), Date: date})
		}
		day := &days[len(days)-1]
		day.Items = append(day.Items, n.item(it))
	}
	return days, shown
}

// dayLabel names a day.
func dayLabel(at, now time.Time) string {
	full := at.Format("Monday 2 January")
	if at.Year() != now.Year() {
		full = at.Format("Monday 2 January 2006")
	}
	switch at.Format("2006-01-02") {
	case now.Format("2006-01-02"):
		return "Today, " + full
	case now.AddDate(0, 0, -1).Format("2006-01-02"):
		return "Yesterday, " + full
	}
	return full
}

// namer finds the addresses and titles of what items speak of, each once a page.
type namer struct {
	s      *Server
	tasks  map[string]TaskRow // by path
	slugs  map[string]TaskRow
	people map[string]bool
	files  map[string]ActivityFile
}

func newNamer(s *Server, rows []TaskRow, owners []string) *namer {
	n := &namer{s: s, tasks: make(map[string]TaskRow, len(rows)), slugs: make(map[string]TaskRow, len(rows)), people: map[string]bool{}, files: map[string]ActivityFile{}}
	for _, row := range rows {
		n.tasks[row.Path], n.slugs[row.Slug] = row, row
	}
	for _, o := range owners {
		n.people[o] = true
	}
	return n
}

// filesShown is how many files a line of activity names.
const filesShown = 4

func (n *namer) item(it *history.Item) ActivityItem {
	out := ActivityItem{When: it.When, Kind: string(it.Kind), Icon: activityIcon(it), Text: it.Text, Who: it.Who, More: it.More}
	if n.people[it.Owner] {
		out.WhoHref = "/team/" + url.PathEscape(it.Owner)
	}
	if it.Run != nil {
		title := it.Run.Slug
		if row, ok := n.slugs[it.Run.Slug]; ok {
			title, out.Href = row.Name(), "/runs/"+row.Slug+"?run="+it.Run.ID
		}
		out.Text = title + " " + it.Text
		if it.Run.Reason != nil && !it.Run.State.Active() && it.Text == history.Ended(it.Run.State) {
			out.Reason = it.Run.Reason.Text
		}
		return out
	}
	out.Hash = it.Hash[:min(len(it.Hash), 8)]
	for _, c := range it.Changes {
		if len(out.Files) == filesShown {
			out.More += len(it.Changes) - filesShown
			break
		}
		out.Files = append(out.Files, n.file(c))
	}
	return out
}

// file is a changed file as it is called, with its address where it is still there.
func (n *namer) file(c history.Change) ActivityFile {
	f, ok := n.files[c.Path]
	if !ok {
		f = ActivityFile{Name: c.Path, Path: c.Path}
		if row, is := n.tasks[c.Path]; is {
			f.Name, f.Href, f.Task = row.Name(), row.Href, true
		} else if info, err := n.s.Repo.Stat(c.Path); err == nil && !info.Dir {
			f.Href = docs.Href(c.Path)
		}
		n.files[c.Path] = f
	}
	f.Op = string(c.Op)
	return f
}

func activityIcon(it *history.Item) string {
	switch it.Kind {
	case history.Run:
		switch {
		case it.Text == history.Ended(it.Run.State):
			return runIcon(string(it.Run.State))
		case it.Run.StartedAt.Equal(it.When):
			return "play"
		}
		return "hourglass"
	case history.Task:
		return "list-checks"
	case history.Doc:
		return "file-text"
	}
	return "git-branch"
}

// maxPeople is how many people the page offers; more, and the list is no help.
const maxPeople = 8

// activityChoices are the kinds and people of the window, with their items.
func activityChoices(win *history.Window, q activityQuery) (kinds, people []Choice) {
	for _, k := range activityKinds {
		c := Choice{Label: k.label, On: q.kind == k.kind}
		for i := range win.Items {
			if q.who != "" && win.Items[i].Owner != q.who {
				continue
			}
			if k.kind == "" || win.Items[i].Has(k.kind) {
				c.N++
			}
		}
		c.Href = activityQuery{ask: q.ask, kind: k.kind, who: q.who}.href()
		if c.N > 0 || c.On || k.kind == "" {
			kinds = append(kinds, c)
		}
	}
	count := map[string]int{}
	name := map[string]string{}
	for _, it := range win.Items {
		if it.Owner != "" && (q.kind == "" || it.Has(q.kind)) {
			count[it.Owner]++
			name[it.Owner] = cmp.Or(name[it.Owner], it.Who)
		}
	}
	if q.who != "" && count[q.who] == 0 {
		name[q.who], count[q.who] = q.who, 0
	}
	for owner, n := range count {
		c := Choice{Label: name[owner], N: n, On: owner == q.who, Href: activityQuery{ask: q.ask, kind: q.kind, who: owner}.href()}
		if c.On { // the same link again takes the choice back
			c.Href = activityQuery{ask: q.ask, kind: q.kind}.href()
		}
		people = append(people, c)
	}
	slices.SortFunc(people, func(a, b Choice) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Label, b.Label))
	})
	if at := slices.IndexFunc(people, func(c Choice) bool { return c.On }); at >= maxPeople {
		people[maxPeople-1] = people[at]
	}
	if len(people) > maxPeople {
		people = people[:maxPeople]
	}
	if len(people) == 1 && !people[0].On {
		people = nil // nothing to choose between
	}
	return kinds, people
}

// perDay counts the items of each of the window's days, oldest first.
func perDay(win *history.Window) []int {
	const days = 7
	out := make([]int, days)
	for _, it := range win.Items {
		if i := days - 1 - int(win.To.Sub(it.When)/(24*time.Hour)); i >= 0 && i < days {
			out[i]++
		}
	}
	return out
}

// waiting are the tasks whose run waits for a merge.
func waiting(rows []TaskRow) []TaskRow {
	return slices.DeleteFunc(slices.Clone(rows), func(r TaskRow) bool { return r.Run == nil || run.State(r.Run.State) != run.Review })
}

// finishedShown is how many of what was finished are listed.
const finishedShown = 12

// finished is what came to an end in the window: runs, and tasks by their
// completed_at. A task whose run was accepted is one of them, not two.
func finished(rows []TaskRow, win *history.Window) []Finished {
	var out []Finished
	ended := map[string]bool{}
	titles := map[string]TaskRow{}
	for _, row := range rows {
		titles[row.Slug] = row
	}
	for _, it := range win.Items {
		if it.Run == nil || it.Run.State.Active() || it.Text != history.Ended(it.Run.State) {
			continue
		}
		f := Finished{When: it.When, Icon: runIcon(string(it.Run.State)), Word: it.Text, Title: it.Run.Slug, Who: it.Who}
		if row, ok := titles[it.Run.Slug]; ok {
			f.Title, f.Href = row.Name(), row.Href
		}
		ended[it.Run.Slug] = it.Run.State == run.Accepted
		out = append(out, f)
	}
	from := win.To.Add(-history.Week)
	for _, row := range rows {
		if row.Status == task.Completed && !row.CompletedAt.Before(from) && !row.CompletedAt.After(win.To) && !ended[row.Slug] {
			out = append(out, Finished{When: row.CompletedAt, Icon: "circle-check", Word: "was completed", Title: row.Name(), Href: row.Href, Who: row.CompletedBy})
		}
	}
	slices.SortStableFunc(out, func(a, b Finished) int { return b.When.Compare(a.When) })
	return out[:min(len(out), finishedShown)]
}

// recentFiles are the documents and tasks that commits changed last, with who and
// when. Pending: git has not said it yet, and open pages are told when it has. The
// first page after the start does not ask: git would only slow it down.
func (s *Server) recentFiles(ctx context.Context, n *namer, most int) (list []ActivityItem, pending bool, err error) {
	select {
	case <-s.served:
	default:
		s.background(func(ctx context.Context) {
			s.awaitFirst(ctx)
			if _, err := s.history.Window(ctx, history.Ask{}); err == nil {
				s.historyChanged()
			}
		})
		return nil, true, nil
	}
	win, err := s.history.Window(ctx, history.Ask{Patience: recentPatience})
	if err != nil {
		return nil, false, err
	}
	for _, f := range win.Files(4*most, func(c history.Change) bool { return c.Kind != history.Code && docs.IsMarkdown(c.Path) }) {
		file := n.file(f.Change)
		if file.Href == "" {
			continue
		}
		it := ActivityItem{When: f.When, Text: file.Name, Href: file.Href, Who: f.Who, Icon: "file-text", Reason: f.Text}
		if file.Task {
			it.Icon = "list-checks"
		}
		if list = append(list, it); len(list) == most {
			break
		}
	}
	return list, win.Pending && win.At.IsZero(), nil
}

// recentPatience is how long a page with more to say waits for git.
const recentPatience = 40 * time.Millisecond
