package manager

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/process"
	"tasks/internal/run"
)

// Trees is what a beat asks of the runs' checkouts.
type Trees interface {
	// Remove takes the worktree and the branch of the task's run away. What is not on the
	// base or not committed is kept first, under the ref that it returns, "" for none.
	Remove(ctx context.Context, slug, run string) (kept string, err error)
	// Prune forgets the worktrees whose folders are gone.
	Prune(ctx context.Context) error
}

// glancer is the Trees that can look at a tree while its agent is at work.
type glancer interface {
	Glance(ctx context.Context, slug, run string) (commit string, err error)
}

// Landing is what a beat asks of the landing of runs.
type Landing interface {
	// Recover ends or takes back what was cut off, and tells of each in words.
	Recover(ctx context.Context) ([]string, error)
	// Predict tells whether a run fits onto its base, and the paths where it does not.
	Predict(ctx context.Context, r *run.Run) (clean bool, paths []string, err error)
}

// pending is the Landing that knows the runs whose landing has begun and not ended, and
// whether the process that does it is alive.
type pending interface {
	Pending(ctx context.Context) (map[string]bool, error)
}

// Kill ends what is left of a run: its supervisor, and all that has the run in its
// environment. It returns those that would not go.
type Kill func(ctx context.Context, r *run.Run) (left []int, err error)

// killRun is Kill for real processes.
func killRun(ctx context.Context, r *run.Run) ([]int, error) {
	for {
		pids, err := process.Survivors("TASKS_RUN", r.ID)
		if err != nil {
			return nil, err
		}
		if process.Alive(r.PID, r.PIDStart) {
			pids = append(pids, r.PID)
		}
		if len(pids) == 0 {
			return nil, nil
		}
		if left := process.KillAll(ctx, pids); len(left) > 0 {
			return left, nil
		}
		// Again: one may have begun while the others were listed.
	}
}

// act does the actions in their order. One that fails keeps the others from nothing, but
// for the end of a lost run: while that cannot be had, nothing begins. It tells whether
// anything was done.
func (m *Manager) act(ctx context.Context, w *World, list []*Did, o BeatOptions, later func(func())) (did bool) {
	stuck := ""
	for i, d := range list {
		if d.Verb == Dispatch || d.Verb == Retry {
			why := ""
			switch {
			case !o.Dispatch:
				why = "this beat starts no run"
			case m.Spawn == nil:
				why = "this process starts no run"
			case w.Held != "":
				why = w.Held
			case stuck != "":
				why = stuck
			}
			if why != "" {
				d.Result, d.Error = Held, &why
				continue
			}
		}
		if d.Result == Done { // with the others that wait
			did = true
			continue
		}
		if inQueue(d) {
			if m.holdAll(ctx, list[i:]) {
				did = true
				continue
			}
		}
		if why := m.refused(d, w.At); why != "" {
			d.Result, d.Error = Held, &why
			continue
		}
		wait, err := m.do(ctx, &d.Action)
		d.end(err)
		if d.Verb == Clean && fault.CodeOf(err) == fault.Conflict {
			d.Result = Held // it is not ours to remove, or locked
			m.refuse(d, w.At)
		}
		did = true
		switch {
		case err != nil:
			m.Log.Warn("an action of the beat failed", "action", d.Key, "err", err)
			if d.Verb == Reap {
				stuck = "a lost run could not be ended: " + d.Slug
			}
		case wait != nil && later != nil:
			later(func() { d.end(wait()) })
		}
	}
	return did
}

// inQueue tells whether the action moves a run of the queue between queued and blocked.
func inQueue(d *Did) bool {
	return (d.Verb == Hold || d.Verb == Release) && d.r.State.Waiting()
}

// holdAll does all actions of the list that hold or release in one transaction. Where it
// fails each is tried by itself.
func (m *Manager) holdAll(ctx context.Context, list []*Did) bool {
	var all []run.Held
	for _, d := range list {
		if inQueue(d) {
			all = append(all, run.Held{ID: d.Run, Reason: d.why})
		}
	}
	if err := m.Runs.HoldAll(ctx, all); err != nil {
		m.Log.Warn("the queue could not be brought up to date at once", "err", err)
		return false
	}
	for _, d := range list {
		if inQueue(d) {
			d.end(nil)
		}
	}
	return true
}

