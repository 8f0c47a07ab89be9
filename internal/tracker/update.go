package tracker

import (
	"context"
	"slices"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/task"
)

// Delta is a value of task.Change for a list that is changed item by item, whatever
// it holds by the time of the write. The names of depends_on may be slugs, ids or
// paths; what is dropped need not be a task any more.
type Delta struct {
	Add, Drop []string
}

// Update applies the changes with the rules of `tasks update` under the file's lock.
// Invalid for a broken file.
//
// updated_at is renewed where the file has it and anything else changes. A status of
// completed sets completed_at, and completed_by where the task has an owner; leaving
// it removes both. What the changes themselves say about these keys stands. Owners,
// milestones and dependencies must be known, and dependencies make no cycle.
func (t *Tracker) Update(ctx context.Context, name string, changes ...task.Change) (*task.Task, error) {
	return t.update(ctx, name, "", changes, func(*task.Task, []byte) error { return nil })
}

// UpdateFrom is Update of the file as it was when it had the hash: Conflict where it
// is another by now. "" stands for the file as it is.
func (t *Tracker) UpdateFrom(ctx context.Context, name, hash string, changes ...task.Change) (*task.Task, error) {
	return t.update(ctx, name, hash, changes, func(*task.Task, []byte) error { return nil })
}

// UpdateStrict is Update that writes only what passes the strict check, the one of
// kickoff. Invalid with the findings in the message where it does not.
func (t *Tracker) UpdateStrict(ctx context.Context, name string, changes ...task.Change) (*task.Task, error) {
	all, err := t.All(ctx)
	if err != nil {
		return nil, err
	}
	return t.update(ctx, name, "", changes, func(k *task.Task, data []byte) error {
		for i := range all {
			if all[i].Path == k.Path {
				all[i] = k
			}
		}
		l2, err := t.relations(all)
		if err != nil {
			return err
		}
		found := findings(k, data, l2[k.Path], true)
		if len(found) == 0 {
			return nil
		}
		said := make([]string, len(found))
		for i, f := range found {
			said[i] = f.String()
		}
		return fault.New(fault.Invalid, "%s does not pass the strict check, so nothing was written: %s", k.Slug, strings.Join(said, "; ")).
			WithHint("tasks check %s says what to write next", k.Slug)
	})
}

// update is UpdateFrom that asks pass about the new bytes before they are written.
func (t *Tracker) update(ctx context.Context, name, hash string, changes []task.Change, pass func(*task.Task, []byte) error) (*task.Task, error) {
	k, err := t.Find(ctx, name)
	if err != nil {
		return nil, err
	}
	if changes, err = t.check(ctx, k, changes); err != nil {
		return nil, err
	}
	f, err := t.repo.Update(ctx, k.Path, func(f repo.File) ([]byte, error) {
		if hash != "" && f.Hash != hash {
			return nil, fault.New(fault.Conflict, "%s has changed since it was read", k.Path).WithHint("look at it as it is now, then change it again")
		}
		now := task.Parse(k.Path, f.Data)
		if now.Broken != nil {
			return nil, broken(now)
		}
		all, err := resolve(now, changes)
		if err != nil {
			return nil, err
		}
		data, err := task.Set(f.Data, t.follow(now, all)...)
		if err == nil && !slices.Equal(data, f.Data) {
			data, err = renew(f.Data, data, all, t.now())
		}
		if err != nil {
			return nil, err
		}
		after, is := task.Read(k.Path, data)
		if !is {
			return nil, fault.New(fault.Invalid, "cannot change %s: the file would be a task no more", k.Slug)
		}
		return data, pass(after, data)
	})
	if err != nil {
		return nil, err
	}
	k = task.Parse(k.Path, f.Data)
	k.Hash = f.Hash
	return k, nil
}

func broken(k *task.Task) error {
	return fault.New(fault.Invalid, "%s:%d: the file is broken and was not changed: %s", k.Path, k.Broken.Line, k.Broken.Reason).
		WithHint("mend line %d in an editor, then try again", k.Broken.Line)
}

// check looks at what other files have to say about the changes, and brings the
// names of dependencies into the form of slugs.
func (t *Tracker) check(ctx context.Context, k *task.Task, changes []task.Change) ([]task.Change, error) {
	if k.Broken != nil {
		return nil, broken(k)
	}
	changes = slices.Clone(changes)
	then := *k // as far as the values refer to each other
	for _, c := range changes {
		if v, is := c.Value.(string); is && task.Key(c.Key) == "workstream" {
			then.Workstream = v
		}
	}
	for i, c := range changes {
		switch v := c.Value.(type) {
		case nil:
			if task.Key(c.Key) == "status" {
				return nil, fault.New(fault.Invalid, "cannot remove the status of %s: a task needs a status", k.Slug)
			}
		case string:
			if err := t.checkText(ctx, &then, task.Key(c.Key), v); err != nil {
				return nil, err
			}
		case Delta:
			if task.Key(c.Key) == "depends_on" {
				add, err := t.references(ctx, k, v.Add)
				if err != nil {
					return nil, err
				}
				changes[i].Value = Delta{add, v.Drop}
			}
		case []string:
			if task.Key(c.Key) == "depends_on" {
				add, err := t.references(ctx, k, v)
				if err != nil {
					return nil, err
				}
				changes[i].Value = add
			}
		}
	}
	return changes, nil
}

