package importer_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"tasks/internal/importer"
	"tasks/internal/repo"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

var (
	update = flag.Bool("update", false, "write testdata/*.want.txtar anew")
	tools  = flag.Bool("tools", false, "run the real tools that are on the path")
)

// house is a checkout for imports.
type house struct {
	*testing.T
	root    string
	repo    *repo.Repo
	tracker *tracker.Tracker
}

func newHouse(t *testing.T, files map[string]string) *house {
	t.Helper()
	h := &house{T: t, root: t.TempDir()}
	for name, text := range files {
		h.put(name, text)
	}
	var err error
	if h.repo, err = repo.Open(h.root, repo.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.repo.Close() })
	h.tracker = tracker.New(h.repo)
	return h
}

func (h *house) put(name, text string) {
	h.Helper()
	write(h, h.root, name, text)
}

func write(t testing.TB, root, name, text string) {
	t.Helper()
	at := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func (h *house) run(o importer.Options) *importer.Report {
	h.Helper()
	r, err := importer.Import(h.Context(), h.repo, h.tracker, o)
	if err != nil {
		h.Fatal(err)
	}
	return r
}

// files are the texts of the files below dir, by name.
func (h *house) files(dir string) map[string]string {
	h.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(h.root, dir), func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(h.root, p)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		h.Fatal(err)
	}
	return out
}

// valid fails where a rule is broken.
func (h *house) valid() {
	h.Helper()
	found, err := tracker.New(h.repo).Validate(context.Background(), nil, false)
	if err != nil {
		h.Fatal(err)
	}
	for _, f := range found {
		h.Errorf("finding: %s", f)
	}
}

func (h *house) task(slug string) (*task.Task, string) {
	h.Helper()
	k, src, err := tracker.New(h.repo).Read(context.Background(), slug)
	if err != nil {
		h.Fatal(err)
	}
	return k, string(src)
}

func sample(t *testing.T, tool string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", tool+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range a.Files {
		out[f.Name] = string(f.Data)
	}
	return out
}

func results(r *importer.Report) string {
	var b strings.Builder
	for _, i := range r.Items {
		fmt.Fprintf(&b, "%s %s %s\n", i.Result, i.ID, i.Path)
	}
	return b.String()
}

// TestSamples imports what each tool wrote: nothing of theirs changes, the dry run
// tells exactly what is written, and a second import writes nothing.
func TestSamples(t *testing.T) {
	for _, tool := range importer.Tools() {
		t.Run(tool, func(t *testing.T) {
			theirs := sample(t, tool)
			h := newHouse(t, theirs)
			before := h.files(".")
			dry := h.run(importer.Options{From: tool, DryRun: true})
			if got := h.files("."); !same(got, before) {
				t.Fatalf("the dry run changed files: %v", keys(got))
			}
			h.run(importer.Options{From: tool})
			after := h.files(".")
			archive := &txtar.Archive{}
			for _, i := range dry.Items {
				if i.Result != importer.Imported {
					t.Errorf("%s %s: %v", i.ID, i.Result, i.Notes)
				}
				if after[i.Path] != string(i.Content) {
					t.Errorf("the dry run told other bytes for %s", i.Path)
				}
				archive.Files = append(archive.Files, txtar.File{Name: i.Path, Data: []byte(after[i.Path])})
				delete(after, i.Path)
			}
			if !same(after, before) {
				t.Errorf("files besides the worksheets changed: %v", keys(after))
			}
			h.valid()
			golden(t, tool, archive)

			whole := h.files(".")
			again := h.run(importer.Options{From: tool})
			if again.Count(importer.Skipped) != len(dry.Items) || len(again.Items) != len(dry.Items) {
				t.Errorf("a second import:\n%s", results(again))
			}
			if !same(h.files("."), whole) {
				t.Error("a second import changed files")
			}
		})
	}
}

func golden(t *testing.T, tool string, got *txtar.Archive) {
	t.Helper()
	slices.SortFunc(got.Files, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
	name := filepath.Join("testdata", tool+".want.txtar")
	if *update {
		if err := os.WriteFile(name, txtar.Format(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(txtar.Format(got)) != string(want) {
		t.Errorf("the worksheets are not those of %s; look at them with -update and git diff", name)
	}
}

func same(a, b map[string]string) bool {
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return len(a) == len(b)
}

func keys(m map[string]string) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// TestTools runs make.sh with the tools that are there and imports what they write.
func TestTools(t *testing.T) {
	if !*tools {
		t.Skip("without -tools the samples in testdata stand for the tools")
	}
	programs := map[string]string{"backlog": "backlog", "taskmd": "taskmd", "beads": "bd", "taskmaster": "task-master", "openspec": "openspec"}
	script, err := filepath.Abs("testdata/make.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range importer.Tools() {
		t.Run(tool, func(t *testing.T) {
			if _, err := exec.LookPath(programs[tool]); err != nil {
				t.Skipf("%s is not on the path", programs[tool])
			}
			dir := filepath.Join(t.TempDir(), "sample")
			cmd := exec.CommandContext(t.Context(), "sh", script, tool, dir)
			cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("make.sh: %v\n%s", err, out)
			}
			h := newHouse(t, nil)
			r := h.run(importer.Options{From: tool, Path: dir})
			if r.Count(importer.Imported) != len(r.Items) || len(r.Items) < 4 {
				t.Errorf("not all of them came over:\n%s", results(r))
			}
			h.valid()
		})
	}
}
