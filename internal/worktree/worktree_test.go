package worktree

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/git"
)

// sh runs git in dir as a user would.
func sh(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=n", "-c", "user.email=e@localhost", "-c", "init.defaultBranch=trunk"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func house(t *testing.T, commits bool) (*Trees, string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sh(t, root, "init", "-q")
	if commits {
		write(t, filepath.Join(root, "a.txt"), "a\n")
		sh(t, root, "add", "-A")
		sh(t, root, "commit", "-qm", "first")
	}
	c, err := git.Find(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(c.StateDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	return &Trees{Git: c, StateDir: c.StateDir()}, root
}

func want(run string) Want {
	return Want{Run: run, Slug: "alpha", Base: "trunk", Path: "tasks/alpha.md", Worksheet: []byte("---\r\ntitle: A\r\n---\n"), Title: "A"}
}

func TestEnsureMakesTheTreeOnce(t *testing.T) {
	for _, commits := range []bool{true, false} {
		trees, root := house(t, commits)
		tree, err := trees.Ensure(t.Context(), want("r1"))
		if err != nil || !tree.Created || tree.Dir != filepath.Join(root, ".worktrees", "alpha") || tree.Branch != "task/alpha" {
			t.Fatalf("%+v, %v", tree, err)
		}
		first := sh(t, root, "show", "--format=%s%n%b", "--stat", tree.Head)
		if !strings.Contains(first, "kickoff: A") || !strings.Contains(first, "Task: alpha") || !strings.Contains(first, "tasks/alpha.md") {
			t.Errorf("first commit: %s", first)
		}
		blob, err := exec.Command("git", "-C", root, "cat-file", "blob", tree.Head+":tasks/alpha.md").Output()
		if err != nil || string(blob) != string(want("r1").Worksheet) {
			t.Errorf("worksheet %q, %v", blob, err)
		}
		if got := sh(t, root, "status", "--porcelain"); got != "" {
			t.Errorf("the root shows %q", got)
		}
		write(t, filepath.Join(tree.Dir, "b.txt"), "half")
		again, err := trees.Ensure(t.Context(), want("r1"))
		if err != nil || again.Created || again.Head != tree.Head || again.Begin != tree.Begin {
			t.Errorf("again %+v, %v; want %+v", again, err, tree)
		}
		if data, err := os.ReadFile(filepath.Join(tree.Dir, "b.txt")); err != nil || string(data) != "half" {
			t.Errorf("uncommitted work: %q, %v", data, err)
		}
	}
}

func TestWhatIsLeftIsCommittedKeptAndRemoved(t *testing.T) {
	trees, root := house(t, true)
	tree, err := trees.Ensure(t.Context(), want("r1"))
	if err != nil {
		t.Fatal(err)
	}
	if hash, files, err := trees.CommitRest(t.Context(), tree, "rest"); hash != "" || files != nil || err != nil {
		t.Errorf("of a clean tree: %q %v %v", hash, files, err)
	}
	write(t, filepath.Join(tree.Dir, "new/ü b.txt"), "new")
	write(t, filepath.Join(tree.Dir, "a.txt"), "changed")
	write(t, filepath.Join(trees.Git.CommonDir, "worktrees", "alpha", "index.lock"), "") // of a git that was killed
	hash, files, err := trees.CommitRest(t.Context(), tree, "rest")
	if err != nil || hash == "" || len(files) != 2 {
		t.Fatalf("%q %v %v", hash, files, err)
	}
	write(t, filepath.Join(tree.Dir, "late.txt"), "late")
	kept, err := trees.Remove(t.Context(), tree, "r1")
	if err != nil || kept != "refs/tasks/kept/alpha/r1" {
		t.Fatalf("%q, %v", kept, err)
	}
	if got := sh(t, root, "show", kept+":late.txt"); got != "late" {
		t.Errorf("kept %q", got)
	}
	if _, err := os.Lstat(tree.Dir); err == nil {
		t.Error("the tree is still there")
	}
	if head, err := trees.Git.Resolve(t.Context(), "refs/heads/task/alpha"); err != nil || head != "" {
		t.Errorf("the branch is at %q, %v", head, err)
	}
	if _, err := trees.Ensure(t.Context(), want("r2")); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNotOursIsLeftAlone(t *testing.T) {
	for name, set := range map[string]func(t *testing.T, root string){
		"a file":       func(t *testing.T, root string) { write(t, filepath.Join(root, ".worktrees/alpha"), "x") },
		"a folder":     func(t *testing.T, root string) { write(t, filepath.Join(root, ".worktrees/alpha/x"), "x") },
		"a repository": func(t *testing.T, root string) { sh(t, root, "init", "-q", ".worktrees/alpha") },
		"a branch":     func(t *testing.T, root string) { sh(t, root, "branch", "task/alpha") },
		"a work tree": func(t *testing.T, root string) {
			sh(t, root, "worktree", "add", "-q", "-b", "mine", ".worktrees/alpha")
		},
		"a link":        func(t *testing.T, root string) { link(t, t.TempDir(), filepath.Join(root, ".worktrees/alpha")) },
		"a linked home": func(t *testing.T, root string) { link(t, t.TempDir(), filepath.Join(root, ".worktrees")) },
	} {
		t.Run(name, func(t *testing.T) {
			trees, root := house(t, true)
			set(t, root)
			before := sh(t, root, "for-each-ref")
			if tree, err := trees.Ensure(t.Context(), want("r1")); fault.CodeOf(err) != fault.Conflict {
				t.Errorf("%+v, %v; want a conflict", tree, err)
			}
			if after := sh(t, root, "for-each-ref"); after != before {
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
	trees, _ := house(t, true)
	tree, err := trees.Ensure(t.Context(), want("r1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := trees.Check(t.Context(), tree); err != nil {
		t.Error(err)
	}
	sh(t, tree.Dir, "switch", "-qc", "other")
	if err := trees.Check(t.Context(), tree); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "other") {
		t.Errorf("switched: %v", err)
	}
	sh(t, tree.Dir, "checkout", "-q", "--detach")
	if err := trees.Check(t.Context(), tree); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("detached: %v", err)
	}
	if _, _, err := trees.CommitRest(t.Context(), tree, "rest"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a commit on another branch: %v", err)
	}
}
