package repo

import (
	"os"

	"golang.org/x/sys/unix"
)

// likeness gives f the mode, owner and extended attributes of old. An owner that this
// user may not set is left: an editor would do the same.
func likeness(f, old *os.File) error {
	was, err := file(old.Fd()).meta()
	if err != nil {
		return err
	}
	is, err := file(f.Fd()).meta()
	if err != nil {
		return err
	}
	if was.uid != is.uid || was.gid != is.gid {
		if err := f.Chown(was.uid, was.gid); err != nil {
			f.Chown(-1, was.gid)
		}
	}
	if err := f.Chmod(was.mode.Perm()); err != nil {
		return err
	}
	copyAttributes(int(f.Fd()), int(old.Fd()))
	return nil
}

// copyAttributes copies what it may; a file system without attributes has none to lose.
func copyAttributes(to, from int) {
	size, err := unix.Flistxattr(from, nil)
	if err != nil || size == 0 {
		return
	}
	list := make([]byte, size)
	if size, err = unix.Flistxattr(from, list); err != nil {
		return
	}
	for len(list[:size]) > 0 {
		name := unix.ByteSliceToString(list[:size])
		list, size = list[len(name)+1:], size-len(name)-1
		n, err := unix.Fgetxattr(from, name, nil)
		if err != nil || n > 64<<10 {
			continue
		}
		value := make([]byte, n)
		if n, err = unix.Fgetxattr(from, name, value); err == nil {
			unix.Fsetxattr(to, name, value[:n], 0)
		}
	}
}
