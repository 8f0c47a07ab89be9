package landing

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/run"
	"tasks/internal/worktree"
)

const sheetText = `---
title: Alpha
status: ready # when it is time
owner: Ann
updated_at: 2026-01-01T00:00:00Z
---

## Plan

- [ ] do it
`

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

// scene is a repository on trunk, with a run of the task alpha under way.
type scene struct {
	testing.TB
	root string
	l    *Lander
	tree worktree.Tree
	r    *run.Run
}

func fixture(t testing.TB, files map[string]string, init ...string) *scene {
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
	plain(t, root, append([]string{"init", "-q", "-b", "trunk"}, init...)...)
	write(t, filepath.Join(root, "a.txt"), "one\ntwo\nthree\n")
	write(t, filepath.Join(root, "b.txt"), "b\n")
	write(t, filepath.Join(root, "other.txt"), "other\n")
	for name, text := range files {
		write(t, filepath.Join(root, name), text)
	}
	plain(t, root, "add", ".")
	plain(t, root, "commit", "-q", "-m", "first")
	write(t, filepath.Join(root, "tasks/alpha.md"), sheetText) // not committed: the usual case
	s := &scene{TB: t, root: root, l: lander(t, root)}
	s.begin("r1")
	return s
}

func lander(t testing.TB, root string) *Lander {
	c, err := git.Find(context.Background(), root)
	if err == nil {
		err = os.MkdirAll(c.StateDir(), 0o700)
	}
	if err != nil {
		if t == nil { // in a process of its own
			panic(err)
		}
		t.Fatal(err)
	}
	return New(c, c.StateDir())
}

func want(id string) worktree.Want {
	return worktree.Want{Run: id, Slug: "alpha", Base: "trunk", Path: "tasks/alpha.md", Worksheet: []byte(sheetText), Title: "Alpha"}
}

func (s *scene) begin(id string) {
	s.Helper()
	var err error
	s.tree, err = s.l.Trees.Ensure(context.Background(), want(id))
	if err != nil {
		s.Fatal(err)
	}
	s.r = &run.Run{ID: id, Slug: "alpha", Path: "tasks/alpha.md", Base: "trunk", Branch: "task/alpha", Title: "Alpha", Worksheet: []byte(sheetText), Begin: s.tree.Begin, Worktree: s.tree.Dir}
	s.work(nil)
}

// work writes files in the run's tree ("" removes one), and commits all.
func (s *scene) work(files map[string]string) {
	s.Helper()
	for name, text := range files {
		if text == "" {
			if err := os.RemoveAll(filepath.Join(s.tree.Dir, name)); err != nil {
				s.Fatal(err)
			}
			continue
		}
		write(s, filepath.Join(s.tree.Dir, name), text)
	}
	if _, _, err := s.l.Trees.CommitRest(context.Background(), s.tree, "work"); err != nil {
		s.Fatal(err)
	}
	s.r.Head = plain(s, s.root, "rev-parse", "task/alpha")
}

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func (s *scene) accept() string {
	s.Helper()
	commit, err := s.l.Accept(context.Background(), s.r, Options{Now: noon})
	if err != nil {
		s.Fatalf("Accept: %v", err)
	}
	return commit
}

// state is all that a refused landing must leave as it is.
func (s *scene) state() string {
	var b strings.Builder
	b.WriteString(plain(s, s.root, "for-each-ref"))
	b.WriteString(plain(s, s.root, "ls-files", "-s"))
	filepath.WalkDir(s.root, func(name string, d os.DirEntry, err error) error {
		if d != nil && d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			b.WriteString(name + "\x00" + read(s, name) + "\x00")
		}
		return nil
	})
	return b.String()
}

func (s *scene) refused(word string) {
	s.Helper()
	before := s.state()
	_, err := s.l.Accept(context.Background(), s.r, Options{Now: noon})
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), word) {
		s.Errorf("Accept: %v, want a conflict with %q", err, word)
	}
	if s.state() != before {
		s.Error("something was changed")
	}
}

