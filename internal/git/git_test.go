package git_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/git"
)

// plain runs git as a user's shell does, with a configuration of its own.
func plain(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := try(dir, args...)
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSuffix(out, "\n")
}

func try(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=C", "GIT_COMMITTER_EMAIL=c@d",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// sandbox gives the test a home without configuration, and answers with a folder.
func sandbox(t *testing.T) string {
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
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
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

// newRepo makes a repository with one commit on the branch trunk.
func newRepo(t *testing.T, dir string) string {
	t.Helper()
	write(t, filepath.Join(dir, "a.md"), "one\n")
	plain(t, dir, "init", "-q", "-b", "trunk")
	plain(t, dir, "add", ".")
	plain(t, dir, "commit", "-q", "-m", "first: a.md")
	return dir
}

// Find must agree with git about every kind of place.
func TestFindAgainstGit(t *testing.T) {
	top := sandbox(t)
	main := newRepo(t, filepath.Join(top, "main"))
	write(t, filepath.Join(main, "deep/er/b.md"), "b")
	plain(t, main, "worktree", "add", "-q", filepath.Join(top, "linked"), "-b", "side")
	plain(t, main, "worktree", "add", "-q", filepath.Join(main, ".worktrees/in"), "-b", "in")
	sub := newRepo(t, filepath.Join(top, "sub"))
	plain(t, main, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", sub, "module")
	newRepo(t, filepath.Join(main, "nested"))
	plain(t, top, "init", "-q", "--separate-git-dir="+filepath.Join(top, "store"), filepath.Join(top, "apart"))
	plain(t, top, "init", "-q", filepath.Join(top, "unborn"))
	plain(t, main, "config", "extensions.worktreeConfig", "true")
	if err := os.MkdirAll(filepath.Join(main, "empty/.git"), 0o755); err != nil {
		t.Fatal(err) // a folder named .git that is no repository: git looks further up
	}
	if err := os.Symlink(filepath.Join(main, "deep"), filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}

	for _, dir := range []string{"main", "main/deep/er", "linked", "main/.worktrees/in", "main/module", "main/nested", "apart", "unborn", "main/empty", "link/er"} {
		at := filepath.Join(top, dir)
		c, err := git.Find(context.Background(), at)
		if err != nil {
			t.Errorf("Find(%s): %v", dir, err)
			continue
		}
		want := strings.Split(plain(t, at, "rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir", "--git-common-dir"), "\n")
		if got := []string{c.Root, c.Dir, c.CommonDir}; !slices.Equal(got, want) {
			t.Errorf("Find(%s) = %q, git says %q", dir, got, want)
		}
		if want := filepath.Join(c.CommonDir, "tasks"); c.StateDir() != want {
			t.Errorf("StateDir of %s = %s, want %s", dir, c.StateDir(), want)
		}
		if out, err := c.Output(context.Background(), "rev-parse", "--show-toplevel"); err != nil || strings.TrimSpace(string(out)) != c.Root {
			t.Errorf("git in %s works at %q, %v", dir, out, err)
		}
	}
}

func TestFindRefuses(t *testing.T) {
	top := sandbox(t)
	main := newRepo(t, filepath.Join(top, "main"))
	plain(t, top, "init", "-q", "--bare", "bare")
	write(t, filepath.Join(top, "broken/.git"), "gitdir: ../nowhere\n")
	write(t, filepath.Join(top, "odd/.git"), "no such line")
	write(t, filepath.Join(top, "none/x"), "")
	for dir, want := range map[string]fault.Code{
		"none": fault.Unavailable, "bare": fault.Unavailable, "bare/refs": fault.Unavailable,
		"main/.git": fault.Unavailable, "main/.git/refs": fault.Unavailable,
		"broken": fault.Unavailable, "odd": fault.Unavailable, "missing": fault.NotFound,
	} {
		c, err := git.Find(context.Background(), filepath.Join(top, dir))
		if fault.CodeOf(err) != want {
			t.Errorf("Find(%s) = %v, %v; want code %s", dir, c, err, want)
		}
	}

	t.Setenv("PATH", t.TempDir())
	_, err := git.Find(context.Background(), main)
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("without git: %v", err)
	}
}

// A git that lies in the checkout, or in a folder named relatively, is never run.
func TestPlantedGitIsNotRun(t *testing.T) {
	top := sandbox(t)
	main := newRepo(t, filepath.Join(top, "main"))
	sentinel := filepath.Join(top, "fired")
	planted := filepath.Join(main, "node_modules/.bin/git")
	write(t, planted, "#!/bin/sh\ntouch "+sentinel+"\n")
	if err := os.Chmod(planted, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(planted))
	system := os.Getenv("PATH")
	for _, path := range []string{filepath.Dir(planted), ".", ""} {
		t.Setenv("PATH", path+":"+system)
		c, err := git.Find(context.Background(), main)
		if err != nil {
			t.Fatalf("PATH %q: %v", path, err)
		}
		if _, err := c.Output(context.Background(), "version"); err != nil {
			t.Errorf("PATH %q: %v", path, err)
		}
		t.Setenv("PATH", path)
		want := fault.Forbidden
		if path == "" {
			want = fault.Unavailable // an empty PATH names no folder at all
		}
		if c, err := git.Find(context.Background(), main); fault.CodeOf(err) != want {
			t.Errorf("PATH %q alone: %v, %v; want %s", path, c, err, want)
		}
	}
	if _, err := os.Stat(sentinel); err == nil {
		t.Error("the planted program was run")
	}
}

func TestForeignRepository(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("giving a folder to another user needs root")
	}
	top := sandbox(t)
	t.Setenv("SUDO_UID", "")
	main := newRepo(t, filepath.Join(top, "main"))
	for _, name := range []string{main, filepath.Join(main, ".git")} {
		if err := os.Chown(name, 4321, 4321); err != nil {
			t.Fatal(err)
		}
	}
	_, err := git.Find(context.Background(), main)
	if fault.CodeOf(err) != fault.Forbidden || !strings.Contains(fault.HintOf(err), "safe.directory "+main) {
		t.Fatalf("a foreign repository: %v, hint %q", err, fault.HintOf(err))
	}
	plain(t, main, "config", "--global", "--add", "safe.directory", main)
	c, err := git.Find(context.Background(), main)
	if err != nil {
		t.Fatalf("after safe.directory: %v", err)
	}
	if b, err := c.Branch(context.Background()); b != "trunk" || err != nil {
		t.Errorf("Branch = %q, %v", b, err)
	}
}

func TestQueries(t *testing.T) {
	ctx := context.Background()
	top := sandbox(t)
	main := newRepo(t, filepath.Join(top, "main"))
	odd := "odd \"n\tame\nü*.md"
	write(t, filepath.Join(main, ".gitignore"), "*.log\n")
	write(t, filepath.Join(main, "kept.log"), "x")
	write(t, filepath.Join(main, "loose.log"), "x")
	write(t, filepath.Join(main, odd), "x")
	plain(t, main, "add", "-f", "kept.log", ".gitignore", "--", odd)
	plain(t, main, "commit", "-q", "-m", "second: odd\n\nwith a body")
	c, err := git.Find(ctx, main)
	if err != nil {
		t.Fatal(err)
	}

	if b, err := c.Branch(ctx); b != "trunk" || err != nil {
		t.Errorf("Branch = %q, %v", b, err)
	}
	for name, want := range map[string]bool{"a.md": true, odd: true, "*.md": false, "loose.log": false, "gone": false, "": false, "-x": false} {
		if got, err := c.Tracked(ctx, name); name != "" && (got != want || err != nil) {
			t.Errorf("Tracked(%q) = %v, %v; want %v", name, got, err, want)
		}
	}
	if got, err := c.TrackedIgnored(ctx); !slices.Equal(got, []string{"kept.log"}) || err != nil {
		t.Errorf("TrackedIgnored = %q, %v", got, err)
	}
	commit, err := c.LastCommit(ctx, odd)
	if err != nil || commit == nil || commit.Subject != "second: odd" || commit.Author != "A" || commit.Hash != plain(t, main, "rev-parse", "HEAD") || commit.When.IsZero() {
		t.Errorf("LastCommit(odd) = %+v, %v", commit, err)
	}
	if commit, err := c.LastCommit(ctx, "loose.log"); commit != nil || err != nil {
		t.Errorf("LastCommit of an untracked file = %+v, %v", commit, err)
	}
	plain(t, main, "checkout", "-q", "--detach")
	if b, err := c.Branch(ctx); b != "" || err != nil {
		t.Errorf("Branch, detached = %q, %v", b, err)
	}

	unborn := filepath.Join(top, "unborn")
	plain(t, top, "init", "-q", "-b", "first", unborn)
	if c, err = git.Find(ctx, unborn); err != nil {
		t.Fatal(err)
	}
	if b, err := c.Branch(ctx); b != "first" || err != nil {
		t.Errorf("Branch before the first commit = %q, %v", b, err)
	}
	if commit, err := c.LastCommit(ctx, "a.md"); commit != nil || err != nil {
		t.Errorf("LastCommit before the first = %+v, %v", commit, err)
	}
	_, err = c.Output(ctx, "rev-parse", "--verify", "nothing")
	if err == nil || !strings.Contains(err.Error(), "Needed a single revision") || strings.Contains(err.Error(), "\n") {
		t.Errorf("git's last line is not in %v", err)
	}
	plain(t, unborn, "commit", "-q", "--allow-empty", "-m", "first")
	lock := filepath.Join(unborn, ".git", "refs", "heads", "second.lock")
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = c.Output(ctx, "update-ref", "refs/heads/second", "HEAD"); err == nil || !strings.Contains(err.Error(), "second.lock") {
		t.Errorf("the file in the way is not named in %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Output(ended, "version"); !fault.Canceled(err) {
		t.Errorf("with an ended context: %v", err)
	}
}

func TestExcludesFile(t *testing.T) {
	ctx := context.Background()
	top := sandbox(t)
	main := newRepo(t, filepath.Join(top, "main"))
	home := os.Getenv("HOME")
	c, err := git.Find(ctx, main)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what, want string) {
		t.Helper()
		if got := c.ExcludesFile(ctx); got != want {
			t.Errorf("%s: ExcludesFile = %q, want %q", what, got, want)
		}
	}
	check("default", filepath.Join(home, ".config/git/ignore"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(top, "xdg"))
	check("XDG", filepath.Join(top, "xdg/git/ignore"))
	plain(t, main, "config", "--global", "core.excludesfile", "~/mine")
	check("user's", filepath.Join(home, "mine"))
	write(t, filepath.Join(top, "more"), "[core]\n\texcludesFile = /from/include\n")
	plain(t, main, "config", "--global", "--unset", "core.excludesfile")
	plain(t, main, "config", "--global", "include.path", filepath.Join(top, "more"))
	check("included", "/from/include")
	plain(t, main, "config", "core.excludesfile", "/from/repository")
	check("repository's", "/from/repository")
}

func BenchmarkFind(b *testing.B) {
	dir, err := os.Getwd()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := git.Find(context.Background(), dir); err != nil {
			b.Skip(err)
		}
	}
}
