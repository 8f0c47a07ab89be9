package repo

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestOutside(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{".git/config", ".env", ".env.example", "a.md", "build/x/y", "deep/key.pem", "deep/b.md", ".worktrees/t/a.md", "bare/HEAD", "bare/objects/x", "bare/refs/x"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, ".gitignore"), []byte("/build/\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Open(root, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := r.Outside(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range []string{".env", ".git", ".worktrees", "bare", "build", "deep/key.pem"} {
		want = append(want, filepath.Join(r.Root(), name))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
