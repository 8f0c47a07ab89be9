package landing

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

	"tasks/internal/fault"
	"tasks/internal/run"
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
	l := lander(nil, os.Getenv("TEST_ROOT"))
	r := &run.Run{ID: "r1", Slug: "alpha", Path: "tasks/alpha.md", Base: "trunk", Title: "Alpha", Worksheet: []byte(sheetText), Begin: os.Getenv("TEST_BEGIN"), Head: os.Getenv("TEST_HEAD")}
	if os.Getenv("TEST_DO") == "accept" {
		_, err = l.Accept(context.Background(), r, Options{Now: noon})
	} else {
		_, _, _, err = l.Rebase(context.Background(), r)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (s *scene) killed(what string, n int) bool {
	s.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TEST_KILL_AT="+strconv.Itoa(n), "TEST_ROOT="+s.root, "TEST_DO="+what, "TEST_BEGIN="+s.r.Begin, "TEST_HEAD="+s.r.Head)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	if cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		s.Fatalf("%s: %v: %s", what, err, out)
	}
	return true
}

func TestAcceptKilledAtEachStep(t *testing.T) {
	n := 1
	for ; ; n++ {
		s := fixture(t, nil)
		s.work(map[string]string{"a.txt": "one\n2\nthree\n", "b.txt": "", "new/c.txt": "c\n"})
		write(t, filepath.Join(s.root, "other.txt"), "staged\n")
		plain(t, s.root, "add", "other.txt")
		write(t, filepath.Join(s.root, "mine.txt"), "mine\n")
		last := !s.killed("accept", n)
		if err := s.l.Recover(t.Context()); err != nil {
			t.Fatalf("killed at step %d: Recover: %v", n, err)
		}
		if pending, err := s.l.Pending(t.Context()); len(pending) > 0 || err != nil {
			t.Errorf("killed at step %d: pending %v, %v", n, pending, err)
		}
		commit := s.accept() // says what has landed, or lands it
		if got := plain(t, s.root, "rev-parse", "trunk"); got != commit {
			t.Errorf("killed at step %d: trunk = %s, want %s", n, got, commit)
		}
		if got := plain(t, s.root, "rev-list", "--count", "trunk"); got != "2" {
			t.Errorf("killed at step %d: %s commits, want 2", n, got)
		}
		if got := plain(t, s.root, "status", "--porcelain"); got != "M  other.txt\n?? mine.txt" {
			t.Errorf("killed at step %d: status = %q", n, got)
		}
		if got := read(t, filepath.Join(s.root, "a.txt")) + read(t, filepath.Join(s.root, "new/c.txt")); got != "one\n2\nthree\nc\n" {
			t.Errorf("killed at step %d: files = %q", n, got)
		}
		if got := plain(t, s.root, "for-each-ref", "--format=%(refname)", "refs/tasks", "refs/heads"); got != "refs/heads/trunk\nrefs/tasks/kept/alpha/r1" {
			t.Errorf("killed at step %d: refs = %s", n, got)
		}
		if last {
			break
		}
	}
	if n < 6 {
		t.Errorf("only %d steps", n)
	}
}

// The base goes on by other hands after a landing that was cut off: the tree is left to
// them.
func TestRecoverLeavesWhatWentOn(t *testing.T) {
	s := fixture(t, nil)
	s.work(map[string]string{"a.txt": "one\n2\nthree\n"})
	if !s.killed("accept", 2) {
		t.Fatal("it was not killed")
	}
	plain(t, s.root, "reset", "-q", "--keep", "HEAD") // the person's own way out
	write(t, filepath.Join(s.root, "a.txt"), "mine\n")
	if err := s.l.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(s.root, "a.txt")); got != "mine\n" {
		t.Errorf("a.txt = %q", got)
	}
	if got := plain(t, s.root, "status", "--porcelain", "a.txt"); got != "M a.txt" {
		t.Errorf("status = %q", got)
	}
}

