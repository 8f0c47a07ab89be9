package worktree

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/git"
)

const sheet = "---\ntitle: Alpha\nstatus: ready\n---\n\n## Problem\n\nIt is slow.\n"

// plain runs git as a user does, and fails the test where git fails.
func plain(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := try(dir, args...)
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return out
}

func try(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=C", "GIT_COMMITTER_EMAIL=c@d", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// fixture is a repository on the branch trunk with a worksheet that is not committed.
func fixture(t testing.TB) *Trees {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	for _, v := range os.Environ() {
		if key, _, _ := strings.Cut(v, "="); strings.HasPrefix(key, "GIT_") {
			t.Setenv(key, "")
			os.Unsetenv(key)
		}
	}
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "a.txt"), "one\n")
	write(t, filepath.Join(root, "dir/b.txt"), "two\n")
	plain(t, root, "init", "-q", "-b", "trunk")
	plain(t, root, "add", ".")
	plain(t, root, "commit", "-q", "-m", "first")
	write(t, filepath.Join(root, "tasks/alpha.md"), sheet)
	return open(t, root)
}

func open(t testing.TB, root string) *Trees {
	t.Helper()
	trees, err := plainOpen(root)
	if err != nil {
		t.Fatal(err)
	}
	return trees
}

func plainOpen(root string) (*Trees, error) {
	c, err := git.Find(context.Background(), root)
	if err != nil {
		return nil, err
	}
	return &Trees{Git: c, StateDir: c.StateDir()}, os.MkdirAll(c.StateDir(), 0o700)
}

func want(run string) Want {
	return Want{Run: run, Slug: "alpha", Base: "trunk", Path: "tasks/alpha.md", Worksheet: []byte(sheet), Title: "Alpha"}
}

func ensure(t testing.TB, trees *Trees, w Want) Tree {
	t.Helper()
	k, err := trees.Ensure(context.Background(), w)
	if err != nil {
		t.Fatalf("Ensure: %v", err)
	}
	return k
}

func conflict(t testing.TB, what string, err error, word string) {
	t.Helper()
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), word) {
		t.Errorf("%s: %v, want a conflict with %q", what, err, word)
	}
}

func TestEnsureMakesTheTree(t *testing.T) {
	trees := fixture(t)
	root := trees.Git.Root
	before := plain(t, root, "status", "--porcelain")
	k := ensure(t, trees, want("r1"))
	if k.Dir != filepath.Join(root, ".worktrees/alpha") || k.Branch != "task/alpha" || !k.Created || k.Begin != plain(t, root, "rev-parse", "trunk") || k.Head != plain(t, root, "rev-parse", "task/alpha") || k.Admin() == "" || k.Run != "r1" {
		t.Errorf("tree = %+v", k)
	}
	if got := read(t, filepath.Join(k.Dir, "tasks/alpha.md")); got != sheet {
		t.Errorf("worksheet = %q", got)
	}
	if got := plain(t, k.Dir, "status", "--porcelain"); got != "" {
		t.Errorf("the new tree is not clean: %s", got)
	}
	if got := plain(t, root, "log", "--format=%s", "trunk..task/alpha"); got != "kickoff: Alpha" {
		t.Errorf("commits = %q", got)
	}
	if got := plain(t, root, "log", "-1", "--format=%(trailers:key=Task,valueonly)%(trailers:key=Run,valueonly)%an %ae", "task/alpha"); got != "alpha\nr1\ntasks tasks@localhost" {
		t.Errorf("trailers and author = %q", got)
	}
	if got := plain(t, root, "status", "--porcelain"); got != before {
		t.Errorf("the root's status changed from %q to %q", before, got)
	}
	if strings.Contains(plain(t, root, "worktree", "list", "--porcelain"), "locked") {
		t.Error("the tree stayed locked")
	}
	if err := trees.Check(t.Context(), k); err != nil {
		t.Errorf("Check: %v", err)
	}

	write(t, filepath.Join(k.Dir, "new.txt"), "work\n")
	again := ensure(t, trees, want("r1"))
	if again.Created || again.Begin != k.Begin || read(t, filepath.Join(k.Dir, "new.txt")) != "work\n" {
		t.Errorf("reuse = %+v", again)
	}
	commit, files, err := trees.CommitRest(t.Context(), k, "left by the agent")
	if err != nil || commit == "" || strings.Join(files, " ") != "new.txt" {
		t.Errorf("CommitRest = %q, %q, %v", commit, files, err)
	}
	if got := plain(t, k.Dir, "status", "--porcelain"); got != "" {
		t.Errorf("after CommitRest: %s", got)
	}
	if commit, files, err = trees.CommitRest(t.Context(), k, "again"); err != nil || commit != "" || files != nil {
		t.Errorf("CommitRest of a clean tree = %q, %q, %v", commit, files, err)
	}
	kept, err := trees.Remove(t.Context(), k, "r1")
	if err != nil || kept != "refs/tasks/kept/alpha/r1" {
		t.Errorf("Remove = %q, %v", kept, err)
	}
	if out, err := try(root, "rev-parse", "--verify", "refs/heads/task/alpha"); err == nil {
		t.Errorf("the branch is still there: %s", out)
	}
	if got := plain(t, root, "show", kept+":new.txt"); got != "work" {
		t.Errorf("kept = %q", got)
	}
	if got := plain(t, root, "worktree", "list"); strings.Contains(got, "alpha") {
		t.Errorf("worktrees = %s", got)
	}
	if names, err := os.ReadDir(filepath.Join(root, ".worktrees")); err != nil || len(names) != 0 {
		t.Errorf("left in .worktrees: %v, %v", names, err)
	}
}

