package git_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/git"
)

// at makes commits of the test carry a time.
func at(t *testing.T, when string) {
	t.Helper()
	t.Setenv("GIT_AUTHOR_DATE", when)
	t.Setenv("GIT_COMMITTER_DATE", when)
}

func TestLog(t *testing.T) {
	ctx := context.Background()
	top := sandbox(t)
	at(t, "2026-01-01T10:00:00Z")
	main := newRepo(t, filepath.Join(top, "main"))
	at(t, "2026-01-02T10:00:00Z")
	odd := "docs/odd \"n\tame\nü.md"
	write(t, filepath.Join(main, odd), "x\ny\nz\nand so on\n")
	write(t, filepath.Join(main, "a.md"), "two\n")
	plain(t, main, "add", "-A")
	plain(t, main, "commit", "-q", "-m", "second: \u202egnp.exe\n\nbody")
	at(t, "2026-01-03T10:00:00Z")
	plain(t, main, "mv", odd, "docs/plain.md")
	plain(t, main, "rm", "-q", "a.md")
	plain(t, main, "commit", "-q", "-m", "third")
	at(t, "2026-01-04T10:00:00Z")
	plain(t, main, "commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "")
	c, err := git.Find(ctx, main)
	if err != nil {
		t.Skip(err)
	}
	all, cut, err := c.Log(ctx, git.LogQuery{Limit: 10, Changes: 10})
	if err != nil || cut || len(all) != 4 || all[0].Subject != "" || all[0].Changes != nil {
		t.Fatalf("Log = %+v, cut %v, %v", all, cut, err)
	}
	third := all[len(all)-3]
	if got := fmt.Sprint(third.Subject, third.Changes); got != "third[{68 a.md } {68 "+odd+" } {65 docs/plain.md }]" {
		t.Errorf("third: %q", got)
	}
	first := all[len(all)-1]
	if len(first.Changes) != 1 || first.Changes[0] != (git.Changed{Op: 'A', Path: "a.md"}) || first.Author != "A" || !first.When.Equal(time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("first: %+v", first)
	}

	for _, tt := range []struct {
		name string
		q    git.LogQuery
		want string // subjects
		cut  bool
	}{
		{"limit", git.LogQuery{Limit: 2}, "third", true},
		{"no limit is one", git.LogQuery{}, "", true},
		{"skip", git.LogQuery{Limit: 9, Skip: 2}, "second: \u202egnp.exe|first: a.md", false},
		{"since", git.LogQuery{Limit: 9, Since: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)}, "third", false},
		{"until", git.LogQuery{Limit: 9, Until: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}, "first: a.md", false},
		{"nothing so old", git.LogQuery{Limit: 9, Until: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)}, "", false},
		{"a path through its rename", git.LogQuery{Limit: 9, Changes: 9, Path: "docs/plain.md"}, "third|second: \u202egnp.exe", false},
		{"a path never committed", git.LogQuery{Limit: 9, Path: "nothing.md"}, "", false},
		{"a path that looks like an option", git.LogQuery{Limit: 9, Path: "--all"}, "", false},
		{"a path that looks like a pattern", git.LogQuery{Limit: 9, Path: "*.md"}, "", false},
	} {
		list, cut, err := c.Log(ctx, tt.q)
		var subjects []string
		for _, l := range list {
			if l.Subject != "" {
				subjects = append(subjects, l.Subject)
			}
		}
		if got := strings.Join(subjects, "|"); got != tt.want || cut != tt.cut || err != nil {
			t.Errorf("%s: %q, cut %v, %v; want %q, %v", tt.name, got, cut, err, tt.want, tt.cut)
		}
	}
	renamed, _, _ := c.Log(ctx, git.LogQuery{Limit: 1, Changes: 9, Path: "docs/plain.md"})
	if len(renamed) != 1 || len(renamed[0].Changes) != 1 || renamed[0].Changes[0].From != odd {
		t.Errorf("the rename: %+v", renamed)
	}
	many, _, _ := c.Log(ctx, git.LogQuery{Limit: 9, Changes: 1})
	if l := many[len(many)-3]; len(l.Changes) != 1 || l.More != 2 {
		t.Errorf("changes are not bounded: %+v", l)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := c.Log(ended, git.LogQuery{Limit: 9}); !fault.Canceled(err) {
		t.Errorf("with an ended context: %v", err)
	}
}

func TestLogOfOddRepositories(t *testing.T) {
	ctx := context.Background()
	top := sandbox(t)
	plain(t, top, "init", "-q", "-b", "first", "unborn")
	c, err := git.Find(ctx, filepath.Join(top, "unborn"))
	if err != nil {
		t.Fatal(err)
	}
	if list, cut, err := c.Log(ctx, git.LogQuery{Limit: 3}); len(list) != 0 || cut || err != nil {
		t.Errorf("without a commit: %v, %v, %v", list, cut, err)
	}
	if h, err := c.Head(ctx); h != "" || err != nil {
		t.Errorf("Head without a commit = %q, %v", h, err)
	}

	main := newRepo(t, filepath.Join(top, "main"))
	for i := range 3 {
		write(t, filepath.Join(main, "a.md"), fmt.Sprint(i))
		plain(t, main, "commit", "-q", "-am", fmt.Sprint("no ", i))
	}
	plain(t, top, "clone", "-q", "--depth", "2", "file://"+main, "shallow")
	if c, err = git.Find(ctx, filepath.Join(top, "shallow")); err != nil {
		t.Fatal(err)
	}
	if list, _, err := c.Log(ctx, git.LogQuery{Limit: 9}); len(list) != 2 || err != nil || !c.Shallow() {
		t.Errorf("shallow: %v, %v, Shallow %v", list, err, c.Shallow())
	}
	damaged := newRepo(t, filepath.Join(top, "damaged"))
	if err := os.WriteFile(filepath.Join(damaged, ".git/refs/heads/trunk"), []byte("0123456789012345678901234567890123456789\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if c, err = git.Find(ctx, damaged); err != nil {
		t.Fatal(err)
	}
	if list, _, err := c.Log(ctx, git.LogQuery{Limit: 9}); err == nil {
		t.Errorf("a head that leads nowhere is no empty history: %v", list)
	}
}

// Head must agree with git, in whatever way a ref is kept.
func TestHeadAgainstGit(t *testing.T) {
	top := sandbox(t)
	main := newRepo(t, filepath.Join(top, "main"))
	plain(t, main, "worktree", "add", "-q", filepath.Join(top, "linked"), "-b", "topic/ünï")
	check := func(what, dir string) {
		t.Helper()
		c, err := git.Find(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		want := plain(t, dir, "rev-parse", "HEAD")
		if got, err := c.Head(context.Background()); got != want || err != nil {
			t.Errorf("%s: Head = %q, %v; git says %s", what, got, err, want)
		}
	}
	check("loose", main)
	check("in a linked work tree", filepath.Join(top, "linked"))
	plain(t, main, "pack-refs", "--all")
	check("packed", main)
	check("packed, linked", filepath.Join(top, "linked"))
	write(t, filepath.Join(main, "a.md"), "later")
	plain(t, main, "commit", "-q", "-am", "later")
	check("loose over packed", main)
	plain(t, main, "checkout", "-q", "--detach")
	check("detached", main)
	plain(t, main, "symbolic-ref", "HEAD", "refs/heads/alias")
	plain(t, main, "symbolic-ref", "refs/heads/alias", "refs/heads/trunk")
	check("a ref that leads to a ref", main)
}
