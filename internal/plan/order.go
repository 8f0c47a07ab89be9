package plan

import (
	"cmp"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/task"
)

// What a list of tasks may be grouped and sorted by.
var (
	GroupKeys = []string{"status", "priority", "workstream", "milestone", "initiative", "owner"}
	SortKeys  = []string{"status", "priority", "slug", "title", "workstream", "milestone", "owner", "created", "updated", "path"}
)

// Order is the order of a list: by the group's key, by the sort's, which may have a -
// before it, then by status, priority, slug and path, so that no two tasks are equal.
// Both keys may be "". Usage for one that is not there.
func Order(group, sort string) (func(a, b *task.Task) int, error) {
	if group != "" && !slices.Contains(GroupKeys, group) {
		return nil, fault.New(fault.Usage, "tasks cannot be grouped: %q is not a key", group).WithHint("the keys are %s", strings.Join(GroupKeys, ", "))
	}
	key, backwards := strings.CutPrefix(sort, "-")
	if key != "" && !slices.Contains(SortKeys, key) || sort == "-" {
		return nil, fault.New(fault.Usage, "tasks cannot be sorted: %q is not a key", sort).WithHint("the keys are %s", strings.Join(SortKeys, ", "))
	}
	keys := []string{group, key, "status", "priority", "slug", "path"}
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

// Urgency is the order in which statuses are shown: what is going on first, what is
// over last.
var Urgency = []task.Status{task.InProgress, task.Ready, task.Blocked, task.NotStarted, task.Completed, task.Cancelled}

func compare(key string, a, b *task.Task) int {
	switch key {
	case "":
		return 0
	case "status":
		return cmp.Or(urgent(a)-urgent(b), cmp.Compare(Field(key, a), Field(key, b)))
	case "created":
		return a.CreatedAt.Compare(b.CreatedAt)
	case "updated":
		return a.UpdatedAt.Compare(b.UpdatedAt)
	}
	return strings.Compare(Field(key, a), Field(key, b))
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
	return Field(key, t) == ""
}

// urgent is the place of a task's status; broken files come first, other words last.
func urgent(t *task.Task) int {
	if t.Broken != nil {
		return -1
	}
	if i := slices.Index(Urgency, t.Status); i >= 0 {
		return i
	}
	return len(Urgency)
}

// Field is what a task has for a key, "" where it has nothing: the name of its group,
// or what it is sorted by. The status of a broken one is "broken".
func Field(key string, t *task.Task) string {
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
