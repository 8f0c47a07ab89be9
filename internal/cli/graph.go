package cli

import (
	"context"
	"io"
	"slices"

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
