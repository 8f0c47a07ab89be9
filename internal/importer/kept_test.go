package importer_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"tasks/internal/importer"
)

// TestNothingIsLost looks for every scalar and every line of the samples in the
// worksheets and in what the import says.
func TestNothingIsLost(t *testing.T) {
	for _, tool := range importer.Tools() {
		t.Run(tool, func(t *testing.T) {
			theirs := sample(t, tool)
			h := newHouse(t, theirs)
			r := h.run(importer.Options{From: tool})
			there := everything(t, h, r)
			n := 0
			for name, text := range theirs {
				for _, s := range scalars(t, tool, name, text) {
					n++
					if !strings.Contains(there, squeeze(s)) && !strings.Contains(there, atSecond(s)) {
						t.Errorf("%s: %q is lost", name, s)
					}
				}
			}
			if n < 30 {
				t.Errorf("only %d scalars were looked for", n)
			}
		})
	}
}

// everything is what the worksheets hold, as text and as values, and the report.
func everything(t *testing.T, h *house, r *importer.Report) string {
	t.Helper()
	var b strings.Builder
	for name, text := range h.files("tasks") {
		b.WriteString(text + "\n")
		_, rest, _ := strings.Cut(text, "---\n")
		head, _, _ := strings.Cut(rest, "\n---\n")
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(head), &n); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		leaves(&n, func(s string) { b.WriteString(s + "\n") })
	}
	for _, i := range r.Items {
		b.WriteString(strings.Join(i.Notes, "\n") + "\n")
	}
	return squeeze(b.String())
}

func squeeze(s string) string {
	return strings.Join(strings.Fields(strings.Trim(strings.TrimSpace(s), "#")), " ")
}

// atSecond is a time as a worksheet keeps it, or something that is nowhere.
func atSecond(s string) string {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04", "2006-01-02"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC().Format(time.RFC3339)
		}
	}
	return "\x00"
}

func leaves(n *yaml.Node, fn func(string)) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" && n.Value != "" {
		fn(n.Value)
	}
	for _, c := range n.Content {
		leaves(c, fn)
	}
}

// dropped are the words of the tools' own files that are the form, not the content.
var dropped = map[string][]string{
	"backlog":  {"## Description", "## Implementation Plan", "## Implementation Notes"},
	"taskmd":   {"## Objective", "## Tasks"},
	"openspec": {"# Proposal", "# Design", "# Tasks", "# Spec Delta", "## Why", "## Context"},
}

// scalars are the values of a file, and the lines of its text.
func scalars(t *testing.T, tool, name, text string) (out []string) {
	t.Helper()
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	switch {
	case strings.HasSuffix(name, ".json"):
		var tags map[string]struct{ Tasks []any }
		if err := json.Unmarshal([]byte(text), &tags); err != nil {
			t.Fatal(err)
		}
		for _, tag := range tags {
			values(tag.Tasks, add)
		}
	case strings.HasSuffix(name, ".jsonl"):
		for line := range strings.Lines(text) {
			var v any
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatal(err)
			}
			values(v, add)
		}
	case strings.Contains(name, "/specs/") && !strings.Contains(name, "/changes/"), strings.HasSuffix(name, "config.yml"),
		strings.HasSuffix(name, "config.yaml"), name == ".taskmd.yaml",
		strings.HasPrefix(name, "backlog/docs/"), strings.HasPrefix(name, "backlog/decisions/"):
		// no tasks
	case strings.HasPrefix(name, "backlog/milestones/"):
		add("First release") // what a task says of it
	case strings.HasSuffix(name, ".yaml"):
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(text), &n); err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(n.Content[0].Content); i += 2 {
			leaves(n.Content[0].Content[i], add)
		}
	default:
		if rest, has := strings.CutPrefix(text, "---\n"); has {
			head, body, _ := strings.Cut(rest, "\n---\n")
			var n yaml.Node
			if err := yaml.Unmarshal([]byte(head), &n); err != nil {
				t.Fatal(err)
			}
			for i := 1; i < len(n.Content[0].Content); i += 2 {
				leaves(n.Content[0].Content[i], add)
			}
			text = body
		}
		lines(tool, text, add)
	}
	return out
}

func values(v any, add func(string)) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			values(x, add)
		}
	case map[string]any:
		for _, x := range v {
			values(x, add)
		}
	case string:
		for line := range strings.Lines(v) {
			add(strings.TrimLeft(strings.TrimSpace(line), "#"))
		}
	case float64:
		add(fmt.Sprint(v))
	}
}

func lines(tool, text string, add func(string)) {
line:
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, d := range dropped[tool] {
			if line == d {
				continue line
			}
		}
		line = strings.TrimPrefix(strings.TrimPrefix(line, "author: "), "created: ")
		if !strings.HasPrefix(line, "<!-- ") && line != "---" {
			add(strings.TrimLeft(line, "#"))
		}
	}
}
