package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"tasks/internal/plan"
	"tasks/internal/task"
)

const (
	listPage  = 100 // tasks of a page of the list
	openCards = 25  // cards of a column
	allCards  = 100 // of a board: columns that are long are cut until they fit, so that its bytes stay few
	overCards = 10  // of a column of what is over
	laneCards = 8   // of a column of one lane of many
	maxLanes  = 40
)

// tasks is the list of tasks: narrowed, sorted, grouped and paged by the address.
func (s *Server) tasks(w http.ResponseWriter, r *request) error {
	_, rows, err := s.project(r.Context())
	if err != nil {
		return err
	}
	q := readList(r.URL.Query(), append([]string{"none"}, plan.GroupKeys...))
	p := TasksPage{Base: s.base(r, "tasks", "Tasks", ""), All: len(rows)}
	p.ListBar = q.bar("/tasks", tasksOf(rows), append([]string{""}, "owner", "workstream", "milestone", "priority", "none"), []string{"", "-updated", "-created", "created", "title"})
	p.Menus[len(p.Menus)-2].Options[0].Label = "Status"
	group := cmp.Or(q.group, "status")
	if group == "none" {
		group = ""
	}
	order, err := plan.Order("", q.sort)
	if err != nil {
		return err
	}
	fit := slices.DeleteFunc(slices.Clone(rows), func(row TaskRow) bool { return !q.wants(row.Task) })
	slices.SortStableFunc(fit, func(a, b TaskRow) int { return cmp.Or(groupPlace(group, a.Task, b.Task), order(a.Task, b.Task)) })
	p.Total = len(fit)
	pages := max(1, (len(fit)+listPage-1)/listPage)
	if q.page > pages {
		p.Problems = append(p.Problems, fmt.Sprintf("There is no page %d: this is the last one.", q.page))
		q.page = pages
	}
	from, to := (q.page-1)*listPage, min(q.page*listPage, len(fit))
	p.From, p.To = from+1, to
	if q.page > 1 {
		p.PrevHref = q.address("/tasks", map[string]string{"page": pageNumber(q.page - 1)})
	}
	if q.page < pages {
		p.NextHref = q.address("/tasks", map[string]string{"page": strconv.Itoa(q.page + 1)})
	}
	p.Groups = grouped(group, fit[from:to], fit)
	return s.page(w, r, http.StatusOK, "tasks", p)
}

func pageNumber(n int) string {
	if n < 2 {
		return ""
	}
	return strconv.Itoa(n)
}

// groupPlace compares by group: statuses in their order, what has none last.
func groupPlace(key string, a, b *task.Task) int {
	if key == "" {
		return 0
	}
	x, y := groupOf(key, a), groupOf(key, b)
	if (x == "") != (y == "") {
		return cmp.Compare(y, x)
	}
	return cmp.Or(statusPlace(key, x)-statusPlace(key, y), cmp.Compare(x, y))
}

func groupOf(key string, t *task.Task) string {
	if key == "status" {
		return string(t.Status)
	}
	return plan.Field(key, t)
}

// groups are the rows by status, in their order.
func groups(rows []TaskRow) []TaskGroup {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b TaskRow) int { return groupPlace("status", a.Task, b.Task) })
	return grouped("status", rows, rows)
}

// grouped puts the rows of a page, which are in order, together. Counts are of all
// rows that fit.
func grouped(key string, rows, all []TaskRow) []TaskGroup {
	counts := map[string]int{}
	for _, row := range all {
		counts[groupOf(key, row.Task)]++
	}
	var out []TaskGroup
	last := ""
	for i, row := range rows {
		value := groupOf(key, row.Task)
		if i == 0 || value != last {
			out = append(out, TaskGroup{ID: fmt.Sprintf("group-%d", len(out)), Key: key, Label: groupLabel(key, value), Count: counts[value]})
			if key == "status" {
				out[len(out)-1].Status = task.Status(value)
			}
			last = value
		}
		g := &out[len(out)-1]
		g.Rows = append(g.Rows, row)
	}
	return out
}

// board is the tasks in columns by status, in one lane or in one for each value of
// another key.
func (s *Server) board(w http.ResponseWriter, r *request) error {
	_, rows, err := s.project(r.Context())
	if err != nil {
		return err
	}
	groups := []string{"owner", "workstream", "milestone", "priority", "initiative"}
	q := readList(r.URL.Query(), groups)
	p := BoardPage{Base: s.base(r, "board", "Board", ""), All: len(rows)}
	p.ListBar = q.bar("/board", tasksOf(rows), append([]string{""}, groups...), nil)
	p.Menus[len(p.Menus)-1].Options[0].Label = sortWords["none"]
	fit := slices.DeleteFunc(slices.Clone(rows), func(row TaskRow) bool { return !q.wants(row.Task) })
	p.Total = len(fit)
	order, err := plan.Order("priority", "")
	if err != nil {
		return err
	}
	slices.SortStableFunc(fit, func(a, b TaskRow) int { return cmp.Or(groupPlace(q.group, a.Task, b.Task), order(a.Task, b.Task)) })
	p.lanes(q, fit, waits(rows))
	return s.page(w, r, http.StatusOK, "board", p)
}

