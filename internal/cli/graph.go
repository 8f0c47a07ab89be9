package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/task"
)

// graphJSON is the JSON of graph. An edge leads from a task to what it depends on;
// missing names have no node.
type graphJSON struct {
	Nodes  []graphNode `json:"nodes"`
	Edges  []graphEdge `json:"edges"`
	Cycles [][]string  `json:"cycles"` // each ends where it begins
}

type graphNode struct {
	Slug   string  `json:"slug"`
	Title  *string `json:"title"`
	Status *string `json:"status"`
	Path   string  `json:"path"`
	Broken bool    `json:"broken"` // its file does not parse
}

type graphEdge struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Missing bool   `json:"missing"` // there is no task To
}

func newGraph(a *app) *cobra.Command {
	var mermaid bool
	cmd := &cobra.Command{
		Use:   "graph [SLUG] [--mermaid] [--json]",
		Short: "Show what depends on what",
		Long: `Show what depends on what, as a tree: below a task stands what it waits for. With a
SLUG, what that task waits for, and what waits for it. Without one, all tasks that
have to do with another one, beginning with those that nothing waits for.`,
		Example: `  tasks graph
  tasks graph retry-failed-uploads
  tasks graph --mermaid > graph.mmd`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fault.New(fault.Usage, "%s takes at most one SLUG, not %d words", cmd.CommandPath(), len(args)).
					WithHint("titles and other words with spaces go in quotes")
			}
			return nil
		},
		ValidArgsFunction: a.slugs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.graph(cmd.Context(), args, mermaid) },
	}
	cmd.Flags().BoolVar(&mermaid, "mermaid", false, "as a Mermaid flowchart")
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) graph(ctx context.Context, args []string, mermaid bool) error {
	if mermaid && a.json {
		return fault.New(fault.Usage, "--mermaid and --json are two forms of the same").WithHint("give one of them")
	}
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	all, err := h.tracker.All(ctx)
	if err != nil {
		return err
	}
	d := newRelations(all)
	var focus *task.Task
	if len(args) == 1 {
		if focus, err = h.tracker.Find(ctx, h.name(args[0])); err != nil {
			return err
		}
		d = d.around(focus)
	}
	switch {
	case a.json:
		return a.emit("graph", d.json())
	case mermaid:
		return a.write(d.mermaid)
	}
	return a.write(func(w io.Writer) { a.printGraph(w, d, focus) })
}

// relations are tasks with what they wait for, references resolved.
type relations struct {
	tasks  []*task.Task
	known  map[string]*task.Task   // by slug, and by id
	below  map[string][]dependency // by slug: what it waits for
	above  map[string][]*task.Task // by slug: what waits for it
	cycles [][]string
}

// dependency is one reference; task is nil where there is none of that name.
type dependency struct {
	name string
	task *task.Task
}

func newRelations(all []*task.Task) *relations {
	d := &relations{known: map[string]*task.Task{}, below: map[string][]dependency{}, above: map[string][]*task.Task{}}
	for _, t := range all {
		if _, twice := d.known[t.ID]; !twice {
			d.known[t.ID] = t
		}
	}
	seen := map[string]bool{}
	for _, t := range all {
		if !seen[t.Slug] {
			seen[t.Slug], d.known[t.Slug] = true, t
			d.tasks = append(d.tasks, t)
		}
	}
	for _, t := range d.tasks {
		for _, name := range t.DependsOn {
			to := d.known[name]
			d.below[t.Slug] = append(d.below[t.Slug], dependency{name, to})
			if to != nil && !slices.Contains(d.above[to.Slug], t) {
				d.above[to.Slug] = append(d.above[to.Slug], t)
			}
		}
	}
	d.cycles = task.NewGraph(d.tasks).Cycles()
	return d
}

// around is what t waits for and what waits for it, directly or not.
func (d *relations) around(t *task.Task) *relations {
	keep := map[string]bool{}
	walk := func(next func(slug string) []string) {
		seen := map[string]bool{t.Slug: true}
		for queue := []string{t.Slug}; len(queue) > 0; queue = queue[1:] {
			keep[queue[0]] = true
			for _, slug := range next(queue[0]) {
				if !seen[slug] {
					seen[slug] = true
					queue = append(queue, slug)
				}
			}
		}
	}
	walk(func(slug string) (out []string) {
		for _, x := range d.below[slug] {
			if x.task != nil {
				out = append(out, x.task.Slug)
			}
		}
		return out
	})
	walk(func(slug string) (out []string) {
		for _, x := range d.above[slug] {
			out = append(out, x.Slug)
		}
		return out
	})
	var some []*task.Task
	for _, x := range d.tasks {
		if keep[x.Slug] || x.Slug == t.Slug {
			some = append(some, x)
		}
	}
	return newRelations(some).with(d)
}

// with resolves what some refer to among all: a task that is not shown is there.
func (d *relations) with(all *relations) *relations {
	for slug, list := range d.below {
		d.below[slug] = slices.DeleteFunc(list, func(x dependency) bool { return x.task == nil && all.known[x.name] != nil })
	}
	return d
}

func (d *relations) json() graphJSON {
	out := graphJSON{Nodes: []graphNode{}, Edges: []graphEdge{}, Cycles: append([][]string{}, d.cycles...)}
	for _, t := range d.tasks {
		j := t.JSON(nil)
		out.Nodes = append(out.Nodes, graphNode{t.Slug, j.Title, j.Status, t.Path, t.Broken != nil})
		for _, x := range d.below[t.Slug] {
			e := graphEdge{From: t.Slug, To: x.name, Missing: x.task == nil}
			if x.task != nil {
				e.To = x.task.Slug
			}
			out.Edges = append(out.Edges, e)
		}
	}
	return out
}

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
