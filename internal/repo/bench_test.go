package repo_test

import (
	"context"
	"os"
	"testing"

	"tasks/internal/repo"
)

func benchRepo(b *testing.B) *repo.Repo {
	dir := os.Getenv("CORPUS")
	if dir == "" {
		b.Skip("CORPUS names no folder")
	}
	r, err := repo.Open(dir, repo.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.Close() })
	return r
}

func BenchmarkSearch(b *testing.B) {
	r := benchRepo(b)
	for name, q := range map[string]repo.Query{
		"rare":       {Text: "Zanzibar"},
		"fold":       {Text: "rarely used"},
		"common":     {Text: "func"},
		"regex":      {Text: `func \w+Zz\(`, Regex: true},
		"bare-regex": {Text: `[A-Z]{9}\d`, Regex: true},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				h, err := r.Search(context.Background(), q)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(h.Hits)), "hits")
			}
		})
	}
}

func BenchmarkWalk(b *testing.B) {
	r := benchRepo(b)
	for b.Loop() {
		n := 0
		r.Walk(context.Background(), "", func(repo.Entry) error { n++; return nil })
		b.ReportMetric(float64(n), "files")
	}
}
