package history

import (
	"context"
	"time"

	"tasks/internal/repo"
)

// Path is the history of one file, newest first, through its renames.
type Path struct {
	Items   []Item    // shared: nobody changes them
	Cut     bool      // there is more than was asked for
	Shallow bool      // the repository was cloned without its older history
	At      time.Time // when git was asked; zero where it has not answered yet
	Pending bool      // a newer reading is on its way
	Problem string    // why this is not all of it, "" where it is
}

// Of is the newest commits that changed one file, at most limit. It waits for git,
// but not for long (Pending), and never longer than ctx. A path that the path policy
// refuses has its error; one that no commit knows has no items.
func (r *Reader) Of(ctx context.Context, path string, limit int) (*Path, error) {
	name, err := repo.Clean(path)
	if err != nil {
		return nil, err
	}
	l, pending, err := r.obtain(ctx, key{path: name, limit: min(max(limit, 1), Limit)}, firstPatience)
	if err != nil {
		return nil, err
	}
	p := &Path{Pending: pending}
	if l == nil {
		return p, nil
	}
	p.Cut, p.Shallow, p.At, p.Problem = l.cut, l.shallow, l.at, l.problem
	p.Items = l.items
	return p, nil
}
