package task

import "slices"

// Graph is the dependencies of a set of tasks, by slug.
type Graph struct {
	needs    map[string][]string
	neededBy map[string][]string
	order    []string
}

// NewGraph makes the graph of the tasks. References to no task of the set stay in
// it; of tasks with the same slug the first counts.
func NewGraph(tasks []*Task) *Graph {
	g := &Graph{needs: make(map[string][]string, len(tasks)), neededBy: map[string][]string{}}
	for _, t := range tasks {
		if _, twice := g.needs[t.Slug]; twice {
			continue
		}
		g.order = append(g.order, t.Slug)
		g.needs[t.Slug] = t.DependsOn
		for _, d := range t.DependsOn {
			if !slices.Contains(g.neededBy[d], t.Slug) {
				g.neededBy[d] = append(g.neededBy[d], t.Slug)
			}
		}
	}
	return g
}

// Dependents are the slugs that depend on slug, in the order of the tasks.
func (g *Graph) Dependents(slug string) []string { return g.neededBy[slug] }

// Cycles are the dependency cycles, each as a path that ends where it begins. Of
// cycles that hang together one path is given, the first to be found.
func (g *Graph) Cycles() [][]string {
	var out [][]string
	state := make(map[string]int, len(g.order)) // 0 not seen, 1 on the path, 2 done
	for _, start := range g.order {
		if state[start] != 0 {
			continue
		}
		// A stack of our own: a chain of tasks may be as long as the file system allows.
		type frame struct {
			slug string
			next int
		}
		path := []frame{{start, 0}}
		state[start] = 1
		for len(path) > 0 {
			top := &path[len(path)-1]
			if top.next == len(g.needs[top.slug]) {
				state[top.slug] = 2
				path = path[:len(path)-1]
				continue
			}
			d := g.needs[top.slug][top.next]
			top.next++
			switch _, known := g.needs[d]; {
			case !known || state[d] == 2:
			case state[d] == 1:
				from := slices.IndexFunc(path, func(f frame) bool { return f.slug == d })
				var cycle []string
				for _, f := range path[from:] {
					cycle = append(cycle, f.slug)
				}
				out = append(out, append(cycle, d))
			default:
				state[d] = 1
				path = append(path, frame{d, 0})
			}
		}
	}
	return out
}