func (d *Did) end(err error) {
	d.Result, d.Error = Done, nil
	if err != nil {
		text := err.Error()
		d.Result, d.Error = Failed, &text
	}
}

// do does one action. Where it begins a run, wait returns when that has a supervisor.
func (m *Manager) do(ctx context.Context, a *Action) (wait func() error, err error) {
	now := m.Now()
	switch a.Verb {
	case Recover:
		said, err := m.Landing.Recover(ctx)
		if len(said) > 0 {
			a.Reason += ": " + strings.Join(said, "; ")
		}
		return nil, err
	case Reap:
		left, err := m.Kill(ctx, a.r)
		if err == nil && len(left) > 0 {
			err = fault.New(fault.Unavailable, "the processes %v would not end", left)
		}
		if err != nil {
			return nil, err
		}
		if !now.After(a.r.LeaseUntil) { // the clock was set back
			now = a.r.LeaseUntil.Add(1)
		}
		_, err = m.Runs.Lose(ctx, a.Run, a.r.Lease, a.to, *a.why, a.at, now)
		return nil, err
	case Unclaim:
		_, err := m.Runs.Unclaim(ctx, a.Run, a.r.Lease, a.why, a.at)
		return nil, err
	case StopRun:
		if a.r.State.Leased() {
			if _, err := m.Runs.AskStop(ctx, a.Run, a.why.Text); err != nil {
				return nil, err
			}
			m.Wake(a.Run)
			return nil, nil
		}
		return nil, m.move(ctx, a, now)
	case Close:
		return nil, m.move(ctx, a, now)
	case Hold:
		if a.r.State == run.Retrying {
			_, err := m.Runs.Move(ctx, a.Run, []run.State{run.Retrying}, run.Retrying, a.why, a.r.RetryAt, now)
			return nil, err
		}
		_, err := m.Runs.Hold(ctx, a.Run, a.why)
		return nil, err
	case Release:
		_, err := m.Runs.Hold(ctx, a.Run, nil)
		return nil, err
	case Dispatch, Retry:
		return m.launch(ctx, a.Run)
	case Clean:
		return nil, m.clean(ctx, a)
	case Prune:
		return nil, m.Trees.Prune(ctx)
	case Branch:
		return nil, m.dropBranch(ctx, a)
	}
	return nil, fmt.Errorf("the verb %q is none of a beat's", a.Verb)
}

// move takes a run that nobody holds to where the action says. Where it has moved
// meanwhile the next beat looks again.
func (m *Manager) move(ctx context.Context, a *Action, now time.Time) error {
	_, err := m.Runs.Move(ctx, a.Run, []run.State{a.r.State}, a.to, a.why, time.Time{}, now)
	return err
}

// clean removes the worktree of a run that is over, and says where the rest is kept.
func (m *Manager) clean(ctx context.Context, a *Action) error {
	if m.Trees == nil {
		return fault.New(fault.Unavailable, "worktrees cannot be removed here")
	}
	if a.r != nil {
		m.leave(ctx, a.r)
	}
	kept, err := m.Trees.Remove(ctx, a.Slug, a.Run)
	if err != nil {
		return err
	}
	if kept != "" {
		a.Reason += "; kept under " + kept
	}
	if a.r == nil {
		return nil
	}
	return m.Runs.SetTree(ctx, a.Run, "", a.r.Begin, a.r.Head)
}

// refusal is a worktree that could not be removed; it is tried again after a while only.
type refusal struct {
	why string
	at  time.Time
}

const refusedFor = 10 * time.Minute

func (m *Manager) refuse(d *Did, now time.Time) {
	m.seen.Lock()
	defer m.seen.Unlock()
	if m.refusals == nil {
		m.refusals = map[string]refusal{}
	}
	m.refusals[d.Key] = refusal{*d.Error, now}
}

// refused says why an action is not tried again yet, "" where it is.
func (m *Manager) refused(d *Did, now time.Time) string {
	m.seen.Lock()
	defer m.seen.Unlock()
	r, ok := m.refusals[d.Key]
	if !ok || now.Sub(r.at).Abs() > refusedFor {
		delete(m.refusals, d.Key)
		return ""
	}
	return r.why
}
