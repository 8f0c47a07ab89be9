package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// listOptions are the flags of list.
type listOptions struct {
	status, workstream, milestone, owner, priority string
	group, sort                                    string
	limit                                          int
}

// taskList is the JSON of list.
type taskList struct {
	Tasks []task.JSON `json:"tasks"`
	Total int         `json:"total"` // that match, whatever the limit
}

func newList(a *app) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:        "list [--status S] [--workstream W] [--milestone M] [--owner O] [--priority P] [--group G] [--sort K] [--limit N] [--json]",
		Short:      "List tasks",
		SuggestFor: []string{"ls"},
		Long: `List tasks, what is going on first. A filter may name several values with commas
between them. A file that does not parse is listed with its line and the reason.`,
		Example: `  tasks list
  tasks list --status ready,in_progress --owner ana
  tasks list --group milestone --sort -updated
  tasks list --json --limit 20`,
		Args: nothing,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.list(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.status, "status", "", "only of this `status`: "+words(task.Statuses))
	f.StringVar(&o.workstream, "workstream", "", "only of this `workstream`")
	f.StringVar(&o.milestone, "milestone", "", "only of this `milestone`")
	f.StringVar(&o.owner, "owner", "", "only of this `owner`")
	f.StringVar(&o.priority, "priority", "", "only of this `priority`: "+words(task.Priorities))
	f.StringVar(&o.group, "group", "", "put together what has the same `key`: "+words(groupKeys))
	f.StringVar(&o.sort, "sort", "", "sort by a `key`, with - before it backwards: "+words(sortKeys))
	f.IntVar(&o.limit, "limit", 0, "at most `N` tasks; 0 for all")
	a.jsonFlag(cmd)
	complete(cmd, map[string]completer{
		"status": fixed(task.Statuses...), "priority": fixed(task.Priorities...),
		"group": fixed(groupKeys...), "sort": fixed(sortKeys...),
		"workstream": a.workstreams(),
		"milestone":  a.milestones(),
		"owner":      a.owners(),
	})
	return cmd
}

func words[S ~string](list []S) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ", ")
}

func (a *app) list(ctx context.Context, o listOptions) error {
	keep, err := o.filter()
	if err != nil {
		return err
	}
	order, err := o.order()
	if err != nil {
		return err
	}
	if o.limit < 0 {
		return fault.New(fault.Usage, "--limit %d is less than nothing", o.limit)
	}
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	all, err := h.tracker.All(ctx)
	if err != nil {
		return err
	}
	shown, hidden := part(all, keep)
	slices.SortFunc(shown, order) // the path, the last key, tells any two apart
	total := len(shown)
	if o.limit > 0 {
		shown = shown[:min(o.limit, total)]
	}
	s, done, err := h.runs(ctx)
	if err != nil {
		return err
	}
	defer done()
	runs, err := s.LatestAll(ctx)
	if err != nil {
		return err
	}
	if a.json {
		out := taskList{Tasks: make([]task.JSON, len(shown)), Total: total}
		for i, t := range shown {
			out.Tasks[i] = t.JSON(runs[t.Slug].JSON())
		}
		return a.emit("task-list", out)
	}
	if err := a.printList(shown, runs, o.group); err != nil {
		return err
	}
	switch {
	case len(all) == 0:
		a.say(`There are no tasks yet. "%s new TITLE" writes one.`, a.name)
	case total == 0:
		a.say("No task matches.")
		o.unknown(all, a.say)
	case len(shown) < total:
		a.say("%d of %d tasks", len(shown), total)
	}
	for _, t := range hidden {
		a.warn("%s:%d does not parse, so it matches no filter: %s", t.Path, t.Broken.Line, t.Broken.Reason)
	}
	return nil
}

// unknown says which names of the filters no task bears, and what was perhaps meant.
func (o listOptions) unknown(all []*task.Task, say func(string, ...any)) {
	for _, f := range []struct{ key, given string }{{"workstream", o.workstream}, {"milestone", o.milestone}, {"owner", o.owner}} {
		if f.given == "" {
			continue
		}
		there := map[string]bool{}
		for _, t := range all {
			there[field(f.key, t)] = true
		}
		for _, name := range strings.Split(f.given, ",") {
			if f.key == "owner" {
				name = task.Owner(name)
			}
			if there[name] {
				continue
			}
			more := ""
			if near := tracker.Near(name, slices.Sorted(maps.Keys(there))); len(near) > 0 {
				more = " Did you mean " + strings.Join(near, ", ") + "?"
			}
			say("No task has the %s %q.%s", f.key, name, more)
		}
	}
}

