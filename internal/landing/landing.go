// Package landing is what becomes of a run's work: its diff, whether it would merge, and
// accept, reject and rebase.
//
// Nothing is merged in a work tree: the result is made of objects, the base moves by
// update-ref from where it was seen, and then the tree that has the base checked out, if
// any, moves with it, file by file, only in what the landing changes. Staged and untracked
// work of other paths stays byte for byte. A path of the tree that is changed and would
// have to be written is a Conflict that names it, before anything is changed; one that
// holds the bytes kicked off or the new ones is not in the way.
package landing

import (
	"context"
	"time"

	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/run"
	"tasks/internal/worktree"
)

// Lander lands runs of one checkout. Safe for concurrent use, also beside other processes.
type Lander struct {
	Git      *git.Checkout
	Trees    *worktree.Trees
	StateDir string
}

// Options are how a run is accepted.
type Options struct {
	Merge bool      // a merge commit in place of a squash
	Owner string    // who completed it, where the worksheet has no owner; may be ""
	Now   time.Time // of completion; zero is now
}

var errLater = fault.New(fault.Unavailable, "not built yet")

// Predict tells whether the run's work would merge onto its base as it is now, and the
// paths that conflict where not.
func (l *Lander) Predict(ctx context.Context, r *run.Run) (clean bool, paths []string, err error) {
	return false, nil, errLater
}

// Accept lands the run's work on its base branch, with the worksheet completed in the
// same commit, and returns that commit. Tree and branch of the run are removed; their
// commits stay under refs/tasks/kept/. Conflict, with the paths named and nothing changed,
// where it does not merge or a path of the base's tree is in the way; also where the run
// has landed already.
func (l *Lander) Accept(ctx context.Context, r *run.Run, o Options) (commit string, err error) {
	return "", errLater
}

// Reject removes tree and branch of the run; all that they held is kept under the ref
// that is returned, "" where other refs have it.
func (l *Lander) Reject(ctx context.Context, r *run.Run) (ref string, err error) {
	return l.Trees.Remove(ctx, l.Trees.At(r.Slug, r.ID, r.Begin, r.Head), r.ID)
}

// Rebase puts the run's commits onto the base as it is now, in its tree, which must be
// clean. Where they do not apply the paths are returned, and nothing is changed.
func (l *Lander) Rebase(ctx context.Context, r *run.Run) (begin, head string, conflicts []string, err error) {
	return "", "", nil, errLater
}

// Recover finishes the landings that a killed process began, and tells of each in words.
func (l *Lander) Recover(ctx context.Context) ([]string, error) { return nil, errLater }
