package repo

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"tasks/internal/fault"
)

// Walk calls fn for every allowed file under dir, in path order. Links are not
// followed. It stops at fn's first error. Hard links are not looked for: that would
// cost a stat of each file, and opening one refuses it.
func (r *Repo) Walk(ctx context.Context, dir string, fn func(Entry) error) error {
	real, m, err := r.resolve(dir)
	if err != nil {
		return err
	}
	if !m.mode.IsDir() {
		return fault.New(fault.Usage, "%q is a file, not a folder", dir)
	}
	w := walker{ctx: ctx, repo: r, fn: fn}
	return w.folder(real, r.chain(real), real != "" && r.matched(real, true))
}

type walker struct {
	ctx  context.Context
	repo *Repo
	fn   func(Entry) error
	out  func(path string) // told of what is refused, topmost names only; may be nil
}

func (w *walker) refuse(path string) {
	if w.out != nil {
		w.out(path)
	}
}

// folder walks dir under the rules of the folders above it. Within an ignored folder
// only what is tracked counts.
func (w *walker) folder(dir string, rules *chain, ignored bool) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	list, err := w.repo.disk.list(dir)
	if errors.Is(err, errLink) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil // changed meanwhile, or closed to this user
	}
	if err != nil {
		return w.repo.failed(dir, err)
	}
	if dir != "" && looksBare(list) {
		w.refuse(dir)
		return nil
	}
	if hasName(list, ".gitignore") {
		rules = w.repo.below(rules, dir)
	}
	sortAsPaths(list)
	for _, d := range list {
		at, isDir := d.path, d.mode.IsDir()
		if !utf8.ValidString(d.name) || strings.IndexByte(d.name, '\\') >= 0 || refused(d.name) != "" {
			w.refuse(at)
			continue
		}
		out := ignored || rules.ignores(at, d.name, isDir)
		if out {
			tracked, err := w.repo.isTracked(w.ctx, at, isDir)
			if err != nil || !tracked {
				w.refuse(at)
				continue // what cannot be known to be tracked stays hidden
			}
		}
		switch {
		case isDir:
			if err := w.folder(at, rules, out); err != nil {
				return err
			}
		case d.mode.IsRegular():
			if err := w.fn(Entry{Path: at, Name: d.name}); err != nil {
				return err
			}
		}
	}
	return nil
}

// sortAsPaths sorts so that a depth-first walk gives whole paths in byte order: a
// folder's name counts with the slash that follows it.
func sortAsPaths(list []dirent) {
	slices.SortFunc(list, func(a, b dirent) int {
		n := min(len(a.name), len(b.name))
		if c := strings.Compare(a.name[:n], b.name[:n]); c != 0 {
			return c
		}
		return after(a, n) - after(b, n)
	})
}

// after is the byte that follows the first n of d's path; 0 where it ends.
func after(d dirent, n int) int {
	switch {
	case len(d.name) > n:
		return int(d.name[n])
	case d.mode.IsDir():
		return '/'
	}
	return 0
}

func looksBare(list []dirent) bool {
	found := 0
	for _, d := range list {
		if d.name == "HEAD" || d.mode.IsDir() && (d.name == "objects" || d.name == "refs") {
			found++
		}
	}
	return found == 3
}

func hasName(list []dirent, name string) bool {
	return slices.ContainsFunc(list, func(d dirent) bool { return d.name == name })
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
