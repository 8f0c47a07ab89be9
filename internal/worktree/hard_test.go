package worktree

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/fault"
)

func commitIn(t testing.TB, dir, name, text string) string {
	t.Helper()
	write(t, filepath.Join(dir, name), text)
	plain(t, dir, "add", "--", name)
	plain(t, dir, "commit", "-q", "-m", "add "+name)
	return plain(t, dir, "rev-parse", "HEAD")
}

// reachable tells whether a ref reaches the commit.
func reachable(t testing.TB, root, commit string) bool {
	t.Helper()
	out, err := try(root, "for-each-ref", "--contains", commit)
	return err == nil && out != ""
}

func remove(t testing.TB, trees *Trees, k Tree, run string) string {
	t.Helper()
	kept, err := trees.Remove(t.Context(), k, run)
	if err != nil {
		t.Fatalf("Remove: %v", err)
	}
	return kept
}

func TestATreeIsMadeWholeAgain(t *testing.T) {
	trees := fixture(t)
	root := trees.Git.Root
	k := ensure(t, trees, want("r1"))
	head := commitIn(t, k.Dir, "done.txt", "done\n")
	write(t, filepath.Join(k.Dir, "half.txt"), "half\n")
	write(t, filepath.Join(k.Dir, "a.txt"), "changed\n")

	if err := os.RemoveAll(k.Admin()); err != nil { // git's data is gone
		t.Fatal(err)
	}
	conflict(t, "Check without git's data", trees.Check(t.Context(), k), "cut off")
	again := ensure(t, trees, want("r1"))
	if again.Created || again.Head != head || again.Begin != k.Begin {
		t.Errorf("without git's data: %+v, want %+v at %s", again, k, head)
	}
	if got := plain(t, k.Dir, "status", "--porcelain"); got != "M a.txt\n?? half.txt" {
		t.Errorf("status = %q", got)
	}

	plain(t, k.Dir, "add", "half.txt")
	if err := os.RemoveAll(k.Dir); err != nil { // the folder is gone
		t.Fatal(err)
	}
	conflict(t, "Check without a folder", trees.Check(t.Context(), k), "gone")
	if again = ensure(t, trees, want("r1")); !again.Created || again.Head != head {
		t.Errorf("without a folder: %+v", again)
	}
	if got := plain(t, root, "show", KeptPrefix+"alpha/r1:half.txt"); got != "half" {
		t.Errorf("what was staged: %q", got)
	}

	w := want("r1")
	w.Begin = k.Begin
	if err := os.RemoveAll(k.Dir); err != nil { // folder and branch are gone
		t.Fatal(err)
	}
	if err := trees.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	plain(t, root, "update-ref", "-d", "refs/heads/task/alpha")
	if again = ensure(t, trees, w); !again.Created || read(t, filepath.Join(again.Dir, "half.txt")) != "half\n" {
		t.Errorf("without branch and folder: %+v", again)
	}
}

func TestWhatOfAnEarlierRunIsThereIsKept(t *testing.T) {
	trees := fixture(t)
	root := trees.Git.Root
	k := ensure(t, trees, want("r1"))
	done := commitIn(t, k.Dir, "done.txt", "done\n")
	write(t, filepath.Join(k.Dir, "half.txt"), "half\n")
	k2 := ensure(t, trees, want("r2"))
	if !k2.Created || k2.Run != "r2" || k2.Head == done {
		t.Errorf("second run: %+v", k2)
	}
	if got := plain(t, root, "show", KeptPrefix+"alpha/r1:half.txt", KeptPrefix+"alpha/r1:done.txt"); got != "half\ndone" {
		t.Errorf("kept %q", got)
	}
	conflict(t, "Check of the first", trees.Check(t.Context(), k), "another run")
	_, _, err := trees.CommitRest(t.Context(), k, "late")
	conflict(t, "CommitRest of the first", err, "another run")
	_, err = trees.Remove(t.Context(), k, "r1")
	conflict(t, "Remove of the first", err, "another run")

	plain(t, root, "worktree", "remove", "--force", k2.Dir) // only the branch is left
	if k3 := ensure(t, trees, want("r3")); !k3.Created || !reachable(t, root, k2.Head) {
		t.Errorf("third run: %+v", k3)
	}
}

