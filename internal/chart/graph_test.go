package chart

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// wellFormed fails where the drawing is no XML of the allowed kind.
func wellFormed(t *testing.T, svg string) {
	t.Helper()
	ids := map[string]bool{}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%.2000s", err, svg)
		}
		start, is := token.(xml.StartElement)
		if !is {
			continue
		}
		switch start.Name.Local {
		case "svg", "title", "desc", "g", "a", "rect", "circle", "path", "text":
		default:
			t.Errorf("element %s", start.Name.Local)
		}
		for _, a := range start.Attr {
			if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Value)), "javascript:") {
				t.Errorf("attribute %s=%q", a.Name.Local, a.Value)
			}
			if a.Name.Local == "id" {
				if ids[a.Value] {
					t.Errorf("id %q twice", a.Value)
				}
				ids[a.Value] = true
			}
		}
	}
}

func chain(n int) ([]Node, []Edge) {
	nodes, edges := make([]Node, n), []Edge{}
	for i := range n {
		nodes[i] = Node{ID: fmt.Sprintf("n%d", i), Href: fmt.Sprintf("/tasks/n%d", i), Status: "ready"}
		if i > 0 {
			edges = append(edges, Edge{fmt.Sprintf("n%d", i-1), fmt.Sprintf("n%d", i)})
		}
	}
	return nodes, edges
}

func TestGraphNamesWhatItShows(t *testing.T) {
	svg := Graph([]Node{
		{ID: "pack", Label: "Pack", Href: "/tasks/pack", Status: "completed", Word: "Completed"},
		{ID: "fly", Label: "Fly south", Href: "/tasks/fly", Status: "blocked", Word: "Blocked", Focus: true},
	}, []Edge{{"pack", "fly"}, {"wings", "fly"}}, GraphOpts{ID: "x", Title: "What fly waits for"})
	wellFormed(t, svg)
	for _, want := range []string{
		`<title id="x-title">What fly waits for</title>`, `aria-labelledby="x-title"`, `aria-describedby="x-desc"`, `role="group"`,
		`href="/tasks/pack" data-node="pack" transform="translate(0 0)"><title>Pack (Completed)</title>`, `class="g-node completed"`, `class="g-node blocked focus"`,
		`aria-label="wings (no such task)"`, `class="g-node missing"`, `3 tasks, 2 dependencies`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("the drawing lacks %s\n%s", want, svg)
		}
	}
	if strings.Contains(svg, `dashed arrows`) || strings.Count(svg, `class="g-edge"`) != 2 {
		t.Errorf("edges:\n%s", svg)
	}
}

func TestLayersAreLongestWays(t *testing.T) {
	nodes := []Node{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}, {ID: "late"}}
	edges := []Edge{{"a", "b"}, {"b", "c"}, {"a", "c"}, {"c", "d"}, {"late", "d"}}
	l := layout(nodes, edges, wide)
	column := func(i int) int { return int(l.x[i] / (wide.w + wide.gapX)) }
	for i, want := range []int{0, 1, 2, 3, 2} {
		if column(i) != want {
			t.Errorf("%s is in column %d, want %d", nodes[i].ID, column(i), want)
		}
	}
}

func TestCyclesAreDrawnAndMarked(t *testing.T) {
	nodes, edges := chain(5)
	svg := Graph(nodes, append(edges, Edge{"n4", "n1"}, Edge{"n2", "n2"}), GraphOpts{})
	wellFormed(t, svg)
	if got := strings.Count(svg, `g-edge back`); got != 2 {
		t.Errorf("%d edges go back, want 2", got)
	}
	if !strings.Contains(svg, "2 dashed arrows close a cycle") {
		t.Error("the cycle is not described")
	}
	whole := Graph([]Node{{ID: "a"}, {ID: "b"}}, []Edge{{"a", "b"}, {"b", "a"}}, GraphOpts{})
	wellFormed(t, whole)
	if strings.Count(whole, `g-edge back`) != 1 {
		t.Errorf("two tasks that wait for each other:\n%s", whole)
	}
}

func TestBoxesNeverOverlap(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		n := 2 + r.IntN(60)
		nodes, edges := make([]Node, n), []Edge{}
		for i := range n {
			nodes[i] = Node{ID: fmt.Sprint(i)}
		}
		for range r.IntN(3 * n) {
			edges = append(edges, Edge{fmt.Sprint(r.IntN(n)), fmt.Sprint(r.IntN(n))})
		}
		nodes, edges, _ = Pick(nodes, edges, 500)
		l := layout(nodes, edges, wide)
		for i := range nodes {
			if l.x[i] < 0 || l.y[i] < 0 || l.x[i]+l.w > l.width+0.01 || l.y[i]+l.h > l.height+0.01 {
				t.Fatalf("seed %d: box %d at %.1f,%.1f leaves %.1f x %.1f", seed, i, l.x[i], l.y[i], l.width, l.height)
			}
			for j := range i {
				if l.x[i] == l.x[j] && l.y[i] < l.y[j]+l.h && l.y[j] < l.y[i]+l.h {
					t.Fatalf("seed %d: boxes %d and %d overlap", seed, i, j)
				}
			}
		}
		for _, e := range l.edges {
			for k := 1; k < len(e.through); k++ {
				if l.x[e.through[k]] <= l.x[e.through[k-1]] {
					t.Fatalf("seed %d: an edge does not go to the right", seed)
				}
			}
		}
	}
}

