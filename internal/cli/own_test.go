package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// TestOwnTree holds the plans of this project, which are the living example of a
// tree of tasks, to the strictest rules: those that kickoff asks of each.
func TestOwnTree(t *testing.T) {
	if err := exec.Command("git", "-C", "../..", "rev-parse", "--is-inside-work-tree").Run(); err != nil {
		t.Skip("this is not a git work tree, or git is not installed")
	}
	tasks := func(args ...string) []byte {
		var out, words bytes.Buffer
		a := &app{stdin: &bytes.Buffer{}, stdout: &out, stderr: &words, getenv: os.LookupEnv}
		if code := a.run(context.Background(), append([]string{"tasks", "-C", "../..", "--no-color"}, args...)); code != 0 {
			t.Errorf("tasks %v: exit status %d\n%s%s", args, code, out.Bytes(), words.Bytes())
		}
		return out.Bytes()
	}
	tasks("validate", "--strict")
	var list struct {
		Tasks []struct{ Slug, Title, Owner string }
	}
	if err := json.Unmarshal(tasks("list", "--json"), &list); err != nil || len(list.Tasks) < 12 {
		t.Fatalf("%d tasks, want the project's own: %v", len(list.Tasks), err)
	}
	strict := []string{"validate", "--strict"}
	for _, k := range list.Tasks {
		if k.Title == "" || k.Owner == "" {
			t.Errorf("%s has no title or no owner", k.Slug)
		}
		strict = append(strict, k.Slug)
	}
	tasks(strict...)
}