// part are the tasks to be shown, and the broken ones that are not.
func part(all []*task.Task, keep func(*task.Task) bool) (shown, broken []*task.Task) {
	for _, t := range all {
		switch {
		case keep(t):
			shown = append(shown, t)
		case t.Broken != nil:
			broken = append(broken, t)
		}
	}
	return shown, broken
}

// filter is what the flags ask for. Invalid for a status or a priority that is none.
func (o listOptions) filter() (func(*task.Task) bool, error) {
	var tests []func(*task.Task) bool
	add := func(flag, given string, read func(string) (string, bool), of func(*task.Task) string, valid string) error {
		if given == "" {
			return nil
		}
		var want []string
		for _, v := range strings.Split(given, ",") {
			w, ok := read(strings.TrimSpace(v))
			if !ok {
				return fault.New(fault.Invalid, "--%s is wrong: %q is not a %[1]s", flag, v).WithHint("it is one of %s", valid)
			}
			want = append(want, w)
		}
		tests = append(tests, func(t *task.Task) bool { return slices.Contains(want, of(t)) })
		return nil
	}
	same := func(s string) (string, bool) { return s, true }
	err := cmp.Or(
		add("status", o.status, func(s string) (string, bool) {
			st, ok := task.ParseStatus(s)
			return string(st), ok
		}, func(t *task.Task) string { return string(t.Status) }, words(task.Statuses)),
		add("priority", o.priority, task.ParsePriority, func(t *task.Task) string { return t.Priority }, words(task.Priorities)),
		add("workstream", o.workstream, same, func(t *task.Task) string { return t.Workstream }, ""),
		add("milestone", o.milestone, same, func(t *task.Task) string { return t.Milestone }, ""),
		add("owner", o.owner, func(s string) (string, bool) { return task.Owner(s), true }, func(t *task.Task) string { return t.Owner }, ""),
	)
	return func(t *task.Task) bool {
		return !slices.ContainsFunc(tests, func(test func(*task.Task) bool) bool { return !test(t) })
	}, err
}

// printList prints a line for each task.
func (a *app) printList(all []*task.Task, runs map[string]*run.Run, group string) error {
	return a.write(func(w io.Writer) {
		var rows [][]cell
		flush := func() {
			a.table(w, rows)
			rows = nil
		}
		for i, t := range all {
			if g := field(group, t); group != "" && (i == 0 || g != field(group, all[i-1])) {
				flush()
				if i > 0 {
					fmt.Fprintln(w)
				}
				a.table(w, [][]cell{{{cmp.Or(oneLine(g), "no "+group), bold}}})
			}
			rows = append(rows, listRow(t, runs[t.Slug]))
		}
		flush()
	})
}

func listRow(t *task.Task, r *run.Run) []cell {
	if t.Broken != nil {
		return []cell{{"broken", red}, {"--", dim}, {oneLine(t.Slug), bold}, {"", plain},
			{oneLine(fmt.Sprintf("%s:%d: %s", t.Path, t.Broken.Line, t.Broken.Reason)), red}}
	}
	status := oneLine(cmp.Or(string(t.Status), "no status"))
	if r != nil && r.State.Active() {
		status += " · " + string(r.State)
	} else if t.Status == task.Ready {
		status += ", not queued"
	}
	return []cell{{status, look(t)}, {cmp.Or(oneLine(t.Priority), "--"), dim}, {oneLine(t.Slug), bold}, {oneLine(t.Owner), dim}, {oneLine(t.Title), plain}}
}

// look is the colour of a task's status.
func look(t *task.Task) style {
	switch t.Status {
	case task.InProgress, task.Ready:
		return blue
	case task.Blocked:
		return yellow
	case task.Completed:
		return green
	case task.NotStarted:
		return plain
	case task.Cancelled:
		return dim
	}
	return red
}
