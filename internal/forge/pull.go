package forge

import (
	"context"
	"strconv"
	"strings"

	"tasks/internal/fault"
)

// Find is the newest pull request of the branch, nil for none.
func (f *Forge) Find(ctx context.Context, p Probed, branch string) (*Pull, error) {
	if !plainRef(branch) {
		return nil, fault.New(fault.Usage, "%q is no branch", branch)
	}
	got, err := f.gh(ctx, p.Program, "", "pr", "list", "--repo", p.Remote.Repository(), "--head", branch, "--state", "all", "--limit", "20", "--json", fields)
	if err != nil {
		return nil, err
	}
	if got.code != 0 {
		return nil, failed(p, "the pull requests cannot be listed", got)
	}
	var list []wire
	if err := decode(got.out, &list); err != nil {
		return nil, err
	}
	var best *Pull
	for _, w := range list {
		if w.Branch != "" && w.Branch != branch {
			continue
		}
		one := w.pull()
		if best == nil || one.State == "open" && best.State != "open" || (one.State == "open") == (best.State == "open") && one.Number > best.Number {
			best = &one
		}
	}
	return best, nil
}

// Want is a pull request to be made.
type Want struct{ Branch, Base, Title, Body string }

// Create makes a pull request of the branch, or finds the open one that it has; made
// tells which.
func (f *Forge) Create(ctx context.Context, p Probed, w Want) (pull *Pull, made bool, err error) {
	if !plainRef(w.Base) {
		return nil, false, fault.New(fault.Usage, "%q is no branch", w.Base)
	}
	if had, err := f.Find(ctx, p, w.Branch); err != nil || had != nil && had.State == "open" {
		return had, false, err
	}
	got, err := f.gh(ctx, p.Program, w.Body, "pr", "create", "--repo", p.Remote.Repository(), "--head", w.Branch, "--base", w.Base,
		"--title", strings.Join(strings.Fields(w.Title), " "), "--body-file", "-")
	if err != nil {
		return nil, false, err
	}
	if got.code != 0 && !strings.Contains(got.said, "already exists") {
		return nil, false, failed(p, "the pull request was not made", got)
	}
	pull, err = f.Find(ctx, p, w.Branch)
	if err == nil && pull == nil {
		err = fault.New(fault.Unavailable, "the pull request was made and cannot be found yet").WithHint("try again in a moment")
	}
	return pull, got.code == 0, err
}

// State asks how a pull request stands: its checks, whether it can be merged, whether it
// was.
func (f *Forge) State(ctx context.Context, p Probed, number int) (*Pull, error) {
	got, err := f.gh(ctx, p.Program, "", "pr", "view", strconv.Itoa(number), "--repo", p.Remote.Repository(), "--json", fields)
	if err != nil {
		return nil, err
	}
	if got.code != 0 {
		return nil, failed(p, "the pull request cannot be looked at", got)
	}
	var w wire
	if err := decode(got.out, &w); err != nil {
		return nil, err
	}
	pull := w.pull()
	return &pull, nil
}

// Merge merges a pull request that stands at the commit head; squash makes one commit of
// it. Conflict where it stands elsewhere, does not fit onto its base, or is not open.
func (f *Forge) Merge(ctx context.Context, p Probed, number int, head string, squash bool) (*Pull, error) {
	if !isHash(head) {
		return nil, fault.New(fault.Usage, "%q is no commit", head)
	}
	now, err := f.State(ctx, p, number)
	if err != nil {
		return nil, err
	}
	switch {
	case now.State == "merged":
		return now, nil
	case now.State != "open":
		return now, fault.New(fault.Conflict, "%s cannot be merged: it is %s", now.URL, now.State)
	case now.Head != head:
		return now, fault.New(fault.Conflict, "%s was not merged: it stands at another commit than the work that was reviewed", now.URL).
			WithHint("tasks run push SLUG brings the work there")
	case now.Conflicts:
		return now, fault.New(fault.Conflict, "%s was not merged: it conflicts with %s", now.URL, now.Base)
	}
	how := "--merge"
	if squash {
		how = "--squash"
	}
	got, err := f.gh(ctx, p.Program, "", "pr", "merge", strconv.Itoa(number), "--repo", p.Remote.Repository(), how, "--match-head-commit", head)
	if err != nil {
		return nil, err
	}
	if got.code != 0 {
		return now, failed(p, "the pull request was not merged", got)
	}
	return f.State(ctx, p, number)
}

// failed is gh's own word about why it did not.
func failed(p Probed, what string, got found) error {
	return fault.New(fault.Unavailable, "%s: gh says: %s", what, oneLine(scrub(got.said, p.Remote)))
}
