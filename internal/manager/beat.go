package manager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"tasks/internal/fault"
)

// BeatOptions say what a beat may do.
type BeatOptions struct {
	Dispatch bool // start runs
	DryRun   bool // change nothing
}

// Result is how an action ended.
type Result string

// The results.
const (
	Planned Result = "planned" // a dry run: nothing was done
	Done    Result = "done"
	Held    Result = "held"   // it is not to be done by this beat, or not yet
	Failed  Result = "failed" // see Error
)

// Did is an action and what became of it.
type Did struct {
	Action
	Result Result  `json:"result"`
	Error  *string `json:"error"`
}

// MarshalJSON is the contract's form, in which what is absent is null: not every action is
// about a task, or about a run.
func (d *Did) MarshalJSON() ([]byte, error) {
	orNull := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	return json.Marshal(struct {
		Key    string  `json:"key"`
		Verb   string  `json:"verb"`
		Slug   *string `json:"slug"`
		Run    *string `json:"run"`
		Reason string  `json:"reason"`
		Result Result  `json:"result"`
		Error  *string `json:"error"`
	}{d.Key, d.Verb, orNull(d.Slug), orNull(d.Run), d.Reason, d.Result, d.Error})
}

// Beat is what one beat did; its JSON form is the contract's `beat`.
type Beat struct {
	DryRun  bool   `json:"dry_run"`
	Actions []*Did `json:"actions"`
}

// Failures are the errors of a beat's actions, nil where it has none.
func (b *Beat) Failures() error {
	var all []error
	for _, d := range b.Actions {
		if d.Result == Failed && d.Error != nil {
			all = append(all, fmt.Errorf("%s %s: %s", d.Verb, d.Slug, *d.Error))
		}
	}
	return errors.Join(all...)
}

// beatWait is how long a beat waits for another one to end.
const beatWait = 5 * time.Second

// Beat does one beat: it observes, plans and acts. One beat at a time for a root, in
// whatever process: Conflict where another does not end within 5 s. It returns when each
// supervisor it started holds its lease, or has failed to. The forge is asked before for
// pull requests that this process knows nothing of.
func (m *Manager) Beat(ctx context.Context, o BeatOptions) (*Beat, error) {
	m.askNew(ctx)
	var waits sync.WaitGroup
	b, err := m.beatOf(ctx, o, func(verb string) bool { return true }, waits.Go)
	waits.Wait()
	return b, err
}

// Reconcile does all repairs of state and starts nothing. Done again it does nothing.
func (m *Manager) Reconcile(ctx context.Context, dry bool) (*Beat, error) {
	m.askNew(ctx)
	return m.beatOf(ctx, BeatOptions{DryRun: dry}, func(verb string) bool { return verb != Dispatch && verb != Retry }, nil)
}

// beatOf does the actions of the verbs that want says. What has to be waited for, it
// hands to later; the result of such an action is filled in by then.
func (m *Manager) beatOf(ctx context.Context, o BeatOptions, want func(verb string) bool, later func(func())) (*Beat, error) {
	if !o.DryRun {
		unlock, err := m.lockBeat(ctx)
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	m.looking(true)
	defer m.looking(false)
	w, err := m.see(ctx)
	if err != nil {
		return nil, err
	}
	moved, err := m.reorder(ctx, &w, o.DryRun)
	if err == nil && moved && !o.DryRun {
		w, err = m.see(ctx) // for the places
	}
	if err != nil {
		return nil, err
	}
	b, known := &Beat{DryRun: o.DryRun, Actions: []*Did{}}, map[string]*Did{}
	for range rounds {
		w.Starts = o.Dispatch
		var now []*Did
		for _, a := range Plan(w) {
			d := known[a.Key]
			switch {
			case !want(a.Verb):
				continue
			case d == nil:
				d = &Did{Action: a, Result: Planned}
				known[a.Key] = d
				b.Actions = append(b.Actions, d)
			case a.Verb != Hold || d.Reason == a.Reason:
				continue
			}
			d.Action, d.Result = a, Planned
			now = append(now, d)
		}
		if len(now) == 0 || o.DryRun {
			break
		}
		if !m.act(ctx, &w, now, o, later) {
			break
		}
		if w, err = m.see(ctx); err != nil {
			return b, err
		}
	}
	m.count(Project(w))
	m.rest(w)
	return b, nil
}

// looking says that a beat looks, which takes the time to ask git.
func (m *Manager) looking(deep bool) {
	m.seen.Lock()
	m.deep = deep
	m.seen.Unlock()
}

// rounds bounds how often one beat plans: what it has done may give more to do, as a run
// that is ended leaves a worktree.
const rounds = 4

// lockBeat waits for the one place to beat in. Conflict says who has it.
func (m *Manager) lockBeat(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(m.StateDir, 0o700); err != nil {
		return nil, fault.New(fault.Unavailable, "the state folder cannot be made: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(m.StateDir, "beat.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the lock of the beat cannot be opened: %w", err)
	}
	for deadline := time.Now().Add(beatWait); ; {
		ok, err := tryLock(f)
		switch {
		case err != nil:
			f.Close()
			return nil, fault.New(fault.Unavailable, "the lock of the beat cannot be taken: %w", err)
		case ok:
			f.Truncate(0) // who has it is for people; the lock is the kernel's
			f.WriteAt(fmt.Appendf(nil, "process %d since %s\n", os.Getpid(), m.Now().UTC().Format(time.RFC3339)), 0)
			return func() { f.Close() }, nil
		case time.Now().After(deadline):
			who, _ := io.ReadAll(io.LimitReader(f, 200))
			f.Close()
			return nil, fault.New(fault.Conflict, "another beat is on: %s has not ended it within %s", strings.TrimSpace(string(who)), beatWait).
				WithHint("try again in a moment")
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// loopFile is held by the process whose loop looks at the queue; it says which.
const loopFile = "loop.lock"

// hold says that this process looks at the queue, until the file is closed. That another
// does as well is no fault: beats come one at a time.
func (m *Manager) hold() *os.File {
	f, err := os.OpenFile(filepath.Join(m.StateDir, loopFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		m.Log.Warn("who looks at the queue cannot be said", "err", err)
		return nil
	}
	if ok, err := tryLock(f); err != nil || !ok {
		f.Close()
		return nil
	}
	f.Truncate(0)
	f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return f
}

// looped is the process whose loop looks at the queue.
func (m *Manager) looped() (pid int, on bool) {
	f, err := os.OpenFile(filepath.Join(m.StateDir, loopFile), os.O_RDWR, 0)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	// Who only asks shares the lock: two that ask at once see no loop in each other.
	if free, err := tryShared(f); err != nil || free {
		return 0, false
	}
	data, err := io.ReadAll(io.LimitReader(f, 20))
	if err != nil {
		return 0, false
	}
	pid, err = strconv.Atoi(strings.TrimSpace(string(data)))
	return pid, err == nil
}
