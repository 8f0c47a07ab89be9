package docs_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"tasks/internal/docs"
	"tasks/internal/repo"
)

// A page of 100 KB: cold (read and rendered), warm (a stat), and the floor of the
// cold one, reading the file and goldmark's GFM alone.
func BenchmarkPage(b *testing.B) {
	section := "## A section\n\nSome *prose* with a [link](other.md), `code` and **bold** words.\n\n- one\n- two [x](docs/y.md)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```go\nfunc add(a, b int) int { return a + b }\n```\n\n"
	text := strings.Repeat(section, 100<<10/len(section))
	l, root := library(b, map[string]string{"page.md": text, "other.md": "x", "docs/y.md": "x"})
	file := filepath.Join(root, "page.md")
	b.Run("cold", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		then := time.Now().Add(-time.Hour)
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			then = then.Add(time.Second)
			if err := os.Chtimes(file, then, then); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			page(b, l, "page.md")
		}
	})
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			page(b, l, "page.md")
		}
	})
	b.Run("floor", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		md := goldmark.New(goldmark.WithExtensions(extension.GFM))
		for b.Loop() {
			src, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			var out bytes.Buffer
			if err := md.Convert(src, &out); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkTree(b *testing.B) {
	files := map[string]string{}
	for i := range 2000 {
		files[fmt.Sprintf("docs/d%02d/p%04d.md", i%40, i)] = "# A title\n"
	}
	l, _ := library(b, files)
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Tree(context.Background(), "docs/d07/p0007.md"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("after a change", func(b *testing.B) {
		for b.Loop() {
			l.Invalidate("docs/d07/p0007.md")
			if _, err := l.Tree(context.Background(), "docs/d07/p0007.md"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkFirstTree is the tree of a start, before the index is made: 400 folders
// of code beside the documents, and the floor, listing the one folder.
func BenchmarkFirstTree(b *testing.B) {
	files := map[string]string{"docs/a.md": "# A\n"}
	for i := range 400 {
		for j := range 10 {
			files[fmt.Sprintf("d%03d/s%d/f%02d.go", i, j%3, j)] = "package x\n"
		}
	}
	_, root := library(b, files)
	r, err := repo.Open(root, repo.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			if _, err := os.ReadDir(root); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			l := docs.New(r)
			if _, err := l.Tree(context.Background(), "docs/a.md"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
