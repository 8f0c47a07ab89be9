// Package index makes search over a checkout quick, and ranks what it finds.
//
// The index rules files out, and does nothing else: of each file it keeps a sign of
// which texts it may hold, under the version (size, times, inode) at which it was
// read. A file is passed over only where its sign says no and a stat during the query
// says that it is still of that version; every other one is read and searched as
// without an index. So the answers are the same with it and without, and the rule of
// what may be read at all is asked by each query anew. A file that was touched less
// than two seconds before it was read is not trusted, because a later change could
// bear the same time.
//
// The index is kept in memory, and in one file in the state folder that may be
// deleted at any time.
package index

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tasks/internal/repo"
	"tasks/internal/tracker"
)

// racy is how long a file must have rested before it was read for its version to tell
// it from what comes after: the coarsest clock of a file system.
const racy = 2 * time.Second

// maxFiles are remembered; of more the others are read each time.
const maxFiles = 400_000

// Config is what an index is made over.
type Config struct {
	Repo    *repo.Repo
	Tracker *tracker.Tracker
	Dir     string       // where the index is kept; "" keeps none
	Log     *slog.Logger // nil is silent
	Off     bool         // nothing is remembered: search reads every file
}

// Index searches one checkout. Safe for concurrent use.
type Index struct {
	Config
	racy    time.Duration
	mu      sync.RWMutex
	files   map[string]entry
	dirty   atomic.Bool
	signers sync.Pool
}

// entry is one file as it was read.
type entry struct {
	version string
	sign    sign
}

// New makes an empty index: it answers at once, by reading.
func New(c Config) *Index {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Index{Config: c, racy: racy, files: map[string]entry{}, signers: sync.Pool{New: func() any { return newSigner() }}}
}

// may rules a file out, or does not.
func (x *Index) may(e repo.Entry, literal []byte) bool {
	x.mu.RLock()
	known, ok := x.files[e.Path]
	x.mu.RUnlock()
	if !ok || known.sign.may(literal) {
		return true
	}
	return !x.Repo.IsVersion(e, known.version)
}

// read remembers a file that was read; data is nil for what is no text.
func (x *Index) read(e repo.Entry, version string, data []byte) {
	touched, _, ok := repo.TouchedAt(version)
	if !ok || !touched.Before(time.Now().Add(-x.racy)) {
		return
	}
	x.mu.RLock()
	known, has := x.files[e.Path]
	full := len(x.files) >= maxFiles
	x.mu.RUnlock()
	if known.version == version || !has && full {
		return
	}
	now := entry{version: version}
	if data != nil {
		s := x.signers.Get().(*signer)
		now.sign = s.of(data)
		x.signers.Put(s)
	}
	x.mu.Lock()
	x.files[e.Path] = now
	x.mu.Unlock()
	x.dirty.Store(true)
}

// Fill reads what is not known or has changed, forgets what is not there any more,
// and keeps the index on disk. It is for the background: it takes one file at a time.
func (x *Index) Fill(ctx context.Context) error {
	seen := map[string]bool{}
	buf := make([]byte, 256<<10)
	err := x.Repo.Walk(ctx, "", func(e repo.Entry) error {
		seen[e.Path] = true
		x.mu.RLock()
		known := x.files[e.Path]
		x.mu.RUnlock()
		if now, err := x.Repo.EntryVersion(e); err != nil || now == known.version {
			return nil
		}
		x.Repo.ReadText(e, &buf, x.read)
		return nil
	})
	if err != nil {
		return err
	}
	x.mu.Lock()
	for name := range x.files {
		if !seen[name] {
			delete(x.files, name)
			x.dirty.Store(true)
		}
	}
	x.mu.Unlock()
	return x.Save()
}

// Run loads what was kept, fills the index, and fills it again when what was read too
// early has rested, and every few minutes; until ctx ends.
func (x *Index) Run(ctx context.Context) {
	if x.Off {
		return
	}
	if err := x.Load(); err != nil {
		x.Log.Warn("the search index on disk is not used; it is made anew", "err", err)
	}
	for wait := 2 * racy; ; wait = 5 * time.Minute {
		if err := x.Fill(ctx); err != nil && ctx.Err() == nil {
			x.Log.Warn("the search index cannot be filled; searching reads every file it does not know", "err", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			if err := x.Save(); err != nil {
				x.Log.Warn("the search index cannot be kept", "err", err)
			}
			return
		case <-timer.C:
		}
	}
}

// Size is how many files are known, and the bytes of their signs.
func (x *Index) Size() (files, bytes int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, e := range x.files {
		bytes += 8 * len(e.sign)
	}
	return len(x.files), bytes
}
