// Package git runs git, hardened: a repository's own configuration never makes it
// run a program (fsmonitor, hooks, filters, external diff, pager, ssh), nothing is
// prompted for, no optional lock is taken, and the environment is fixed.
//
// It never compares the work tree through git, because filters run there.
package git

import (
	"context"
	"time"
)

// Checkout is one git work tree.
type Checkout struct {
	Root      string // top of the work tree, absolute, links resolved
	Dir       string // its git folder
	CommonDir string // the folder that all work trees share
}

// Find finds the work tree that holds dir. Unavailable where there is none or git
// is not installed.
func Find(ctx context.Context, dir string) (*Checkout, error) { panic("skeleton") }

// StateDir is the folder of our state: tasks/ in the common folder.
func (c *Checkout) StateDir() string { panic("skeleton") }

// Output runs git with args and returns its standard output. An error holds the
// last line of what git said.
func (c *Checkout) Output(ctx context.Context, args ...string) ([]byte, error) { panic("skeleton") }

// Branch is the branch checked out, or "" where HEAD is detached.
func (c *Checkout) Branch(ctx context.Context) (string, error) { panic("skeleton") }

// Tracked tells whether the index holds name.
func (c *Checkout) Tracked(ctx context.Context, name string) (bool, error) { panic("skeleton") }

// TrackedIgnored lists the tracked files that an ignore rule matches.
func (c *Checkout) TrackedIgnored(ctx context.Context) ([]string, error) { panic("skeleton") }

// ExcludesFile is the user's own ignore file, or "".
func (c *Checkout) ExcludesFile(ctx context.Context) string { panic("skeleton") }

// Commit is one entry of the history.
type Commit struct {
	Hash, Author, Subject string
	When                  time.Time
}

// LastCommit is the newest commit that changed name, nil where none did.
func (c *Checkout) LastCommit(ctx context.Context, name string) (*Commit, error) { panic("skeleton") }
