package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Node is one box of a graph.
type Node struct {
	ID     string // unique; of two nodes with one ID the first counts
	Label  string // shown, cut where it is long; "": the ID
	Href   string // where it leads; only a path of the site ("/…") or "#…" becomes a link
	Status string // class and shape: not_started ready in_progress blocked completed cancelled; any other word is drawn as not_started
	Word   string // the status in words, for the name of the box; "": Status
	Focus  bool   // the one that the drawing is about
	Broken bool   // drawn with a warning sign
}

// Edge says that From comes before To: the arrow goes from left to right.
type Edge struct{ From, To string }

// GraphOpts say how a graph is drawn.
type GraphOpts struct {
	ID      string // prefix of ids within the page; "": graph
	Title   string // the drawing's name; "": Dependency graph
	Desc    string // what it shows, in a sentence; "": counted
	Compact bool   // boxes of one line, for a drawing beside text
	Max     int    // of boxes; 0: 500. What is left out is said in the drawing
}

// box holds the measures of a drawing's boxes, in pixels at no zoom.
type box struct{ w, h, gapX, gapY float64 }

var (
	wide    = box{216, 46, 56, 14}
	compact = box{190, 32, 36, 10}
)

const margin = 10.0

// maxArrows bounds what is laid out: nobody reads more, and the time grows with the
// square of it where everything waits for everything.
const maxArrows = 2000

// Graph draws tasks and what they wait for as one SVG element, from left to right:
// what comes first stands left. An edge that closes a cycle goes back, is dashed and
// marked; an edge to a node that is not there makes a box that says so. The text is
// escaped, the element holds no style, script or reference to outside; colours come
// from classes, meaning from shapes and words as well. "" where there is nothing to
// draw.
func Graph(nodes []Node, edges []Edge, o GraphOpts) string {
	o.ID, o.Title = cmp.Or(o.ID, "graph"), cmp.Or(o.Title, "Dependency graph")
	nodes, edges, left := Pick(nodes, edges, cmp.Or(o.Max, 500))
	if len(nodes) == 0 {
		return ""
	}
	size := wide
	if o.Compact {
		size = compact
	}
	cut := max(len(edges)-maxArrows, 0)
	l := layout(nodes, edges[:len(edges)-cut], size)
	var b strings.Builder
	width, height := l.width+2*margin, l.height+2*margin
	if left+cut > 0 {
		height += 28
	}
	fmt.Fprintf(&b, `<svg class="graph-svg" xmlns="http://www.w3.org/2000/svg" role="group" direction="ltr" width="%s" height="%s" viewBox="0 0 %s %s" aria-labelledby="%[5]s-title" aria-describedby="%[5]s-desc" font-size="13" fill="none" stroke="currentColor">`,
		num(width), num(height), num(width), num(height), esc(o.ID))
	fmt.Fprintf(&b, `<title id="%[1]s-title">%[2]s</title><desc id="%[1]s-desc">%[3]s</desc>`, esc(o.ID), esc(o.Title), esc(cmp.Or(o.Desc, l.counted())))
	fmt.Fprintf(&b, `<g transform="translate(%s %[1]s)"><g class="g-edges" aria-hidden="true">`, num(margin))
	for _, e := range l.edges {
		l.drawEdge(&b, e)
	}
	b.WriteString(`</g>`)
	for i := range l.nodes {
		l.drawNode(&b, i, o.Compact)
	}
	b.WriteString(`</g>`)
	if said := leftOut(left, cut); said != "" {
		fmt.Fprintf(&b, `<text class="g-left" x="%s" y="%s" stroke="none" fill="currentColor">%s</text>`, num(margin), num(height-12), said)
	}
	b.WriteString(`</svg>`)
	return b.String()
}

// leftOut says what a drawing is without, "" where it is whole.
func leftOut(boxes, arrows int) string {
	switch {
	case boxes > 0 && arrows > 0:
		return fmt.Sprintf("%d more and %d arrows are not drawn", boxes, arrows)
	case arrows > 0:
		return fmt.Sprintf("%d arrows are not drawn", arrows)
	case boxes > 0:
		return fmt.Sprintf("%d more are not drawn", boxes)
	}
	return ""
}

// Pick makes a graph small enough to be drawn: at most limit nodes, what hangs
// together most first, and says how many are left out. Nodes that edges name and
// that are not there are added as boxes of their own, and doubled ones dropped.
func Pick(nodes []Node, edges []Edge, limit int) ([]Node, []Edge, int) {
	at := make(map[string]int, len(nodes))
	var all []Node
	for _, n := range nodes {
		if _, twice := at[n.ID]; !twice {
			at[n.ID] = len(all)
			all = append(all, n)
		}
	}
	seen := make(map[Edge]bool, len(edges))
	var links []Edge
	for _, e := range edges {
		if seen[e] {
			continue
		}
		seen[e] = true
		links = append(links, e)
		for _, id := range []string{e.From, e.To} {
			if _, known := at[id]; !known {
				at[id] = len(all)
				all = append(all, Node{ID: id, Status: missing, Word: "no such task"})
			}
		}
	}
	if len(all) <= limit {
		return all, links, 0
	}
	keep := map[string]bool{}
	for _, group := range components(all, links, at) {
		for _, i := range group {
			if len(keep) < limit {
				keep[all[i].ID] = true
			}
		}
	}
	for _, n := range all { // never without the one that it is about
		if n.Focus {
			keep[n.ID] = true
		}
	}
	left := len(all) - len(keep)
	all = slices.DeleteFunc(all, func(n Node) bool { return !keep[n.ID] })
	links = slices.DeleteFunc(links, func(e Edge) bool { return !keep[e.From] || !keep[e.To] })
	return all, links, left
}

// missing is the status of a node that only an edge names.
const missing = "missing"

// components are the parts that hang together, the largest first, each breadth
// first from its first node.
func components(nodes []Node, edges []Edge, at map[string]int) [][]int {
	near := make([][]int, len(nodes))
	for _, e := range edges {
		a, b := at[e.From], at[e.To]
		if a != b {
			near[a], near[b] = append(near[a], b), append(near[b], a)
		}
	}
	var out [][]int
	seen := make([]bool, len(nodes))
	for start := range nodes {
		if seen[start] {
			continue
		}
		seen[start] = true
		group := []int{start}
		for next := 0; next < len(group); next++ {
			for _, other := range near[group[next]] {
				if !seen[other] {
					seen[other] = true
					group = append(group, other)
				}
			}
		}
		out = append(out, group)
	}
	slices.SortStableFunc(out, func(a, b []int) int { return len(b) - len(a) })
	return out
}
