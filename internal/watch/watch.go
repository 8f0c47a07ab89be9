// Package watch tells of changed paths in batches: the first soon, what follows
// gathered (5 ms of quiet, at most 25 ms). A file that is moved into its place is
// whole, and told at once; one that is written in place is told after 1 ms without
// a further write, at most 5 ms, so that nobody is shown half of it.
//
// It watches folders, adding new ones as they come and scanning them, because a
// file made at once in a new folder is missed otherwise. When the kernel's queue
// overflows, and once a minute, it sweeps by stat; where the kernel's limit of
// watches is reached it says so and sweeps every two seconds instead. Folders for
// which skip is true are not watched.
//
// A change is told from what was known of a path before: a file that an editor
// replaces by a temporary one has changed; one that was made and removed between
// two batches never was. A removal waits a little, because some editors move a
// file away before they write the new one. Not reported: names that begin with a
// dot (folders too), the temporary files of editors, what is neither a regular
// file nor a link.
package watch

import (
	"context"
	"log/slog"
	"time"
)

// Op is what happened to a path.
type Op string

// The operations, as in the contract's page event.
const (
	Created Op = "created"
	Changed Op = "changed"
	Removed Op = "removed"
)

// Change is one changed file, named relative to the root with slashes.
type Change struct {
	Path string
	Op   Op
}

const (
	firstQuiet, firstLimit = time.Millisecond, 5 * time.Millisecond
	laterQuiet, laterLimit = 5 * time.Millisecond, 25 * time.Millisecond
	removalGrace           = 25 * time.Millisecond
	sweepEvery             = time.Minute
	degradedSweepEvery     = 2 * time.Second
)

// Config is what to watch and whom to tell. Only Root and Changed are needed.
type Config struct {
	Root     string                // absolute
	Skip     func(dir string) bool // true for folders not to watch, relative, with slashes
	Ready    func()                // called once, when every folder is watched
	Changed  func([]Change)        // called from one goroutine with each batch, in path order
	Degraded func(error)           // called when folders cannot all be watched, and why; default: a warning in the log
}

// Run watches root until ctx ends, calling fn from one goroutine with each batch.
// ready, where not nil, is called once every folder is watched. It returns nil at
// ctx's end, and an error where nothing can be watched.
func Run(ctx context.Context, root string, skip func(dir string) bool, ready func(), fn func([]Change)) error {
	return Config{Root: root, Skip: skip, Ready: ready, Changed: fn}.Run(ctx)
}

// Run watches until ctx ends. It returns nil then, and an error where the root is
// no folder that can be read.
func (c Config) Run(ctx context.Context) error {
	if c.Degraded == nil {
		c.Degraded = func(err error) { slog.Warn("watch: " + err.Error()) }
	}
	w, err := newWatcher(c)
	if err != nil {
		return err
	}
	defer w.close()
	return w.loop(ctx)
}
