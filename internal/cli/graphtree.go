package cli

import (
	"io"
	"slices"

	"tasks/internal/task"
)

// maxTree bounds the lines of a tree, in which a task may stand many times; maxDepth
// what a terminal can show beside each other.
const (
	maxTree  = 5000
	maxDepth = 40
)

// printGraph prints a tree for each task that nothing waits for.
func (a *app) printGraph(w io.Writer, d *relations, focus *task.Task) {
	p := &treePrinter{d: d, shown: map[string]bool{}}
	if focus != nil {
		p.tree(focus, "", "", nil)
		if above := d.above[focus.Slug]; len(above) > 0 {
			p.rows = append(p.rows, []cell{{"", plain}}, []cell{{"Needed by", bold}})
			for _, t := range above {
				p.rows = append(p.rows, relation(t))
			}
		}
	} else {
		for _, t := range d.tasks {
			if len(d.above[t.Slug]) == 0 && len(d.below[t.Slug]) > 0 {
				p.tree(t, "", "", nil)
			}
		}
		for _, t := range d.tasks { // what is only in a cycle has no top
			if len(d.below[t.Slug]) > 0 && !p.shown[t.Slug] {
				p.tree(t, "", "", nil)
			}
		}
	}
	a.table(w, p.rows)
	if len(p.rows) >= maxTree {
		a.say("This is the beginning; --json has all of it.")
	}
	for _, c := range d.cycles {
		a.warn("a cycle: %s", task.Way(c))
	}
	if focus != nil {
		return
	}
	switch alone := d.alone(); {
	case len(d.tasks) == 0:
		a.say(`There are no tasks yet. "%s new TITLE" writes one.`, a.name)
	case alone == 1:
		a.say("One task has nothing to do with another one.")
	case alone > 0:
		a.say("%d tasks have nothing to do with another one.", alone)
	}
}

// alone is how many tasks have no dependency either way.
func (d *relations) alone() (n int) {
	for _, t := range d.tasks {
		if len(d.below[t.Slug]) == 0 && len(d.above[t.Slug]) == 0 {
			n++
		}
	}
	return n
}

// treePrinter makes the rows of trees.
type treePrinter struct {
	d     *relations
	shown map[string]bool // with what is below them
	rows  [][]cell
}

// tree adds t and what it waits for. What was shown with its own tree is not unfolded
// again.
func (p *treePrinter) tree(t *task.Task, lead, branch string, way []string) {
	if len(p.rows) >= maxTree {
		return
	}
	status := cell{oneLine(string(t.Status)), look(t)}
	if t.Broken != nil {
		status = cell{"broken", red}
	}
	row := []cell{{lead + branch + oneLine(t.Slug), plain}, status, {oneLine(t.Title), plain}}
	below := p.d.below[t.Slug]
	again := p.shown[t.Slug]
	switch {
	case slices.Contains(way, t.Slug):
		row[2] = cell{"a cycle: it waits for itself", red}
		again = true
	case again && len(below) > 0:
		row[2] = cell{"as above", dim}
	}
	p.rows = append(p.rows, row)
	if again {
		return
	}
	p.shown[t.Slug] = true
	if len(way) >= maxDepth && len(below) > 0 {
		p.rows[len(p.rows)-1][2] = cell{"deeper than can be shown: graph " + oneLine(t.Slug), dim}
		return
	}
	switch branch {
	case "├─ ":
		lead += "│  "
	case "└─ ":
		lead += "   "
	}
	for i, x := range below {
		branch := "├─ "
		if i == len(below)-1 {
			branch = "└─ "
		}
		if x.task == nil {
			p.rows = append(p.rows, []cell{{lead + branch + oneLine(x.name), plain}, {"no such task", red}})
			continue
		}
		p.tree(x.task, lead, branch, append(way, t.Slug))
	}
}
