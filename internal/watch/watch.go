// Package watch tells of changed paths in batches: the first at once (within 5 ms
// of quiet, at most 25 ms), what follows gathered.
//
// It watches folders, adding new ones as they come and scanning them, because a
// file made at once in a new folder is missed otherwise. When the kernel's queue
// overflows, and once a minute, it sweeps by stat. Folders for which skip is true
// are not watched.
package watch

import "context"

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

// Run watches root until ctx ends, calling fn from one goroutine with each batch.
// ready, where not nil, is called once every folder is watched. It returns nil at
// ctx's end, and an error where nothing can be watched.
func Run(ctx context.Context, root string, skip func(dir string) bool, ready func(), fn func([]Change)) error {
	panic("skeleton")
}