const completed = `---
title: Alpha
status: completed # when it is time
owner: Ann
updated_at: 2026-03-04T12:00:00Z
completed_at: 2026-03-04T12:00:00Z
completed_by: ann
---

## Plan

- [x] do it
`

func TestAcceptLandsOneCommit(t *testing.T) {
	s := fixture(t, nil)
	base := plain(t, s.root, "rev-parse", "trunk")
	s.work(map[string]string{"a.txt": "one\n2\nthree\n", "new/c.txt": "c\n", "b.txt": "", "tasks/alpha.md": strings.Replace(sheetText, "[ ]", "[x]", 1)})
	write(t, filepath.Join(s.root, "other.txt"), "staged\n")
	plain(t, s.root, "add", "other.txt")
	write(t, filepath.Join(s.root, "other.txt"), "and changed\n")
	write(t, filepath.Join(s.root, "new/mine.txt"), "untracked\n")
	commit := s.accept()
	if got := plain(t, s.root, "rev-parse", "trunk", "HEAD", "trunk^@"); got != commit+"\n"+commit+"\n"+base {
		t.Errorf("trunk, HEAD and parents = %s", got)
	}
	if got := plain(t, s.root, "log", "-1", "--format=%B"); got != "Alpha\n\nTask: alpha\nRun: r1" {
		t.Errorf("message = %q", got)
	}
	if got := read(t, filepath.Join(s.root, "tasks/alpha.md")); got != completed {
		t.Errorf("worksheet = %s", got)
	}
	if got := read(t, filepath.Join(s.root, "a.txt")) + read(t, filepath.Join(s.root, "new/c.txt")); got != "one\n2\nthree\nc\n" {
		t.Errorf("files = %q", got)
	}
	if got := plain(t, s.root, "status", "--porcelain"); got != "MM other.txt\n?? new/mine.txt" {
		t.Errorf("status = %q", got)
	}
	if got := plain(t, s.root, "show", ":other.txt"); got != "staged" {
		t.Errorf("staged = %q", got)
	}
	if got := plain(t, s.root, "for-each-ref", "--format=%(refname)", "refs/tasks", "refs/heads"); got != "refs/heads/trunk\nrefs/tasks/kept/alpha/r1" {
		t.Errorf("refs = %s", got)
	}
	if _, err := os.Lstat(s.tree.Dir); err == nil {
		t.Error("the tree is still there")
	}
	if again := s.accept(); again != commit {
		t.Errorf("again = %s, want the same commit", again)
	}
	s.r.LandedAs = commit
	s.refused("already")
}

