// Package demo is what `tasks demo` shows: a sample repository of a small message
// queue with three months of history, and the short conversations that its scripted
// model can play.
package demo

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed all:sample
var sample embed.FS

// Write puts the sample repository into the empty folder dir, as a git checkout with
// its history. All of its dates are moved so that the sample's today is now.
func Write(ctx context.Context, dir string, now time.Time) error {
	files, err := fs.Sub(sample, "sample")
	if err != nil {
		return err
	}
	all, err := read(files, now)
	if err != nil {
		return err
	}
	for name, data := range all {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		in   []byte
		args []string
	}{
		{args: []string{"init", "-q", "-b", "main"}},
		{args: []string{"fast-import", "--quiet"}, in: stream(commits(all, now))},
		{args: []string{"reset", "-q"}}, // the index, which fast-import does not touch
	} {
		if err := runGit(ctx, dir, step.in, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// git runs one step. No configuration of the user's reaches this repository: hooks,
// signing and templates of theirs are not for a demo.
func runGit(ctx context.Context, dir string, in []byte, args ...string) error {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(in)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(dir, ".git"), "GIT_CONFIG_NOSYSTEM=1", "GIT_TEMPLATE_DIR="}
	if out, err := cmd.CombinedOutput(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return err
		}
		return fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}
