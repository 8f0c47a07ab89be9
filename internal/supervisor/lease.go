package supervisor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/runlog"
)

// lockWait is how long the lock of a task is waited for: the tree of the attempt before
// may still be coming down.
const lockWait = 8 * time.Second

// lockTask takes the lock of the task. Conflict where another holds it.
func lockTask(ctx context.Context, stateDir, slug string) (*os.File, error) {
	dir := filepath.Join(stateDir, "locks")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.New(fault.Unavailable, "the folder for locks cannot be made: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "run-"+slug+".lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the lock of %s cannot be opened: %w", slug, err)
	}
	deadline := time.Now().Add(lockWait)
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fault.New(fault.Unavailable, "%s cannot be locked: %w", slug, err)
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			f.Close()
			return nil, fault.New(fault.Conflict, "another agent is still at work on %s", slug)
		}
		time.Sleep(50 * time.Millisecond) // a lock cannot be waited for and given up
	}
}

// renew holds the lease until held ends, and brings word of a stop, of messages and of
// answers. It ends the work where the lease is lost.
func (s *supervisor) renew(held context.Context, cancel context.CancelCauseFunc) {
	var touched <-chan fsnotify.Event
	if w, err := fsnotify.NewWatcher(); err == nil {
		defer w.Close()
		if w.Add(s.dir) == nil {
			touched = w.Events
		}
	}
	until := time.Now().Add(run.LeaseTime) // by the clock that no jump moves
	tick := time.NewTicker(run.RenewEvery)
	defer tick.Stop()
	for {
		stop, err := s.Runs.Renew(held, s.run.ID, s.token, s.Now())
		switch {
		case held.Err() != nil:
			return
		case errors.Is(err, run.ErrLost):
			cancel(run.ErrLost)
			return
		case err != nil:
			s.Log.Warn("the lease was not renewed", "run", s.run.ID, "err", err)
			if time.Now().After(until) {
				cancel(run.ErrLost)
				return
			}
		default:
			until = time.Now().Add(run.LeaseTime)
			if stop != "" {
				cancel(stopped{stop})
			}
			s.look(held)
		}
		for waiting := true; waiting; {
			select {
			case <-held.Done():
				return
			case e := <-touched:
				waiting = filepath.Base(e.Name) != InboxFile
			case <-tick.C:
				waiting = false
			}
		}
	}
}

// look wakes who waits for an answer, and interrupts the agent for a message that asks for it.
func (s *supervisor) look(ctx context.Context) {
	s.mu.Lock()
	if s.wake != nil {
		close(s.wake)
		s.wake = nil
	}
	interrupt, given := s.inTurn, s.given
	s.mu.Unlock()
	if interrupt == nil {
		return
	}
	waiting, err := s.Runs.Messages(ctx, s.run.ID, true)
	if err != nil {
		s.Log.Warn("the messages cannot be read", "run", s.run.ID, "err", err)
		return
	}
	for _, m := range waiting {
		if m.Now && !slices.Contains(given, m.ID) {
			interrupt(errNow)
			return
		}
	}
}

// saveEvery bounds how often the record of a run is written for its use and its newest event.
const saveEvery = time.Second

// note appends e to the log, and keeps the run's record close to it.
func (s *supervisor) note(e runlog.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e = s.append(e)
	now := s.Now()
	switch e.Type {
	case runlog.Session:
		if e.ID != "" {
			s.run.Session = e.ID
		}
	case runlog.Usage:
		if e.Usage != nil {
			s.use(*e.Usage)
		}
	case runlog.Text, runlog.Output:
		s.lastSaid = lastWords(e.Text + e.Output)
	}
	s.run.EventAt = now
	if e.Type == runlog.Session || e.Type == runlog.State || now.Sub(s.saved) >= saveEvery {
		s.save()
	}
}

// append writes e to the log; that it cannot is said where the supervisor's own words go.
func (s *supervisor) append(e runlog.Event) runlog.Event {
	e, err := s.log.Append(e)
	if err != nil {
		s.Log.Error("an event is lost", "run", s.run.ID, "type", string(e.Type), "err", err)
	}
	return e
}

// save writes the run's record. s.mu is held. A lost lease is found by the next renewal.
func (s *supervisor) save() {
	s.saved = s.Now()
	s.total()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Runs.Save(ctx, s.run, s.token); err != nil && !errors.Is(err, run.ErrLost) {
		s.Log.Warn("the run's record was not written", "run", s.run.ID, "err", err)
	}
}

// set changes the run's record and tells a running server.
func (s *supervisor) set(change func(r *run.Run)) {
	s.mu.Lock()
	change(s.run)
	s.save()
	s.mu.Unlock()
	s.kick()
}

// use takes what the present turn used so far.
func (s *supervisor) use(t runlog.Tokens) {
	s.present = use{turns: t.Turns, input: t.Input, output: t.Output}
	if t.CostUSD != nil {
		s.present.cost, s.present.costKnown = *t.CostUSD, true
	}
}

// lastWords is the end of text, at most 2 KB.
func lastWords(text string) string {
	const most = 2048
	if len(text) > most {
		text = text[len(text)-most:]
		for len(text) > 0 && text[0]&0xC0 == 0x80 {
			text = text[1:]
		}
	}
	return text
}
