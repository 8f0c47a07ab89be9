package worktree

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestMain is also the process that is killed at a step: see killed.
func TestMain(m *testing.M) {
	at, err := strconv.Atoi(os.Getenv("TEST_KILL_AT"))
	if err != nil {
		os.Exit(m.Run())
	}
	step = func(string) {
		if at--; at == 0 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	trees, err := plainOpen(os.Getenv("TEST_ROOT"))
	if err == nil {
		switch what, run, _ := strings.Cut(os.Getenv("TEST_DO"), " "); what {
		case "ensure":
			_, err = trees.Ensure(context.Background(), want(run))
		case "remove":
			_, err = trees.Remove(context.Background(), trees.At("alpha", run, "", ""), run)
		}
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// killed does what in a process of its own that is killed at its nth step. False where it
// got to its end.
func killed(t *testing.T, root, what string, n int) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TEST_KILL_AT="+strconv.Itoa(n), "TEST_ROOT="+root, "TEST_DO="+what)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	if cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("%s: %v: %s", what, err, out)
	}
	return true
}

func TestEnsureKilledAtEachStep(t *testing.T) {
	trees := fixture(t)
	root := trees.Git.Root
	n := 1
	for ; ; n++ {
		id := fmt.Sprintf("r%d", n)
		if !killed(t, root, "ensure "+id, n) {
			break
		}
		k := ensure(t, trees, want(id))
		if err := trees.Check(t.Context(), k); err != nil {
			t.Fatalf("killed at step %d: %v", n, err)
		}
		if got := plain(t, k.Dir, "status", "--porcelain"); got != "" {
			t.Errorf("killed at step %d: the tree is not clean: %s", n, got)
		}
		if got := read(t, filepath.Join(k.Dir, "tasks/alpha.md")) + read(t, filepath.Join(k.Dir, "dir/b.txt")); got != sheet+"two\n" {
			t.Errorf("killed at step %d: files = %q", n, got)
		}
		if got := plain(t, root, "log", "--format=%s", "trunk..task/alpha"); got != "kickoff: Alpha" {
			t.Errorf("killed at step %d: commits = %q", n, got)
		}
		if names, err := os.ReadDir(filepath.Join(root, Folder)); err != nil || len(names) != 1 {
			t.Errorf("killed at step %d: in the folder of trees: %v, %v", n, names, err)
		}
		if got := plain(t, root, "worktree", "list", "--porcelain"); strings.Count(got, "worktree ") != 2 || strings.Contains(got, "locked") {
			t.Errorf("killed at step %d: %s", n, got)
		}
		if _, err := trees.Remove(t.Context(), k, id); err != nil {
			t.Fatalf("killed at step %d: Remove: %v", n, err)
		}
	}
	if n < 6 {
		t.Errorf("only %d steps", n)
	}
}

func TestRemoveKilledAtEachStep(t *testing.T) {
	trees := fixture(t)
	root := trees.Git.Root
	n := 1
	for ; ; n++ {
		id := fmt.Sprintf("r%d", n)
		k := ensure(t, trees, want(id))
		write(t, filepath.Join(k.Dir, "done.txt"), "done "+id)
		if _, _, err := trees.CommitRest(t.Context(), k, "done"); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(k.Dir, "half.txt"), "half "+id)
		last := !killed(t, root, "remove "+id, n)
		if !last {
			if _, err := trees.Remove(t.Context(), k, id); err != nil {
				t.Fatalf("killed at step %d: %v", n, err)
			}
		}
		if got := plain(t, root, "show", KeptPrefix+"alpha/"+id+":half.txt", KeptPrefix+"alpha/"+id+":done.txt"); got != "half "+id+"done "+id {
			t.Errorf("killed at step %d: kept %q", n, got)
		}
		if got := plain(t, root, "for-each-ref", "refs/heads") + plain(t, root, "worktree", "list"); strings.Contains(got, "alpha") {
			t.Errorf("killed at step %d: left: %s", n, got)
		}
		if names, err := os.ReadDir(filepath.Join(root, Folder)); err != nil || len(names) != 0 {
			t.Errorf("killed at step %d: in the folder of trees: %v, %v", n, names, err)
		}
		if last {
			break
		}
	}
	if n < 4 {
		t.Errorf("only %d steps", n)
	}
}
