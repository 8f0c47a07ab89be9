package docs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tasks/internal/docs"
)

// hugeFolder is a folder of n documents.
func hugeFolder(t testing.TB, n int) *docs.Library {
	t.Helper()
	l, root := library(t, map[string]string{"notes/README.md": "# Notes\n"})
	for i := range n {
		name := filepath.Join(root, "notes", fmt.Sprintf("%c-note-%05d.md", 'a'+i%26, i))
		if err := os.WriteFile(name, []byte(fmt.Sprintf("# Note %d\n", i)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(30 * time.Millisecond) // older than a tick, so that titles are kept
	return l
}

// A folder of 20,000: its page and the tree beside it, first and again.
func BenchmarkHugeFolder(b *testing.B) {
	l := hugeFolder(b, 20_000)
	for _, c := range []string{"first", "again"} {
		b.Run(c, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if c == "first" {
					l.Invalidate(fmt.Sprintf("other%d.md", i))
				}
				if _, err := l.Folder(context.Background(), "notes", 10_000, 500); err != nil {
					b.Fatal(err)
				}
				if _, err := l.Tree(context.Background(), "notes"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
