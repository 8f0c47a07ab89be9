package tracker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/task"
)

// Validate finds broken rules: of the named tasks, or of all. With strict L3 is
// asked too: of the named ones, or of all that are ready, in progress or completed.
// The findings are sorted by path and line.
func (t *Tracker) Validate(ctx context.Context, names []string, strict bool) ([]task.Finding, error) {
	all, err := t.All(ctx)
	if err != nil {
		return nil, err
	}
	asked := all
	if len(names) > 0 {
		asked = nil
		for _, name := range names {
			found, err := t.matches(ctx, name)
			if err != nil {
				return nil, err
			}
			asked = append(asked, found...)
		}
		slices.SortFunc(asked, func(a, b *task.Task) int { return strings.Compare(a.Path, b.Path) })
		asked = slices.CompactFunc(asked, func(a, b *task.Task) bool { return a.Path == b.Path })
	}
	l2, err := t.relations(all)
	if err != nil {
		return nil, err
	}
	out := make([][]task.Finding, len(asked))
	err = spread(ctx, len(asked), func(i int, _ []byte) (err error) {
		k := asked[i]
		l3 := strict && (len(names) > 0 || k.Status == task.Ready || k.Status == task.InProgress || k.Status == task.Completed)
		out[i], err = t.validate(k, l2[k.Path], l3)
		return err
	})
	if err != nil {
		return nil, err
	}
	return slices.Concat(out...), nil
}

// relation is a finding of L2 before its line is known.
type relation struct{ key, code, message string }

// validate reads one file anew and finds what is wrong with it.
func (t *Tracker) validate(k *task.Task, l2 []relation, strict bool) ([]task.Finding, error) {
	f, err := t.repo.ReadFile(k.Path, 0)
	switch fault.CodeOf(err) {
	case "":
	case fault.NotFound:
		return nil, nil
	case fault.Forbidden:
		return task.Check(k, nil, strict), nil
	default:
		return nil, err
	}
	return findings(task.Parse(k.Path, f.Data), f.Data, l2, strict), nil
}

// findings are the broken rules of one file, sorted by line.
func findings(k *task.Task, src []byte, l2 []relation, strict bool) []task.Finding {
	found := task.Check(k, src, strict)
	for _, r := range l2 {
		found = append(found, task.Finding{Path: k.Path, Line: task.LineOf(src, r.key), Code: r.code, Message: r.message, Level: "L2"})
	}
	slices.SortStableFunc(found, func(a, b task.Finding) int { return a.Line - b.Line })
	return found
}

// relations are the broken rules that concern more than one file, by path.
func (t *Tracker) relations(all []*task.Task) (map[string][]relation, error) {
	known, err := t.Known()
	if err != nil {
		return nil, err
	}
	out := map[string][]relation{}
	report := func(k *task.Task, key, code, format string, args ...any) {
		out[k.Path] = append(out[k.Path], relation{key, code, fmt.Sprintf(format, args...)})
	}
	slugs, ids := map[string][]*task.Task{}, map[string][]*task.Task{}
	for _, k := range all {
		slugs[k.Slug] = append(slugs[k.Slug], k)
		ids[k.ID] = append(ids[k.ID], k)
	}
	for _, k := range all {
		if others := except(slugs[k.Slug], func(o *task.Task) bool { return o == k }); others != "" {
			report(k, "", "duplicate-slug", "the slug %s is also that of %s", k.Slug, others)
		}
		if k.Broken != nil {
			continue
		}
		if others := except(ids[k.ID], func(o *task.Task) bool { return o.Slug == k.Slug }); others != "" {
			report(k, "id", "duplicate-id", "the id %s is also that of %s", k.ID, others)
		}
		if others := except(slugs[k.ID], func(o *task.Task) bool { return o.Slug == k.Slug || o.ID == k.ID }); others != "" {
			report(k, "id", "duplicate-id", "the id %s is also the slug of %s", k.ID, others)
		}
		for _, d := range k.DependsOn {
			if slugs[d] == nil {
				report(k, "depends_on", "unknown-ref", "depends_on names no task: %s", unknown(d, ids))
			}
		}
		if k.Parent != "" && slugs[k.Parent] == nil {
			report(k, "parent", "unknown-ref", "parent names no task: %s", unknown(k.Parent, ids))
		}
		if k.Parent == k.Slug {
			report(k, "parent", "cycle", "the task is its own parent")
		}
		if err := known.workstream(k.Workstream); err != nil && k.Workstream != "" {
			report(k, "workstream", "unknown-ref", "%s; %s", err, fault.HintOf(err))
		}
		if err := known.initiative(k.Workstream, k.Initiative); err != nil && k.Initiative != "" {
			report(k, "initiative", "unknown-ref", "%s; %s", err, fault.HintOf(err))
		}
		if err := known.milestone(k.Milestone); err != nil && k.Milestone != "" {
			report(k, "milestone", "unknown-ref", "%s; %s", err, fault.HintOf(err))
		}
		if err := known.owner(k.Owner); err != nil && k.Owner != "" {
			report(k, "owner", "unknown-owner", "%s; %s", err, fault.HintOf(err))
		}
	}
	for _, cycle := range task.NewGraph(all).Cycles() {
		for i, slug := range cycle[:len(cycle)-1] {
			report(slugs[slug][0], "depends_on", "cycle", "the dependencies go round: %s", around(cycle, i))
		}
	}
	return out, nil
}

// except are the paths of the tasks that are not mine, "" for none; of many, the first.
func except(all []*task.Task, mine func(*task.Task) bool) string {
	const most = 3
	var paths []string
	more := 0
	for _, o := range all {
		switch {
		case mine(o):
		case len(paths) == most:
			more++
		default:
			paths = append(paths, o.Path)
		}
	}
	said := strings.Join(paths, ", ")
	if more > 0 {
		said += fmt.Sprintf(" and %d more", more)
	}
	return said
}

// around is a cycle, which ends where it begins, as seen from its member i.
func around(cycle []string, i int) string {
	n := len(cycle) - 1
	if n > 100 { // what lies far away is cut out anyhow
		near := make([]string, 0, 6)
		for j := range 6 {
			near = append(near, cycle[(i+j)%n])
		}
		return fmt.Sprintf("%s, and so on through %d tasks", strings.Join(near, " -> "), n)
	}
	return task.Way(append(slices.Clone(cycle[i:n]), cycle[:i+1]...))
}

// unknown is a reference that leads nowhere, with the slug where it is an id.
func unknown(ref string, ids map[string][]*task.Task) string {
	if ids[ref] == nil {
		return ref
	}
	return fmt.Sprintf("%s is the id of %s, write its slug", ref, ids[ref][0].Slug)
}