func TestWhatIsNotOursIsLeftAlone(t *testing.T) {
	for name, set := range map[string]func(t *testing.T, root string){
		"a file":       func(t *testing.T, root string) { write(t, filepath.Join(root, ".worktrees/alpha"), "x") },
		"a folder":     func(t *testing.T, root string) { write(t, filepath.Join(root, ".worktrees/alpha/x"), "x") },
		"a repository": func(t *testing.T, root string) { plain(t, root, "init", "-q", ".worktrees/alpha") },
		"a branch":     func(t *testing.T, root string) { plain(t, root, "branch", "task/alpha") },
		"a work tree": func(t *testing.T, root string) {
			plain(t, root, "worktree", "add", "-q", "-b", "mine", ".worktrees/alpha")
		},
		"a link":        func(t *testing.T, root string) { link(t, t.TempDir(), filepath.Join(root, ".worktrees/alpha")) },
		"a linked home": func(t *testing.T, root string) { link(t, t.TempDir(), filepath.Join(root, ".worktrees")) },
	} {
		t.Run(name, func(t *testing.T) {
			trees := fixture(t)
			root := trees.Git.Root
			set(t, root)
			before := plain(t, root, "for-each-ref")
			if tree, err := trees.Ensure(t.Context(), want("r1")); fault.CodeOf(err) != fault.Conflict {
				t.Errorf("%+v, %v; want a conflict", tree, err)
			}
			if after := plain(t, root, "for-each-ref"); after != before {
				t.Errorf("refs were %s, are %s", before, after)
			}
		})
	}
}

func link(t *testing.T, to, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
}

func TestCheckNoticesASwitchedBranch(t *testing.T) {
	trees := fixture(t)
	tree, err := trees.Ensure(t.Context(), want("r1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := trees.Check(t.Context(), tree); err != nil {
		t.Error(err)
	}
	plain(t, tree.Dir, "switch", "-qc", "other")
	if err := trees.Check(t.Context(), tree); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "other") {
		t.Errorf("switched: %v", err)
	}
	plain(t, tree.Dir, "checkout", "-q", "--detach")
	if err := trees.Check(t.Context(), tree); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("detached: %v", err)
	}
	if _, _, err := trees.CommitRest(t.Context(), tree, "rest"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a commit on another branch: %v", err)
	}
}
