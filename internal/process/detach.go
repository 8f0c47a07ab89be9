package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"tasks/internal/fault"
)

// DetachSpec is a program that outlives this one.
type DetachSpec struct {
	Path   string // absolute
	Args   []string
	Dir    string
	Env    []string // the whole environment
	Output *os.File // gets both its streams; nil: nothing does
}

// Detach starts a program in a session of its own, without a terminal, and returns its
// pid at once. It goes on when this program ends; while this one is there it is reaped.
func Detach(s DetachSpec) (pid int, err error) {
	if !filepath.IsAbs(s.Path) {
		return 0, fault.New(fault.Internal, "%s cannot be started: the path is not absolute", s.Path)
	}
	cmd := &exec.Cmd{Path: s.Path, Args: append([]string{s.Path}, s.Args...), Dir: s.Dir, Env: s.Env, SysProcAttr: &syscall.SysProcAttr{Setsid: true}}
	if s.Output != nil {
		cmd.Stdout, cmd.Stderr = s.Output, s.Output
	}
	if err := cmd.Start(); err != nil {
		return 0, fault.New(fault.Unavailable, "%s cannot be started: %w", filepath.Base(s.Path), err)
	}
	go cmd.Wait() // or it stays a zombie while we live
	return cmd.Process.Pid, nil
}

// Alive tells whether the process with the pid is the one that started at start, as
// StartTime told it. A pid is used again; a start time within one boot is not.
func Alive(pid int, start string) bool {
	if pid <= 0 || start == "" {
		return false
	}
	now, err := StartTime(pid)
	return err == nil && now == start
}
