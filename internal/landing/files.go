package landing

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
)

// followFiles brings the files of the changed paths to the new commit: what goes first,
// then .gitattributes, which say how the others are written, then the others. New files are
// written beside and renamed into place.
func (m *move) followFiles(ctx context.Context, t tree, s *sight) error {
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return fault.New(fault.Unavailable, "cannot move %s: %w", t.dir, err)
	}
	defer root.Close()
	var rules, others []change
	for _, c := range m.changes {
		switch {
		case s.file[c.path] != old || s.index[c.path] == bad:
		case c.newMode == "":
			if c.oldMode == link {
				root.Remove(filepath.FromSlash(c.path)) // an empty folder; one with a submodule in it stays
				continue
			}
			if err := drop(root, c.path); err != nil {
				return fault.New(fault.Unavailable, "cannot remove %s: %w", filepath.Join(t.dir, c.path), err)
			}
		case c.newMode == link:
			if err := root.MkdirAll(filepath.FromSlash(c.path), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
				return fault.New(fault.Unavailable, "cannot make %s: %w", filepath.Join(t.dir, c.path), err)
			}
		case path.Base(c.path) == ".gitattributes":
			rules = append(rules, c)
		default:
			others = append(others, c)
		}
	}
	for _, list := range [][]change{rules, others} {
		if err := m.put(ctx, t, root, list); err != nil {
			return err
		}
	}
	return nil
}

// drop removes a file, and the folders above it that are empty then.
func drop(root *os.Root, name string) error {
	if err := root.Remove(filepath.FromSlash(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if root.Remove(filepath.FromSlash(dir)) != nil {
			break // it holds something
		}
	}
	return nil
}

// dropEmpty removes a folder in which there are only folders.
func dropEmpty(root *os.Root, dir string) error {
	names, err := fs.ReadDir(root.FS(), filepath.ToSlash(dir))
	for _, n := range names {
		if n.IsDir() && err == nil {
			err = dropEmpty(root, filepath.Join(dir, n.Name()))
		}
	}
	return errors.Join(err, root.Remove(dir))
}

// put has git write the files beside, as it would check them out, and renames them into
// their places.
func (m *move) put(ctx context.Context, t tree, root *os.Root, list []change) error {
	if len(list) == 0 {
		return nil
	}
	beside := ".tasks-landing-" + m.Run
	if err := root.RemoveAll(beside); err != nil {
		return fault.New(fault.Unavailable, "cannot write beside: %w", err)
	}
	defer root.RemoveAll(beside)
	if err := root.Mkdir(beside, 0o777); err != nil {
		return fault.New(fault.Unavailable, "cannot write beside: %w", err)
	}
	var feed strings.Builder
	for _, c := range list {
		feed.WriteString(c.path + "\x00")
	}
	if _, err := t.gw.Feed(ctx, []byte(feed.String()), "checkout-index", "-q", "-f", "-z", "--stdin", "--prefix="+beside+"/"); err != nil {
		return err
	}
	step("written beside")
	for i, c := range list {
		name := filepath.FromSlash(c.path)
		err := root.MkdirAll(filepath.Dir(name), 0o777)
		if info, statErr := root.Lstat(name); err == nil && statErr == nil && info.IsDir() {
			err = dropEmpty(root, name)
		}
		if err == nil {
			err = root.Rename(filepath.Join(beside, name), name)
		}
		if err != nil {
			return fault.New(fault.Unavailable, "cannot write %s: %w", filepath.Join(t.dir, c.path), err)
		}
		if i == 0 {
			step("first file moved")
		}
	}
	return nil
}
