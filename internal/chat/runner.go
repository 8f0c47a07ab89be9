package chat

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A runner is one Service with its turns, alive as long as its lock file is locked,
// which the system sees to however the process ends. So a turn that a dead program
// left open is told from one that a program beside us is running.
type runner struct {
	id   string
	file *os.File
}

func newRunner(dir string) (*runner, error) {
	id := strings.ToLower(newID("r"))
	f, err := os.OpenFile(runnerFile(dir, id), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return &runner{id: id, file: f}, nil
}

func (r *runner) close() {
	os.Remove(r.file.Name())
	r.file.Close()
}

// runnerAlive tells whether the runner with this id still lives. The lock file of a
// dead one is removed.
func runnerAlive(dir, id string) (bool, error) {
	if id == "" {
		return false, nil
	}
	f, err := os.OpenFile(runnerFile(dir, id), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, os.Remove(f.Name())
}

func runnerFile(dir, id string) string {
	return filepath.Join(dir, "chat-"+filepath.Base(id)+".lock")
}
