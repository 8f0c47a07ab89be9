package watch

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// stamp is what is remembered of a file.
type stamp struct {
	file    bool // regular, or a link
	size    int64
	modTime int64
	inode   uint64
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{
		file: info.Mode().IsRegular() || info.Mode()&fs.ModeSymlink != 0,
		size: info.Size(), modTime: info.ModTime().UnixNano(),
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = sys.Ino
	}
	return s
}

func (w *watcher) abs(p string) string { return filepath.Join(w.Root, filepath.FromSlash(p)) }

func (w *watcher) stat(p string) (stamp, error) {
	info, err := os.Lstat(w.abs(p))
	if err != nil {
		return stamp{}, err
	}
	return stampOf(info), nil
}

// event takes one event of the kernel. whole tells that it is of a file that was
// moved into its place: the kernel says from where and to where in two events, one
// after the other.
func (w *watcher) event(e fsnotify.Event) (whole bool) {
	arrived := w.moved && e.Has(fsnotify.Create)
	w.moved = e.Has(fsnotify.Rename)
	rel, err := filepath.Rel(w.Root, e.Name)
	if err != nil || e.Name == "" {
		return false
	}
	p := filepath.ToSlash(rel)
	if p == "." || hidden(path.Base(p)) {
		return false
	}
	if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
		if _, ok := w.folders[p]; ok {
			w.leave(p)
			return false
		}
	}
	if e.Has(fsnotify.Create) {
		if info, err := os.Lstat(w.abs(p)); err == nil && info.IsDir() {
			_ = w.enter(p, false, nil)
			return false
		}
	}
	if !reported(p) {
		return false
	}
	w.mark(p, e.Has(fsnotify.Write))
	return arrived
}

// mark has a path looked at; written when it is known that bytes were written.
func (w *watcher) mark(p string, written bool) { w.dirty[p] = w.dirty[p] || written }

// enter watches a folder and all below it. It watches before it reads, so that
// what comes between is seen one way or the other. What differs from what is known
// is news, but for the first time, when it is what is known from the start. seen,
// where not nil, gathers the files found. The error is that of the folder itself.
func (w *watcher) enter(dir string, first bool, seen map[string]struct{}) error {
	if dir != "" && (hidden(path.Base(dir)) || w.Skip != nil && w.Skip(dir)) {
		return nil
	}
	w.folders[dir] = struct{}{}
	if w.notify != nil {
		if err := w.notify.Add(w.abs(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.degrade(err)
		}
	}
	entries, err := os.ReadDir(w.abs(dir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		p := path.Join(dir, e.Name())
		if e.IsDir() {
			if _, ok := w.folders[p]; !ok {
				_ = w.enter(p, first, seen)
			}
			continue
		}
		if !reported(p) {
			continue
		}
		info, err := e.Info()
		if err != nil || !stampOf(info).file {
			continue
		}
		if seen != nil {
			seen[p] = struct{}{}
		}
		switch now := stampOf(info); {
		case first:
			w.known[p] = now
		case w.known[p] != now:
			w.mark(p, false)
		}
	}
	return nil
}

// leave forgets a folder that was moved or removed, and all below it. Its watches
// are given back at once: the kernel ties them to the folder and not to its name,
// so they would report under the old one.
func (w *watcher) leave(dir string) {
	for p := range w.folders {
		if p != dir && !strings.HasPrefix(p, dir+"/") {
			continue
		}
		delete(w.folders, p)
		if w.notify != nil {
			_ = w.notify.Remove(w.abs(p)) // gone already, when the folder is
		}
	}
	for p := range w.known {
		if strings.HasPrefix(p, dir+"/") {
			w.mark(p, false)
		}
	}
}

// sweep compares the whole tree with what is known.
func (w *watcher) sweep() {
	folders := w.folders
	w.folders = map[string]struct{}{}
	seen := make(map[string]struct{}, len(w.known))
	_ = w.enter("", false, seen)
	for p := range folders {
		if _, ok := w.folders[p]; !ok && w.notify != nil {
			_ = w.notify.Remove(w.abs(p))
		}
	}
	for p := range w.known {
		if _, ok := seen[p]; !ok {
			w.mark(p, false)
		}
	}
}

// hidden tells of a name that begins with a dot.
func hidden(name string) bool { return strings.HasPrefix(name, ".") }

// reported tells of a path whose name is not that of a temporary file: ours and
// vim's begin with a dot, emacs has #x# and x~, vim tries whether it may write
// with 4913.
func reported(p string) bool {
	name := path.Base(p)
	return !hidden(name) && !strings.HasSuffix(name, "~") && name != "4913" &&
		!(strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#"))
}

// isLimit tells of the kernel's limits: watches, instances, open files.
func isLimit(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
