package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tasks/internal/task"
)

// mermaid prints a flowchart: from what comes first to what waits for it. Titles are
// anybody's words; in Mermaid's quoted text only entities stand for what would end it.
func (d *relations) mermaid(w io.Writer) {
	fmt.Fprintln(w, "flowchart LR")
	id := map[string]string{}
	for i, t := range d.tasks {
		id[t.Slug] = fmt.Sprintf("t%d", i+1)
		fmt.Fprintf(w, "  %s[\"%s\"]:::%s\n", id[t.Slug], mermaidText(mermaidName(t)), mermaidClass(t))
	}
	missing := map[string]string{}
	for _, t := range d.tasks {
		for _, x := range d.below[t.Slug] {
			if x.task != nil {
				fmt.Fprintf(w, "  %s --> %s\n", id[x.task.Slug], id[t.Slug])
				continue
			}
			if missing[x.name] == "" {
				missing[x.name] = fmt.Sprintf("m%d", len(missing)+1)
				fmt.Fprintf(w, "  %s[\"%s (no such task)\"]:::missing\n", missing[x.name], mermaidText(x.name))
			}
			fmt.Fprintf(w, "  %s --> %s\n", missing[x.name], id[t.Slug])
		}
	}
	fmt.Fprintln(w, "  classDef completed stroke:#2f855a\n  classDef cancelled stroke-dasharray:3\n  classDef in_progress stroke-width:3px\n  classDef blocked stroke:#c53030\n  classDef missing stroke:#c53030,stroke-dasharray:3")
}

// mermaidName is the slug, by which the task is found again, and its title.
func mermaidName(t *task.Task) string {
	switch {
	case t.Broken != nil:
		return t.Slug + " (does not parse)"
	case t.Title == "":
		return t.Slug
	}
	return t.Slug + ": " + t.Title
}

func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range oneLine(s) {
		if strings.ContainsRune("\"#;<>&`[](){}|\\$", r) {
			fmt.Fprintf(&b, "#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func mermaidClass(t *task.Task) string {
	if t.Broken != nil {
		return "missing"
	}
	if slices.Contains(task.Statuses, t.Status) {
		return string(t.Status)
	}
	return "not_started"
}
