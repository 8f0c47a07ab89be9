package tool_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"tasks/internal/edit"
	"tasks/internal/tool"
)

var update = flag.Bool("update", false, "write docs/tools.md anew")

const toolsDoc = "../../docs/tools.md"

// The tools are documented in one place, made of what the model is told.
func TestToolsAreDocumented(t *testing.T) {
	set := tool.New(tool.Deps{Agent: tool.NewSubagent(tool.SubagentConfig{})})
	want := []byte(document(t, set))
	if *update {
		if err := os.WriteFile(toolsDoc, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(toolsDoc)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/tools.md is not what the model is told: look at the difference and run go test ./internal/tool -update\n%s", edit.Diff("docs/tools.md", got, want))
	}
}

func TestTheListOfToolsIsTheContracts(t *testing.T) {
	set := tool.New(tool.Deps{Agent: tool.NewSubagent(tool.SubagentConfig{})})
	var names []string
	for _, one := range set.All() {
		names = append(names, one.Name())
		if set.Find(one.Name()) == nil {
			t.Errorf("%s is not found by its name", one.Name())
		}
	}
	want := "read_file search_files edit_file run_claude_subagent register_task_for_manager message_run create_task task_status validate_task"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("tools\ngot  %s\nwant %s", got, want)
	}
	for _, other := range []string{"", "bash", "Read_file", "read_file ", "read-file", "write_file", "edit_file\x00"} {
		if set.Find(other) != nil {
			t.Errorf("%q is a tool", other)
		}
	}
	names = nil
	for _, one := range set.Reading().All() {
		names = append(names, one.Name())
	}
	if got := strings.Join(names, " "); got != "read_file search_files task_status validate_task" {
		t.Errorf("reading tools: %s", got)
	}
}

func document(t *testing.T, set *tool.Set) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`# Tools of the assistant

What the assistant may do, as its model is told: there are no other tools. Arguments are taken strictly: an
unknown, doubled or differently spelt key, a value of another type, or text behind the object is refused, and
nothing is run. This page is made of the program itself by ` + "`go test ./internal/tool -update`" + `.

| tool | kind | when it asks first (mode ` + "`ask`" + `) |
|---|---|---|
`)
	asks := map[tool.Class]string{
		tool.Read:     "never",
		tool.Edit:     "once the turn holds text other than yours and the open page",
		tool.Agent:    "always",
		tool.Register: "always, whatever was allowed before",
	}
	kinds := map[tool.Class]string{tool.Read: "reads", tool.Edit: "edits, with undo", tool.Agent: "starts a program", tool.Register: "hands work over"}
	for _, one := range set.All() {
		when := asks[one.Class()]
		if one.Name() == "edit_file" {
			when += "; for front matter, and for the worksheet of a task in the queue or at work"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", one.Name(), kinds[one.Class()], when)
	}
	for _, one := range set.All() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", one.Name(), one.Description())
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, one.Schema(), "", "  "); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "```json\n%s\n```\n", pretty.String())
	}
	return b.String()
}