func TestTheBaseMayBeElsewhere(t *testing.T) {
	t.Run("in another worktree", func(t *testing.T) {
		s := fixture(t, nil)
		s.work(map[string]string{"a.txt": "one\n2\nthree\n"})
		os.Remove(filepath.Join(s.root, "tasks/alpha.md"))
		plain(t, s.root, "switch", "-q", "-c", "side")
		there := filepath.Join(t.TempDir(), "there")
		plain(t, s.root, "worktree", "add", "-q", there, "trunk")
		write(t, filepath.Join(there, "a.txt"), "mine\n")
		s.refused("a.txt")
		plain(t, there, "checkout", "-q", "--", "a.txt")
		s.accept()
		if got := plain(t, there, "status", "--porcelain") + read(t, filepath.Join(there, "a.txt")); got != "one\n2\nthree\n" {
			t.Errorf("there: %q", got)
		}
		if got := plain(t, s.root, "status", "--porcelain") + read(t, filepath.Join(s.root, "a.txt")); got != "one\ntwo\nthree\n" {
			t.Errorf("here: %q", got)
		}
	})
	t.Run("nowhere", func(t *testing.T) {
		s := fixture(t, nil)
		s.work(map[string]string{"a.txt": "one\n2\nthree\n"})
		plain(t, s.root, "checkout", "-q", "--detach")
		commit := s.accept()
		if got := plain(t, s.root, "rev-parse", "trunk"); got != commit {
			t.Errorf("trunk = %s", got)
		}
		if got := read(t, filepath.Join(s.root, "a.txt")); got != "one\ntwo\nthree\n" {
			t.Errorf("here: %q", got)
		}
	})
}

func TestTheWorksheetIsFoundAgain(t *testing.T) {
	for _, c := range []struct {
		name, at string
		files    map[string]string
	}{
		{"deleted", "tasks/alpha.md", map[string]string{"tasks/alpha.md": ""}},
		{"renamed", "tasks/workstreams/x/tasks/alpha.md", map[string]string{"tasks/alpha.md": "", "tasks/workstreams/x/tasks/alpha.md": sheetText}},
		{"completed by the agent", "tasks/alpha.md", map[string]string{"tasks/alpha.md": strings.Replace(sheetText, "ready", "completed", 1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fixture(t, nil)
			s.work(c.files)
			s.accept()
			got := read(t, filepath.Join(s.root, c.at))
			if !strings.Contains(got, "status: completed # when") || !strings.Contains(got, "completed_by: ann") || !strings.Contains(got, "completed_at: 2026-03-04") {
				t.Errorf("worksheet = %s", got)
			}
			if got := plain(t, s.root, "status", "--porcelain"); got != "" {
				t.Errorf("status = %q", got)
			}
		})
	}
	t.Run("renamed on the base", func(t *testing.T) { // its id is what it was
		withID := strings.Replace(sheetText, "---\n", "---\nid: alpha\n", 1)
		s := fixture(t, map[string]string{"tasks/alpha.md": withID, "tasks/other.md": "---\nid: other\nstatus: ready\n---\n"})
		s.work(map[string]string{"tasks/alpha.md": withID, "a.txt": "one\n2\nthree\n", "tasks/new.md": "---\nid: new\nstatus: ready\n---\n"})
		plain(t, s.root, "checkout", "-q", "--", "tasks/alpha.md")
		plain(t, s.root, "mv", "tasks/alpha.md", "tasks/omega.md")
		plain(t, s.root, "commit", "-qm", "renamed")
		s.accept()
		if got := read(t, filepath.Join(s.root, "tasks/omega.md")); !strings.Contains(got, "id: alpha\n") || !strings.Contains(got, "status: completed") {
			t.Errorf("worksheet = %s", got)
		}
		if got := plain(t, s.root, "ls-tree", "-r", "--name-only", "HEAD", "tasks"); got != "tasks/new.md\ntasks/omega.md\ntasks/other.md" {
			t.Errorf("below tasks/ are\n%s", got)
		}
	})
	t.Run("broken", func(t *testing.T) {
		s := fixture(t, nil)
		s.work(map[string]string{"tasks/alpha.md": "---\ntitle: [\n---\n"})
		if _, err := s.l.Accept(t.Context(), s.r, Options{}); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "tasks/alpha.md:") {
			t.Errorf("Accept: %v", err)
		}
	})
}

