package worktree

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/fault"
)

// TestGlance: what is not committed is seen as a commit, and nothing of the tree, its index
// or the refs changes by being looked at.
func TestGlance(t *testing.T) {
	trees := fixture(t)
	root := trees.Git.Root
	write(t, filepath.Join(root, ".gitignore"), "*.log\n")
	plain(t, root, "add", ".gitignore")
	plain(t, root, "commit", "-qm", "ignore")
	k := ensure(t, trees, want("r1"))
	look := func() string {
		t.Helper()
		refs, status := plain(t, root, "for-each-ref"), plain(t, k.Dir, "status", "--porcelain")
		index := read(t, filepath.Join(k.Admin(), "index"))
		commit, err := trees.Glance(t.Context(), trees.At("alpha", "r1", "", ""))
		if err != nil {
			t.Fatal(err)
		}
		if plain(t, root, "for-each-ref") != refs || plain(t, k.Dir, "status", "--porcelain") != status || index == "" {
			t.Error("looking at it has changed something")
		}
		return commit
	}
	head := plain(t, k.Dir, "rev-parse", "HEAD")
	if got := look(); got != head {
		t.Errorf("of a clean tree: %s, want its head %s", got, head)
	}
	write(t, filepath.Join(k.Dir, "a.txt"), "changed\n")
	write(t, filepath.Join(k.Dir, "new.txt"), "new\n")
	write(t, filepath.Join(k.Dir, "noise.log"), "ignored\n")
	if err := os.Remove(filepath.Join(k.Dir, "dir/b.txt")); err != nil {
		t.Fatal(err)
	}
	first := look()
	if got := plain(t, root, "diff-tree", "-r", "--name-status", head, first); got != "M\ta.txt\nD\tdir/b.txt\nA\tnew.txt" {
		t.Errorf("it shows\n%s", got)
	}
	if again := look(); again != first {
		t.Errorf("the same tree is %s and then %s", first, again)
	}
	plain(t, k.Dir, "add", "-A")
	if staged := look(); staged != first {
		t.Errorf("staged it is %s, not %s", staged, first)
	}
	plain(t, k.Dir, "commit", "-qm", "done")
	if got := look(); got != plain(t, k.Dir, "rev-parse", "HEAD") {
		t.Errorf("committed it is %s, not the head", got)
	}

	// Too much to be read in passing; and never another run's tree.
	large, err := os.Create(filepath.Join(k.Dir, "large.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if err := large.Truncate(glanceBytes + 1); err != nil {
		t.Fatal(err)
	}
	large.Close()
	if _, err := trees.Glance(t.Context(), trees.At("alpha", "r1", "", "")); fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "1 files") {
		t.Errorf("a large file: %v", err)
	}
	_, err = trees.Glance(t.Context(), trees.At("alpha", "r2", "", ""))
	conflict(t, "another run", err, "another run's")
}
