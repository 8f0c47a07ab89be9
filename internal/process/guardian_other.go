//go:build !linux

package process

import (
	"os"
	"os/exec"
	"syscall"
)

// Elsewhere than on Linux the tree is its process group; a descendant that left it
// is not found, nothing holds a Sandbox, and memory and processes are not limited.

func selfPath() (string, error) { return os.Executable() }

func guardianAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func adopt() {}

func startLocked(cmd *exec.Cmd) error { return cmd.Start() }

func waitFor(pid int) syscall.WaitStatus {
	var st syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(pid, &st, 0, nil); err != syscall.EINTR {
			return st
		}
	}
}

func interrupt(pid int, _ string) { syscall.Kill(-pid, syscall.SIGINT) }

func killTree(pid int) { syscall.Kill(-pid, syscall.SIGKILL) }

func overLimit(order) Cause { return "" }

func restrict(Sandbox) (bool, error) { return false, nil }

func wrap(_ order, argv []string) []string { return argv }

var bubblewrap = func() string { return "" }

// Protection names what Run would hold a Sandbox with here: nothing.
func Protection() string { return "" }