// Every kind of change arrives as git would check it out.
func TestKindsOfChanges(t *testing.T) {
	s := fixture(t, map[string]string{"dir/x.txt": "x\n", "flat": "flat\n", "tool.sh": "#!/bin/sh\n", ".gitattributes": "*.win text eol=crlf\n", "w.win": "a\n", "plain.bin": "\x00\x01"})
	s.work(map[string]string{"dir": "", "flat": ""})
	s.work(map[string]string{"dir": "now a file\n", "flat/y z.txt": "y\n", "w.win": "a\nb\n", "new.win": "n\n", "ü \"q\".txt": "q\n", "plain.bin": "\x00\x02", "deep/er/.gitattributes": "*.txt text eol=crlf\n", "deep/er/e.txt": "e\n"})
	if err := os.Chmod(filepath.Join(s.tree.Dir, "tool.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.txt", filepath.Join(s.tree.Dir, "link")); err != nil {
		t.Fatal(err)
	}
	s.work(nil)
	s.accept()
	if got := plain(t, s.root, "status", "--porcelain"); got != "" {
		t.Errorf("status = %q", got)
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	plain(t, s.root, "worktree", "add", "-q", "--detach", fresh, "trunk")
	for _, name := range strings.Split(plain(t, s.root, "ls-files", "-z"), "\x00") {
		if name == "" {
			continue
		}
		a, err1 := os.Lstat(filepath.Join(s.root, name))
		b, err2 := os.Lstat(filepath.Join(fresh, name))
		if err1 != nil || err2 != nil || a.Mode() != b.Mode() {
			t.Errorf("%s: %v %v, %v %v", name, a, err1, b, err2)
			continue
		}
		if a.Mode().IsRegular() && read(t, filepath.Join(s.root, name)) != read(t, filepath.Join(fresh, name)) {
			t.Errorf("%s = %q, git checks out %q", name, read(t, filepath.Join(s.root, name)), read(t, filepath.Join(fresh, name)))
		}
	}
	if got := read(t, filepath.Join(s.root, "deep/er/e.txt")); got != "e\r\n" {
		t.Errorf("e.txt = %q", got)
	}
	if to, err := os.Readlink(filepath.Join(s.root, "link")); to != "a.txt" || err != nil {
		t.Errorf("link = %q, %v", to, err)
	}
}

// Another kind of hash is as good.
func TestAcceptInARepositoryOfSHA256(t *testing.T) {
	s := fixture(t, nil, "--object-format=sha256")
	s.work(map[string]string{"a.txt": "one\n2\nthree\n", "b.txt": "", "tasks/alpha.md": "", "tasks/x/alpha.md": sheetText})
	if d, err := s.l.Diff(t.Context(), s.r.Begin, s.r.Head); err != nil || len(d.Files) != 3 {
		t.Errorf("Diff = %+v, %v", d, err)
	}
	write(t, filepath.Join(s.root, "other.txt"), "moved on\n")
	plain(t, s.root, "commit", "-qam", "base moves")
	_, head, conflicts, err := s.l.Rebase(t.Context(), s.r)
	if err != nil || len(conflicts) > 0 {
		t.Fatalf("Rebase: %v, %v", conflicts, err)
	}
	s.r.Head = head
	s.accept()
	if got := plain(t, s.root, "status", "--porcelain"); got != "" {
		t.Errorf("status = %q", got)
	}
}

func TestAcceptOnAnUnbornBase(t *testing.T) {
	s := fixture(t, nil)
	plain(t, s.root, "switch", "-q", "--orphan", "fresh")
	write(t, filepath.Join(s.root, "tasks/alpha.md"), sheetText)
	if _, err := s.l.Reject(t.Context(), s.r); err != nil {
		t.Fatal(err)
	}
	var err error
	w := want("r2")
	w.Base = "fresh"
	if s.tree, err = s.l.Trees.Ensure(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	s.r.ID, s.r.Base, s.r.Begin = "r2", "fresh", s.tree.Begin
	s.work(map[string]string{"n.txt": "n\n"})
	commit := s.accept()
	if got := plain(t, s.root, "rev-parse", "fresh"); got != commit {
		t.Errorf("fresh = %s", got)
	}
	if got := plain(t, s.root, "status", "--porcelain") + read(t, filepath.Join(s.root, "n.txt")); got != "n\n" {
		t.Errorf("root: %q", got)
	}
}

func TestRejectKeepsAll(t *testing.T) {
	s := fixture(t, nil)
	s.work(map[string]string{"a.txt": "done\n"})
	write(t, filepath.Join(s.tree.Dir, "half.txt"), "half\n")
	ref, err := s.l.Reject(t.Context(), s.r)
	if err != nil || ref != "refs/tasks/kept/alpha/r1" {
		t.Fatalf("Reject = %q, %v", ref, err)
	}
	if got := plain(t, s.root, "show", ref+":half.txt", ref+":a.txt"); got != "half\ndone" {
		t.Errorf("kept %q", got)
	}
	if got := plain(t, s.root, "for-each-ref", "--format=%(refname)", "refs/heads"); got != "refs/heads/trunk" {
		t.Errorf("branches = %s", got)
	}
	if ref, err = s.l.Reject(t.Context(), s.r); err != nil {
		t.Errorf("again: %q, %v", ref, err)
	}
}

func TestRejectKeepsWhatWasUnderReviewWhenItsBranchIsDeleted(t *testing.T) {
	s := fixture(t, nil)
	s.work(map[string]string{"a.txt": "done\n"})
	s.r.Head = plain(t, s.tree.Dir, "rev-parse", "HEAD")
	plain(t, s.root, "worktree", "remove", "--force", s.tree.Dir)
	plain(t, s.root, "branch", "-D", "task/alpha")
	for range 2 { // again is the same
		ref, err := s.l.Reject(t.Context(), s.r)
		if err != nil || ref != "refs/tasks/kept/alpha/r1" {
			t.Fatalf("Reject = %q, %v", ref, err)
		}
	}
	if got := plain(t, s.root, "rev-parse", "refs/tasks/kept/alpha/r1"); got != s.r.Head {
		t.Errorf("kept %s, not %s", got, s.r.Head)
	}
	s.r.Head = strings.Repeat("0", 39) + "1" // gone from git altogether
	if ref, err := s.l.Reject(t.Context(), s.r); ref != "" || err != nil {
		t.Errorf("without the commit: %q, %v", ref, err)
	}
}

func TestRebase(t *testing.T) {
	s := fixture(t, nil)
	s.work(map[string]string{"a.txt": "one\n2\nthree\n"})
	s.work(map[string]string{"c.txt": "c\n"})
	write(t, filepath.Join(s.root, "b.txt"), "moved on\n")
	plain(t, s.root, "commit", "-qam", "base moves")
	before := s.r.Head
	subjects := plain(t, s.root, "log", "--format=%an %s", s.r.Begin+"..task/alpha")
	for n := 1; s.killed("rebase", n); n++ {
		if err := s.l.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := plain(t, s.tree.Dir, "status", "--porcelain"); got != "" {
			t.Fatalf("killed at step %d: status = %q", n, got)
		}
	}
	begin, head, conflicts, err := s.l.Rebase(t.Context(), s.r)
	if err != nil || len(conflicts) > 0 {
		t.Fatalf("Rebase: %v, %v", conflicts, err)
	}
	if got := plain(t, s.root, "rev-parse", "task/alpha"); got != head {
		t.Errorf("head = %s, branch at %s", head, got)
	}
	if got := plain(t, s.root, "log", "--format=%an %s", "trunk..task/alpha"); got != subjects {
		t.Errorf("commits = %s\nwant %s", got, subjects)
	}
	if got := plain(t, s.tree.Dir, "status", "--porcelain") + read(t, filepath.Join(s.tree.Dir, "b.txt")); got != "moved on\n" {
		t.Errorf("tree: %q", got)
	}
	if _, err := try(s.root, "merge-base", "--is-ancestor", before, "refs/tasks/kept/alpha/r1-before-rebase"); err != nil {
		t.Errorf("the commits before are not kept: %v", err)
	}
	s.r.Begin, s.r.Head, s.tree.Begin = plain(t, s.root, "rev-parse", "trunk"), head, ""
	if begin != s.r.Begin && begin != "" {
		t.Errorf("begin = %s, want %s", begin, s.r.Begin)
	}
	if err := s.l.Trees.Check(t.Context(), s.tree); err != nil {
		t.Errorf("Check: %v", err)
	}
	s.accept()
}

func TestRebaseThatConflictsChangesNothing(t *testing.T) {
	s := fixture(t, nil)
	s.work(map[string]string{"a.txt": "one\n2\nthree\n"})
	write(t, filepath.Join(s.root, "a.txt"), "one\nzwei\nthree\n")
	plain(t, s.root, "commit", "-qam", "base moves")
	before := s.state()
	_, _, conflicts, err := s.l.Rebase(t.Context(), s.r)
	if err != nil || strings.Join(conflicts, " ") != "a.txt" {
		t.Errorf("Rebase: %v, %v", conflicts, err)
	}
	if s.state() != before {
		t.Error("something was changed")
	}
	write(t, filepath.Join(s.tree.Dir, "half.txt"), "half\n")
	if _, _, _, err := s.l.Rebase(t.Context(), s.r); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "half.txt") {
		t.Errorf("with uncommitted changes: %v", err)
	}
}
