package tracker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// house is a tracker over a folder with the files.
func house(t *testing.T, files map[string]string) (string, *tracker.Tracker) {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		put(t, root, name, text)
	}
	return root, tracker.New(open(t, root))
}

func put(t *testing.T, root, name, text string) {
	t.Helper()
	at := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func slugs(all []*task.Task) (out []string) {
	for _, k := range all {
		out = append(out, k.Slug)
	}
	return out
}

const ready = "---\nstatus: ready\n---\n"

func TestAllIsNeverOlderThanTheCall(t *testing.T) {
	root, tr := house(t, map[string]string{"tasks/a.md": ready, "tasks/b.md": ready, "tasks/README.md": "# x\n", "tasks/notes.txt": ready})
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"a", "b"} {
		if err := os.Chtimes(filepath.Join(root, "tasks", name+".md"), old, old); err != nil {
			t.Fatal(err)
		}
	}
	all := func() []*task.Task {
		t.Helper()
		list, err := tr.All(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	first := all()
	if got := slugs(first); !slices.Equal(got, []string{"a", "b"}) {
		t.Fatalf("got %q", got)
	}
	if again := all(); again[0] != first[0] {
		t.Error("an unchanged file was parsed again")
	}
	put(t, root, "tasks/a.md", "---\nstatus: clear\n---\n") // of the same length
	if got := all(); got[0].Status != "clear" || got[0].Hash != repo.Hash([]byte("---\nstatus: clear\n---\n")) {
		t.Errorf("got %+v", got[0])
	}
	// Within one tick of the clock, again and again.
	for i := range 200 {
		put(t, root, "tasks/a.md", fmt.Sprintf("---\nstatus: s%04d\n---\n", i))
		if got := string(all()[0].Status); got != fmt.Sprintf("s%04d", i) {
			t.Fatalf("write %d: read %s", i, got)
		}
	}
	if err := os.Remove(filepath.Join(root, "tasks/a.md")); err != nil {
		t.Fatal(err)
	}
	if got := slugs(all()); !slices.Equal(got, []string{"b"}) {
		t.Errorf("got %q", got)
	}
}

func TestFind(t *testing.T) {
	_, tr := house(t, map[string]string{
		"tasks/alpha.md":                      "---\nid: T-1\nstatus: ready\n---\n",
		"tasks/workstreams/w/tasks/beta.md":   ready,
		"tasks/workstreams/v/tasks/beta.md":   ready,
		"tasks/workstreams/v/tasks/broken.md": "---\na: b: c\n---\n",
		"tasks/team/alpha.md":                 "---\ntype: person\n---\n",
		"tasks/one.md":                        "---\nid: same\nstatus: ready\n---\n",
		"tasks/two.md":                        "---\nid: same\nstatus: ready\n---\n",
		"tasks/T-1/gamma.md":                  ready,
	})
	tests := []struct {
		name string
		path string
		code fault.Code
		hint string
	}{
		{"alpha", "tasks/alpha.md", "", ""},
		{"T-1", "tasks/alpha.md", "", ""},
		{"tasks/alpha.md", "tasks/alpha.md", "", ""},
		{"./tasks//alpha.md", "tasks/alpha.md", "", ""},
		{"gamma", "tasks/T-1/gamma.md", "", ""},
		{"broken", "tasks/workstreams/v/tasks/broken.md", "", ""},
		{"beta", "", fault.Conflict, "by its path"},
		{"same", "", fault.Conflict, "by its path"},
		{"tasks/workstreams/w/tasks/beta.md", "tasks/workstreams/w/tasks/beta.md", "", ""},
		{"alhpa", "", fault.NotFound, "did you mean alpha?"},
		{"zzzzzz", "", fault.NotFound, "tasks list"},
		{"tasks/team/alpha.md", "", fault.NotFound, ""},
		{"tasks/nowhere.md", "", fault.NotFound, "tasks list"},
		{"../x/alpha.md", "", fault.Forbidden, ""},
		{"", "", fault.Usage, ""},
	}
	for _, test := range tests {
		k, err := tr.Find(t.Context(), test.name)
		if fault.CodeOf(err) != test.code || !strings.Contains(fault.HintOf(err), test.hint) {
			t.Errorf("Find(%q): %v, hint %q", test.name, err, fault.HintOf(err))
		}
		if err == nil && k.Path != test.path {
			t.Errorf("Find(%q) is %s", test.name, k.Path)
		}
	}
}

func TestCreateWritesOnce(t *testing.T) {
	root, tr := house(t, nil)
	k, err := tr.Create(t.Context(), tracker.Draft{Title: "One", Sections: map[string]string{"problem": "It hurts."}})
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(filepath.Join(root, k.Path))
	if err != nil || repo.Hash(src) != k.Hash || !strings.Contains(string(src), "## Problem\n\nIt hurts.\n") {
		t.Fatalf("%v %s", err, src)
	}
	if _, err := tr.Create(t.Context(), tracker.Draft{Title: "one"}); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second one: %v", err)
	}
	if _, _, err := tr.Render(t.Context(), tracker.Draft{Title: "Two", Sections: map[string]string{"Nope": "x"}}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("an unknown section: %v", err)
	}
	name, _, err := tr.Render(t.Context(), tracker.Draft{Title: "Two"})
	if _, gone := os.Stat(filepath.Join(root, name)); err != nil || gone == nil {
		t.Errorf("Render wrote %s: %v", name, err)
	}
}

func TestUpdateRules(t *testing.T) {
	root, tr := house(t, map[string]string{
		"tasks/a.md":      "---\nstatus: ready\nowner: Anna K\nupdated: 2020-01-01\n---\n",
		"tasks/b.md":      "---\nstatus: done\ncompleted_at: 2020-01-01\ncompleted_by: x\ndepends_on: [a, gone]\n---\n",
		"tasks/plain.md":  ready,
		"tasks/broken.md": "---\na: b: c\nstatus: ready\n---\n",
	})
	set := func(name string, changes ...task.Change) (*task.Task, error) {
		t.Helper()
		return tr.Update(t.Context(), name, changes...)
	}
	k, err := set("a", task.Change{Key: "status", Value: "completed"})
	if err != nil || time.Since(k.CompletedAt) > time.Minute || k.CompletedBy != "anna-k" || time.Since(k.UpdatedAt) > time.Minute {
		t.Errorf("completed: %+v %v", k, err)
	}
	k, err = set("b", task.Change{Key: "title", Value: "B"})
	if err != nil || k.CompletedBy != "x" || k.CompletedAt.Year() != 2020 || !k.UpdatedAt.IsZero() {
		t.Errorf("another key: %+v %v", k, err)
	}
	k, err = set("b", task.Change{Key: "depends_on", Value: tracker.Delta{Drop: []string{"gone"}, Add: []string{"plain"}}}, task.Change{Key: "status", Value: "blocked"})
	if err != nil || k.CompletedBy != "" || !k.CompletedAt.IsZero() || !slices.Equal(k.DependsOn, []string{"a", "plain"}) {
		t.Errorf("left: %+v %v", k, err)
	}
	for name, c := range map[string]task.Change{
		"cycle":     {Key: "depends_on", Value: tracker.Delta{Add: []string{"b"}}},
		"reference": {Key: "blocked_by", Value: []string{"nowhere"}},
		"self":      {Key: "depends_on", Value: []string{"a"}},
		"status":    {Key: "status", Value: "x"},
		"none":      {Key: "status", Value: nil},
	} {
		if _, err := set("a", c); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	before, _ := os.ReadFile(filepath.Join(root, "tasks/broken.md"))
	if _, err := set("broken", task.Change{Key: "status", Value: "blocked"}); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "tasks/broken.md:2") {
		t.Errorf("broken: %v", err)
	}
	if after, _ := os.ReadFile(filepath.Join(root, "tasks/broken.md")); string(after) != string(before) {
		t.Error("the broken file was written")
	}
	if _, err := tr.UpdateStrict(t.Context(), "plain", task.Change{Key: "status", Value: "in_progress"}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("strict: %v", err)
	}
	if src, _ := os.ReadFile(filepath.Join(root, "tasks/plain.md")); string(src) != ready {
		t.Errorf("strict wrote %q", src)
	}
}

// TestUpdatesOfOneTrackerLoseNothing: goroutines of a server beside each other.
func TestUpdatesOfOneTrackerLoseNothing(t *testing.T) {
	_, tr := house(t, map[string]string{"tasks/a.md": ready, "tasks/b.md": ready})
	var wait sync.WaitGroup
	for i := range 30 {
		wait.Go(func() {
			c := task.Change{Key: "labels", Value: tracker.Delta{Add: []string{fmt.Sprintf("l%d", i)}}}
			if _, err := tr.Update(t.Context(), "a", c); err != nil {
				t.Error(err)
			}
			if _, err := tr.All(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	k, err := tr.Find(t.Context(), "a")
	if err != nil || len(k.Labels) != 30 {
		t.Errorf("%d labels: %v", len(k.Labels), err)
	}
}

func TestAllEndsWithItsContext(t *testing.T) {
	_, tr := house(t, map[string]string{"tasks/a.md": ready})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tr.All(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestUnreadableFileIsShown(t *testing.T) {
	root, tr := house(t, map[string]string{"tasks/a.md": ready, "tasks/b.md": ready})
	// A second name (hard link) is what the path policy refuses whoever asks.
	if err := os.Link(filepath.Join(root, "tasks/a.md"), filepath.Join(root, "other")); err != nil {
		t.Skipf("no hard links here: %v", err)
	}
	all, err := tr.All(t.Context())
	if err != nil || len(all) != 2 || all[0].Broken == nil || !strings.Contains(all[0].Broken.Reason, "hard links") {
		t.Errorf("got %+v, %v", all, err)
	}
}

func TestNear(t *testing.T) {
	names := []string{"list", "init", "show", "status", "retry-failed-uploads"}
	for given, want := range map[string]string{"lsit": "list", "shwo": "show", "retry": "retry-failed-uploads", "retry-faild-upload": "retry-failed-uploads", "xyz": "", "stauts": "status"} {
		if got := strings.Join(tracker.Near(given, names), " "); got != want {
			t.Errorf("Near(%q) = %q, want %q", given, got, want)
		}
	}
}
