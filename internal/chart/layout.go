package chart

import (
	"fmt"
	"slices"
)

// drawn is a graph with places. Nodes from real on are turning points of long edges
// and are not shown.
type drawn struct {
	box
	nodes         []Node
	x, y          []float64 // of a box's upper left corner; of a turning point likewise
	edges         []route
	width, height float64
	cycles        int
}

// route is an edge with the nodes and turning points that it goes through.
type route struct {
	through []int // from left to right
	back    bool  // it goes from right to left: it closes a cycle
	self    bool
}

// maxTurns bounds the turning points: a graph with more long edges gets them drawn
// straight.
const maxTurns = 4000

// layout places a graph: each part that hangs together in layers of its own, one
// below the other; what stands alone in rows at the end.
func layout(nodes []Node, edges []Edge, size box) *drawn {
	l := &drawn{box: size, nodes: nodes, x: make([]float64, len(nodes)), y: make([]float64, len(nodes))}
	at := make(map[string]int, len(nodes))
	for i, n := range nodes {
		at[n.ID] = i
	}
	groups := components(nodes, edges, at)
	part := make([]int, len(nodes))
	for g, group := range groups {
		for _, i := range group {
			part[i] = g
		}
	}
	links := make([][][2]int, len(groups))
	for _, e := range edges {
		a, b := at[e.From], at[e.To]
		links[part[a]] = append(links[part[a]], [2]int{a, b})
	}
	var alone []int
	for g, group := range groups {
		if len(group) == 1 && len(links[g]) == 0 {
			alone = append(alone, group[0])
			continue
		}
		slices.Sort(group)
		l.part(group, links[g])
	}
	l.rows(alone)
	l.height = 0
	for i := range nodes {
		l.height = max(l.height, l.y[i]+l.h)
	}
	return l
}

// part places one part below what is placed already.
func (l *drawn) part(group []int, links [][2]int) {
	p := newPart(group, links)
	p.rank()
	p.split()
	p.order()
	top, step := l.height, l.h+l.gapY
	y := p.align(step)
	local := make([]int, len(p.layer)) // index in l of each of the part's nodes
	for i := range p.layer {
		if i < len(group) {
			local[i] = group[i]
		} else {
			local[i] = len(l.x)
			l.x, l.y = append(l.x, 0), append(l.y, 0)
		}
		l.x[local[i]] = float64(p.layer[i]) * (l.w + l.gapX)
		l.y[local[i]] = top + y[i]
		l.width = max(l.width, l.x[local[i]]+l.w)
		l.height = max(l.height, l.y[local[i]]+step)
	}
	for _, r := range p.routes {
		for i := range r.through {
			r.through[i] = local[r.through[i]]
		}
		if r.back || r.self {
			l.cycles++
		}
		l.edges = append(l.edges, r)
	}
	l.height += l.gapY
}

// rows places nodes without any edge in as many columns as the rest is wide.
func (l *drawn) rows(alone []int) {
	if len(alone) == 0 {
		return
	}
	columns := max(int((l.width+l.gapX)/(l.w+l.gapX)), min(4, len(alone)))
	top := l.height
	for n, i := range alone {
		l.x[i] = float64(n%columns) * (l.w + l.gapX)
		l.y[i] = top + float64(n/columns)*(l.h+l.gapY)
		l.width = max(l.width, l.x[i]+l.w)
		l.height = max(l.height, l.y[i]+l.h+l.gapY)
	}
}

// counted describes the graph in a sentence.
func (l *drawn) counted() string {
	s := fmt.Sprintf("%d tasks, %d dependencies, from left to right: what comes first stands left.", len(l.nodes), len(l.edges))
	if l.cycles > 0 {
		s += fmt.Sprintf(" %d dashed arrows close a cycle.", l.cycles)
	}
	return s
}
