package landing

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tasks/internal/fault"
)

// The base moves between the merge and the landing: nothing of it is lost, and nothing
// has happened.
func TestTheBaseMovesMeanwhile(t *testing.T) {
	s := fixture(t, nil)
	s.work(map[string]string{"a.txt": "one\n2\nthree\n"})
	var late string
	step = func(at string) {
		if at == "written down" {
			late = plain(t, s.root, "commit-tree", "-p", "trunk", "-m", "late", "trunk^{tree}")
			plain(t, s.root, "update-ref", "refs/heads/trunk", late)
		}
	}
	defer func() { step = func(string) {} }()
	_, err := s.l.Accept(t.Context(), s.r, Options{Now: noon})
	if fault.CodeOf(err) != fault.Conflict {
		t.Errorf("Accept: %v", err)
	}
	if got := plain(t, s.root, "rev-parse", "trunk"); got != late {
		t.Errorf("trunk = %s, want %s", got, late)
	}
	if got := read(t, filepath.Join(s.root, "a.txt")); got != "one\ntwo\nthree\n" {
		t.Errorf("a.txt = %q", got)
	}
	if pending, err := s.l.Pending(t.Context()); err != nil || len(pending) != 0 {
		t.Errorf("pending = %v, %v", pending, err)
	}
	step = func(string) {}
	s.accept()
	if _, err := try(s.root, "merge-base", "--is-ancestor", late, "trunk"); err != nil {
		t.Error("what came late is lost")
	}
}

// A merge driver of the repository's own configuration is a conflict, filters and hooks of
// it do not run, and git-lfs-like ones of the user's do.
func TestLandingRunsNothingOfTheRepository(t *testing.T) {
	s := fixture(t, map[string]string{".gitattributes": "a.txt merge=evil\nf.txt filter=evil\nu.txt filter=mine\n", "f.txt": "f\n", "u.txt": "u\n"})
	fired, evil := filepath.Join(t.TempDir(), "fired"), filepath.Join(t.TempDir(), "evil")
	write(t, evil, "#!/bin/sh\necho \"$0 $*\" >> "+fired+"\ncat\n")
	os.Chmod(evil, 0o755)
	for _, h := range []string{"post-checkout", "post-merge", "pre-commit", "reference-transaction", "post-index-change", "pre-rebase"} {
		write(t, filepath.Join(s.root, ".git/hooks", h), "#!/bin/sh\necho hook >> "+fired+"\n")
		os.Chmod(filepath.Join(s.root, ".git/hooks", h), 0o755)
	}
	s.work(map[string]string{"a.txt": "one\ntwo\n3\n", "f.txt": "F\n", "u.txt": "two\n"})
	write(t, filepath.Join(s.root, "a.txt"), "1\ntwo\nthree\n")
	plain(t, s.root, "-c", "core.hooksPath=/dev/null", "commit", "-qam", "base moves")
	for _, c := range [][2]string{{"merge.evil.driver", evil}, {"filter.evil.smudge", evil}, {"filter.evil.clean", evil}, {"filter.evil.required", "true"}} {
		plain(t, s.root, "config", c[0], c[1])
	}
	plain(t, s.root, "config", "--global", "filter.mine.smudge", "tr a-z A-Z")
	plain(t, s.root, "config", "--global", "filter.mine.clean", "tr A-Z a-z")
	s.refused("a.txt")
	plain(t, s.root, "config", "--global", "merge.evil.driver", "git merge-file %A %O %B") // the user's own, by that name
	s.accept()
	if got := read(t, filepath.Join(s.root, "a.txt")) + read(t, filepath.Join(s.root, "f.txt")) + read(t, filepath.Join(s.root, "u.txt")); got != "1\ntwo\n3\nF\nTWO\n" {
		t.Errorf("files = %q", got)
	}
	if text, err := os.ReadFile(fired); err == nil {
		t.Errorf("programs ran:\n%s", text)
	}
}

// Whatever lies at the root, a landing loses none of it: it is refused and changes
// nothing, or every text that was somebody's own is where it was, on the disk and staged.
func TestLandingLosesNothingOfTheRoot(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	landings := 0
	for i := range 5 {
		files := map[string]string{}
		for n := range 6 {
			files[fmt.Sprintf("d%d/f%d", n%3, n)] = fmt.Sprintf("base %d\n", n)
		}
		s := fixture(t, files)
		work, ours := map[string]string{}, map[string]bool{}
		for n := range 10 {
			name := fmt.Sprintf("d%d/f%d", n%3, n)
			switch r.IntN(6) {
			case 0:
				work[name], ours[name] = fmt.Sprintf("work %d\n", n), true
			case 1:
				if files[name] != "" {
					work[name], ours[name] = "", true
				}
			case 2:
				write(t, filepath.Join(s.root, name), fmt.Sprintf("mine %d\n", n))
			case 3:
				write(t, filepath.Join(s.root, name), fmt.Sprintf("staged %d\n", n))
				plain(t, s.root, "add", name)
				write(t, filepath.Join(s.root, name), fmt.Sprintf("mine %d\n", n))
			}
		}
		s.work(work)
		if i%3 == 0 { // in the way for certain
			write(t, filepath.Join(s.root, "d0/f0"), "mine\n")
			s.work(map[string]string{"d0/f0": "work\n"})
			s.refused("d0/f0")
			continue
		}
		disk, index := s.texts(), plain(t, s.root, "ls-files", "-s")
		before := s.state()
		_, err := s.l.Accept(t.Context(), s.r, Options{Now: noon})
		if err != nil {
			if fault.CodeOf(err) != fault.Conflict || s.state() != before {
				t.Errorf("%d: %v, or something was changed", i, err)
			}
			continue
		}
		landings++
		after, now := s.texts(), plain(t, s.root, "ls-files", "-s")
		for name, text := range disk {
			if !ours[name] && name != "tasks/alpha.md" && after[name] != text {
				t.Errorf("%d: %s = %q, was %q", i, name, after[name], text)
			}
		}
		for _, line := range strings.Split(index, "\n") {
			if _, name, _ := strings.Cut(line, "\t"); !ours[name] && !strings.Contains(now, line) {
				t.Errorf("%d: the entry %q is gone", i, line)
			}
		}
	}
	if landings == 0 {
		t.Error("nothing landed")
	}
}

// texts are the files at the root, git's and the worktrees aside.
func (s *scene) texts() map[string]string {
	out := map[string]string{}
	filepath.WalkDir(s.root, func(name string, d os.DirEntry, err error) error {
		if d != nil && d.IsDir() && (d.Name() == ".git" || d.Name() == ".worktrees") {
			return filepath.SkipDir
		}
		if rel, relErr := filepath.Rel(s.root, name); err == nil && relErr == nil && d.Type().IsRegular() {
			out[rel] = read(s, name)
		}
		return nil
	})
	return out
}

// No hint of ours is a command that destroys.
func TestHintsDestroyNothing(t *testing.T) {
	destroys := regexp.MustCompile(`reset --hard|git clean|checkout -f|branch -D|--force|rm -r|stash drop|update-ref -d|prune`)
	hint := regexp.MustCompile("(?s)WithHint\\((.*?)\\)\n|WithHint\\((.*?)\\)")
	for _, pattern := range []string{"*.go", "../worktree/*.go", "../git/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, m := range hint.FindAllString(read(t, name), -1) {
				if destroys.MatchString(m) {
					t.Errorf("%s: %s", name, m)
				}
			}
		}
	}
}
