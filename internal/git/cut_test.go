package git_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tasks/internal/git"
)

// TestCutOffGitLeavesNoLock: a call whose context ends lets git take its locks away, and the
// move of a ref that has begun is ended.
func TestCutOffGitLeavesNoLock(t *testing.T) {
	top := sandbox(t)
	real, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	root := newRepo(t, filepath.Join(top, "repo"))
	head := plain(t, root, "rev-parse", "HEAD")
	lock, goOn, program := filepath.Join(top, "lock"), filepath.Join(top, "go"), filepath.Join(top, "bin", "git")
	// A git that is slow while it holds a lock.
	write(t, program, `#!/bin/sh
case " $* " in
*" update-ref "*) : > '`+lock+`'; while [ ! -e '`+goOn+`' ]; do sleep 0.01; done; rm '`+lock+`';;
*" gc "*) trap 'rm -f "`+lock+`"; exit 143' TERM; : > '`+lock+`'; while :; do sleep 0.01; done;;
esac
exec '`+real+`' "$@"
`)
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(program)+":"+os.Getenv("PATH"))
	c, err := git.Find(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	held := func() bool { _, err := os.Stat(lock); return err == nil }
	cut := func() context.Context {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for !held() && t.Context().Err() == nil {
				time.Sleep(time.Millisecond)
			}
			cancel()
			write(t, goOn, "")
		}()
		return ctx
	}

	if _, err := c.Output(cut(), "gc"); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that was cut off: %v", err)
	}
	if held() {
		t.Error("its lock is still there")
	}
	os.Remove(lock)
	os.Remove(goOn)
	ctx := cut()
	if err := c.MoveRef(ctx, "refs/heads/new", head, git.Nothing, "a test"); err != nil || ctx.Err() == nil {
		t.Errorf("the move of a ref: %v", err)
	}
	if held() || plain(t, root, "rev-parse", "new") != head {
		t.Error("the ref was not moved")
	}
	if err := c.MoveRef(ctx, "refs/heads/other", head, git.Nothing, "a test"); !errors.Is(err, context.Canceled) {
		t.Errorf("one that had not begun: %v", err)
	}
}
