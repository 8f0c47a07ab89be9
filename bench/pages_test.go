package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkShow is one task of 1,000, beside the program that reads all front matter.
func BenchmarkShow(b *testing.B) {
	root := checkout(b, 1000)
	tasks, list := program(b, "tasks"), program(b, "list")
	inTurn(b, map[string]func() time.Duration{
		"ours":  func() time.Duration { return clock(func() { command(b, root, tasks, "show", "task-00007") }) },
		"floor": func() time.Duration { return clock(func() { command(b, root, list, root+"/tasks") }) },
	})
}

// BenchmarkTaskPages are pages over 10,000 tasks by the real server, warm, beside the
// program that reads all front matter: none of them is told from memory alone.
func BenchmarkTaskPages(b *testing.B) {
	root := checkout(b, 10_000)
	list := program(b, "list")
	url, _ := serve(b, environment(b.TempDir()), root, program(b, "tasks"), "serve", "--addr", "127.0.0.1:0", "--no-manager")
	for name, page := range map[string]string{"home": "", "list": "tasks", "board": "board", "task": "tasks/task-00007", "milestone": "milestones/m1", "json": "tasks.json"} {
		b.Run(name, func(b *testing.B) {
			inTurn(b, map[string]func() time.Duration{
				"ours":  func() time.Duration { return clock(func() { fetch(b, url+page) }) },
				"floor": func() time.Duration { return clock(func() { command(b, root, list, root+"/tasks") }) },
			})
		})
	}
}

// BenchmarkMemory is what a server keeps in memory after its pages and a search have
// been asked for, beside a program that only serves files.
func BenchmarkMemory(b *testing.B) {
	for _, n := range []int{200, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			root := checkout(b, n)
			resident := func(name string, pages []string, args ...string) float64 {
				url, pid, stop := served(b, environment(b.TempDir()), root, name, args...)
				defer stop()
				for _, p := range pages {
					fetch(b, url+p)
				}
				return memory(b, pid)
			}
			for b.Loop() {
				b.ReportMetric(resident(program(b, "tasks"), []string{"", "tasks", "board", "browse/docs/guide.md", "search.json?q=forgets"}, "serve", "--addr", "127.0.0.1:0"), "ours-KiB")
				b.ReportMetric(resident(program(b, "serve"), []string{"browse/docs/guide.md"}, root), "floor-KiB")
			}
		})
	}
}

// memory is the resident memory of a process in KiB.
func memory(b *testing.B, pid int) float64 {
	b.Helper()
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		b.Skip("skipped: memory is read from /proc")
	}
	_, rest, _ := strings.Cut(string(data), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	must(b, err)
	return kb
}
