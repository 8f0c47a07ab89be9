//go:build !linux

package process

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tasks/internal/fault"
)

// StartTime tells when a process started, in a form that is only to be compared.
// NotFound where there is no such process.
func StartTime(pid int) (string, error) {
	out, err := exec.Command("/bin/ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	at := strings.Join(strings.Fields(string(out)), " ")
	if err != nil || at == "" {
		return "", fault.New(fault.NotFound, "there is no process %d", pid)
	}
	return at, nil
}

// Survivors are the processes of this user that have key=value in the environment they
// were started with, as far as the system shows it, this one aside.
func Survivors(key, value string) ([]int, error) {
	out, err := exec.Command("/bin/ps", "-E", "-x", "-o", "pid=,command=").Output()
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the processes cannot be listed: %w", err)
	}
	var pids []int
	for _, line := range strings.Split(string(out), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		for _, word := range f[1:] {
			if pid, err := strconv.Atoi(f[0]); err == nil && word == key+"="+value && pid != os.Getpid() {
				pids = append(pids, pid)
				break
			}
		}
	}
	return pids, nil
}

// KillAll kills the processes and returns those that are still there after a few seconds.
func KillAll(ctx context.Context, pids []int) (left []int) {
	deadline := time.Now().Add(5 * time.Second)
	for {
		left = left[:0]
		for _, pid := range pids {
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				left = append(left, pid)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) || ctx.Err() != nil {
			return left
		}
		time.Sleep(10 * time.Millisecond)
	}
}
