// Package history is what happened lately in one checkout: the commits of git and
// the runs, as one list of items, always within bounds.
//
// A window is one process of git at most, never one an item: the newest commits up
// to a limit, of which those of about a week are the window. It is kept for as long
// as HEAD stands where it stood. A reading that takes long goes on beside the
// request: who asked gets the window as it was last, which says its age, or one that
// says that it is still being read.
//
// The history of one file is the same, through its renames (Of).
package history

import (
	"context"
	"sync"
	"time"

	"tasks/internal/git"
	"tasks/internal/run"
)

// The bounds.
const (
	Week      = 7 * 24 * time.Hour // of a window
	Limit     = 200                // commits of a window
	perCommit = 24                 // changes that are listed of a commit
	maxRuns   = 400                // runs of a window
	maxKept   = 512                // readings
	gitTime   = 10 * time.Second   // for one reading
	keepFor   = 10 * time.Minute   // HEAD the same, it is read again: a shallow clone may have been deepened

	// patience is how long a request waits for a reading where there is an older one
	// to show, and where there is none.
	patience      = 40 * time.Millisecond
	firstPatience = 1500 * time.Millisecond
)

// Config is what a reader works with.
type Config struct {
	Git  *git.Checkout
	Runs *run.Store // nil: commits alone

	// Spawn runs a reading beside the requests, with a context that ends when the
	// program does; whoever gives it waits for what it runs. nil: in the request.
	Spawn func(func(context.Context))
	// Changed is called when a reading has ended that somebody went without: an open
	// page can be made anew. May be nil.
	Changed func()
	Now     func() time.Time // nil: time.Now
}

// Reader reads the history of one checkout. Safe for concurrent use.
type Reader struct {
	Config

	slots chan struct{} // as many gits run at once
	mu    sync.Mutex
	kept  map[key]*kept
}

// gits is how many processes of git read the history at once.
const gits = 2

// New makes a reader.
func New(c Config) *Reader {
	if c.Spawn == nil {
		c.Spawn = func(read func(context.Context)) { read(context.Background()) }
	}
	if c.Changed == nil {
		c.Changed = func() {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Reader{Config: c, slots: make(chan struct{}, gits), kept: map[key]*kept{}}
}

// key is a reading asked for.
type key struct {
	path  string
	until int64 // seconds; 0: now
	skip  int
	limit int
}

func (k key) query() git.LogQuery {
	q := git.LogQuery{Path: k.path, Skip: k.skip, Limit: k.limit, Changes: perCommit}
	if k.until != 0 {
		q.Until = time.Unix(k.until, 0)
	}
	return q
}

// kept is the newest reading of a key and, while another is on, what is closed when
// it has ended.
type kept struct {
	last   *reading // nil: none yet
	busy   chan struct{}
	missed bool // somebody went without the one that is on
	asked  time.Time
}

// reading is what one process of git said.
type reading struct {
	head    string
	items   []Item // shared: nobody changes them
	cut     bool
	shallow bool
	at      time.Time
	problem string // why it is not whole, "" where it is
}

// obtain gives the newest reading: the kept one where HEAD is the same, else a new
// one, else, where that takes longer than the patience, the old one; where there is
// none yet it waits as long as first says, and gives nil after that. pending says that
// a newer one is on its way.
func (r *Reader) obtain(ctx context.Context, id key, first time.Duration) (now *reading, pending bool, err error) {
	head, err := r.Git.Head(ctx)
	if err != nil {
		return nil, false, err
	}
	r.mu.Lock()
	k := r.kept[id]
	if k == nil {
		r.makeRoom()
		k = &kept{}
		r.kept[id] = k
	}
	k.asked = r.Now()
	if l := k.last; l != nil && l.head == head && k.busy == nil && r.Now().Sub(l.at) < l.keep() {
		r.mu.Unlock()
		return l, false, nil
	}
	wait := patience
	if k.last == nil {
		wait = first
	}
	start := k.busy == nil
	if start {
		k.busy, k.missed = make(chan struct{}), false
	}
	done := k.busy
	r.mu.Unlock()
	if start {
		r.Spawn(func(ctx context.Context) { r.read(ctx, id, k, head) })
	}
	return r.await(ctx, k, done, wait)
}

// await waits for a reading, but not for long.
func (r *Reader) await(ctx context.Context, k *kept, done chan struct{}, wait time.Duration) (*reading, bool, error) {
	patience := time.NewTimer(wait)
	defer patience.Stop()
	ended := false
	select {
	case <-done:
		ended = true
	case <-patience.C:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !ended && k.busy == done {
		k.missed = true
	}
	return k.last, k.busy == done, nil
}

// read asks git once and keeps what it said.
func (r *Reader) read(ctx context.Context, id key, k *kept, head string) {
	ctx, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	select { // however many odd windows are asked for at once
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
	}
	now := &reading{head: head, at: r.Now(), shallow: r.Git.Shallow()}
	if head != "" {
		var err error
		var commits []git.Logged
		if commits, now.cut, err = r.Git.Log(ctx, id.query()); err != nil {
			now.problem = err.Error()
		}
		for _, c := range commits {
			now.items = append(now.items, item(c))
		}
	}
	r.mu.Lock()
	if old := k.last; old != nil && now.problem != "" && len(now.items) < len(old.items) {
		again := *old // what was known stays, with what went wrong since
		again.problem = now.problem
		now = &again
	}
	k.last = now
	close(k.busy)
	k.busy = nil
	missed := k.missed
	r.mu.Unlock()
	if missed {
		r.Changed()
	}
}

// keep is for how long a reading holds while HEAD is the same.
func (l *reading) keep() time.Duration {
	if l.problem != "" {
		return time.Minute
	}
	return keepFor
}

// makeRoom drops the reading that nobody asked for the longest time. r.mu is held.
func (r *Reader) makeRoom() {
	if len(r.kept) < maxKept {
		return
	}
	var oldest key
	var at time.Time
	for id, k := range r.kept {
		if k.busy == nil && (at.IsZero() || k.asked.Before(at)) {
			oldest, at = id, k.asked
		}
	}
	delete(r.kept, oldest)
}
