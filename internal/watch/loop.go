package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sort"
	"time"

	"github.com/fsnotify/fsnotify"

	"tasks/internal/fault"
)

// watcher is one running watch. Everything belongs to the goroutine of loop.
type watcher struct {
	Config
	notify *fsnotify.Watcher // nil where the kernel gave none
	events chan fsnotify.Event
	errors chan error

	known   map[string]stamp    // files by path
	folders map[string]struct{} // watched or, when degraded, swept
	moved   bool                // the event before was of a file moved away: the next says where to
	dirty   map[string]bool     // paths to look at; true: written to, changed even if the stamp is the same
	gone    map[string]time.Time

	degraded bool
}

func newWatcher(c Config) (*watcher, error) {
	root, err := filepath.Abs(c.Root)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "cannot watch %s: %w", c.Root, err)
	}
	c.Root = root
	w := &watcher{
		Config: c,
		known:  map[string]stamp{}, folders: map[string]struct{}{}, dirty: map[string]bool{}, gone: map[string]time.Time{},
	}
	n, err := fsnotify.NewWatcher()
	if err == nil {
		w.notify, w.events, w.errors = n, n.Events, n.Errors
	}
	if err != nil {
		w.degrade(err)
	}
	if err := w.enter("", true, nil); err != nil {
		w.close()
		return nil, fault.New(fault.Unavailable, "cannot watch %s: %w", c.Root, err)
	}
	return w, nil
}

func (w *watcher) close() {
	if w.notify != nil {
		_ = w.notify.Close()
	}
}

// degrade goes over to sweeping, once, and says why.
func (w *watcher) degrade(err error) {
	if w.degraded {
		return
	}
	w.degraded = true
	if isLimit(err) {
		err = fmt.Errorf("the kernel's limit of watches is reached (%w): looking for changes every %v instead; raise fs.inotify.max_user_watches or max_user_instances", err, degradedSweepEvery)
	} else {
		err = fmt.Errorf("not every folder can be watched (%w): looking for changes every %v instead", err, degradedSweepEvery)
	}
	w.Degraded(err)
}

// timing is the state of a batch that is being gathered.
type timing struct {
	since time.Time // of its first event; zero: nothing is gathered
	first bool      // nothing was told for a while: be quick
	whole bool      // what has changed is complete: a file moved into its place
	told  time.Time // the last batch
}

// next is how long to wait for more.
func (t *timing) next(now time.Time) time.Duration {
	quiet, limit := laterQuiet, laterLimit
	switch {
	case t.first && t.whole:
		return 0
	case t.first:
		quiet, limit = firstQuiet, firstLimit
	}
	return max(min(quiet, limit-now.Sub(t.since)), 0)
}

func (t *timing) event(now time.Time) {
	if t.since.IsZero() {
		t.since = now
		t.first = now.Sub(t.told) > laterLimit
	}
}

func (w *watcher) loop(ctx context.Context) error {
	if w.Ready != nil {
		w.Ready()
	}
	var t timing
	every := w.sweepEvery()
	flush := time.NewTimer(time.Hour)
	sweep := time.NewTimer(every)
	defer flush.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-w.events:
			if !ok {
				w.events = nil // closed under us: the sweep goes on
				w.degrade(fsnotify.ErrClosed)
				break
			}
			t.whole = w.event(e)
		case err, ok := <-w.errors:
			if !ok {
				w.errors = nil
				break
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				w.degrade(err)
			}
			w.sweep()
		case <-sweep.C:
			w.sweep()
			sweep.Reset(every)
		case <-flush.C:
			now := time.Now()
			if w.tell(now) {
				t.told = now
			}
			t.since, t.whole = time.Time{}, false
			if len(w.gone) > 0 {
				flush.Reset(removalGrace)
			}
		}
		if every != w.sweepEvery() {
			every = w.sweepEvery()
			sweep.Reset(every)
		}
		if len(w.dirty) > 0 {
			now := time.Now()
			t.event(now)
			flush.Reset(t.next(now))
		}
	}
}

func (w *watcher) sweepEvery() time.Duration {
	if w.degraded {
		return degradedSweepEvery
	}
	return sweepEvery
}

// tell looks at the dirty paths, and says what became of them.
func (w *watcher) tell(now time.Time) bool {
	var batch []Change
	for p, written := range w.dirty {
		if op, ok := w.look(p, written, now); ok {
			batch = append(batch, Change{p, op})
		}
	}
	clear(w.dirty)
	for p, since := range w.gone {
		if now.Sub(since) < removalGrace {
			continue
		}
		if _, known := w.known[p]; !known {
			delete(w.gone, p)
			continue
		}
		// It may be there again, and that not have been told yet.
		if op, ok := w.look(p, false, now); ok {
			batch = append(batch, Change{p, op})
		} else if _, still := w.gone[p]; still {
			delete(w.gone, p)
			delete(w.known, p)
			batch = append(batch, Change{p, Removed})
		}
	}
	if len(batch) == 0 {
		return false
	}
	sort.Slice(batch, func(i, j int) bool { return batch[i].Path < batch[j].Path })
	w.Changed(batch)
	return true
}

// look compares a path with what was known of it. A file that is gone is put
// aside for a moment.
func (w *watcher) look(p string, written bool, now time.Time) (Op, bool) {
	before, known := w.known[p]
	after, err := w.stat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !after.file:
		if known {
			if _, waiting := w.gone[p]; !waiting {
				w.gone[p] = now
			}
		}
		return "", false
	case err != nil:
		return "", false // not readable now; the sweep looks again
	}
	_, wasGone := w.gone[p]
	delete(w.gone, p)
	w.known[p] = after
	switch {
	case !known:
		return Created, true
	case before != after || written || wasGone:
		return Changed, true
	}
	return "", false
}