func TestCheckNoticesWhatWasMoved(t *testing.T) {
	trees := fixture(t)
	k := ensure(t, trees, want("r1"))
	late := commitIn(t, k.Dir, "done.txt", "done\n")
	plain(t, k.Dir, "reset", "-q", "--hard", "trunk")
	conflict(t, "a rewound branch", trees.Check(t.Context(), k), "moved by hand")
	_, err := trees.Ensure(t.Context(), want("r1"))
	conflict(t, "Ensure on a rewound branch", err, "moved by hand")
	remove(t, trees, k, "r1")
	if !reachable(t, trees.Git.Root, late) {
		t.Error("the commit before it was rewound is lost")
	}

	k = ensure(t, trees, want("r2"))
	aside := filepath.Join(t.TempDir(), "aside")
	if err := os.Rename(k.Dir, aside); err != nil {
		t.Fatal(err)
	}
	link(t, aside, k.Dir)
	conflict(t, "a link", trees.Check(t.Context(), k), "link")
	_, _, err = trees.CommitRest(t.Context(), k, "x")
	conflict(t, "CommitRest through a link", err, "link")
	_, err = trees.Remove(t.Context(), k, "r2")
	conflict(t, "Remove through a link", err, "link")
	if got := read(t, filepath.Join(aside, "a.txt")); got != "one\n" {
		t.Errorf("behind the link: %q", got)
	}
}

func TestLockedTreesStay(t *testing.T) {
	trees := fixture(t)
	k := ensure(t, trees, want("r1"))
	plain(t, trees.Git.Root, "worktree", "lock", "--reason", "mine", k.Dir)
	if again := ensure(t, trees, want("r1")); again.Created {
		t.Error("made anew")
	}
	_, err := trees.Remove(t.Context(), k, "r1")
	conflict(t, "Remove", err, "locked")
	if list, err := trees.List(t.Context()); err != nil || len(list) != 1 || !list[0].Locked || !list[0].Ours || list[0].On != "task/alpha" {
		t.Errorf("List = %+v, %v", list, err)
	}
	if err := os.RemoveAll(k.Dir); err != nil {
		t.Fatal(err)
	}
	_, err = trees.Ensure(t.Context(), want("r1"))
	conflict(t, "a locked tree without its folder", err, "")
}

func TestCommitRestTakesAllAndSaysWhatNot(t *testing.T) {
	trees := fixture(t)
	k := ensure(t, trees, want("r1"))
	write(t, filepath.Join(k.Dir, ".gitignore"), "litter\n")
	write(t, filepath.Join(k.Dir, "litter/x"), "x")
	plain(t, k.Dir, "update-index", "--assume-unchanged", "a.txt")
	plain(t, k.Dir, "update-index", "--skip-worktree", "dir/b.txt")
	write(t, filepath.Join(k.Dir, "a.txt"), "hidden 1\n")
	write(t, filepath.Join(k.Dir, "dir/b.txt"), "hidden 2\n")
	write(t, filepath.Join(k.Dir, "odd \"ü\n.txt"), "odd\n")
	plain(t, k.Dir, "init", "-q", "nested")
	commitIn(t, filepath.Join(k.Dir, "nested"), "n.txt", "nested\n")
	commit, files, err := trees.CommitRest(t.Context(), k, "left  by\nthe agent")
	if err != nil || strings.Join(files, "|") != ".gitignore|a.txt|dir/b.txt|odd \"ü\n.txt" {
		t.Fatalf("CommitRest = %q, %v", files, err)
	}
	if got := plain(t, k.Dir, "log", "-1", "--format=%B", commit); got != "left by the agent\n\nNot in this commit, repositories of their own: nested\n\nTask: alpha\nRun: r1" {
		t.Errorf("message = %q", got)
	}
	remove(t, trees, k, "r1")
	if got := read(t, filepath.Join(trees.Git.Root, ".worktrees/.kept/alpha-r1/nested/n.txt")); got != "nested\n" {
		t.Errorf("the nested repository: %q", got)
	}
}

func TestWhatIsGoingOnIsLeft(t *testing.T) {
	trees := fixture(t)
	k := ensure(t, trees, want("r1"))
	commitIn(t, k.Dir, "a.txt", "mine\n")
	plain(t, k.Dir, "switch", "-q", "-c", "other", k.Begin)
	commitIn(t, k.Dir, "a.txt", "theirs\n")
	plain(t, k.Dir, "switch", "-q", "task/alpha")
	if _, err := try(k.Dir, "merge", "other"); err == nil {
		t.Fatal("no conflict")
	}
	before := plain(t, k.Dir, "status", "--porcelain=v2")
	_, _, err := trees.CommitRest(t.Context(), k, "x")
	conflict(t, "in a merge", err, "merge")
	if got := plain(t, k.Dir, "status", "--porcelain=v2"); got != before {
		t.Errorf("status = %s, was %s", got, before)
	}
	plain(t, k.Dir, "merge", "--abort")
	if _, err := try(k.Dir, "rebase", "other"); err == nil {
		t.Fatal("no conflict")
	}
	_, _, err = trees.CommitRest(t.Context(), k, "x")
	conflict(t, "in a rebase", err, "rebase")
	mark := read(t, filepath.Join(k.Dir, "a.txt"))
	kept := remove(t, trees, k, "r1")
	if got := plain(t, trees.Git.Root, "show", kept+":a.txt"); got+"\n" != mark {
		t.Errorf("kept %q, want %q", got, mark)
	}
}

