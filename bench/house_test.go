package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// must ends the benchmark.
func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// programs are ours and the floors, built once.
var programs struct {
	sync.Once
	dir string
	err error
}

// program is the path of one: tasks, hello, list, serve.
func program(b *testing.B, name string) string {
	b.Helper()
	p := &programs
	p.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "bench-"); p.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", p.dir+string(filepath.Separator), "../cmd/tasks", "./floor/...")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	must(b, p.err)
	return filepath.Join(p.dir, name)
}

func TestMain(m *testing.M) {
	code := m.Run()
	if programs.dir != "" {
		os.RemoveAll(programs.dir)
	}
	os.Exit(code)
}

// inTurn runs all sides once a turn, in turn, so that what else the machine does
// meets all of them, and reports the median of each.
func inTurn(b *testing.B, sides map[string]func() time.Duration) {
	took := map[string][]time.Duration{}
	for _, run := range sides { // once for the caches
		run()
	}
	for b.Loop() {
		for name, run := range sides {
			took[name] = append(took[name], run())
		}
	}
	for name, all := range took {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Nanoseconds()), name+"-ns")
	}
}

// clock is how long fn takes.
func clock(fn func()) time.Duration {
	start := time.Now()
	fn()
	return time.Since(start)
}

// command runs a program to its end, its output thrown away.
func command(b *testing.B, dir, name string, args ...string) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, environment(dir)
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s %v: %v", filepath.Base(name), args, err)
	}
}

// environment has nothing of the user's in it: no key, no setting.
func environment(home string, more ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1"}, more...)
}

// put writes a file and the folders above it.
func put(b *testing.B, root, name, text string) {
	b.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	must(b, os.MkdirAll(filepath.Dir(path), 0o755))
	must(b, os.WriteFile(path, []byte(text), 0o644))
}

// checkout is a git repository of n tasks over 40 workstreams, each of about 3 KB,
// and a document.
func checkout(b *testing.B, n int) string {
	b.Helper()
	root, err := filepath.EvalSymlinks(b.TempDir())
	must(b, err)
	command(b, root, "git", "init", "-q")
	statuses := []string{"not_started", "ready", "in_progress", "blocked", "completed", "cancelled"}
	text := strings.Repeat("The queue forgets what it was told when two writers meet. ", 7)
	for i := range n {
		var t strings.Builder
		fmt.Fprintf(&t, "---\ntype: task\ntitle: Task number %d\ndescription: \"One sentence: with a colon\"\nstatus: %s\npriority: p%d\n", i, statuses[i%6], i%4)
		fmt.Fprintf(&t, "milestone: m%d\nworkstream: ws%02d\nowner: anna\ndepends_on: [task-%05d]\nlabels:\n  - a\n  - b\n", i%5, i%40, max(0, i-40))
		t.WriteString("created_at: 2026-01-01T00:00:00Z\nupdated_at: 2026-01-02T00:00:00Z\n---\n")
		for _, s := range []string{"Problem", "Context", "Options", "Plan", "Progress", "QA", "Review"} {
			fmt.Fprintf(&t, "\n## %s\n\n%s\n", s, text)
		}
		put(b, root, fmt.Sprintf("tasks/workstreams/ws%02d/tasks/task-%05d.md", i%40, i), t.String())
	}
	put(b, root, "docs/guide.md", "# Guide\n\n"+strings.Repeat("A line of the document, as long as lines are.\n", 450))
	return root
}

// serve starts a server and returns the address that it prints. It ends with stop,
// or with the benchmark.
func serve(b *testing.B, env []string, dir, name string, args ...string) (url string, stop func()) {
	url, _, stop = served(b, env, dir, name, args...)
	return url, stop
}

// served is serve with the process's id.
func served(b *testing.B, env []string, dir, name string, args ...string) (url string, pid int, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.StdoutPipe()
	must(b, err)
	must(b, cmd.Start())
	stop = sync.OnceFunc(func() { cancel(); cmd.Wait() })
	b.Cleanup(stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatalf("%s said nothing: %v", filepath.Base(name), err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "listening on ")), cmd.Process.Pid, stop
}
