package manager

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
)

// Spawn starts the supervisor of the run as a process of its own, which takes the lease
// with the token, and returns its pid.
type Spawn func(ctx context.Context, id, token string) (pid int, err error)

// leaseWait is how long a supervisor that was started has to take its lease. The
// claim itself lapses a little later.
const leaseWait = run.LeaseTime - 500*time.Millisecond

// start claims the run and starts its supervisor, and returns when that holds the
// lease, or the claim is given back. Conflict where another was faster. It claims between
// two beats: a run that a message took out of review while its work lands begins no more.
func (m *Manager) start(ctx context.Context, id string) (*run.Run, error) {
	unlock, err := m.lockBeat(ctx)
	if err != nil {
		return nil, err
	}
	pid, token, err := m.claim(ctx, id)
	unlock()
	if err != nil {
		return nil, err
	}
	return m.taken(ctx, id, token, pid)
}

// launch is start in two parts: wait returns when the supervisor holds the lease.
func (m *Manager) launch(ctx context.Context, id string) (wait func() error, err error) {
	pid, token, err := m.claim(ctx, id)
	if err != nil {
		return nil, err
	}
	return func() error {
		_, err := m.taken(ctx, id, token, pid)
		return err
	}, nil
}

// claim claims the run and starts its supervisor.
func (m *Manager) claim(ctx context.Context, id string) (pid int, token string, err error) {
	if m.Spawn == nil {
		return 0, "", fault.New(fault.Unavailable, "no run can be started here: this process starts no supervisor")
	}
	token, ok, err := m.Runs.Claim(ctx, id, m.Now())
	if err != nil {
		return 0, "", err
	}
	if !ok {
		return 0, "", fault.New(fault.Conflict, "the run was started by another process, or is over")
	}
	if pid, err = m.Spawn(ctx, id, token); err != nil {
		m.giveBack(ctx, id, token, err)
		return 0, "", err
	}
	m.kick()
	return pid, token, nil
}

// taken waits until the supervisor holds the lease, or is gone. A pid of 0 is one that
// another process has started, whose claim is not ours to give back.
func (m *Manager) taken(ctx context.Context, id, token string, pid int) (*run.Run, error) {
	deadline := time.Now().Add(leaseWait)
	for {
		r, err := m.Runs.ByID(ctx, id)
		switch {
		case err != nil:
			return nil, err
		case r == nil:
			return nil, fault.New(fault.NotFound, "the run %s is gone", id)
		case r.Lease != token || r.State != run.Dispatching:
			return r, nil // it has it, or has ended already
		}
		gone := pid != 0 && !alive(pid)
		if pid == 0 && (time.Now().After(deadline) || ctx.Err() != nil) {
			return nil, fault.New(fault.Conflict, "the run is being started by another process")
		}
		if gone || time.Now().After(deadline) || ctx.Err() != nil {
			why := "it did not take the lease in time"
			if gone {
				why = "it ended at once"
			}
			if said := m.supervisorSaid(id); said != "" {
				why += ": " + said
			}
			err := fault.New(fault.Unavailable, "the supervisor of the run could not start: %s", why)
			if !m.giveBack(ctx, id, token, err) && ctx.Err() == nil {
				continue // it took the lease after we looked, and may have ended since: look again
			}
			return nil, err
		}
		time.Sleep(15 * time.Millisecond) // the database tells nobody
	}
}

// giveBack returns the claim, and writes down why. False where it is no claim any more: a
// supervisor has taken the lease.
func (m *Manager) giveBack(ctx context.Context, id, token string, err error) bool {
	ctx = context.WithoutCancel(ctx)
	back, failed := m.Runs.Unclaim(ctx, id, token, &run.Reason{Code: run.Crashed, Text: err.Error()}, m.Now().Add(m.retryDelay()))
	if failed != nil {
		m.Log.Error("a claim was not given back; it lapses by itself", "run", id, "err", failed)
	}
	m.kick()
	return back || failed != nil
}

func (m *Manager) retryDelay() time.Duration {
	if m.Settings == nil || m.Settings.Manager.RetryDelay == 0 {
		return 10 * time.Second
	}
	return m.Settings.Manager.RetryDelay
}

// supervisorSaid is the last line that the supervisor of a run wrote about itself.
func (m *Manager) supervisorSaid(id string) string {
	f, err := os.Open(filepath.Join(run.Dir(m.StateDir, id), SupervisorLog))
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > 4096 {
		f.Seek(-4096, io.SeekEnd)
	}
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return ""
	}
	text := strings.TrimSpace(string(data))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// SupervisorLog is the name of the supervisor's own words in the run's folder.
const SupervisorLog = "supervisor.log"

// Resume starts the next attempt of a run that waits for it, now. Conflict where it does
// not wait, or another process was faster.
func (m *Manager) Resume(ctx context.Context, id string) (*run.Run, error) { return m.start(ctx, id) }
