package cli

import (
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/task"
)

var (
	groupKeys = []string{"status", "priority", "workstream", "milestone", "initiative", "owner"}
	sortKeys  = []string{"status", "priority", "slug", "title", "workstream", "milestone", "owner", "created", "updated", "path"}
)

// order is the sort that the flags ask for: by group, by key, then by status,
// priority and slug.
func (o listOptions) order() (func(a, b *task.Task) int, error) {
	if o.group != "" && !slices.Contains(groupKeys, o.group) {
		return nil, fault.New(fault.Usage, "tasks cannot be grouped: %q is not a key", o.group).WithHint("the keys are %s", words(groupKeys))
	}
	key, backwards := strings.CutPrefix(o.sort, "-")
	if key != "" && !slices.Contains(sortKeys, key) || o.sort == "-" {
		return nil, fault.New(fault.Usage, "tasks cannot be sorted: %q is not a key", o.sort).WithHint("the keys are %s", words(sortKeys))
	}
	keys := []string{o.group, key, "status", "priority", "slug", "path"}
	return func(a, b *task.Task) int {
		for i, k := range keys {
			if x, y := lacks(k, a), lacks(k, b); x != y { // what has none comes last, backwards too
				if x {
					return 1
				}
				return -1
			}
			if c := compare(k, a, b); c != 0 && i == 1 && backwards {
				return -c
			} else if c != 0 {
				return c
			}
		}
		return 0
	}, nil
}

// urgency is the order in which statuses are shown: what is going on first, what is
// over last.
var urgency = []task.Status{task.InProgress, task.Ready, task.Blocked, task.NotStarted, task.Completed, task.Cancelled}

func compare(key string, a, b *task.Task) int {
	switch key {
	case "":
		return 0
	case "status":
		return rank(a) - rank(b)
	case "created":
		return a.CreatedAt.Compare(b.CreatedAt)
	case "updated":
		return a.UpdatedAt.Compare(b.UpdatedAt)
	}
	return strings.Compare(field(key, a), field(key, b))
}

// lacks tells whether a task has nothing to be sorted by. Each has a status, or is
// sorted as one of none.
func lacks(key string, t *task.Task) bool {
	switch key {
	case "", "status":
		return false
	case "created":
		return t.CreatedAt.IsZero()
	case "updated":
		return t.UpdatedAt.IsZero()
	}
	return field(key, t) == ""
}

// rank is the place of a task's status; broken files come first, other words last.
func rank(t *task.Task) int {
	if t.Broken != nil {
		return -1
	}
	if i := slices.Index(urgency, t.Status); i >= 0 {
		return i
	}
	return len(urgency)
}

func field(key string, t *task.Task) string {
	switch key {
	case "status":
		if t.Broken != nil {
			return "broken"
		}
		return string(t.Status)
	case "priority":
		return t.Priority
	case "slug":
		return t.Slug
	case "title":
		return strings.ToLower(t.Name())
	case "workstream":
		return t.Workstream
	case "milestone":
		return t.Milestone
	case "initiative":
		return t.Initiative
	case "owner":
		return t.Owner
	case "path":
		return t.Path
	}
	return ""
}
