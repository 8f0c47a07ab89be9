package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"tasks/internal/fault"
)

// makeDir makes the state folder where it is missing and checks it either way.
func makeDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Unavailable, "cannot make the state folder %s: %w", dir, err)
	}
	return checkDir(dir)
}

// checkDir refuses a state folder in which others could have a hand.
func checkDir(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fault.New(fault.Unavailable, "cannot look at the state folder %s: %w", dir, err)
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fault.New(fault.Forbidden, "the state folder %s is refused: it is a link", dir).
			WithHint("put a folder of your own in its place")
	case !info.IsDir():
		return fault.New(fault.Forbidden, "the state folder %s is refused: it is not a folder", dir).
			WithHint("move the file aside")
	case !ours(info):
		return fault.New(fault.Forbidden, "the state folder %s is refused: it belongs to another user", dir).
			WithHint("run as the user that owns it, or work in a clone of your own")
	case info.Mode().Perm()&0o077 != 0:
		return fault.New(fault.Forbidden, "the state folder %s is refused: mode %04o lets others in", dir, info.Mode().Perm()).
			WithHint("chmod 700 %s", dir)
	}
	return nil
}

// checkFile refuses a database that is not a file of ours. The folder keeps others
// out; this keeps a link that was put there from leading our writes elsewhere.
func checkFile(name string) error {
	info, err := os.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || !ours(info) {
		return fault.New(fault.Forbidden, "the database %s is refused: it is not a regular file of yours", name).
			WithHint("move it aside and a new one is made")
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		// Nobody else can reach it in our folder: mending is safe and asks nothing of anybody.
		return os.Chmod(name, perm&0o700)
	}
	return nil
}

func ours(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
