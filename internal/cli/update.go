package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"tasks/internal/fault"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// updateOptions are the flags of update, in the order of the command line where
// that matters.
type updateOptions struct {
	fields    map[string]*string // by key
	dependsOn []string
	set       []string
}

var updateFields = []string{"status", "priority", "milestone", "owner", "title"}

func newUpdate(a *app) *cobra.Command {
	o := updateOptions{fields: map[string]*string{}}
	cmd := &cobra.Command{
		Use:        "update SLUG [--status S] [--priority P] [--milestone M] [--owner O] [--title T] [--depends-on +SLUG|-SLUG]... [--set KEY=VALUE]... [--json]",
		Short:      "Change the front matter of a task",
		SuggestFor: []string{"edit", "set", "modify"},
		Long: `Change the front matter of a task. Every byte that is not part of the change stays:
comments, order, quotes, line ends. updated_at is renewed where the file has it.

--status completed sets completed_at, and completed_by where the owner is known;
leaving it removes both. --status ready is the check of kickoff, and kickoff. A run
that is on works on the worksheet as it was kicked off: a warning then names it.
--set changes any key, --set KEY= removes it; items of a list stand between commas.`,
		Example: `  tasks update retry-failed-uploads --status blocked
  tasks update retry-failed-uploads --depends-on +upload-queue --depends-on -old-queue
  tasks update retry-failed-uploads --set labels=sync,network --set estimate=
  tasks update retry-failed-uploads --status ready`,
		Args:              one("SLUG"),
		ValidArgsFunction: a.slugs,
		RunE: func(cmd *cobra.Command, args []string) error {
			changes, err := o.changes(func(name string) bool { return cmd.Flags().Changed(name) })
			if err != nil {
				return err
			}
			return a.update(cmd.Context(), args[0], changes)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	usage := map[string]string{
		"status":    "a `status`: " + words(task.Statuses),
		"priority":  "a `priority`: " + words(task.Priorities),
		"milestone": "a `milestone`; empty for none",
		"owner":     "an `owner`; empty for none",
		"title":     "a `title`",
	}
	for _, name := range updateFields {
		o.fields[name] = f.String(name, "", usage[name])
	}
	f.StringArrayVar(&o.dependsOn, "depends-on", nil, "add (`+SLUG`) or drop (-SLUG) a dependency; may be given again")
	f.StringArrayVar(&o.set, "set", nil, "set a key, as `KEY=VALUE`, or remove it, as KEY=; may be given again")
	a.jsonFlag(cmd)
	complete(cmd, map[string]completer{
		"status": fixed(task.Statuses...), "priority": fixed(task.Priorities...), "depends-on": a.moreSlugs,
		"milestone": a.milestones(),
		"owner":     a.owners(),
	})
	return cmd
}

// changes are what the flags ask for. given tells whether a flag was given.
func (o updateOptions) changes(given func(string) bool) ([]task.Change, error) {
	var out []task.Change
	seen := map[string]bool{}
	add := func(key string, value any) error {
		if seen[task.Key(key)] {
			return fault.New(fault.Usage, "%s is set twice", task.Key(key))
		}
		seen[task.Key(key)] = true
		out = append(out, task.Change{Key: key, Value: value})
		return nil
	}
	for _, name := range updateFields {
		if !given(name) {
			continue
		}
		value := strings.Join(strings.Fields(*o.fields[name]), " ")
		switch {
		case value != "":
			_ = add(name, value)
		case name == "status" || name == "title":
			return nil, fault.New(fault.Usage, "--%s is empty", name)
		default:
			_ = add(name, nil)
		}
	}
	if len(o.dependsOn) > 0 {
		d, err := dependencies(o.dependsOn)
		if err != nil {
			return nil, err
		}
		_ = add("depends_on", d)
	}
	for _, s := range o.set {
		key, value, found := strings.Cut(s, "=")
		if key = strings.TrimSpace(key); !found || key == "" {
			return nil, fault.New(fault.Usage, "--set %s is not of the form KEY=VALUE", s).WithHint("--set KEY= removes a key")
		}
		v, err := setValue(key, value)
		if err == nil {
			err = add(key, v)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Usage, "nothing to change: no flag says what").WithHint("for example --status blocked, or --set KEY=VALUE")
	}
	return out, nil
}

// dependencies reads what --depends-on gives: +SLUG, SLUG and -SLUG.
func dependencies(given []string) (d tracker.Delta, err error) {
	for _, s := range given {
		name := strings.TrimLeft(s, "+-")
		switch {
		case name == "" || len(s)-len(name) > 1:
			return d, fault.New(fault.Usage, "--depends-on %s names no task", s).WithHint("write +SLUG to add one, -SLUG to drop one")
		case s[0] == '-':
			d.Drop = append(d.Drop, name)
		default:
			d.Add = append(d.Add, name)
		}
	}
	return d, nil
}

// setValue is the value of --set KEY=VALUE: nil for none, and a list for a key that
// holds one.
func setValue(key, value string) (any, error) {
	if value == "" {
		return nil, nil
	}
	if !task.IsList(key) {
		return value, nil
	}
	if strings.HasPrefix(value, "[") {
		var items []string
		if err := yaml.Unmarshal([]byte(value), &items); err != nil {
			return nil, fault.New(fault.Invalid, "%s: %q is not a list such as [a, b]", key, value)
		}
		return append([]string{}, items...), nil
	}
	if task.Key(key) == "verify" || strings.Contains(value, "{") {
		return []string{value}, nil // a command, or a glob, may hold commas
	}
	var items []string
	for _, item := range strings.Split(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return append([]string{}, items...), nil
}

func (a *app) update(ctx context.Context, name string, changes []task.Change) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	before, err := h.tracker.Find(ctx, h.name(name))
	if err != nil {
		return err
	}
	if changes, err = a.prepare(ctx, h, before, changes); err != nil {
		return err
	}
	r, err := h.latest(ctx, before.Slug)
	if err != nil {
		return err
	}
	on, ready := r != nil && r.State.Active(), sets(changes, task.Ready)
	change := h.tracker.Update
	if ready && !on {
		if err := a.canKickoff(ctx, h); err != nil {
			return err
		}
		change = h.tracker.UpdateStrict
	}
	after, err := change(ctx, before.Path, changes...)
	if err != nil {
		return err
	}
	if on {
		a.warn("the run %s of %s is %s: it works on the worksheet as it was kicked off, not on this change", r.ID, r.Slug, r.State)
		if r.State.Waiting() {
			a.say("hint: tasks unqueue %s && tasks kickoff %s has the run begin with it", shellWord(r.Slug), shellWord(r.Slug))
		} else {
			a.say("hint: tasks run send %s MESSAGE tells the agent of it; tasks new TITLE writes a follow-up task", shellWord(r.Slug))
		}
	}
	if ready {
		if err := a.kickoff(ctx, h, after.Path); err != nil {
			return err
		}
	}
	return a.updated(ctx, h, before, after)
}

// prepare adds to the changes what only the command knows: where the user stands,
// and who they are (TASK_MANAGER_OWNER), if a task without an owner is completed.
func (a *app) prepare(ctx context.Context, h *house, t *task.Task, changes []task.Change) ([]task.Change, error) {
	owned := t.Owner != "" || t.Status == task.Completed
	for i, c := range changes {
		if d, is := c.Value.(tracker.Delta); is {
			for j, ref := range d.Add {
				d.Add[j] = h.name(ref)
			}
			changes[i].Value = d
		}
		key := task.Key(c.Key)
		owned = owned || key == "owner" && c.Value != nil || key == "completed_by"
	}
	if owned || !sets(changes, task.Completed) {
		return changes, nil
	}
	if h.settings == nil {
		if err := a.load(ctx, h, nil); err != nil {
			return nil, err
		}
	}
	if me := task.Owner(h.settings.Owner); me != "" {
		changes = append(changes, task.Change{Key: "completed_by", Value: me})
	}
	return changes, nil
}

// updated tells what was done.
func (a *app) updated(ctx context.Context, h *house, before, after *task.Task) error {
	if a.json {
		fresh, src, err := h.tracker.Read(ctx, after.Path)
		if err != nil {
			return err
		}
		return a.emitTask(ctx, h, fresh, src)
	}
	if after.Hash == before.Hash {
		a.say("%s is like that already; nothing was written.", after.Slug)
	} else {
		a.say("Changed %s.", after.Slug)
	}
	return a.write(func(w io.Writer) { fmt.Fprintln(w, after.Path) })
}

// sets tells whether the changes set the status to s.
func sets(changes []task.Change, s task.Status) bool {
	for _, c := range changes {
		v, _ := c.Value.(string)
		if got, _ := task.ParseStatus(v); task.Key(c.Key) == "status" && got == s {
			return true
		}
	}
	return false
}
