package importer

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"tasks/internal/repo"
	"tasks/internal/tracker"
)

// TestCutShort ends the import of a sample after each number of worksheets: what is
// there keeps the rules, and the next import makes of it what one would have made.
func TestCutShort(t *testing.T) {
	whole := map[string]string{}
	for n := -1; n == -1 || n < len(whole); n++ {
		root := t.TempDir()
		a, err := txtar.ParseFile("testdata/backlog.txtar")
		if err != nil {
			t.Fatal(err)
		}
		if err := txtar.Write(a, root); err != nil {
			t.Fatal(err)
		}
		r, err := repo.Open(root, repo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		o := Options{From: "backlog"}
		if n >= 0 {
			cutShort(t, r, o, n)
		}
		if _, err := Import(t.Context(), r, tracker.New(r), o); err != nil {
			t.Fatal(err)
		}
		got := read(t, root)
		if n == -1 {
			if whole = got; len(whole) != 9 {
				t.Fatalf("%d worksheets", len(whole))
			}
			continue
		}
		for name, text := range whole {
			if got[name] != text {
				t.Errorf("cut short after %d, then completed: %s is\n%s\nwant\n%s", n, name, got[name], text)
			}
		}
		if len(got) != len(whole) {
			t.Errorf("cut short after %d, then completed: %d worksheets", n, len(got))
		}
	}
}

// cutShort writes the first n worksheets only.
func cutShort(t *testing.T, r *repo.Repo, o Options, n int) {
	t.Helper()
	src, err := open(t.Context(), r.Root(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer src.close()
	if err := readBacklog(src); err != nil {
		t.Fatal(err)
	}
	tr := tracker.New(r)
	p, err := newPlan(t.Context(), r, tr, o, src)
	if err != nil {
		t.Fatal(err)
	}
	p.order = p.order[:n]
	if err := p.write(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, err := tr.Validate(t.Context(), nil, false)
	if err != nil || len(found) > 0 {
		t.Errorf("cut short after %d: %v %v", n, found, err)
	}
}

func read(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := filepath.Glob(filepath.Join(root, "tasks", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(f)] = string(data)
	}
	return out
}