func TestALockOfTheIndexIsTakenAwayOnlyWhereNobodyHoldsIt(t *testing.T) {
	trees := fixture(t)
	defer func(was time.Duration) { staleAfter = was }(staleAfter)
	staleAfter = 50 * time.Millisecond
	k := ensure(t, trees, want("r1"))
	write(t, filepath.Join(k.Dir, "new.txt"), "new\n")
	name := filepath.Join(k.Admin(), "index.lock")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = trees.CommitRest(t.Context(), k, "x")
	conflict(t, "while it is held", err, "at work")
	f.Close()
	if commit, _, err := trees.CommitRest(t.Context(), k, "x"); err != nil || commit == "" {
		t.Errorf("left behind: %q, %v", commit, err)
	}
}

// A git that was killed, or a machine that lost its power, leaves locks on HEAD and on the branch
// too: the next attempt can commit.
func TestLocksOfAKilledGitAreTakenAway(t *testing.T) {
	trees := fixture(t)
	defer func(was time.Duration) { staleAfter = was }(staleAfter)
	staleAfter = 20 * time.Millisecond
	k := ensure(t, trees, want("r1"))
	locks := []string{
		filepath.Join(k.Admin(), "index.lock"), filepath.Join(k.Admin(), "HEAD.lock"), filepath.Join(trees.Git.CommonDir, "refs", "heads", "task", "alpha.lock"),
	}
	for _, name := range locks {
		write(t, name, "")
	}
	ensure(t, trees, want("r1"))
	commitIn(t, k.Dir, "x.txt", "1\n")
	for _, name := range locks {
		write(t, name, "")
	}
	write(t, filepath.Join(k.Dir, "new.txt"), "new\n")
	if commit, _, err := trees.CommitRest(t.Context(), k, "x"); err != nil || commit == "" {
		t.Errorf("left behind: %q, %v", commit, err)
	}
	for _, name := range locks {
		write(t, name, "")
	}
	remove(t, trees, k, "r1")
}

