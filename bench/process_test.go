package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkStart is a command that does nothing, beside a program that is nothing.
func BenchmarkStart(b *testing.B) {
	tasks, hello, dir := program(b, "tasks"), program(b, "hello"), b.TempDir()
	inTurn(b, map[string]func() time.Duration{
		"ours":  func() time.Duration { return clock(func() { command(b, dir, tasks, "version") }) },
		"floor": func() time.Duration { return clock(func() { command(b, dir, hello) }) },
	})
}

// BenchmarkSetField is `tasks update` among 1,000 tasks, beside a process and a
// write of as many bytes that a power cut cannot take back.
func BenchmarkSetField(b *testing.B) {
	root := checkout(b, 1000)
	tasks, hello := program(b, "tasks"), program(b, "hello")
	data, err := os.ReadFile(filepath.Join(root, "tasks/workstreams/ws07/tasks/task-00007.md"))
	must(b, err)
	other, n := b.TempDir(), 0
	inTurn(b, map[string]func() time.Duration{
		"ours": func() time.Duration {
			n++
			return clock(func() { command(b, root, tasks, "update", "task-00007", "--priority", fmt.Sprintf("p%d", n%4)) })
		},
		"floor": func() time.Duration {
			return clock(func() {
				command(b, root, hello)
				writeDurably(b, filepath.Join(other, "a.md"), data)
			})
		},
	})
}

// writeDurably writes a temporary file, has it on disk, and renames it.
func writeDurably(b *testing.B, name string, data []byte) {
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	must(b, err)
	_, err = f.Write(data)
	must(b, err)
	must(b, f.Sync())
	must(b, f.Close())
	must(b, os.Rename(f.Name(), name))
}

// BenchmarkList is `tasks list` beside a program that reads the same front matter.
func BenchmarkList(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			root := checkout(b, n)
			tasks, list := program(b, "tasks"), program(b, "list")
			inTurn(b, map[string]func() time.Duration{
				"ours":  func() time.Duration { return clock(func() { command(b, root, tasks, "list") }) },
				"floor": func() time.Duration { return clock(func() { command(b, root, list, filepath.Join(root, "tasks")) }) },
			})
		})
	}
}

// BenchmarkFirstPage is a server's start until its first page is read to the end.
func BenchmarkFirstPage(b *testing.B) {
	root := checkout(b, 1000)
	env := environment(b.TempDir())
	first := func(name string, args ...string) time.Duration {
		start := time.Now()
		url, stop := serve(b, env, root, name, args...)
		fetch(b, url+"browse/docs/guide.md")
		took := time.Since(start)
		stop()
		return took
	}
	inTurn(b, map[string]func() time.Duration{
		"ours":  func() time.Duration { return first(program(b, "tasks"), "serve", "--addr", "127.0.0.1:0") },
		"floor": func() time.Duration { return first(program(b, "serve"), root) },
	})
}

// fetch reads a page to its end.
func fetch(b *testing.B, url string) []byte {
	b.Helper()
	resp, err := http.Get(url)
	must(b, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(b, err)
	if resp.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s", url, resp.Status)
	}
	return body
}
