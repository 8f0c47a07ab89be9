package main

import (
	"os"
	"testing"
)

// BenchmarkSize is the program's file, beside the one of the server that only serves files.
func BenchmarkSize(b *testing.B) {
	size := func(name string) float64 {
		info, err := os.Stat(program(b, name))
		must(b, err)
		return float64(info.Size()) / 1e6
	}
	for b.Loop() {
		b.ReportMetric(size("tasks"), "ours-MB")
		b.ReportMetric(size("serve"), "floor-MB")
	}
}
