// Package demo is what `tasks demo` shows: a sample repository of a small message
// queue, and the short conversations that its scripted model can play.
package demo

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed all:sample
var sample embed.FS

// Write puts the sample repository into the empty folder dir, as a git checkout with
// one commit.
func Write(ctx context.Context, dir string) error {
	files, err := fs.Sub(sample, "sample")
	if err != nil {
		return err
	}
	if err := os.CopyFS(dir, files); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"add", "-A"},
		{"commit", "-q", "-m", "lantern: the guide, the runbook and what is planned"},
	} {
		// No configuration of the user's reaches this repository: hooks, signing and
		// templates of theirs are not for a demo.
		cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "user.name=Ana Ruiz", "-c", "user.email=ana@lantern.invalid"}, args...)...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(dir, ".git"), "GIT_CONFIG_NOSYSTEM=1", "GIT_TEMPLATE_DIR="}
		if out, err := cmd.CombinedOutput(); err != nil {
			if errors.Is(err, exec.ErrNotFound) {
				return err
			}
			return fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}
