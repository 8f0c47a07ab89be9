package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tasks/internal/task"
)

// binary is this test binary under the name tasks, which makes it the program.
func binary(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "tasks")
	if err := os.Symlink(self, name); err != nil {
		t.Skipf("no links here: %v", err)
	}
	return name
}

// checkout is an empty repository with files in it, by path.
func checkout(t testing.TB, files map[string]string) string {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	root := t.TempDir()
	if out, err := exec.Command(git, "init", "-q", root).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v %s", err, out)
	}
	for name, text := range files {
		at := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// inMemory puts the test's folders where no disk is waited for, if there is such a place: it is
// about many who wait for one another, and a disk that is busy makes one of them hold the
// others up for as long as they may be.
func inMemory(t *testing.T) {
	t.Helper()
	if dir, err := os.MkdirTemp("/dev/shm", "tasks-test-"); err == nil {
		os.Remove(dir)
		t.Setenv("TMPDIR", "/dev/shm")
	}
}

// TestFiftyProcessesEachSetAKeyOfOneTask: fifty keys there, none refused, nothing
// else changed.
func TestFiftyProcessesEachSetAKeyOfOneTask(t *testing.T) {
	inMemory(t)
	const n = 50
	before := "---\r\ntype: task # c\r\nstatus: ready\r\nupdated_at: 2020-01-01\r\n---\r\nbody \xff\n"
	root := checkout(t, map[string]string{"tasks/one.md": before})
	tasks := binary(t)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			cmd := exec.Command(tasks, "-C", root, "update", "one", "--set", fmt.Sprintf("k%d=%d", i, i))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v\n%s", i, err, out)
			}
		})
	}
	wait.Wait()
	after, err := os.ReadFile(filepath.Join(root, "tasks/one.md"))
	if err != nil {
		t.Fatal(err)
	}
	if k := task.Parse("tasks/one.md", after); k.Broken != nil {
		t.Fatalf("broken: %+v\n%s", k.Broken, after)
	}
	var rest []string
	have := map[string]bool{}
	for line := range strings.Lines(string(after)) {
		switch {
		case strings.HasPrefix(line, "k"):
			have[line] = true
		case strings.HasPrefix(line, "updated_at: "):
		default:
			rest = append(rest, line)
		}
	}
	for i := range n {
		if line := fmt.Sprintf("k%d: %d\r\n", i, i); !have[line] {
			t.Errorf("%q is not there", line)
		}
	}
	if got, want := strings.Join(rest, ""), strings.Replace(before, "updated_at: 2020-01-01\r\n", "", 1); got != want {
		t.Errorf("the rest is %q, want %q", got, want)
	}
	left, err := os.ReadDir(filepath.Join(root, "tasks"))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind beside the file: %v %v", left, err)
	}
}

// TestManyProcessesMakeOneTask: one wins, all others are told that the slug is
// taken, and what is there is whole.
func TestManyProcessesMakeOneTask(t *testing.T) {
	inMemory(t)
	root := checkout(t, nil)
	tasks := binary(t)
	var mu sync.Mutex
	codes := map[int]int{}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			cmd := exec.Command(tasks, "new", "The same title", "-C", root)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			err := cmd.Run()
			mu.Lock()
			defer mu.Unlock()
			codes[cmd.ProcessState.ExitCode()]++
			if err != nil && !strings.Contains(stderr.String(), "the slug the-same-title is taken") {
				t.Errorf("%v: %s", err, &stderr)
			}
		})
	}
	wait.Wait()
	if codes[0] != 1 || codes[5] != 19 {
		t.Errorf("exit statuses %v, want one 0 and 19 times 5", codes)
	}
}

// TestOutputThatCannotBeWrittenIsAnError: a full disk does not look like success.
func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full here")
	}
	defer full.Close()
	root := checkout(t, map[string]string{"tasks/one.md": "---\nstatus: ready\n---\n"})
	cmd := exec.Command(binary(t), "list", "-C", root)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = full, &stderr
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("ended with %v", err)
	}
	if !strings.Contains(stderr.String(), "the output could not be written") {
		t.Errorf("said %q", &stderr)
	}
}
