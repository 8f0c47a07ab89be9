package git

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/process"
)

// Find finds the work tree that holds dir. Unavailable where there is none or git
// is not installed, forbidden where it belongs to another user and git refuses it.
func Find(ctx context.Context, dir string) (*Checkout, error) {
	start, err := filepath.Abs(dir)
	if err == nil {
		start, err = filepath.EvalSymlinks(start)
	}
	if err != nil {
		return nil, fault.New(fault.NotFound, "%s cannot be entered: %w", dir, cause(err))
	}
	c, err := discover(start)
	if err != nil {
		return nil, err
	}
	if c.program, err = process.Look("git", c.Root); err != nil {
		return nil, err
	}
	if !ours(c.Root) || !ours(c.Dir) || !ours(filepath.Join(c.Root, ".git")) {
		if err := c.askOwnership(ctx); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// discover walks up from dir as git does: .git in each folder, then the folder
// itself, which may be a repository without a work tree.
func discover(start string) (*Checkout, error) {
	for dir := start; ; dir = filepath.Dir(dir) {
		gitDir, err := dotGit(dir)
		if err != nil {
			return nil, err
		}
		if gitDir != "" {
			return &Checkout{Root: dir, Dir: gitDir, CommonDir: commonDir(gitDir)}, nil
		}
		if isGitDir(dir) {
			return nil, fault.New(fault.Unavailable, "no git work tree: %s is a repository's own folder or a bare repository", dir).
				WithHint("run tasks in a checkout of it")
		}
		if dir == filepath.Dir(dir) {
			return nil, fault.New(fault.Unavailable, "no git work tree: neither %s nor a folder above it is one", start).
				WithHint("run tasks inside a git repository, or make one with: git init")
		}
	}
}

// dotGit is the git folder that dir/.git is or leads to; "" where there is none.
func dotGit(dir string) (string, error) {
	name := filepath.Join(dir, ".git")
	info, err := os.Stat(name)
	if err != nil {
		return "", nil
	}
	if info.IsDir() {
		if !isGitDir(name) {
			return "", nil
		}
		return filepath.EvalSymlinks(name)
	}
	text, err := readSmall(name)
	target, ok := strings.CutPrefix(text, "gitdir: ")
	if err != nil || !ok || target == "" {
		return "", fault.New(fault.Unavailable, "no git work tree: %s is not a folder and names none", name)
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(dir, target)
	}
	real, err := filepath.EvalSymlinks(target)
	if err != nil || !isGitDir(real) {
		return "", fault.New(fault.Unavailable, "no git work tree: %s leads to %s, which is not a repository", name, target).
			WithHint("if the repository was moved, run there: git worktree repair")
	}
	return real, nil
}

// isGitDir tells a git folder by what every one of them has.
func isGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	common := commonDir(dir)
	return isDir(filepath.Join(common, "objects")) && isDir(filepath.Join(common, "refs"))
}

// commonDir is what the file commondir of a linked work tree leads to, or dir.
func commonDir(dir string) string {
	text, err := readSmall(filepath.Join(dir, "commondir"))
	if err != nil || text == "" {
		return dir
	}
	if !filepath.IsAbs(text) {
		text = filepath.Join(dir, text)
	}
	if real, err := filepath.EvalSymlinks(text); err == nil {
		return real
	}
	return text
}

// readSmall reads the one line of a file that holds a path.
func readSmall(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fs.ErrInvalid // opening a pipe would wait for ever
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 16<<10))
	return strings.TrimRight(string(data), "\r\n"), err
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
