package manager

import (
	"time"

	"tasks/internal/run"
)

// lookAgain is how soon the loop looks again at a supervisor that is alive and does not
// renew its lease.
const lookAgain = 2 * time.Second

// rest remembers when the world changes by time alone: an attempt is due, a lease lapses.
func (m *Manager) rest(w World) {
	next := w.At.Add(m.every())
	sooner := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	work := false
	for _, r := range w.Runs {
		work = work || r.State.Active() && r.State != run.Review
		switch {
		case r.State.Leased():
			at := r.LeaseUntil.Add(10 * time.Millisecond) // a lease holds until its time has passed
			if !at.After(w.At) || at.Sub(w.At) > 3*run.LeaseTime {
				at = w.At.Add(lookAgain)
			}
			sooner(at)
		case (r.State == run.Retrying || r.State == run.Queued) && r.RetryAt.After(w.At):
			sooner(r.RetryAt)
		}
	}
	m.seen.Lock()
	m.next, m.work, m.told = next, work, true
	m.seen.Unlock()
}

// until is how long the loop may sleep.
func (m *Manager) until() time.Duration {
	m.seen.Lock()
	defer m.seen.Unlock()
	return min(max(m.next.Sub(m.Now()), 10*time.Millisecond), m.every())
}

// nextBeat is when the loop of this process beats again, nil where it has none.
func (m *Manager) nextBeat() *time.Time {
	m.seen.Lock()
	defer m.seen.Unlock()
	if m.next.IsZero() {
		return nil
	}
	at := m.next.UTC()
	return &at
}
