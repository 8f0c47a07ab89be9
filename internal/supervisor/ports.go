package supervisor

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"tasks/internal/fault"
	"tasks/internal/run"
)

// The ports that runs are given, in blocks of run.Ports.
const (
	firstPort = 20000
	lastPort  = 29990
)

// ports gives the run a block of ports that no other active run has and that is free on
// loopback now; it keeps the one it has where it can. The block is in the run's record.
func (s *supervisor) ports(ctx context.Context) error {
	if s.run.Port != 0 && free(s.run.Port) {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(s.StateDir, "locks", "ports.lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return fault.New(fault.Unavailable, "the lock of the ports cannot be opened: %w", err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return fault.New(fault.Unavailable, "the ports cannot be locked: %w", err)
	}
	active, err := s.Runs.All(ctx, true, 10000)
	if err != nil {
		return err
	}
	taken := map[int]bool{}
	for _, r := range active {
		taken[r.Port] = true
	}
	for p := firstPort; p <= lastPort; p += run.Ports {
		if !taken[p] && free(p) {
			s.set(func(r *run.Run) { r.Port = p })
			return nil
		}
	}
	return fault.New(fault.Unavailable, "no ports are free: all blocks from %d to %d are in use", firstPort, lastPort+run.Ports-1)
}

// free tells whether the whole block can be listened on.
func free(first int) bool {
	for p := first; p < first+run.Ports; p++ {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p))
		if err != nil {
			return false
		}
		ln.Close()
	}
	return true
}
