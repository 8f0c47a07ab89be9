package worktree

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
)

// standing is what is found at the place of a tree.
type standing int

const (
	absent  standing = iota // nothing, or an empty folder
	ours                    // a tree with our mark
	orphan                  // a tree of this repository whose data is gone
	foreign                 // anything else
)

// place is what was found at a task's place.
type place struct {
	is    standing
	dir   string
	why   string // of orphan and foreign
	admin string // git's folder for the tree; of ours
	mark  mark
}

// mark is what we leave in git's folder for a tree.
type mark struct {
	Run   string `json:"run"`
	Slug  string `json:"slug"`
	First string `json:"first"` // the branch's first commit
	Begin string `json:"begin"` // the one before it
}

const markFile = "tasks.json"

func (p place) inTheWay() error {
	return fault.New(fault.Conflict, "%s is in the way: %s", p.dir, p.why).
		WithHint("move it aside, then try again")
}

// look finds out what is at the place of slug, by files alone. The error is for what
// cannot be looked at.
func (t *Trees) look(slug string) (place, error) {
	p := place{dir: t.dir(slug)}
	not := func(is standing, why string) (place, error) {
		p.is, p.why = is, why
		return p, nil
	}
	if info, err := os.Lstat(filepath.Dir(p.dir)); err == nil && !info.IsDir() {
		p.dir = filepath.Dir(p.dir)
		return not(foreign, "it is not a folder")
	}
	info, err := os.Lstat(p.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p, nil
	case err != nil:
		return p, fault.New(fault.Unavailable, "cannot look at %s: %w", p.dir, err)
	case info.Mode()&fs.ModeSymlink != 0:
		return not(foreign, "it is a link")
	case !info.IsDir():
		return not(foreign, "it is not a folder")
	}
	if real, err := filepath.EvalSymlinks(p.dir); err != nil || real != p.dir {
		return not(foreign, "a link leads to it")
	}
	names, err := os.ReadDir(p.dir)
	if err != nil {
		return p, fault.New(fault.Unavailable, "cannot look at %s: %w", p.dir, err)
	}
	if len(names) == 0 {
		return p, nil
	}
	return t.whose(slug, p)
}

// whose tells whose folder it is by its .git file and git's folder for it.
func (t *Trees) whose(slug string, p place) (place, error) {
	dotGit := filepath.Join(p.dir, ".git")
	p.is = foreign
	if info, err := os.Lstat(dotGit); err != nil || !info.Mode().IsRegular() {
		p.why = "it is a folder that is no worktree of this repository"
		return p, nil
	}
	text, err := readLine(dotGit)
	target, is := strings.CutPrefix(text, "gitdir: ")
	if err != nil || !is {
		p.why = "its .git file cannot be read"
		return p, nil
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(p.dir, target)
	}
	all, err := filepath.EvalSymlinks(filepath.Dir(target))
	if errors.Is(err, fs.ErrNotExist) { // git takes the folder of all away with the last tree's
		all = filepath.Clean(filepath.Dir(target))
	} else if err != nil {
		all = ""
	}
	if all != filepath.Join(t.Git.CommonDir, "worktrees") {
		p.why = "it is a worktree of another repository"
		return p, nil
	}
	p.admin = filepath.Join(all, filepath.Base(target))
	if info, err := os.Lstat(p.admin); errors.Is(err, fs.ErrNotExist) {
		p.is, p.why = orphan, "git's data of it is gone"
		return p, nil
	} else if err != nil || !info.IsDir() {
		p.why = "git's data of it is no folder"
		return p, nil
	}
	if back := treeOf(p.admin); back != p.dir {
		p.is, p.why = orphan, "git's data of it belongs to "+back
		return p, nil
	}
	if p.mark, err = readMark(p.admin); err != nil || p.mark.Slug != slug {
		p.why = "it is a worktree that tasks did not make"
		return p, nil
	}
	p.is = ours
	return p, nil
}

// treeOf is the work tree that git's folder for one leads to, "" where it leads nowhere.
// The tree itself need not be there.
func treeOf(admin string) string {
	text, err := readLine(filepath.Join(admin, "gitdir"))
	if err != nil || filepath.Base(text) != ".git" {
		return ""
	}
	if !filepath.IsAbs(text) {
		text = filepath.Join(admin, text)
	}
	dir := filepath.Clean(filepath.Dir(text))
	if real, err := filepath.EvalSymlinks(filepath.Dir(dir)); err == nil {
		return filepath.Join(real, filepath.Base(dir))
	}
	return dir
}

func readMark(admin string) (mark, error) {
	var m mark
	text, err := readSmall(filepath.Join(admin, markFile))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

func writeMark(admin string, m mark) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return replace(filepath.Join(admin, markFile), append(text, '\n'))
}

// replace writes a small file whole or not at all.
func replace(name string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".tasks-")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// readLine reads the one line of a small file.
func readLine(name string) (string, error) {
	text, err := readSmall(name)
	return strings.TrimRight(string(text), "\r\n"), err
}

func readSmall(name string) ([]byte, error) {
	info, err := os.Lstat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > 16<<10:
		return nil, fs.ErrInvalid
	}
	return os.ReadFile(name)
}

// Unfinished is what is going on in a work tree, in git's word for it; "" for nothing.
// Admin is git's folder for the tree.
func Unfinished(admin string) string {
	for _, s := range [][2]string{
		{"rebase-merge", "rebase"}, {"rebase-apply", "rebase"}, {"MERGE_HEAD", "merge"},
		{"CHERRY_PICK_HEAD", "cherry-pick"}, {"REVERT_HEAD", "revert"}, {"BISECT_LOG", "bisect"},
	} {
		if _, err := os.Lstat(filepath.Join(admin, s[0])); err == nil {
			return s[1]
		}
	}
	return ""
}
