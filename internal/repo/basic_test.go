package repo_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"tasks/internal/repo"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	r, err := repo.Open(dir, repo.Options{LockDir: filepath.Join(t.TempDir(), "tasks", "locks")})
	if err != nil {
		t.Fatal(err)
	}
	os.Mkdir(filepath.Join(filepath.Dir(dir), "x"), 0o755)
	h, err := r.Replace(context.Background(), "docs/new/a.md", []byte("one"), "")
	t.Log(h, err)
	h, err = r.Replace(context.Background(), "docs/new/a.md", []byte("two"), h)
	t.Log(h, err)
	_, err = r.Replace(context.Background(), "docs/new/a.md", []byte("two"), "")
	t.Log(err)
	f, err := r.ReadFile("docs/new/a.md", 0)
	t.Logf("%+v %v", f, err)
	t.Log(r.ReadDir(""))
	t.Log(r.Walk(context.Background(), "", func(e repo.Entry) error { t.Log(e); return nil }))
}
