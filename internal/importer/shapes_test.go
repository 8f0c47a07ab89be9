package importer_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tasks/internal/importer"
)

// shapes are values of every form, with words in them that are nowhere else.
var shapes = []string{
	`"w0rd-a"`, `4711`, `-1.5e300`, `true`, `null`, `["w0rd-b",["w0rd-c"],{"w0rd-k":"w0rd-d"},null]`, `{"w0rd-l":{"w0rd-m":["w0rd-e"]}}`, `[]`, `{}`, `""`,
	`[{"id":"w0rd-f","title":["w0rd-g"],"status":{"x":"w0rd-h"},"text":["w0rd-i"],"author":"w0rd-j","depends_on_id":["w0rd-n"],"run":["w0rd-o"],"dependencies":{"y":"w0rd-p"}}]`,
	`"two\nlines: #w0rd-q"`, `"` + strings.Repeat("w0rd-r ", 2000) + `"`,
}

// TestOddValuesAreKept gives every key a value of every form: no rule is broken, and
// no word is lost.
func TestOddValuesAreKept(t *testing.T) {
	keys := map[string][]string{
		"beads": {"title", "description", "design", "acceptance_criteria", "notes", "status", "priority", "assignee", "labels", "created_at",
			"updated_at", "closed_at", "close_reason", "dependencies", "comments", "_type", "Odd key: 'x'", "imported", "path"},
		"taskmaster": {"title", "description", "details", "testStrategy", "status", "priority", "assignee", "labels", "tags", "dependencies",
			"createdAt", "updatedAt", "completedAt", "subtasks", "metadata"},
		"backlog": {"title", "status", "priority", "assignee", "labels", "dependencies", "parent_task_id", "milestone", "created_date", "updated_date",
			"modified_files", "references", "documentation", "onStatusChange"},
		"taskmd": {"title", "status", "priority", "owner", "tags", "dependencies", "parent", "created", "touches", "group", "context", "verify", "effort", "type"},
	}
	for tool, list := range keys {
		t.Run(tool, func(t *testing.T) {
			for _, shape := range shapes {
				h := newHouse(t, odd(tool, list, shape))
				r := h.run(importer.Options{From: tool})
				h.valid()
				if len(r.Items) != len(list) {
					t.Fatalf("%d items for %d tasks", len(r.Items), len(list))
				}
				for i, key := range list {
					if key != "_type" { // what is no issue is passed over, and said
						keeps(t, tool+" "+key, shape, at(t, r, tool, i))
					}
				}
			}
		})
	}
}

// at is the item of the task with the number.
func at(t *testing.T, r *importer.Report, tool string, n int) importer.Item {
	t.Helper()
	id := map[string]string{"beads": "a%d", "taskmaster": "%d", "backlog": "TASK-%d", "taskmd": "%03d"}[tool]
	return item(t, r, fmt.Sprintf(id, n+1))
}

// keeps fails where a word of the value is neither in the worksheet nor said.
func keeps(t *testing.T, key, shape string, i importer.Item) {
	t.Helper()
	there := squeeze(string(i.Content) + strings.Join(i.Notes, " "))
	var v any
	if err := json.Unmarshal([]byte(shape), &v); err != nil {
		t.Fatal(err)
	}
	values(v, func(s string) {
		for _, word := range strings.Fields(s) {
			if strings.Contains(word, "w0rd") && !strings.Contains(there, word) {
				t.Errorf("%s: %s: %q is lost in\n%s", key, shape, word, there)
				return
			}
		}
	})
	if shape == "4711" && !strings.Contains(there, "4711") {
		t.Errorf("%s: 4711 is lost in\n%s", key, there)
	}
}

// odd is a project with a task for each key, which has the value there.
func odd(tool string, keys []string, value string) map[string]string {
	files := map[string]string{".taskmd.yaml": "dir: plan\n"}
	var list []string
	for i, key := range keys {
		n, pair := i+1, fmt.Sprintf("%q: %s", key, value)
		switch tool {
		case "beads":
			list = append(list, fmt.Sprintf(`{"id":"a%d",%s}`, n, pair))
		case "taskmaster":
			list = append(list, fmt.Sprintf(`{"id":%d,%s}`, n, pair))
		case "backlog":
			files[fmt.Sprintf("backlog/tasks/task-%d - a.md", n)] = fmt.Sprintf("---\nid: TASK-%d\n%s\n---\n", n, pair)
		case "taskmd":
			files[fmt.Sprintf("plan/%03d-a.md", n)] = fmt.Sprintf("---\nid: \"%03d\"\n%s\n---\n", n, pair)
		}
	}
	files[".beads/issues.jsonl"] = strings.Join(list, "\n") + "\n"
	files[".taskmaster/tasks/tasks.json"] = `{"master":{"tasks":[` + strings.Join(list, ",\n") + `]}}`
	return files
}