func TestOrderAvoidsCrossings(t *testing.T) {
	nodes := []Node{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "x"}, {ID: "y"}, {ID: "z"}, {ID: "end"}}
	edges := []Edge{{"a", "z"}, {"b", "y"}, {"c", "x"}, {"x", "end"}, {"y", "end"}, {"z", "end"}}
	l := layout(nodes, edges, wide)
	for _, pair := range [][2]int{{0, 5}, {1, 4}, {2, 3}} {
		if l.y[pair[0]] != l.y[pair[1]] {
			t.Errorf("%s and %s are not on one line: %.1f, %.1f", nodes[pair[0]].ID, nodes[pair[1]].ID, l.y[pair[0]], l.y[pair[1]])
		}
	}
}

func TestStrangeNames(t *testing.T) {
	evil := `"><script>alert(1)</script>` + "\x00\x1b\xff"
	long := strings.Repeat("مرحبا بالعالم ", 40)
	svg := Graph([]Node{
		{ID: evil, Label: evil, Href: "javascript:alert(1)", Status: evil, Word: evil},
		{ID: "r", Label: long, Href: "//evil.example/", Status: "ready"},
		{ID: "e\u0301", Label: strings.Repeat("e\u0301", 90), Href: "/tasks/e"},
		{ID: "", Label: ""},
	}, []Edge{{evil, "r"}, {"r", "gone" + evil}, {"", ""}}, GraphOpts{ID: evil, Title: evil, Desc: evil})
	wellFormed(t, svg)
	if strings.Contains(svg, "<script") || strings.Contains(svg, `href="javascript`) || strings.Contains(svg, `href="//`) {
		t.Errorf("a name became markup:\n%s", svg)
	}
	if !strings.Contains(svg, "<title>"+strings.TrimSpace(long)) {
		t.Error("the whole title is not in <title>")
	}
	if strings.Contains(svg, "e…") {
		t.Error("a letter was cut off its mark")
	}
}

func TestNothingToDraw(t *testing.T) {
	if got := Graph(nil, nil, GraphOpts{}); got != "" {
		t.Errorf("drew %q", got)
	}
}

func TestPickKeepsWhatHangsTogetherAndSaysTheRest(t *testing.T) {
	nodes, edges := chain(30)
	nodes = append([]Node{{ID: "lone"}, {ID: "me", Focus: true}}, nodes...)
	kept, links, left := Pick(nodes, edges, 20)
	if len(kept) != 21 || left != 11 || len(links) != 19 { // 20, and the one that it is about
		t.Errorf("%d nodes, %d links, %d left", len(kept), len(links), left)
	}
	if svg := Graph(nodes, edges, GraphOpts{Max: 20}); !strings.Contains(svg, "11 more are not drawn") {
		t.Error("what is left out is not said")
	}
}

func TestAHugeGraphIsDrawnAtOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var nodes []Node
	var edges []Edge
	for i := range 10_000 {
		nodes = append(nodes, Node{ID: fmt.Sprint(i), Label: "A task with a title of some length", Href: "/tasks/x", Status: "ready"})
		for range 2 {
			if i > 0 {
				edges = append(edges, Edge{fmt.Sprint(r.IntN(i)), fmt.Sprint(i)})
			}
		}
	}
	began := time.Now()
	svg := Graph(nodes, edges, GraphOpts{})
	if took := time.Since(began); took > time.Minute {
		t.Errorf("took %v", took)
	}
	wellFormed(t, svg)
	if !strings.Contains(svg, "9500 more are not drawn") {
		t.Error("what is left out is not said")
	}
}

func BenchmarkGraph500(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var nodes []Node
	var edges []Edge
	for i := range 500 {
		nodes = append(nodes, Node{ID: fmt.Sprint(i), Label: "A task with a title of some length", Href: "/tasks/x", Status: "ready"})
		if i > 0 {
			edges = append(edges, Edge{fmt.Sprint(r.IntN(i)), fmt.Sprint(i)})
		}
	}
	for b.Loop() {
		Graph(nodes, edges, GraphOpts{})
	}
}