// What is not on the branch is kept as well: staged content, a detached HEAD, commits
// that were amended away.
func TestRemoveKeepsWhatOnlyTheTreeHeld(t *testing.T) {
	trees := fixture(t)
	root := trees.Git.Root
	k := ensure(t, trees, want("r1"))
	first := commitIn(t, k.Dir, "x.txt", "1\n")
	write(t, filepath.Join(k.Dir, "x.txt"), "2\n")
	plain(t, k.Dir, "commit", "-q", "-a", "--amend", "-m", "amended")
	plain(t, k.Dir, "checkout", "-q", "--detach")
	loose := commitIn(t, k.Dir, "loose.txt", "loose\n")
	plain(t, k.Dir, "switch", "-q", "task/alpha")
	write(t, filepath.Join(k.Dir, "x.txt"), "staged\n")
	plain(t, k.Dir, "add", "x.txt")
	write(t, filepath.Join(k.Dir, "x.txt"), "in the file\n")
	if err := os.MkdirAll(filepath.Join(k.Dir, "fixed/in"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(k.Dir, "fixed/in/f.txt"), "f")
	os.Chmod(filepath.Join(k.Dir, "fixed/in"), 0o555)
	before := plain(t, k.Dir, "status", "--porcelain=v2")
	ref, err := trees.Keep(t.Context(), k, "r1")
	if err != nil || plain(t, k.Dir, "status", "--porcelain=v2") != before {
		t.Fatalf("Keep = %q, %v", ref, err)
	}
	kept := remove(t, trees, k, "r1")
	if kept != ref || plain(t, root, "for-each-ref", "--format=%(refname)", "refs/tasks") != ref+"\n"+ref+"-more" {
		t.Errorf("refs: %s", plain(t, root, "for-each-ref"))
	}
	if got := plain(t, root, "show", kept+":x.txt", kept+"^2:x.txt"); got != "in the file\nstaged" {
		t.Errorf("kept %q", got)
	}
	for _, c := range []string{first, loose} {
		if !reachable(t, root, c) {
			t.Errorf("%s is lost", c)
		}
	}
}

func TestPruneKeepsWhatOthersHeld(t *testing.T) {
	trees := fixture(t)
	root := trees.Git.Root
	theirs := filepath.Join(t.TempDir(), "theirs")
	plain(t, root, "worktree", "add", "-q", "--detach", theirs)
	loose := commitIn(t, theirs, "loose.txt", "loose\n")
	write(t, filepath.Join(theirs, "staged.txt"), "staged\n")
	plain(t, theirs, "add", "staged.txt")
	if err := os.RemoveAll(theirs); err != nil {
		t.Fatal(err)
	}
	if err := trees.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !reachable(t, root, loose) || plain(t, root, "show", KeptPrefix+"theirs/pruned:staged.txt") != "staged" {
		t.Errorf("refs: %s", plain(t, root, "for-each-ref"))
	}
}

func TestABranchInTheWay(t *testing.T) {
	trees := fixture(t)
	root := trees.Git.Root
	plain(t, root, "branch", "task")
	_, err := trees.Ensure(t.Context(), want("r1"))
	conflict(t, "a branch named task", err, "cannot be made")
	plain(t, root, "branch", "-D", "task")
	k := ensure(t, trees, want("r1"))
	plain(t, k.Dir, "checkout", "-q", "--detach")
	os.Remove(filepath.Join(root, "tasks/alpha.md"))
	plain(t, root, "switch", "-q", "task/alpha") // a person looks at it at the root
	remove(t, trees, k, "r1")
	if got := plain(t, root, "rev-parse", "--abbrev-ref", "HEAD"); got != "task/alpha" {
		t.Errorf("the root is on %q", got)
	}
	_, err = trees.Ensure(t.Context(), want("r2"))
	conflict(t, "a branch that is checked out", err, "checked out")
	if got := plain(t, root, "status", "--porcelain", "-uno"); got != "" {
		t.Errorf("the root: %s", got)
	}
	for _, w := range []Want{{}, {Run: "r", Slug: "../x", Base: "trunk", Path: "a.md"}, {Run: "r", Slug: "x", Base: "trunk", Path: "../a.md"}, {Run: "a/b", Slug: "x", Base: "trunk", Path: "a.md"}, {Run: "r", Slug: "x", Path: "a.md"}} {
		if _, err := trees.Ensure(t.Context(), w); fault.CodeOf(err) != fault.Usage {
			t.Errorf("Ensure(%+v): %v", w, err)
		}
	}
}

// Two workers in one worktree: however many ask at once, one makes the tree, and who comes
// with another run's record touches nothing.
func TestI14OneTreeForOneRun(t *testing.T) {
	trees := fixture(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 6 {
		wg.Go(func() {
			k, err := (&Trees{Git: trees.Git, StateDir: trees.StateDir}).Ensure(t.Context(), want("r1"))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if k.Created {
				made++
			}
		})
	}
	wg.Wait()
	if made != 1 {
		t.Errorf("made %d times", made)
	}
	_, _, err := trees.CommitRest(t.Context(), trees.At("alpha", "r2", "", ""), "x")
	conflict(t, "another run's commit", err, "another run")
}

// Worktrees pile up, what was squashed counts as unmerged, and a tool's litter as work:
// here litter is no work, what was squashed can go, and no commit is lost by it.
func TestI22NothingUnmergedIsLostAndLitterIsNoWork(t *testing.T) {
	trees := fixture(t)
	root := trees.Git.Root
	write(t, filepath.Join(root, ".gitignore"), "node_modules\n*.log\n")
	plain(t, root, "add", ".gitignore")
	os.Remove(filepath.Join(root, "tasks/alpha.md"))
	plain(t, root, "commit", "-qm", "ignore")
	var heads []string
	for i := range 3 {
		id := fmt.Sprintf("r%d", i)
		k := ensure(t, trees, want(id))
		heads = append(heads, commitIn(t, k.Dir, "done.txt", id))
		write(t, filepath.Join(k.Dir, "node_modules/x/y.js"), "litter")
		write(t, filepath.Join(k.Dir, "run.log"), "litter")
		plain(t, root, "merge", "--squash", "-q", "task/alpha")
		plain(t, root, "commit", "-q", "--allow-empty", "-m", "squashed "+id)
		kept := remove(t, trees, k, id)
		if got := plain(t, root, "rev-parse", kept); got != heads[i] {
			t.Errorf("kept %s, want the branch's own head %s", got, heads[i])
		}
	}
	if got := plain(t, root, "worktree", "list", "--porcelain") + plain(t, root, "branch", "--list", "task/*"); strings.Count(got, "worktree ") != 1 || strings.Contains(got, "task/") {
		t.Errorf("left: %s", got)
	}
	for _, h := range heads {
		if !reachable(t, root, h) {
			t.Errorf("%s is lost", h)
		}
	}
}

// No program of the repository's own, or of a nested repository's, configuration runs; the
// user's own filter does.
func TestConfigurationRunsNothing(t *testing.T) {
	trees := fixture(t)
	root := trees.Git.Root
	fired := filepath.Join(t.TempDir(), "fired")
	evil := filepath.Join(t.TempDir(), "evil")
	write(t, evil, "#!/bin/sh\necho \"$0 $*\" >> "+fired+"\ncat\n")
	os.Chmod(evil, 0o755)
	hooks := filepath.Join(root, ".git/hooks")
	for _, h := range []string{"post-checkout", "pre-commit", "post-commit", "reference-transaction", "post-index-change", "prepare-commit-msg", "post-rewrite"} {
		write(t, filepath.Join(hooks, h), "#!/bin/sh\necho "+h+" >> "+fired+"\n")
		os.Chmod(filepath.Join(hooks, h), 0o755)
	}
	set := func(dir string) {
		for _, c := range [][2]string{
			{"filter.f.clean", evil}, {"filter.f.smudge", evil}, {"filter.f.process", evil}, {"filter.f.required", "true"}, {"filter.a=b.clean", evil}, {"filter.a=b.required", "true"},
			{"core.fsmonitor", evil}, {"core.editor", evil}, {"gpg.program", evil}, {"commit.gpgSign", "true"}, {"diff.external", evil}, {"diff.f.textconv", evil}, {"core.pager", evil},
		} {
			plain(t, dir, "config", c[0], c[1])
		}
	}
	write(t, filepath.Join(root, "user.u"), "plain\n")
	write(t, filepath.Join(root, ".gitattributes"), "*.txt filter=f diff=f\n*.b filter=a=b\n*.u filter=mine\n")
	plain(t, root, "add", ".")
	plain(t, root, "-c", "core.hooksPath=/dev/null", "commit", "-qm", "attributes")
	set(root)
	plain(t, root, "config", "--global", "filter.mine.smudge", "tr a-z A-Z")
	plain(t, root, "config", "--global", "filter.mine.clean", "tr A-Z a-z")
	k := ensure(t, trees, want("r1"))
	if got := read(t, filepath.Join(k.Dir, "user.u")); got != "PLAIN\n" {
		t.Errorf("the user's own filter: %q", got)
	}
	nested := filepath.Join(k.Dir, "nested")
	plain(t, k.Dir, "init", "-q", "nested")
	write(t, filepath.Join(nested, ".gitattributes"), "* filter=f\n")
	commitIn(t, nested, "n.txt", "n\n")
	os.Remove(fired)
	calm := []string{"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "commit.gpgSign=false", "-c", "filter.f.process=", "-c", "filter.f.clean=", "-c", "filter.f.required=false"}
	plain(t, k.Dir, append(calm, "update-index", "--add", "--cacheinfo", "160000,"+plain(t, nested, "rev-parse", "HEAD")+",nested")...)
	plain(t, k.Dir, append(calm, "commit", "-qm", "an entry for it")...)
	set(nested)
	write(t, filepath.Join(nested, "n.txt"), "changed\n")
	write(t, filepath.Join(k.Dir, "a.txt"), "changed\n")
	write(t, filepath.Join(k.Dir, "new.b"), "new\n")
	write(t, filepath.Join(k.Dir, "user.u"), "LOUD\n")
	os.Remove(fired)
	if _, files, err := trees.CommitRest(t.Context(), k, "rest"); err != nil || len(files) != 3 {
		t.Errorf("CommitRest = %q, %v", files, err)
	}
	write(t, filepath.Join(k.Dir, "a.txt"), "again\n")
	kept := remove(t, trees, k, "r1")
	out, err := exec.Command("git", "-C", root, "-c", "core.fsmonitor=false", "cat-file", "blob", kept+":user.u").Output()
	if err != nil || string(out) != "loud\n" {
		t.Errorf("kept %q, %v", out, err)
	}
	if text, err := os.ReadFile(fired); err == nil {
		t.Errorf("programs ran:\n%s", text)
	}
	try(root, "status") // plain git runs it, else this proves nothing
	if _, err := os.Stat(fired); err != nil {
		t.Error("nothing runs with plain git either")
	}
}
