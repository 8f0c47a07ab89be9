package workflow

import (
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestHolderReadsWhatHasChangedAndKeepsTheLastGoodOne(t *testing.T) {
	root, userDir := places(t, "one", "")
	h := NewHolder(root, userDir)
	name := filepath.Join(root, File)
	get := func(want string) *Workflow {
		t.Helper()
		w, err := h.Get()
		if err != nil || w.Template != want {
			t.Fatalf("%+v, %v, want %q", w, err, want)
		}
		return w
	}
	get("one")
	write(t, name, "two") // as long, and at once: only the content tells
	get("two")
	if h.Problem() != nil {
		t.Fatal(h.Problem())
	}
	write(t, name, "---\n[\n---\n")
	get("two")
	if ClassOf(h.Problem()) != ParseError {
		t.Fatalf("problem %v", h.Problem())
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	get("")
	write(t, filepath.Join(userDir, "workflow.md"), "mine")
	if w := get("mine"); !w.Own || h.Problem() != nil {
		t.Fatalf("%+v, %v", w, h.Problem())
	}
	write(t, name, "root") // the user's counts
	get("mine")
	if err := os.Rename(filepath.Join(userDir, "workflow.md"), filepath.Join(userDir, "gone")); err != nil {
		t.Fatal(err)
	}
	get("root")
}

func TestHolderWithoutAGoodOne(t *testing.T) {
	root, _ := places(t, "---\n- x\n---\n", "")
	h := NewHolder(root, "")
	if w, err := h.Get(); w != nil || ClassOf(err) != NotAMap || ClassOf(h.Problem()) != NotAMap {
		t.Fatalf("%+v, %v", w, err)
	}
	write(t, filepath.Join(root, File), "good")
	if w, err := h.Get(); err != nil || w.Template != "good" || h.Problem() != nil {
		t.Fatalf("%+v, %v", w, err)
	}
}

// A look at files that have not changed must cost next to nothing: it is done in every
// beat and before every page of status.
func BenchmarkHolder(b *testing.B) {
	h := NewHolder(b.TempDir(), b.TempDir())
	for b.Loop() {
		if _, err := h.Get(); err != nil {
			b.Fatal(err)
		}
	}
}
