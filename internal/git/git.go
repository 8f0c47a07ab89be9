// Package git runs git, hardened: a repository's own configuration never makes it
// run a program (fsmonitor, hooks, filters, external diff, signature checks, pager,
// ssh, lazy fetching), nothing is prompted for, no optional lock is taken, and the
// environment is fixed.
//
// A Checkout never compares the work tree through git, because filters run there. What
// writes, or compares, goes through a Writer, which takes the filters and merge drivers of
// the repository's own configuration away and leaves the user's.
//
// The checkout is found without running git: one of ours is known by its files. A
// repository that belongs to another user is asked of git itself, which refuses it
// unless the user's own configuration (safe.directory) says otherwise.
package git

import (
	"path/filepath"
)

// Checkout is one git work tree.
type Checkout struct {
	Root      string // top of the work tree, absolute, links resolved
	Dir       string // its git folder
	CommonDir string // the folder that all work trees share

	program string // git itself, absolute, outside Root
	foreign bool   // of another user, and accepted by the user's safe.directory
}

// StateDir is the folder of our state: tasks/ in the common folder.
func (c *Checkout) StateDir() string { return filepath.Join(c.CommonDir, "tasks") }

// InfoExclude is the repository's own ignore file that is not committed.
func (c *Checkout) InfoExclude() string { return filepath.Join(c.CommonDir, "info", "exclude") }

// Index is the file that lists what is tracked; it may not be there yet.
func (c *Checkout) Index() string { return filepath.Join(c.Dir, "index") }
