package cli

import (
	"tasks/internal/plan"
	"tasks/internal/task"
)

var (
	groupKeys = plan.GroupKeys
	sortKeys  = plan.SortKeys
)

// order is the sort that the flags ask for.
func (o listOptions) order() (func(a, b *task.Task) int, error) { return plan.Order(o.group, o.sort) }

// field is what a task has for a key, "" for nothing.
func field(key string, t *task.Task) string { return plan.Field(key, t) }
