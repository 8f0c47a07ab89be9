package process

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"tasks/internal/fault"
)

// bootID tells one boot of the machine from another.
var bootID = sync.OnceValue(func() string {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
})

// StartTime tells when a process started, in a form that is only to be compared:
// the boot and the clock ticks since. NotFound where there is no such process, or it
// has ended and nobody has asked how.
func StartTime(pid int) (string, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return "", fault.New(fault.NotFound, "there is no process %d", pid)
	}
	if err != nil {
		return "", fault.New(fault.Unavailable, "process %d cannot be looked at: %w", pid, err)
	}
	// The name may hold anything, so what follows the last bracket counts: field 3 on.
	f := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(f) < 20 {
		return "", fault.New(fault.Internal, "the system tells nothing of process %d", pid)
	}
	if f[0] == "Z" || f[0] == "X" {
		return "", fault.New(fault.NotFound, "the process %d has ended", pid)
	}
	return bootID() + " " + f[19], nil
}

// Survivors are the processes of this user that have key=value in the environment they
// were started with, this one aside.
func Survivors(key, value string) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the processes cannot be listed: %w", err)
	}
	want := []byte(key + "=" + value)
	var out []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		for _, v := range bytes.Split(environ(pid), []byte{0}) {
			if bytes.Equal(v, want) {
				if _, err := StartTime(pid); err == nil {
					out = append(out, pid)
				}
				break
			}
		}
	}
	return out, nil
}

// environ is the environment a process was started with; empty where it is another's or has
// ended. In the moment of an exec the system shows nothing of it, or only its beginning, so
// it is read until it is as long as the process says. One that stays shorter for a second
// is in no such moment: it has put its environment out of reach.
func environ(pid int) []byte {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	for end := time.Now().Add(time.Second); ; time.Sleep(100 * time.Microsecond) {
		data, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil {
			return nil
		}
		stat, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil || uint64(len(data)) == environSize(stat) || time.Now().After(end) {
			return data
		}
	}
}

// environSize is how many bytes of environment a process has by its line in the form of
// proc(5): from env_start to env_end, fields 50 and 51, which count once startcode, field 26,
// is set. It has 0 where it has ended or is the kernel's own (PF_KTHREAD in flags, field 9),
// and all there are where that cannot be told.
func environSize(stat []byte) uint64 {
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // field 3 on
	if len(f) < 49 || f[0] == "Z" || f[0] == "X" {
		return 0
	}
	flags, _ := strconv.ParseUint(f[6], 10, 64)
	from, _ := strconv.ParseUint(f[47], 10, 64)
	to, _ := strconv.ParseUint(f[48], 10, 64)
	switch {
	case flags&0x200000 != 0:
		return 0
	case f[23] == "0" || to < from:
		return math.MaxUint64
	}
	return to - from
}

// KillAll kills the processes and what descends from them, and returns those that are
// still there after a few seconds. They are stopped first, so that none forks while the
// others are counted; a pid that is another process by then is left alone.
func KillAll(ctx context.Context, pids []int) (left []int) {
	start := map[int]string{}
	note := func(pid int) {
		if at, err := StartTime(pid); err == nil && start[pid] == "" {
			start[pid] = at
		}
	}
	for _, pid := range pids {
		note(pid)
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		for pid, at := range start {
			if Alive(pid, at) {
				syscall.Kill(pid, syscall.SIGSTOP)
				for _, child := range descendants(pid) {
					note(child)
				}
			}
		}
		left = left[:0]
		for pid, at := range start {
			if Alive(pid, at) {
				syscall.Kill(pid, syscall.SIGKILL)
				left = append(left, pid)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) || ctx.Err() != nil {
			return left
		}
		time.Sleep(10 * time.Millisecond)
	}
}
