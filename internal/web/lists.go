package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tasks/internal/plan"
	"tasks/internal/task"
)

// The lists of tasks: what the address asks for, and the form that asks.

// nobody is the value of a filter that looks for tasks without one.
const nobody = "none"

// filterKeys are what a list can be narrowed to, with the words of its menu.
var filterKeys = []struct{ key, label, none string }{
	{"status", "Status", ""},
	{"owner", "Owner", "Nobody"},
	{"workstream", "Workstream", "None"},
	{"milestone", "Milestone", "None"},
	{"priority", "Priority", "None"},
	{"label", "Label", "None"},
	{"initiative", "Initiative", "None"}, // by address only: its menu stands where it is asked for
}

// listQuery is what the address asks for.
type listQuery struct {
	words       []string            // all must stand in title, slug, owner and so on
	only        map[string][]string // by key: any of these values
	sort, group string
	page        int
	problems    []string
}

// readList reads what the address asks for; groups are the keys that the page can be
// grouped by.
func readList(v url.Values, groups []string) listQuery {
	q := listQuery{words: strings.Fields(strings.ToLower(v.Get("q"))), only: map[string][]string{}, page: 1}
	for _, f := range filterKeys {
		for _, value := range splitValues(v[f.key]) {
			if got, ok := filterValue(f.key, value); ok {
				q.only[f.key] = append(q.only[f.key], got)
			} else {
				q.problems = append(q.problems, fmt.Sprintf("“%s” is not a %s, so it narrows nothing.", value, f.key))
			}
		}
	}
	if q.sort = v.Get("sort"); q.sort != "" {
		if _, err := plan.Order("", q.sort); err != nil {
			q.problems = append(q.problems, fmt.Sprintf("Tasks cannot be sorted by “%s”.", q.sort))
			q.sort = ""
		}
	}
	if q.group = v.Get("group"); q.group != "" && !slices.Contains(groups, q.group) {
		q.problems = append(q.problems, fmt.Sprintf("Tasks cannot be grouped by “%s”.", q.group))
		q.group = ""
	}
	if page := v.Get("page"); page != "" {
		n, err := strconv.Atoi(page)
		if err != nil || n < 1 {
			q.problems = append(q.problems, fmt.Sprintf("There is no page “%s”.", page))
			n = 1
		}
		q.page = n
	}
	return q
}

// splitValues are the values of a filter, which stand behind commas. A comma that is
// part of one has a backslash before it, as has a backslash.
func splitValues(parts []string) (out []string) {
	for _, part := range parts {
		value := ""
		for part != "" {
			i := strings.IndexAny(part, `,\\`)
			if i < 0 {
				i = len(part)
			}
			value, part = value+part[:i], part[i:]
			switch {
			case strings.HasPrefix(part, ","):
				out, value, part = append(out, value), "", part[1:]
			case strings.HasPrefix(part, `\,`), strings.HasPrefix(part, `\\`):
				value, part = value+part[1:2], part[2:]
			case part != "":
				value, part = value+part[:1], part[1:]
			}
		}
		out = append(out, value)
	}
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return slices.DeleteFunc(out, func(v string) bool { return v == "" })
}