func TestAcceptMerges(t *testing.T) {
	s := fixture(t, nil)
	s.work(map[string]string{"a.txt": "one\n2\nthree\n"})
	write(t, filepath.Join(s.root, "b.txt"), "moved on\n")
	plain(t, s.root, "commit", "-qam", "base moves")
	base := plain(t, s.root, "rev-parse", "trunk")
	if clean, paths, err := s.l.Predict(t.Context(), s.r); !clean || len(paths) > 0 || err != nil {
		t.Errorf("Predict = %v, %v, %v", clean, paths, err)
	}
	commit, err := s.l.Accept(t.Context(), s.r, Options{Merge: true, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	if got := plain(t, s.root, "rev-parse", commit+"^1", commit+"^2"); got != base+"\n"+s.r.Head {
		t.Errorf("parents = %s", got)
	}
	if got := plain(t, s.root, "status", "--porcelain"); got != "" {
		t.Errorf("status = %q", got)
	}
	if got := read(t, filepath.Join(s.root, "b.txt")); got != "moved on\n" {
		t.Errorf("b.txt = %q", got)
	}
}

func TestWhatIsInTheWayIsNamed(t *testing.T) {
	for _, c := range []struct {
		name, word string
		set        func(s *scene)
	}{
		{"conflict", "a.txt", func(s *scene) {
			write(s, filepath.Join(s.root, "a.txt"), "one\nzwei\nthree\n")
			plain(s, s.root, "commit", "-qam", "base moves")
		}},
		{"changed", "a.txt", func(s *scene) { write(s, filepath.Join(s.root, "a.txt"), "mine\n") }},
		{"staged", "a.txt", func(s *scene) {
			write(s, filepath.Join(s.root, "a.txt"), "mine\n")
			plain(s, s.root, "add", "a.txt")
			write(s, filepath.Join(s.root, "a.txt"), "one\ntwo\nthree\n")
		}},
		{"removed", "a.txt", func(s *scene) { os.Remove(filepath.Join(s.root, "a.txt")) }},
		{"untracked", "new/c.txt", func(s *scene) { write(s, filepath.Join(s.root, "new/c.txt"), "mine\n") }},
		{"ignored", "new/c.txt", func(s *scene) {
			write(s, filepath.Join(s.root, ".gitignore"), "new\n")
			write(s, filepath.Join(s.root, "new/c.txt"), "mine\n")
		}},
		{"a file for a folder", "new/c.txt", func(s *scene) { write(s, filepath.Join(s.root, "new"), "mine\n") }},
		{"a link for a folder", "new/c.txt", func(s *scene) { os.Symlink(s.TempDir(), filepath.Join(s.root, "new")) }},
		{"a folder for a file", "new/c.txt", func(s *scene) { write(s, filepath.Join(s.root, "new/c.txt/mine"), "x") }},
		{"an edited worksheet", "tasks/alpha.md", func(s *scene) { write(s, filepath.Join(s.root, "tasks/alpha.md"), sheetText+"more\n") }},
		{"a merge", "merge", func(s *scene) {
			write(s, filepath.Join(s.root, ".git/MERGE_HEAD"), plain(s, s.root, "rev-parse", "HEAD")+"\n")
		}},
		{"git at work", "at work", func(s *scene) { write(s, filepath.Join(s.root, ".git/index.lock"), "") }},
		{"another head", "review", func(s *scene) { plain(s, s.tree.Dir, "commit", "-q", "--allow-empty", "-m", "late") }},
		{"a switched tree", "not on", func(s *scene) { plain(s, s.tree.Dir, "switch", "-q", "-c", "elsewhere") }},
		{"the base gone", "not there", func(s *scene) { plain(s, s.root, "branch", "-m", "trunk", "main") }},
		{"another's worktree", ".worktrees/beta/x", func(s *scene) {
			write(s, filepath.Join(s.tree.Dir, ".worktrees/beta/x"), "evil\n")
			plain(s, s.tree.Dir, "add", "-f", ".worktrees/beta/x")
			s.work(nil)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fixture(t, nil)
			s.work(map[string]string{"a.txt": "one\n2\nthree\n", "new/c.txt": "c\n"})
			c.set(s)
			s.refused(c.word)
		})
	}
}

func TestWhatIsAsGoodAsCleanIsNotInTheWay(t *testing.T) {
	for name, set := range map[string]func(s *scene){
		"the new bytes": func(s *scene) {
			write(s, filepath.Join(s.root, "a.txt"), "one\n2\nthree\n")
			write(s, filepath.Join(s.root, "new/c.txt"), "c\n")
		},
		"the worksheet staged":    func(s *scene) { plain(s, s.root, "add", "tasks/alpha.md") },
		"the worksheet gone":      func(s *scene) { os.Remove(filepath.Join(s.root, "tasks/alpha.md")) },
		"the worksheet committed": func(s *scene) { plain(s, s.root, "add", "tasks/alpha.md"); plain(s, s.root, "commit", "-qm", "sheet") },
		"touched":                 func(s *scene) { os.Chtimes(filepath.Join(s.root, "a.txt"), noon, noon) },
	} {
		t.Run(name, func(t *testing.T) {
			s := fixture(t, nil)
			s.work(map[string]string{"a.txt": "one\n2\nthree\n", "new/c.txt": "c\n"})
			set(s)
			s.accept()
			if got := plain(t, s.root, "status", "--porcelain"); got != "" {
				t.Errorf("status = %q", got)
			}
			if got := read(t, filepath.Join(s.root, "tasks/alpha.md")); !strings.Contains(got, "status: completed") {
				t.Errorf("worksheet = %s", got)
			}
		})
	}
}
