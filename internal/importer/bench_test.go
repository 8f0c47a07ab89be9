package importer_test

import (
	"fmt"
	"strings"
	"testing"

	"tasks/internal/importer"
	"tasks/internal/repo"
	"tasks/internal/tracker"
)

// BenchmarkPlan plans the import of 1,000 tasks, without the writing.
func BenchmarkPlan(b *testing.B) {
	var all strings.Builder
	for i := range 1000 {
		all.WriteString(bead(fmt.Sprint("big-", i), fmt.Sprintf("Task number %d of many", i), "description", strings.Repeat("text ", 100),
			"dependencies", needs(fmt.Sprint("big-", i-1)), "created_at", "2026-11-23T02:27:25.859915309Z"))
	}
	root := b.TempDir()
	write(b, root, ".beads/issues.jsonl", all.String())
	r, err := repo.Open(root, repo.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for b.Loop() {
		got, err := importer.Import(b.Context(), r, tracker.New(r), importer.Options{From: "beads", DryRun: true})
		if err != nil || got.Count(importer.Imported) != 1000 {
			b.Fatal(err)
		}
	}
}
