package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// BenchmarkSearch is a search by the real server, beside reading every file and
// looking into it, on two cores.
func BenchmarkSearch(b *testing.B) {
	root := checkout(b, 0)
	files := library(b, root, 5000)
	url, _ := serve(b, environment(b.TempDir()), root, program(b, "tasks"), "serve", "--addr", "127.0.0.1:0")
	for name, word := range map[string]string{"rare": "quagmire", "common": "heron"} {
		b.Run(name, func(b *testing.B) {
			inTurn(b, map[string]func() time.Duration{
				"ours":  func() time.Duration { return clock(func() { fetch(b, url+"search.json?q="+word) }) },
				"floor": func() time.Duration { return clock(func() { readAll(b, files, word) }) },
			})
		})
	}
}

// library writes n documents of about 4 KB, of which one holds a rare word.
func library(b *testing.B, root string, n int) []string {
	words := strings.Fields("heron river stone the a of under water waits fish light morning reed and bank slow grey wing quiet")
	dice := rand.New(rand.NewPCG(1, 2))
	files := make([]string, n)
	for i := range files {
		var t strings.Builder
		fmt.Fprintf(&t, "# Document %d\n\n", i)
		for range 60 {
			for range 12 {
				t.WriteString(words[dice.IntN(len(words))] + " ")
			}
			t.WriteByte('\n')
		}
		if i == n/2 {
			t.WriteString("A quagmire.\n")
		}
		name := fmt.Sprintf("docs/part%02d/doc%04d.md", i%50, i)
		put(b, root, name, t.String())
		files[i] = filepath.Join(root, name)
	}
	return files
}

func readAll(b *testing.B, files []string, word string) {
	var work sync.WaitGroup
	for half := range 2 {
		work.Go(func() {
			for i := half; i < len(files); i += 2 {
				data, err := os.ReadFile(files[i])
				if err != nil {
					b.Error(err)
					return
				}
				bytes.Contains(data, []byte(word))
			}
		})
	}
	work.Wait()
}

// BenchmarkSearchCommand is the command without a server, beside ripgrep that lists
// the files.
func BenchmarkSearchCommand(b *testing.B) {
	rg, err := exec.LookPath("rg")
	if err != nil {
		b.Skip("rg is not installed")
	}
	root, tasks := checkout(b, 0), program(b, "tasks")
	library(b, root, 5000)
	in := func(name string, args ...string) func() time.Duration {
		return func() time.Duration {
			cmd := exec.Command(name, args...)
			cmd.Dir = root
			return clock(func() {
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
			})
		}
	}
	inTurn(b, map[string]func() time.Duration{
		"ours":  in(tasks, "search", "quagmire"),
		"floor": in(rg, "-l", "quagmire", "."),
	})
}
