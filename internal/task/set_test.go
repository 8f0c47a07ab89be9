package task_test

import (
	"strings"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/task"
)

// lf writes a file of the lines, with line feeds.
func lf(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func TestSetChangesOnlyTheValue(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 3600))
	tests := []struct {
		name   string
		in     string
		change task.Change
		want   string
	}{
		{"plain scalar", "---\nstatus: ready\n---\nbody", task.Change{"status", "blocked"}, "---\nstatus: blocked\n---\nbody"},
		{"comment stays", "---\nstatus:  ready   # why\n---\n", task.Change{"status", "blocked"}, "---\nstatus:  blocked   # why\n---\n"},
		{"double quotes", "---\ntitle: \"a \\\" b\" # c\nx: 1\n---\n", task.Change{"title", `say "hi"`}, "---\ntitle: \"say \\\"hi\\\"\" # c\nx: 1\n---\n"},
		{"single quotes", "---\ntitle: 'it''s'\n---\n", task.Change{"title", "that's"}, "---\ntitle: 'that''s'\n---\n"},
		{"needs quotes", "---\ntitle: a\n---\n", task.Change{"title", "a: b # c"}, "---\ntitle: \"a: b # c\"\n---\n"},
		{"looks like a number", "---\ntitle: a\n---\n", task.Change{"title", "010"}, "---\ntitle: \"010\"\n---\n"},
		{"looks like a truth value", "---\ntitle: a\n---\n", task.Change{"title", "No"}, "---\ntitle: \"No\"\n---\n"},
		{"looks like a date", "---\ntitle: a\n---\n", task.Change{"title", "2026-01-01"}, "---\ntitle: \"2026-01-01\"\n---\n"},
		{"number under an own key", "---\npoints: 3\n---\n", task.Change{"points", "5"}, "---\npoints: 5\n---\n"},
		{"null under an own key", "---\npoints: 3\n---\n", task.Change{"points", "null"}, "---\npoints: \"null\"\n---\n"},
		{"line break under an own key", "---\nnote: x\n---\n", task.Change{"note", "a\nb\x00"}, "---\nnote: \"a\\nb\\x00\"\n---\n"},
		{"CRLF", "---\r\nstatus: ready\r\nowner:\r\n---\r\nbody\r\n", task.Change{"owner", "Anna K."}, "---\r\nstatus: ready\r\nowner: anna-k\r\n---\r\nbody\r\n"},
		{"CRLF insert", "---\r\nstatus: ready\r\n---\r\n", task.Change{"owner", "anna"}, "---\r\nstatus: ready\r\nowner: anna\r\n---\r\n"},
		{"BOM", "\ufeff---\nstatus: ready\n---\n", task.Change{"status", "done"}, "\ufeff---\nstatus: completed\n---\n"},
		{"wide characters before", "---\n\"żółw\": {a: ż}\n\"ключ\":   \"ж\"   # ы\n---\n", task.Change{"title", "x"}, "---\n\"żółw\": {a: ż}\n\"ключ\":   \"ж\"   # ы\ntitle: x\n---\n"},
		{"quoted key", "---\n\"status\" :  ready\n---\n", task.Change{"status", "blocked"}, "---\n\"status\" :  blocked\n---\n"},
		{"empty value with comment", "---\nowner:   # who\n---\n", task.Change{"owner", "bo"}, "---\nowner: bo   # who\n---\n"},
		{"null value", "---\nowner: ~\n---\n", task.Change{"owner", "bo"}, "---\nowner: bo\n---\n"},
		{"alias key is read, not written", "---\nx: 1\n\"assignee\" : x # who\n---\n", task.Change{"owner", "bo"}, "---\nx: 1\nowner : bo # who\n---\n"},
		{"alias key, the value as it was", "---\nassignee: bo\n---\n", task.Change{"owner", "bo"}, "---\nassignee: bo\n---\n"},
		{"alias key given, other alias there", "---\nblocked_by: [a]\n---\n", task.Change{"dependencies", []string{"a", "b"}}, "---\ndepends_on: [a, b]\n---\n"},
		{"alias key given, none there", "---\nx: 1\n---\n", task.Change{"assignee", "bo"}, "---\nx: 1\nowner: bo\n---\n"},
		{"key before its alias", "---\ntags: [a]\nlabels: [b]\n---\n", task.Change{"labels", []string{"c"}}, "---\ntags: [a]\nlabels: [c]\n---\n"},
		{"time", "---\nupdated: 2020-01-01\n---\n", task.Change{"updated_at", at}, "---\nupdated_at: 2026-03-04T04:06:07Z\n---\n"},
		{"empty front matter", "---\n---\n", task.Change{"status", "todo"}, "---\nstatus: not_started\n---\n"},
		{"only comments", "---\n# hi\n---\n", task.Change{"status", "ready"}, "---\n# hi\nstatus: ready\n---\n"},
		{"indented keys", "---\n  a: 1\n  b: 2\n---\n", task.Change{"c", "3"}, "---\n  a: 1\n  b: 2\n  c: 3\n---\n"},
		{"plain over lines", lf("---", "description: a", "  b c", "", "  d # e", "x: 1", "---"), task.Change{"description", "new"}, lf("---", "description: new # e", "x: 1", "---")},
		{"literal block", lf("---", "description: |  # c", "  a", "", "  b", "", "# after", "x: 1", "---"), task.Change{"description", "new"}, lf("---", "description: new  # c", "", "# after", "x: 1", "---")},
		{"folded block at the end", lf("---", "x: 1", "description: >-", "  a", "  b", "---", "body"), task.Change{"description", "a\nb"}, lf("---", "x: 1", "description: \"a\\nb\"", "---", "body")},
		{"block beside a comment of lower indent", lf("---", "description: |", "    a", "  # c", "x: 1", "---"), task.Change{"description", "m"}, lf("---", "description: m", "  # c", "x: 1", "---")},

		{"flow list add", "---\nlabels: [ a,  \"b\" ] # c\n---\n", task.Change{"labels", []string{"a", "b", "c d"}}, "---\nlabels: [ a,  \"b\", c d ] # c\n---\n"},
		{"flow list remove first", "---\nlabels: [ a,  b, c ]\n---\n", task.Change{"labels", []string{"b", "c"}}, "---\nlabels: [ b, c ]\n---\n"},
		{"flow list remove middle", "---\nlabels: [a, b, c]\n---\n", task.Change{"labels", []string{"a", "c"}}, "---\nlabels: [a, c]\n---\n"},
		{"flow list remove last and add", "---\nlabels: [a, b, c]\n---\n", task.Change{"labels", []string{"a", "b", "x, y"}}, "---\nlabels: [a, b, \"x, y\"]\n---\n"},
		{"flow list empty", "---\nlabels: [a, b]\n---\n", task.Change{"labels", []string{}}, "---\nlabels: []\n---\n"},
		{"flow list from empty", "---\nlabels: []\n---\n", task.Change{"labels", []string{"a"}}, "---\nlabels: [a]\n---\n"},
		{"flow list over lines", lf("---", "labels: [", "  a, # one", "  b, # two", "]", "---"), task.Change{"labels", []string{"a", "b", "c"}}, lf("---", "labels: [", "  a, # one", "  b, c, # two", "]", "---")},
		{"flow list in another order", "---\nlabels: [a, b]\n---\n", task.Change{"labels", []string{"b", "a"}}, "---\nlabels: [b, a]\n---\n"},
		{"block list add", lf("---", "depends_on:", "  - a # one", "  # two", "  -   b", "x: 1", "---"), task.Change{"depends_on", []string{"a", "b", "c"}}, lf("---", "depends_on:", "  - a # one", "  # two", "  -   b", "  - c", "x: 1", "---")},
		{"block list remove", lf("---", "depends_on:", "- a # one", "- b", "- c", "---"), task.Change{"depends_on", []string{"a", "c"}}, lf("---", "depends_on:", "- a # one", "- c", "---")},
		{"block list remove all", lf("---", "depends_on: # d", "  - a", "  - b", "x: 1", "---"), task.Change{"depends_on", []string{}}, lf("---", "depends_on: [] # d", "x: 1", "---")},
		{"block list with a text", lf("---", "verify:", "  - |", "    go test", "    go vet", "  - b", "---"), task.Change{"verify", []string{"b"}}, lf("---", "verify:", "  - b", "---")},
		{"block list CRLF", "---\r\ndepends_on:\r\n  - a\r\n---\r\n", task.Change{"depends_on", []string{"a", "b"}}, "---\r\ndepends_on:\r\n  - a\r\n  - b\r\n---\r\n"},
		{"scalar becomes a list", "---\ndepends_on: a\n---\n", task.Change{"depends_on", []string{"a", "b"}}, "---\ndepends_on: [a, b]\n---\n"},
		{"list gets one string", "---\nlabels:\n---\n", task.Change{"labels", "a"}, "---\nlabels: [a]\n---\n"},
		{"list becomes a scalar", lf("---", "k:", "  - a", "  - b", "x: 1", "---"), task.Change{"k", "v"}, lf("---", "k: v", "x: 1", "---")},

		{"remove", "---\na: 1\nb: 2 # c\nd: 3\n---\n", task.Change{"b", nil}, "---\na: 1\nd: 3\n---\n"},
		{"remove what is not there", "---\na: 1\n---\n", task.Change{"b", nil}, "---\na: 1\n---\n"},
		{"remove the only one", "---\na: 1\n---\n", task.Change{"a", nil}, "---\n---\n"},
		{"remove a nested value", lf("---", "a: 1", "b:", "  c:", "    - d: e", "      f:", "", "# g", "h: 1", "---"), task.Change{"b", nil}, lf("---", "a: 1", "", "# g", "h: 1", "---")},
		{"remove a block list", lf("---", "b:", "- x", "- y", "c: 1", "---"), task.Change{"b", nil}, lf("---", "c: 1", "---")},
		{"remove an empty value", "---\nb:\nc: 1\n---\n", task.Change{"b", nil}, "---\nc: 1\n---\n"},
		{"remove key and alias", "---\nowner: a\nx: 1\nassignee: b\n---\n", task.Change{"owner", nil}, "---\nx: 1\n---\n"},
		{"remove a flow mapping", "---\na: {b: \"]\", c: [1, 2]} # d\nx: 1\n---\n", task.Change{"a", nil}, "---\nx: 1\n---\n"},
		{"no line break at the end", "---\nstatus: ready\n---", task.Change{"x", "1"}, "---\nstatus: ready\nx: 1\n---"},
		{"body is not touched", "---\nstatus: ready\n---\nstatus: ready\n\xff\x00\r\n", task.Change{"status", "blocked"}, "---\nstatus: blocked\n---\nstatus: ready\n\xff\x00\r\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := task.Set([]byte(test.in), test.change)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestSetRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		change   task.Change
		want     string
	}{
		{"no front matter", "# Title\n", task.Change{"a", "b"}, "line 1"},
		{"never ends", "---\na: 1\n", task.Change{"a", "b"}, "never ends"},
		{"syntax", "---\na: 1\nb: c: d\n---\n", task.Change{"a", "b"}, "line 3"},
		{"twice", "---\na: 1\nb: 2\na: 3\n---\n", task.Change{"b", "b"}, "line 4"},
		{"anchor", "---\na: &x 1\nb: *x\n---\n", task.Change{"a", "2"}, "anchor"},
		{"alias", "---\na: &x 1\nb: *x\n---\n", task.Change{"b", "2"}, "anchor"},
		{"anchor taken away", "---\na: &x 1\nb: *x\n---\n", task.Change{"a", nil}, "anchor"},
		{"tag", "---\na: !!str 1\n---\n", task.Change{"a", "2"}, "tag"},
		{"braces", "---\n{a: 1}\n---\n", task.Change{"a", "2"}, "braces"},
		{"explicit key", "---\n? a\n: 1\n---\n", task.Change{"a", "2"}, "unusual"},
		{"nested", "---\na:\n  b: 1\n---\n", task.Change{"a", "2"}, "nested"},
		{"status", "---\nstatus: ready\n---\n", task.Change{"status", "bogus"}, "not_started, ready, in_progress, blocked, completed, cancelled"},
		{"priority", "---\nstatus: ready\n---\n", task.Change{"priority", "p9"}, "p0, p1, p2, p3"},
		{"time", "---\nstatus: ready\n---\n", task.Change{"created_at", "soon"}, "not a time"},
		{"title over lines", "---\nstatus: ready\n---\n", task.Change{"title", "a\nb: c"}, "line break"},
		{"no task any more", "---\nstatus: ready\n---\n", task.Change{"type", "doc"}, "task no more"},
		{"not UTF-8", "---\nstatus: ready\n---\n", task.Change{"x", "\xff"}, "UTF-8"},
		{"key with a colon", "---\nstatus: ready\n---\n", task.Change{"a: b", "x"}, "letters"},
		{"merge key", "---\nstatus: ready\n---\n", task.Change{"<<", "x"}, "letters"},
		{"owner of nothing", "---\nstatus: ready\n---\n", task.Change{"owner", "??"}, "letter"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := task.Set([]byte(test.in), test.change)
			if fault.CodeOf(err) != fault.Invalid || got != nil {
				t.Fatalf("got %q, %v; want it refused as invalid", got, err)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q does not say %q", err, test.want)
			}
		})
	}
}
