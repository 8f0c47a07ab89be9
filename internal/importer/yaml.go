package importer

import (
	"fmt"
	"strings"

	"tasks/internal/task"
)

// maxFields bounds what is kept as front matter; more than that stands in Context.
const maxFields = 8 << 10

// yamlOf writes fields as yaml, empty values left out. The depth is bounded by the
// parsers.
func yamlOf(fields []field, by string) string {
	var b strings.Builder
	used := map[string]int{}
	for _, f := range fields {
		if f.node.empty() {
			continue
		}
		key := f.key
		for used[key] > 0 { // each name that is found taken is tried once only
			used[f.key]++
			key = fmt.Sprintf("%s_%d", f.key, used[f.key])
		}
		used[key] = max(used[key], 1)
		b.WriteString(by + task.Scalar(key) + ":" + valueOf(&f.node, by))
	}
	return b.String()
}

// valueOf is a value behind its key or its dash, with the line end.
func valueOf(n *node, by string) string {
	switch {
	case n.object:
		return "\n" + yamlOf(n.fields, by+"  ")
	case n.list:
		if flow, ok := flowOf(n); ok {
			return " " + flow + "\n"
		}
		var b strings.Builder
		b.WriteByte('\n')
		for i := range n.items {
			if item := &n.items[i]; !item.empty() {
				b.WriteString(by + "  -" + itemOf(item, by+"    "))
			}
		}
		return b.String()
	}
	return " " + scalarOf(n) + "\n"
}

// itemOf is an item of a list; an object begins beside the dash.
func itemOf(n *node, by string) string {
	if n.object {
		return " " + strings.TrimPrefix(yamlOf(n.fields, by), by)
	}
	return valueOf(n, by[2:])
}

// flowOf is a list of scalars in one line; false for any other.
func flowOf(n *node) (string, bool) {
	var parts []string
	for i := range n.items {
		switch item := &n.items[i]; {
		case !item.scalar():
			return "", false
		case item.text != "":
			parts = append(parts, scalarOf(item))
		}
	}
	return "[" + strings.Join(parts, ", ") + "]", true
}

func scalarOf(n *node) string {
	if !n.isText && n.text != "" && !strings.ContainsAny(n.text, "\n:#'\"{}[],&*!|>%@`") {
		return n.text // a number, a truth value or a date stays one
	}
	return task.Scalar(n.text)
}
