package task

import (
	"fmt"
	"slices"
	"strings"
)

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
			if by := g.neededBy[d]; len(by) == 0 || by[len(by)-1] != t.Slug { // named twice by one task
				g.neededBy[d] = append(by, t.Slug)
			}
		}
	}
	return g
}

// Dependents are the slugs that depend on slug, in the order of the tasks.
func (g *Graph) Dependents(slug string) []string { return g.neededBy[slug] }

// Path is a shortest way along dependencies from one slug to another, both included;
// nil where there is none.
func (g *Graph) Path(from, to string) []string {
	if from == to {
		return []string{from}
	}
	cameFrom := map[string]string{from: from}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, d := range g.needs[queue[0]] {
			if _, seen := cameFrom[d]; seen {
				continue
			}
			cameFrom[d] = queue[0]
			if d != to {
				queue = append(queue, d)
				continue
			}
			way := []string{to}
			for at := queue[0]; at != from; at = cameFrom[at] {
				way = append(way, at)
			}
			way = append(way, from)
			slices.Reverse(way)
			return way
		}
	}
	return nil
}

// Way is a path along dependencies in words: one of many steps is cut in its middle,
// so that what is said of a chain of thousands stays readable.
func Way(path []string) string {
	const ends = 4
	if len(path) <= 2*ends+1 {
		return strings.Join(path, " -> ")
	}
	return fmt.Sprintf("%s -> (%d more) -> %s", strings.Join(path[:ends], " -> "), len(path)-2*ends, strings.Join(path[len(path)-ends:], " -> "))
}

// maxCycles bounds the steps of all cycles that Cycles tells: where everything waits
// for everything there are more of them than memory.
const maxCycles = 50_000

// Cycles are the dependency cycles, each as a path that ends where it begins: one for
// each dependency that closes one, and beyond maxCycles steps only those that share
// no task with one told before.
func (g *Graph) Cycles() [][]string {
	var out [][]string
	told, steps := map[string]bool{}, 0
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
				if steps > maxCycles && (told[d] || told[top.slug]) {
					continue
				}
				from := slices.IndexFunc(path, func(f frame) bool { return f.slug == d })
				if steps > maxCycles && slices.ContainsFunc(path[from:], func(f frame) bool { return told[f.slug] }) {
					continue
				}
				var cycle []string
				for _, f := range path[from:] {
					cycle, told[f.slug] = append(cycle, f.slug), true
				}
				steps += len(cycle)
				out = append(out, append(cycle, d))
			default:
				state[d] = 1
				path = append(path, frame{d, 0})
			}
		}
	}
	return out
}
