package chart_test

import (
	"fmt"
	"strings"
	"testing"

	"tasks/internal/chart"
)

func TestAGraphOfEverythingLeavesArrowsOutAndSaysSo(t *testing.T) {
	var nodes []chart.Node
	var edges []chart.Edge
	for i := range 200 {
		nodes = append(nodes, chart.Node{ID: fmt.Sprint("t", i)})
		for j := range 200 {
			edges = append(edges, chart.Edge{From: fmt.Sprint("t", i), To: fmt.Sprint("t", j)})
		}
	}
	svg := chart.Graph(nodes, edges, chart.GraphOpts{})
	if !strings.Contains(svg, "38000 arrows are not drawn") || len(svg) > 4<<20 {
		t.Errorf("%d bytes, and what is left out is not said", len(svg))
	}
}
