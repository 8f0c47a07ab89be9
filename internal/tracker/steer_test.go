package tracker_test

import (
	"testing"

	"tasks/internal/fault"
	"tasks/internal/tracker"
)

// Where names differ by case alone are one file, tasks/agents.md is an AGENTS.md.
func TestNoTaskIsMadeThatAgentsTakeForOrders(t *testing.T) {
	_, tr := house(t, nil)
	for _, d := range []tracker.Draft{{Title: "AGENTS"}, {Title: "Claude!"}, {Title: "x", Slug: "gemini"}} {
		if k, err := tr.Create(t.Context(), d); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%+v: %v, %v", d, k, err)
		}
	}
	if _, err := tr.Create(t.Context(), tracker.Draft{Title: "Agents are slow"}); err != nil {
		t.Error(err)
	}
}
