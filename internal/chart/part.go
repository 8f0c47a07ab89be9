package chart

import "slices"

// part is one connected graph on its way to its places: nodes are numbers from 0,
// those of the graph first, then turning points.
type part struct {
	links  [][2]int // without cycles, from left to right
	routes []route  // one for each link, in the same order, then selves
	layer  []int
	rows   [][]int // of each layer, from above
	left   [][]int // neighbours in the layer before
	right  [][]int
}

// newPart makes a part of the graph's nodes and links, with the links that close a
// cycle turned around.
func newPart(group []int, links [][2]int) *part {
	at := make(map[int]int, len(group))
	for i, n := range group {
		at[n] = i
	}
	p := &part{layer: make([]int, len(group))}
	out := make([][]int, len(group))
	var selves []route
	for _, l := range links {
		a, b := at[l[0]], at[l[1]]
		if a == b {
			selves = append(selves, route{through: []int{a}, self: true})
			continue
		}
		out[a] = append(out[a], b)
	}
	back := backEdges(out)
	for _, l := range links {
		a, b := at[l[0]], at[l[1]]
		if a == b {
			continue
		}
		turned := back[[2]int{a, b}]
		if turned {
			a, b = b, a
		}
		p.links = append(p.links, [2]int{a, b})
		p.routes = append(p.routes, route{through: []int{a, b}, back: turned})
	}
	p.routes = append(p.routes, selves...)
	return p
}

// backEdges are the links that lead back to where a walk came from: without them
// there is no cycle.
func backEdges(out [][]int) map[[2]int]bool {
	back := map[[2]int]bool{}
	state := make([]int, len(out)) // 0 not seen, 1 on the way, 2 done
	type frame struct{ node, next int }
	starts := make([]int, 0, len(out))
	entered := make([]bool, len(out))
	for _, to := range out {
		for _, n := range to {
			entered[n] = true
		}
	}
	for i := range out { // what nothing comes before is where people begin to read
		if !entered[i] {
			starts = append(starts, i)
		}
	}
	for i := range out {
		if entered[i] {
			starts = append(starts, i)
		}
	}
	for _, start := range starts {
		if state[start] != 0 {
			continue
		}
		way := []frame{{start, 0}}
		state[start] = 1
		for len(way) > 0 {
			top := &way[len(way)-1]
			if top.next == len(out[top.node]) {
				state[top.node] = 2
				way = way[:len(way)-1]
				continue
			}
			to := out[top.node][top.next]
			top.next++
			switch state[to] {
			case 0:
				state[to] = 1
				way = append(way, frame{to, 0})
			case 1:
				back[[2]int{top.node, to}] = true
			}
		}
	}
	return back
}

// rank gives each node its layer: one more than the longest way to it, and where
// nothing comes before it, close to what it comes before.
func (p *part) rank() {
	n := len(p.layer)
	out, in := make([][]int, n), make([]int, n)
	for _, l := range p.links {
		out[l[0]] = append(out[l[0]], l[1])
		in[l[1]]++
	}
	sources := make([]bool, n)
	var queue []int
	for i := range n {
		if in[i] == 0 {
			sources[i] = true
			queue = append(queue, i)
		}
	}
	for next := 0; next < len(queue); next++ {
		from := queue[next]
		for _, to := range out[from] {
			p.layer[to] = max(p.layer[to], p.layer[from]+1)
			if in[to]--; in[to] == 0 {
				queue = append(queue, to)
			}
		}
	}
	for i := range n {
		if sources[i] && len(out[i]) > 0 {
			nearest := p.layer[out[i][0]]
			for _, to := range out[i] {
				nearest = min(nearest, p.layer[to])
			}
			p.layer[i] = nearest - 1
		}
	}
	first := slices.Min(p.layer)
	for i := range p.layer {
		p.layer[i] -= first
	}
}

// split puts turning points into links over more than one layer, and finds each
// node's neighbours.
func (p *part) split() {
	turns := 0
	for _, l := range p.links {
		turns += p.layer[l[1]] - p.layer[l[0]] - 1
	}
	var steps [][2]int
	for i, l := range p.links {
		way := []int{l[0]}
		for at := p.layer[l[0]] + 1; at < p.layer[l[1]] && turns <= maxTurns; at++ {
			way = append(way, len(p.layer))
			p.layer = append(p.layer, at)
		}
		p.routes[i].through = append(way, l[1])
		for j := 1; j < len(p.routes[i].through); j++ {
			steps = append(steps, [2]int{p.routes[i].through[j-1], p.routes[i].through[j]})
		}
	}
	p.left, p.right = make([][]int, len(p.layer)), make([][]int, len(p.layer))
	for _, s := range steps {
		p.right[s[0]] = append(p.right[s[0]], s[1])
		p.left[s[1]] = append(p.left[s[1]], s[0])
	}
	p.rows = make([][]int, slices.Max(p.layer)+1)
	for i, at := range p.layer {
		p.rows[at] = append(p.rows[at], i)
	}
}
