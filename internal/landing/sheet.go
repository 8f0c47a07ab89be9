package landing

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/task"
	"tasks/internal/worktree"
)

func plural(n int) string { return strconv.Itoa(n) }

// sheet is the worksheet in a tree.
type sheet struct {
	path, mode string
	text       []byte
	lost       bool // the tree has none: it is the one of the base, or as kicked off
}

// findSheet is the worksheet in the merged tree: where it was, or where the work or the base
// moved it to; where the work deleted it, the one of the base or as kicked off. Conflict where
// it is not a file.
func (w *work) findSheet(ctx context.Context, tree string) (sheet, error) {
	if s, err := w.fileAt(ctx, tree, w.r.Path); err != nil || s.text != nil {
		return s, err
	}
	names, err := w.below(ctx, tree)
	if err != nil {
		return sheet{}, err
	}
	same := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return path.Base(name) != w.r.Slug+".md" })
	if s, err := w.only(ctx, tree, same, func(*task.Task) bool { return true }); err != nil || s.text != nil {
		return s, err
	}
	if w.begin != "" { // under a new name it is known by its id
		was, err := w.below(ctx, w.begin)
		if err != nil {
			return sheet{}, err
		}
		before := make(map[string]bool, len(was))
		for _, name := range was {
			before[name] = true
		}
		fresh := slices.DeleteFunc(names, func(name string) bool { return path.Ext(name) != ".md" || before[name] })
		if s, err := w.only(ctx, tree, fresh, func(t *task.Task) bool { return t.ID == w.r.Slug }); err != nil || s.text != nil {
			return s, err
		}
	}
	s := sheet{path: w.r.Path, mode: "100644", text: w.r.Worksheet, lost: true}
	if w.base != "" {
		if was, err := w.fileAt(ctx, w.base, w.r.Path); err == nil && was.text != nil {
			s.text, s.mode = was.text, was.mode
		}
	}
	return s, nil
}

// below are the files of a tree that lie below tasks/.
func (w *work) below(ctx context.Context, tree string) ([]string, error) {
	out, err := w.gw.Run(ctx, "ls-tree", "-r", "-z", "--name-only", "--full-tree", tree, "--", "tasks")
	return fields(out), err
}

// only is the one worksheet among the names that is the right one, without text where none or
// several are.
func (w *work) only(ctx context.Context, tree string, names []string, right func(*task.Task) bool) (sheet, error) {
	var found []sheet
	for _, name := range names {
		s, err := w.fileAt(ctx, tree, name)
		if err != nil {
			return s, err
		}
		if t, is := task.Read(name, s.text); is && right(t) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return sheet{}, nil
	}
	return found[0], nil
}

// fileAt is a file of a tree, without text where there is none.
func (w *work) fileAt(ctx context.Context, tree, name string) (sheet, error) {
	s := sheet{path: name}
	out, err := w.gw.Run(ctx, "ls-tree", "-z", "--full-tree", tree, "--", name)
	if err != nil || len(out) == 0 {
		return s, err
	}
	head, _, _ := strings.Cut(string(out), "\t")
	f := strings.Fields(head)
	if len(f) != 3 || f[1] != "blob" || f[0] == "120000" {
		return s, fault.New(fault.Conflict, "%s cannot land: the work put something else than a file at %s", w.r.Slug, name).
			WithHint("send it back: tasks run send %s MESSAGE", w.r.Slug)
	}
	s.mode = f[0]
	s.text, err = w.gw.Run(ctx, "cat-file", "blob", f[2])
	if s.text == nil {
		s.text = []byte{}
	}
	return s, err
}

// complete is the text of the worksheet with its task completed, and nothing else of it
// changed but updated_at where it has one.
func (w *work) complete(s sheet, o Options) ([]byte, error) {
	now := task.Parse(s.path, s.text)
	if now.Broken != nil {
		return nil, fault.New(fault.Invalid, "%s cannot land: its worksheet is broken on the branch: %s:%d: %s", w.r.Slug, s.path, now.Broken.Line, now.Broken.Reason).
			WithHint("send it back: tasks run send %s MESSAGE", w.r.Slug)
	}
	at := o.Now
	if at.IsZero() {
		at = time.Now()
	}
	var changes []task.Change
	if now.Status != task.Completed {
		changes = append(changes, task.Change{Key: "status", Value: string(task.Completed)})
	}
	if now.Status != task.Completed || now.CompletedAt.IsZero() {
		changes = append(changes, task.Change{Key: "completed_at", Value: at})
		owner := now.Owner
		if owner == "" {
			owner = task.Owner(o.Owner)
		}
		if owner != "" {
			changes = append(changes, task.Change{Key: "completed_by", Value: owner})
		}
	}
	if len(changes) > 0 && task.Has(s.text, "updated_at") {
		changes = append(changes, task.Change{Key: "updated_at", Value: at})
	}
	return task.Set(s.text, changes...)
}

// withSheet is the tree with the worksheet completed.
func (w *work) withSheet(ctx context.Context, tree string, o Options) (string, error) {
	s, err := w.findSheet(ctx, tree)
	if err != nil {
		return "", err
	}
	text, err := w.complete(s, o)
	if err != nil {
		return "", err
	}
	var blob string
	if s.lost { // as a file of the work tree
		blob, err = worktree.Blob(ctx, w.gw, s.path, text)
	} else { // as it was in git
		out, feedErr := w.gw.Feed(ctx, text, "hash-object", "-w", "--stdin", "--no-filters")
		blob, err = strings.TrimSpace(string(out)), feedErr
	}
	if err != nil {
		return "", err
	}
	return worktree.WithBlob(ctx, w.gw, tree, s.path, s.mode, blob)
}
