package repo

import (
	"context"
	"path/filepath"
)

// Outside lists what the policy keeps back, topmost names only, absolute: for those
// who must hide it from another program. Links are not listed: what they lead to is.
func (r *Repo) Outside(ctx context.Context) ([]string, error) {
	var out []string
	w := walker{ctx: ctx, repo: r, fn: func(Entry) error { return nil }, out: func(path string) {
		out = append(out, filepath.Join(r.Root(), filepath.FromSlash(path)))
	}}
	err := w.folder("", r.chain(""), false)
	return out, err
}
