package manager

import (
	"context"
	"sync"
	"time"

	"tasks/internal/forge"
	"tasks/internal/run"
)

// askEvery is how often the forge is asked about pull requests that are open.
const askEvery = time.Minute

// pullBook is the pull requests to ask for.
type pullBook struct {
	mu    sync.Mutex
	want  []*run.Run
	tried map[string]bool // by run: was asked for, whatever came of it
	fresh chan struct{}   // holds one: some are wanted that were never asked for
}

// wantPulls notes which of the runs have a pull request to ask for. One that this process
// never asked for is asked for at once by watchPulls.
func (m *Manager) wantPulls(runs []*run.Run) {
	if m.Forge == nil {
		return
	}
	b := &m.pulls
	b.mu.Lock()
	defer b.mu.Unlock()
	b.want = b.want[:0]
	fresh := false
	for _, r := range runs {
		if r.PRURL != "" && (r.Pull.State == "" || r.Pull.State == "open") {
			b.want = append(b.want, r)
			fresh = fresh || !b.tried[r.ID]
		}
	}
	if fresh {
		select {
		case b.fresh <- struct{}{}:
		default:
		}
	}
}

// askNew asks for the pull requests that this process never asked for: a command's beat
// has no loop beside it that would.
func (m *Manager) askNew(ctx context.Context) {
	if m.Forge == nil || m.Runs == nil {
		return
	}
	all, err := m.Runs.LatestAll(ctx)
	if err != nil {
		return // the beat says so
	}
	var open []*run.Run
	for _, r := range all {
		if !r.State.Waiting() && r.State != run.Accepted && r.State != run.Rejected {
			open = append(open, r)
		}
	}
	m.wantPulls(open)
	select {
	case <-m.pulls.fresh:
		m.askPulls(ctx)
	default:
	}
}

// watchPulls asks the forge about the pull requests of the runs, and has the loop look
// where an answer is new. It returns at ctx's end.
func (m *Manager) watchPulls(ctx context.Context) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-m.pulls.fresh:
		}
		m.askPulls(ctx)
	}
}

func (m *Manager) askPulls(ctx context.Context) {
	m.pulls.mu.Lock()
	want := append([]*run.Run(nil), m.pulls.want...)
	for _, r := range want {
		m.pulls.tried[r.ID] = true
	}
	m.pulls.mu.Unlock()
	for _, r := range want {
		probed, number, err := m.pullOf(ctx, r)
		var p *forge.Pull
		if err == nil {
			p, err = m.Forge.State(ctx, probed, number)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			m.Log.Warn("the pull request cannot be asked for", "run", r.ID, "url", r.PRURL, "err", err)
			continue
		}
		if is := known(p); is != r.Pull {
			if err := m.Runs.SetPull(ctx, r.ID, is); err != nil {
				m.Log.Error("what the forge says of the pull request cannot be kept", "run", r.ID, "url", r.PRURL, "err", err)
				continue
			}
			m.TasksChanged()
		}
	}
}
