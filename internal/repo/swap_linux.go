package repo

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameNew renames unless there is something at the new name.
func renameNew(folder *os.Root, from, to string) error {
	dir, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	err = unix.Renameat2(int(dir.Fd()), from, int(dir.Fd()), to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return linkNew(folder, from, to)
	}
	return err
}
