package manager

import (
	"context"
	"strings"

	"tasks/internal/run"
)

// fit is how a run's work stands to its base; it holds while head and tip are the same.
type fit struct {
	head, tip string
	merged    string
	conflicts []string
	gone      bool // there is no such base
}

// maxFits is how many runs one look compares anew with their bases.
const maxFits = 50

// base finds out of which runs the work is on the base already, and which of those in
// review do not fit onto it any more. Each pair of commits is compared once.
// With known nothing is asked: what the loop has found out is told.
func (m *Manager) base(ctx context.Context, w *World, open []*run.Run, known bool) {
	w.Merged, w.Conflicts, w.Moved, w.Baseless = map[string]string{}, map[string][]string{}, map[string]string{}, map[string]bool{}
	for _, r := range open {
		if r.Pull.State == "merged" {
			w.Merged[r.ID] = "its pull request was merged: " + r.PRURL
		}
	}
	if len(open) == 0 {
		return
	}
	m.seen.Lock()
	before := m.fits
	m.seen.Unlock()
	if known {
		for _, r := range open {
			w.fits(r, before[r.ID])
		}
		return
	}
	out, err := m.Git.Output(ctx, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads")
	if err != nil {
		m.Log.Warn("the branches cannot be listed", "err", err)
		return
	}
	tips := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, hash, _ := strings.Cut(strings.TrimSpace(line), " ")
		tips[strings.TrimPrefix(name, "refs/heads/")] = hash
	}
	after, asked := map[string]fit{}, 0
	for _, r := range open {
		head, tip := tips[r.Branch], tips[r.Base]
		if head == "" {
			head = r.Head
		}
		if tip == "" && r.Begin != "" && r.Base != "" && r.Base != w.Branch { // else before the first commit
			after[r.ID] = fit{gone: true}
			w.fits(r, after[r.ID])
		}
		if head == "" || tip == "" || r.Begin == "" || head == r.Begin || r.State.Leased() {
			continue
		}
		f, ok := before[r.ID]
		if (!ok || f.head != head || f.tip != tip) && asked < maxFits {
			asked++
			f = m.compare(ctx, r, head, tip)
		}
		if f.head != head || f.tip != tip {
			continue
		}
		after[r.ID] = f
		w.fits(r, f)
	}
	m.seen.Lock()
	m.fits = after
	m.seen.Unlock()
}

// fits tells the world how a run's work stands to its base.
func (w *World) fits(r *run.Run, f fit) {
	if f.merged != "" && w.Merged[r.ID] == "" {
		w.Merged[r.ID] = f.merged
	}
	if f.gone {
		w.Baseless[r.ID] = true
	}
	if r.State == run.Review && f.merged == "" && f.head != "" && r.Head != "" && f.head != r.Head {
		w.Moved[r.ID] = f.head
	}
	if r.State == run.Review && f.merged == "" && len(f.conflicts) > 0 {
		w.Conflicts[r.ID] = f.conflicts
	}
}

// compare looks whether all that head brings is in tip: as its ancestor, or because a
// merge of the two would change nothing, as after a squash. A branch that has changed
// nothing but the worksheet is on no base.
func (m *Manager) compare(ctx context.Context, r *run.Run, head, tip string) fit {
	f := fit{head: head, tip: tip}
	short := func(h string) string { return h[:min(len(h), 10)] }
	out, err := m.Git.Output(ctx, "rev-list", "--first-parent", "--reverse", r.Begin+".."+head)
	commits := strings.Fields(string(out))
	if err != nil || len(commits) < 2 {
		return f // the first is the worksheet
	}
	changed, err := m.names(ctx, commits[0], head)
	if err != nil || len(changed) == 0 {
		return f
	}
	if _, err := m.Git.Output(ctx, "merge-base", "--is-ancestor", head, tip); err == nil {
		f.merged = "its branch was merged: " + r.Base + " holds " + short(head)
		return f
	}
	tree, err := m.Git.Output(ctx, "merge-tree", "--write-tree", tip, head)
	if now, nowErr := m.Git.Output(ctx, "rev-parse", tip+"^{tree}"); err == nil && nowErr == nil && strings.TrimSpace(string(now)) == strings.TrimSpace(string(tree)) || m.same(ctx, r, changed, head, tip) {
		f.merged = "all that its branch brings is on " + r.Base + " already"
		return f
	}
	if err == nil {
		return f // it fits
	}
	if m.Landing != nil && r.State == run.Review {
		if _, f.conflicts, err = m.Landing.Predict(ctx, r); err != nil {
			m.Log.Warn("whether a run fits its base is not known", "run", r.ID, "err", err)
		}
	}
	return f
}

// same tells whether every file that the work has changed is on the base as the work left
// it, the worksheet aside, which is completed there.
func (m *Manager) same(ctx context.Context, r *run.Run, changed map[string]bool, head, tip string) bool {
	other, err := m.names(ctx, tip, head)
	if err != nil {
		return false
	}
	work := false
	for name := range changed {
		if name == r.Path {
			continue
		}
		if other[name] {
			return false
		}
		work = true
	}
	return work
}

// names are the files in which two commits differ.
func (m *Manager) names(ctx context.Context, a, b string) (map[string]bool, error) {
	out, err := m.Git.Output(ctx, "diff-tree", "-r", "-z", "--no-renames", "--name-only", a, b)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		if name != "" {
			names[name] = true
		}
	}
	return names, nil
}
