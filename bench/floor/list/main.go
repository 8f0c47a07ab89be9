// Command list is the floor of listing tasks: every .md file below a folder is
// opened once, its first KiB read, the front matter split into keys, and one line
// printed for each. Nothing is checked, sorted or refused.
package main

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

func main() {
	var files []string
	filepath.WalkDir(os.Args[1], func(p string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".md") {
			files = append(files, p)
		}
		return nil
	})
	rows := make([]map[string]string, len(files))
	var work sync.WaitGroup
	for half := range 2 {
		work.Go(func() {
			buf := make([]byte, 1024)
			for i := half; i < len(files); i += 2 {
				rows[i] = front(files[i], buf)
			}
		})
	}
	work.Wait()
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	for i, r := range rows {
		fmt.Fprintf(out, "%-12s %-3s %-10s %-30s %s\n", r["status"], r["priority"], r["owner"], filepath.Base(files[i]), r["title"])
	}
	out.Flush()
}

func front(name string, buf []byte) map[string]string {
	keys := map[string]string{}
	f, err := os.Open(name)
	if err != nil {
		return keys
	}
	defer f.Close()
	n, _ := io.ReadFull(f, buf)
	_, text, _ := strings.Cut(string(buf[:n]), "---\n")
	text, _, _ = strings.Cut(text, "\n---\n")
	for line := range strings.SplitSeq(text, "\n") {
		if k, v, ok := strings.Cut(line, ":"); ok {
			keys[k] = strings.TrimSpace(v)
		}
	}
	return keys
}