// checkText looks at what other files have to say about one value.
func (t *Tracker) checkText(ctx context.Context, k *task.Task, key, value string) error {
	switch key {
	case "owner", "milestone", "workstream", "initiative":
		known, err := t.Known()
		if err != nil {
			return err
		}
		switch key {
		case "owner":
			return known.owner(value)
		case "workstream":
			return known.workstream(value)
		case "initiative":
			return known.initiative(k.Workstream, value)
		}
		return known.milestone(value)
	case "id":
		return t.freeID(ctx, k, value)
	}
	return nil
}

// references are the slugs of the tasks that k is to depend on. Invalid for one that
// is not there, and for one that depends on k already.
func (t *Tracker) references(ctx context.Context, k *task.Task, names []string) ([]string, error) {
	if len(names) == 0 {
		return names, nil
	}
	var slugs []string
	for _, name := range names {
		on, err := t.Find(ctx, name)
		if err != nil {
			return nil, unknownRef(err)
		}
		if !slices.Contains(slugs, on.Slug) {
			slugs = append(slugs, on.Slug)
		}
	}
	all, err := t.All(ctx)
	if err != nil {
		return nil, err
	}
	g := task.NewGraph(all)
	for _, slug := range slugs {
		if way := g.Path(slug, k.Slug); way != nil {
			return nil, fault.New(fault.Invalid, "the dependency would make a cycle: %s", task.Way(append([]string{k.Slug}, way...)))
		}
	}
	return slugs, nil
}

func (t *Tracker) freeID(ctx context.Context, k *task.Task, id string) error {
	all, err := t.All(ctx)
	if err != nil {
		return err
	}
	for _, o := range all {
		if (o.ID == id || o.Slug == id) && o.Path != k.Path {
			return fault.New(fault.Conflict, "the id %s is taken: %s has it", id, o.Path)
		}
	}
	return nil
}

// resolve turns deltas into the lists that they make of the task's own.
func resolve(now *task.Task, changes []task.Change) ([]task.Change, error) {
	out := make([]task.Change, len(changes))
	have := map[string][]string{"depends_on": now.DependsOn, "labels": now.Labels, "touches": now.Touches, "verify": now.Verify}
	for i, c := range changes {
		out[i] = c
		d, is := c.Value.(Delta)
		if !is {
			continue
		}
		key := task.Key(c.Key)
		list := slices.Clone(have[key])
		for _, item := range d.Drop {
			at := slices.Index(list, item)
			if at < 0 {
				at = slices.Index(list, task.SlugOf(item)) // named by its path
			}
			if at < 0 {
				return nil, lacks(now, key, item, list)
			}
			list = slices.Delete(list, at, at+1)
		}
		for _, item := range d.Add {
			if !slices.Contains(list, item) {
				list = append(list, item)
			}
		}
		have[key] = list
		out[i].Value = append([]string{}, list...)
		if len(list) == 0 && now.DependsOn == nil && key == "depends_on" {
			out[i].Value = nil
		}
	}
	return out, nil
}

// lacks is the error for an item that is to be dropped from a list without it.
func lacks(now *task.Task, key, item string, list []string) error {
	err := fault.New(fault.NotFound, "%s of %s does not hold %q", key, now.Slug, item)
	if len(list) == 0 {
		return err.WithHint("it is empty")
	}
	return err.WithHint("it holds: %s", strings.Join(list, ", "))
}

// follow adds what a change of status brings with it.
func (t *Tracker) follow(now *task.Task, changes []task.Change) []task.Change {
	status, set := now.Status, false
	owner := now.Owner
	said := map[string]bool{}
	for _, c := range changes {
		key := task.Key(c.Key)
		said[key] = true
		v, _ := c.Value.(string)
		switch key {
		case "status":
			status, _ = task.ParseStatus(v)
			set = true
		case "owner":
			owner = task.Owner(v)
		}
	}
	if !set {
		return changes
	}
	add := func(key string, value any) {
		if !said[key] {
			changes = append(changes, task.Change{Key: key, Value: value})
		}
	}
	switch {
	case status == task.Completed && (now.Status != task.Completed || now.CompletedAt.IsZero()):
		add("completed_at", t.now())
		if owner != "" {
			add("completed_by", owner)
		}
	case status != task.Completed && now.Status == task.Completed:
		add("completed_at", nil)
		add("completed_by", nil)
	}
	return changes
}

// renew sets updated_at where the file has it, unless the changes did.
func renew(before, after []byte, changes []task.Change, at time.Time) ([]byte, error) {
	set := slices.ContainsFunc(changes, func(c task.Change) bool { return task.Key(c.Key) == "updated_at" })
	if set || !task.Has(before, "updated_at") {
		return after, nil
	}
	return task.Set(after, task.Change{Key: "updated_at", Value: at})
}