// joinValues is how splitValues reads them.
func joinValues(values []string) string {
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = strings.NewReplacer(`\`, `\\`, ",", `\,`).Replace(v)
	}
	return strings.Join(escaped, ",")
}

// filterValue brings a value into the form in which tasks hold it.
func filterValue(key, value string) (string, bool) {
	if value == nobody && key != "status" {
		return nobody, true
	}
	switch key {
	case "status":
		st, ok := task.ParseStatus(value)
		return string(st), ok
	case "priority":
		return task.ParsePriority(value)
	case "owner":
		return task.Owner(value), true
	}
	return value, true
}

// wants tells whether a task fits.
func (q listQuery) wants(t *task.Task) bool {
	for key, values := range q.only {
		if !slices.ContainsFunc(values, func(v string) bool { return has(t, key, v) }) {
			return false
		}
	}
	if len(q.words) == 0 {
		return true
	}
	text := strings.ToLower(strings.Join(append([]string{t.Title, t.Slug, t.ID, t.Description, t.Owner, t.Milestone, t.Workstream}, t.Labels...), " "))
	return !slices.ContainsFunc(q.words, func(w string) bool { return !strings.Contains(text, w) })
}

func has(t *task.Task, key, value string) bool {
	if key == "label" {
		return slices.Contains(t.Labels, value) || value == nobody && len(t.Labels) == 0
	}
	got := plan.Field(key, t)
	if key == "status" {
		got = string(t.Status)
	}
	return got == value || value == nobody && got == ""
}

// address is the page's address with some keys changed; a value of "" takes one out.
func (q listQuery) address(path string, change map[string]string) string {
	v := url.Values{}
	if len(q.words) > 0 {
		v.Set("q", strings.Join(q.words, " "))
	}
	for key, values := range q.only {
		v.Set(key, joinValues(values))
	}
	if q.sort != "" {
		v.Set("sort", q.sort)
	}
	if q.group != "" {
		v.Set("group", q.group)
	}
	for key, value := range change {
		if v.Del(key); value != "" {
			v.Set(key, value)
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// bar is the form of a page, with what the tasks hold as choices.
func (q listQuery) bar(path string, all []*task.Task, groups, sorts []string) ListBar {
	b := ListBar{Action: path, Q: strings.Join(q.words, " "), Problems: q.problems, Creates: true}
	if len(q.only) > 0 || len(q.words) > 0 {
		b.Clear = q.address(path, map[string]string{"q": "", "status": "", "owner": "", "workstream": "", "milestone": "", "priority": "", "label": "", "initiative": ""})
	}
	for _, f := range filterKeys {
		if f.key == "status" && path == "/board" { // its columns are the statuses
			continue
		}
		if f.key == "initiative" && len(q.only[f.key]) == 0 { // the bar has enough of them
			continue
		}
		if m := q.menu(f.key, f.label, f.none, all); len(m.Options) > 0 {
			b.Menus = append(b.Menus, m)
		}
	}
	b.Menus = append(b.Menus, choice("group", "Group by", q.group, groups))
	if len(sorts) > 0 {
		b.Menus = append(b.Menus, choice("sort", "Sort by", q.sort, sorts))
	}
	return b
}

// menu is the values that the tasks hold for a key; none where that is one at most.
func (q listQuery) menu(key, label, none string, all []*task.Task) ListMenu {
	m := ListMenu{Name: key, Label: label, Value: joinValues(q.only[key]), Filters: true}
	seen := map[string]bool{}
	for _, t := range all {
		switch key {
		case "label":
			for _, l := range t.Labels {
				seen[l] = true
			}
			seen[""] = seen[""] || len(t.Labels) == 0
		case "status":
			seen[string(t.Status)] = true
		default:
			seen[plan.Field(key, t)] = true
		}
	}
	for _, v := range q.only[key] { // also one that nothing holds any more
		if v != nobody {
			seen[v] = true
		}
	}
	for v := range seen {
		if v != "" {
			m.Options = append(m.Options, ListOption{joinValues([]string{v}), optionLabel(key, v)})
		}
	}
	slices.SortFunc(m.Options, func(a, b ListOption) int {
		return cmp.Or(statusPlace(key, a.Value)-statusPlace(key, b.Value), cmp.Compare(a.Label, b.Label))
	})
	if seen[""] && none != "" && len(m.Options) > 0 {
		m.Options = append(m.Options, ListOption{nobody, none})
	}
	if len(q.only[key]) > 1 { // a choice holds one; several came by the address
		m.Options = append(m.Options, ListOption{m.Value, strings.Join(q.only[key], " or ")})
	}
	return m
}

func optionLabel(key, value string) string {
	switch key {
	case "status":
		return statusLabel(task.Status(value))
	case "priority":
		if _, ours := task.ParsePriority(value); ours { // another word is shown as it stands in the file
			return strings.ToUpper(value) + ": " + strings.TrimSuffix(strings.ToLower(priorityLabel(value)), " priority")
		}
	}
	return value
}

func statusPlace(key, value string) int {
	if key != "status" {
		return 0
	}
	if i := slices.Index(statusOrder, task.Status(value)); i >= 0 {
		return i
	}
	return len(statusOrder)
}

// sortWords are the sorts that the menu offers, with their words.
var sortWords = map[string]string{
	"priority": "Priority", "-updated": "Last changed", "-created": "Newest", "created": "Oldest", "title": "Title", "owner": "Owner", "milestone": "Milestone", "status": "Status",
	"workstream": "Workstream", "initiative": "Initiative", "": "As usual", "none": "Nothing",
}

// choice is a menu of what a list is grouped or sorted by.
func choice(name, label, value string, keys []string) ListMenu {
	m := ListMenu{Name: name, Label: label, Value: value}
	for _, k := range keys {
		m.Options = append(m.Options, ListOption{k, cmp.Or(sortWords[k], k)})
	}
	if value != "" && !slices.Contains(keys, value) {
		m.Options = append(m.Options, ListOption{value, value})
	}
	return m
}

// groupLabel is the heading of a group.
func groupLabel(key, value string) string {
	if key == "status" {
		return statusLabel(task.Status(value))
	}
	if value == "" {
		if key == "owner" {
			return "Nobody's"
		}
		return "No " + key
	}
	if key == "priority" {
		return priorityLabel(value)
	}
	return value
}