// lanes cuts the tasks that fit, which are in order, into lanes and columns.
func (p *BoardPage) lanes(q listQuery, fit []TaskRow, waits func(*task.Task) []string) {
	limit := cardLimit(q.group, fit)
	for from := 0; from < len(fit) || from == 0; {
		to := len(fit)
		lane := Lane{ID: fmt.Sprintf("lane-%d", len(p.Lanes))}
		value := ""
		if q.group != "" && len(fit) > 0 {
			value = groupOf(q.group, fit[from].Task)
			lane.Label = groupLabel(q.group, value)
			to = from + 1
			for to < len(fit) && groupOf(q.group, fit[to].Task) == value {
				to++
			}
		}
		lane.Count = to - from
		lane.columns(q, value, fit[from:to], limit, waits)
		p.Lanes = append(p.Lanes, lane)
		if from = to; from == 0 {
			return
		}
		if len(p.Lanes) == maxLanes && from < len(fit) {
			p.Problems = append(p.Problems, fmt.Sprintf("The board shows %d lanes; %d tasks are in others. A filter makes room.", maxLanes, len(fit)-from))
			return
		}
	}
}

// cardLimit is how many cards each column may show, 1 or more: as many as the board has
// room for when the long columns are cut alike and the short ones stay whole.
func cardLimit(group string, fit []TaskRow) int {
	counts := map[[2]string]int{}
	for _, row := range fit {
		lane := ""
		if group != "" {
			lane = groupOf(group, row.Task)
		}
		counts[[2]string{lane, string(row.Status)}]++
	}
	limit := openCards
	if group != "" {
		limit = laneCards
	}
	for ; limit > 1; limit-- {
		sum := 0
		for key, n := range counts {
			if st := task.Status(key[1]); st == task.Completed || st == task.Cancelled {
				n = min(n, overCards)
			}
			sum += min(n, limit)
		}
		if sum <= allCards {
			break
		}
	}
	return limit
}

// columns puts a lane's tasks into a column for each status. A status that is none of
// ours makes one at the end.
func (l *Lane) columns(q listQuery, value string, rows []TaskRow, most int, waits func(*task.Task) []string) {
	by := map[task.Status][]TaskRow{}
	order := slices.Clone(statusOrder)
	for _, row := range rows {
		if !slices.Contains(order, row.Status) {
			order = append(order, row.Status)
		}
		by[row.Status] = append(by[row.Status], row)
	}
	for i, status := range order {
		list := by[status]
		c := Column{ID: fmt.Sprintf("%s-col-%d", l.ID, i), Status: status, Label: statusLabel(status), Count: len(list), Odd: !slices.Contains(task.Statuses, status)}
		limit := most
		if status == task.Completed || status == task.Cancelled {
			limit = min(limit, overCards)
			slices.SortStableFunc(list, func(a, b TaskRow) int { return ended(b.Task).Compare(ended(a.Task)) })
		}
		if len(list) > limit {
			change := map[string]string{"status": string(status), "group": ""}
			if q.group != "" {
				change[q.group] = cmp.Or(joinValues([]string{value}), nobody)
			}
			c.More = q.address("/tasks", change)
			list = list[:limit]
		}
		for _, row := range list {
			c.Cards = append(c.Cards, Card{row, waits(row.Task)})
		}
		l.Columns = append(l.Columns, c)
	}
}

// ended is when a task that is over was last touched, as far as its file says.
func ended(t *task.Task) time.Time {
	if !t.CompletedAt.IsZero() {
		return t.CompletedAt
	}
	if !t.UpdatedAt.IsZero() {
		return t.UpdatedAt
	}
	return t.CreatedAt
}

// waits tells which dependencies of a task are not completed.
func waits(rows []TaskRow) func(*task.Task) []string {
	done := make(map[string]bool, 2*len(rows))
	for _, row := range rows {
		if row.Status == task.Completed {
			done[row.Slug], done[row.ID] = true, true
		}
	}
	return func(t *task.Task) (out []string) {
		if t.Status == task.Completed || t.Status == task.Cancelled {
			return nil
		}
		for _, d := range t.DependsOn {
			if !done[d] && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
		return out
	}
}
