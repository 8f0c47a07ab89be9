package task

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// form is what the value of a known key must look like.
type form int

const (
	text form = iota
	list
	instant
	status
	priority
	owner
	link
)

// keySpec is one known key of the front matter.
type keySpec struct {
	name    string
	form    form
	aliases []string // read, never written
}

var specs = []keySpec{
	{"id", text, nil},
	{"type", text, nil},
	{"title", text, nil},
	{"description", text, nil},
	{"status", status, nil},
	{"priority", priority, nil},
	{"milestone", text, nil},
	{"workstream", text, nil},
	{"initiative", text, nil},
	{"owner", owner, []string{"assignee"}},
	{"depends_on", list, []string{"dependencies", "blocked_by"}},
	{"labels", list, []string{"tags"}},
	{"created_at", instant, []string{"created"}},
	{"updated_at", instant, []string{"updated"}},
	{"completed_at", instant, nil},
	{"completed_by", owner, nil},
	{"pr_url", link, nil},
	{"parent", text, nil},
	{"touches", list, nil},
	{"verify", list, nil},
}

// known is every key that is read, aliases included.
var known = func() map[string]*keySpec {
	m := map[string]*keySpec{}
	for i := range specs {
		m[specs[i].name] = &specs[i]
		for _, a := range specs[i].aliases {
			m[a] = &specs[i]
		}
	}
	return m
}()

// Key is the name under which key is written: that of the contract for an alias
// of it, key itself for one that is not known.
func Key(key string) string {
	if s := known[key]; s != nil {
		return s.name
	}
	return key
}

// IsList tells whether the value of key is a list.
func IsList(key string) bool {
	s := known[key]
	return s != nil && s.form == list
}

// Statuses are the statuses that are written, in the order of a task's life.
var Statuses = []Status{NotStarted, Ready, InProgress, Blocked, Completed, Cancelled}

// Priorities are the priorities that are written, the most urgent first.
var Priorities = []string{"p0", "p1", "p2", "p3"}

var statusAlias = map[string]Status{
	"done": Completed, "closed": Completed,
	"todo": NotStarted, "to_do": NotStarted, "pending": NotStarted, "open": NotStarted, "backlog": NotStarted,
	"canceled": Cancelled,
}

var priorityAlias = map[string]string{
	"critical": "p0", "urgent": "p0", "high": "p1", "medium": "p2", "normal": "p2", "low": "p3",
}

var underscored = strings.NewReplacer("-", "_", " ", "_")

// ParseStatus reads a status or an alias of one, in any case, with spaces or
// hyphens for underscores. False where it is none: s is then returned as it is.
func ParseStatus(s string) (Status, bool) {
	if slices.Contains(Statuses, Status(s)) {
		return Status(s), true
	}
	c := underscored.Replace(strings.ToLower(strings.TrimSpace(s)))
	if st, ok := statusAlias[c]; ok {
		return st, true
	}
	if slices.Contains(Statuses, Status(c)) {
		return Status(c), true
	}
	return Status(s), false
}

// ParsePriority reads a priority or an alias of one; false where it is none.
func ParsePriority(s string) (string, bool) {
	c := strings.ToLower(strings.TrimSpace(s))
	if p, ok := priorityAlias[c]; ok {
		return p, true
	}
	if slices.Contains(Priorities, c) {
		return c, true
	}
	return s, false
}

var layouts = []string{
	time.RFC3339Nano, "2006-01-02", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04",
	"2006-01-02T15:04", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -07:00", "2006-01-02 15:04:05 -0700 MST",
}

// ParseTime reads a time of one of the forms that front matter may hold; one without
// a zone is in UTC. False where it is none.
func ParseTime(s string) (time.Time, bool) { return parseTime(s) }

// parseTime reads a time; one without a zone is in UTC.
func parseTime(s string) (time.Time, bool) {
	for _, l := range layouts {
		if t, err := time.Parse(l, strings.TrimSpace(s)); err == nil {
			return t, !t.IsZero()
		}
	}
	return time.Time{}, false
}

// checkValue says what is wrong with the value of a known key, "" for nothing.
func checkValue(s *keySpec, e entry) string {
	if e.kind == null {
		return ""
	}
	if e.kind == nested {
		return fmt.Sprintf("%s holds a nested value", e.key)
	}
	if s.form == list {
		if slices.ContainsFunc(e.items, func(item string) bool { return strings.TrimSpace(item) == "" }) {
			return fmt.Sprintf("%s holds an empty item", e.key)
		}
		return ""
	}
	if e.kind == listing {
		return fmt.Sprintf("%s holds a list, not one value", e.key)
	}
	switch s.form {
	case status:
		if _, ok := ParseStatus(e.value); !ok {
			return fmt.Sprintf("%q is not a status: it is one of %s", e.value, join(Statuses))
		}
	case priority:
		if _, ok := ParsePriority(e.value); !ok {
			return fmt.Sprintf("%q is not a priority: it is one of %s", e.value, join(Priorities))
		}
	case owner:
		if strings.TrimSpace(e.value) != "" && Owner(e.value) == "" {
			return fmt.Sprintf("%s %q holds no letter or digit", e.key, e.value)
		}
	case instant:
		if _, ok := parseTime(e.value); !ok {
			return fmt.Sprintf("%s %q is not a time such as 2026-01-31T09:30:00Z", e.key, e.value)
		}
	case link:
		if u, err := url.Parse(e.value); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return fmt.Sprintf("%s %q is not a web address", e.key, e.value)
		}
	}
	return ""
}

func join[S ~string](l []S) string {
	var b strings.Builder
	for i, s := range l {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}
