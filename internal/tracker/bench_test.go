package tracker_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tasks/internal/repo"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// worksheets writes n tasks over 40 workstreams, each of about 3 KB.
func worksheets(tb testing.TB, n int) string {
	tb.Helper()
	root := tb.TempDir()
	text := strings.Repeat("The queue forgets what it was told when two writers meet. ", 7)
	for i := range n {
		w := fmt.Sprintf("ws%02d", i%40)
		dir := filepath.Join(root, "tasks", "workstreams", w, "tasks")
		if i < 40 {
			if err := os.MkdirAll(dir, 0o777); err != nil {
				tb.Fatal(err)
			}
		}
		var b strings.Builder
		fmt.Fprintf(&b, "---\ntype: task\ntitle: Task number %d\ndescription: \"One sentence: with a colon\"\nstatus: %s\npriority: p%d\n", i, task.Statuses[i%6], i%4)
		fmt.Fprintf(&b, "milestone: m%d\nworkstream: %s\nowner: anna\ndepends_on: [task-%05d]\nlabels:\n  - a\n  - b\n", i%5, w, max(0, i-40))
		b.WriteString("created_at: 2026-01-01T00:00:00Z\nupdated_at: 2026-01-02T00:00:00Z\n---\n")
		for _, s := range task.SectionNames {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", s, text)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("task-%05d.md", i)), []byte(b.String()), 0o666); err != nil {
			tb.Fatal(err)
		}
	}
	return root
}

func open(tb testing.TB, root string) *repo.Repo {
	tb.Helper()
	r, err := repo.Open(root, repo.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { r.Close() })
	return r
}

// BenchmarkAll lists 10,000 tasks without a cache, with one, and, as the floor, only
// finds the files and reads them, on two cores.
func BenchmarkAll(b *testing.B) {
	root := worksheets(b, 10_000)
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			readAll(b, root)
		}
	})
	b.Run("cold", func(b *testing.B) {
		r := open(b, root)
		for b.Loop() {
			all, err := tracker.New(r).All(b.Context())
			if err != nil || len(all) != 10_000 {
				b.Fatal(len(all), err)
			}
		}
	})
	b.Run("warm", func(b *testing.B) {
		t := tracker.New(open(b, root))
		for b.Loop() {
			if _, err := t.All(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func readAll(b *testing.B, root string) {
	var paths []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, p)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	var wait sync.WaitGroup
	for half := range 2 {
		wait.Go(func() {
			for i := half; i < len(paths); i += 2 {
				if _, err := os.ReadFile(paths[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

// BenchmarkUpdate sets one field of a task among 1,000 through the whole of Update,
// and, as the floor, only writes as many bytes durably: temporary file, fsync, rename,
// fsync of the folder.
func BenchmarkUpdate(b *testing.B) {
	root := worksheets(b, 1_000)
	const slug = "task-00007"
	name := filepath.Join(root, "tasks/workstreams/ws07/tasks", slug+".md")
	data, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("floor", func(b *testing.B) {
		other := b.TempDir()
		for b.Loop() {
			writeDurably(b, filepath.Join(other, "a.md"), data)
		}
	})
	r, err := repo.Open(root, repo.Options{LockDir: filepath.Join(b.TempDir(), "state", "locks")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.Close() })
	t := tracker.New(r)
	n := 0
	b.Run("by-slug", func(b *testing.B) {
		for b.Loop() {
			n++
			if _, err := t.Update(b.Context(), slug, task.Change{Key: "estimate", Value: fmt.Sprint(n)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by-path", func(b *testing.B) {
		for b.Loop() {
			n++
			if _, err := t.Update(b.Context(), "tasks/workstreams/ws07/tasks/"+slug+".md", task.Change{Key: "estimate", Value: fmt.Sprint(n)}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func writeDurably(b *testing.B, name string, data []byte) {
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		b.Fatal(err)
	}
	_, err = f.Write(data)
	dir, dirErr := os.Open(filepath.Dir(name))
	for _, err := range []error{err, f.Sync(), f.Close(), os.Rename(f.Name(), name), dirErr, dir.Sync(), dir.Close()} {
		if err != nil {
			b.Fatal(err)
		}
	}
}
