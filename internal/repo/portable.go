package repo

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// openPortable opens a name in which no component is a link, on any system.
func openPortable(root *os.Root, name string, flags int) (*os.File, error) {
	if name == "" {
		return root.OpenFile(".", flags, 0)
	}
	dir, base := path.Split(name)
	at, err := openFolder(root, strings.TrimSuffix(dir, "/"))
	if err != nil {
		return nil, err
	}
	defer at.Close()
	seen, err := lookPlain(at, base)
	if err != nil {
		return nil, err
	}
	if !seen.Mode().IsRegular() && !seen.IsDir() {
		return nil, errLink // put there since somebody looked
	}
	f, err := at.OpenFile(base, flags, 0)
	if err != nil {
		return nil, swapped(err)
	}
	if got, err := f.Stat(); err != nil || !os.SameFile(seen, got) {
		f.Close()
		return nil, errLink
	}
	return f, nil
}

// openFolder opens dir so that names in it mean that folder, whatever is renamed
// above. It goes folder by folder, each seen to be the very one that its name stood
// for before it was opened: a look at the whole name would not do, since a folder may
// be swapped for a link between the looks.
func openFolder(root *os.Root, dir string) (*os.Root, error) {
	at, err := root.OpenRoot(".")
	if err != nil {
		return nil, cause(err)
	}
	if dir == "" {
		return at, nil
	}
	for part := range strings.SplitSeq(dir, "/") {
		next, err := enter(at, part)
		at.Close()
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// enter opens the folder name of at.
func enter(at *os.Root, name string) (*os.Root, error) {
	seen, err := lookPlain(at, name)
	if err != nil {
		return nil, err
	}
	if !seen.IsDir() {
		return nil, syscall.ENOTDIR // opening a pipe would wait for its other end
	}
	next, err := at.OpenRoot(name)
	if err != nil {
		return nil, swapped(err)
	}
	if got, err := next.Stat("."); err != nil || !os.SameFile(seen, got) {
		next.Close()
		return nil, errLink
	}
	return next, nil
}

func lookPlain(at *os.Root, name string) (fs.FileInfo, error) {
	info, err := at.Lstat(name)
	if err != nil {
		return nil, cause(err)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil, errLink
	}
	return info, nil
}

// swapped is errLink for the one refusal of os.Root's own: that a link, which was none
// a moment ago, leads out.
func swapped(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return cause(err)
	}
	return errLink
}
