package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/plan"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// planList is one of the three lists of what may stand in a field.
type planList struct {
	word  string // workstream, milestone, team
	short string
	long  string
	arg   string
	of    func(*tracker.Objects) []tracker.Object
	tasks func(tracker.Object, *task.Task) bool // tells whether a task is one of an object's
}

var planLists = []planList{
	{"workstream", "Show the workstreams and how far each is", "A workstream is a folder below tasks/workstreams, or a name that tasks bear.", "NAME",
		func(o *tracker.Objects) []tracker.Object { return o.Workstreams },
		func(x tracker.Object, t *task.Task) bool { return t.Workstream == x.Name }},
	{"milestone", "Show the milestones and how far each is", "A milestone is a file tasks/milestones/NAME.md with a due date, or a name that tasks bear.", "NAME",
		func(o *tracker.Objects) []tracker.Object { return o.Milestones },
		func(x tracker.Object, t *task.Task) bool { return t.Milestone == x.Name }},
	{"team", "Show who owns what", "A person or role is a file tasks/team/NAME.md, or a name that tasks bear.", "OWNER",
		func(o *tracker.Objects) []tracker.Object { return o.Team },
		func(x tracker.Object, t *task.Task) bool { return t.Owner == x.Name }},
}

// objectJSON is one line of a list; known is whether a file (or folder) stands for it.
type objectJSON struct {
	Name        string         `json:"name"`
	Kind        string         `json:"type"`
	Title       string         `json:"title"`
	Description *string        `json:"description"`
	Path        *string        `json:"path"`
	Known       bool           `json:"known"`
	Workstream  *string        `json:"workstream"`
	Status      *string        `json:"status"`
	Owner       *string        `json:"owner"`
	FilledBy    *string        `json:"filled_by"`
	Due         *string        `json:"due"`
	Overdue     bool           `json:"overdue"`
	Broken      *task.Broken   `json:"broken"`
	Progress    progressJSON   `json:"progress"`
	Initiatives []objectJSON   `json:"initiatives,omitzero"` // of workstreams; nil for what is none
	tasks       []*task.Task   // its own
	object      tracker.Object // what it was made of
}

// progressJSON counts tasks; percent leaves the cancelled ones out.
type progressJSON struct {
	Total    int            `json:"total"`
	Done     int            `json:"done"`
	Open     int            `json:"open"`
	Percent  int            `json:"percent"`
	ByStatus map[string]int `json:"by_status"`
}

func newWorkstream(a *app) *cobra.Command { return a.planCommand(planLists[0]) }
func newMilestone(a *app) *cobra.Command  { return a.planCommand(planLists[1]) }
func newTeam(a *app) *cobra.Command       { return a.planCommand(planLists[2]) }

func (a *app) planCommand(l planList) *cobra.Command {
	cmd := &cobra.Command{
		Use:     l.word + " list|show",
		Short:   l.short,
		Long:    l.short + ".\n" + l.long,
		Example: "  tasks " + l.word + " list\n  tasks " + l.word + " show " + l.arg + " --json",
		Args:    a.noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fault.New(fault.Usage, "%s needs to know what to do", cmd.CommandPath()).WithHint("%s list, or %s show %s", cmd.CommandPath(), cmd.CommandPath(), l.arg)
		},
	}
	list := &cobra.Command{
		Use: "list [--json]", Short: l.short, Args: nothing,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.planList(cmd.Context(), l) },
	}
	show := &cobra.Command{
		Use: "show " + l.arg + " [--json]", Short: "Show one, with its tasks", Args: one(l.arg),
		RunE: func(cmd *cobra.Command, args []string) error { return a.planShow(cmd.Context(), l, args[0]) },
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.offer(cmd, func(h *house) (out []string) {
				objects, err := h.tracker.Objects(cmd.Context())
				if err != nil {
					return nil
				}
				for _, x := range l.of(objects) {
					if strings.HasPrefix(x.Name, typed) {
						out = append(out, oneLine(x.Name)+"\t"+oneLine(x.Title))
					}
				}
				return out
			})
		},
	}
	a.jsonFlag(list)
	a.jsonFlag(show)
	cmd.AddCommand(list, show)
	return cmd
}

// planned reads a list with the progress of each of its lines.
func (a *app) planned(ctx context.Context, h *house, l planList) ([]objectJSON, error) {
	all, err := h.tracker.All(ctx)
	if err != nil {
		return nil, err
	}
	objects, err := h.tracker.ObjectsOf(all)
	if err != nil {
		return nil, err
	}
	out := []objectJSON{}
	for _, x := range l.of(objects) {
		o := object(x, all, l.tasks)
		if x.Kind == tracker.Workstream {
			o.Initiatives = []objectJSON{}
			for _, i := range objects.Initiatives {
				if i.Workstream == x.Name {
					o.Initiatives = append(o.Initiatives, object(i, all, func(x tracker.Object, t *task.Task) bool {
						return t.Initiative == x.Name && t.Workstream == x.Workstream
					}))
				}
			}
		}
		out = append(out, o)
	}
	return out, nil
}

func object(x tracker.Object, all []*task.Task, its func(tracker.Object, *task.Task) bool) objectJSON {
	o := objectJSON{
		Name: x.Name, Kind: string(x.Kind), Title: x.Title, Description: text(x.Description), Path: text(x.Path), Known: x.Known,
		Workstream: text(x.Workstream), Status: text(x.Status), Owner: text(x.Owner), FilledBy: text(x.FilledBy), Broken: x.Broken, object: x,
	}
	for _, t := range all {
		if its(x, t) {
			o.tasks = append(o.tasks, t)
		}
	}
	p := plan.Of(o.tasks)
	o.Progress = progressJSON{p.Total, p.Done, p.Open, p.Percent(), map[string]int{}}
	for _, s := range p.ByStatus {
		o.Progress.ByStatus[string(s.Status)] = s.Count
	}
	if !x.Due.IsZero() {
		o.Due = text(x.Due.Format(time.DateOnly))
		o.Overdue = plan.Overdue(x.Due, time.Now(), p.Open)
	}
	return o
}

// text is s, or null where it is empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (a *app) planList(ctx context.Context, l planList) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	list, err := a.planned(ctx, h, l)
	if err != nil {
		return err
	}
	if a.json {
		return a.emitList(l.word, list)
	}
	if len(list) == 0 {
		a.say("There is none. %s", l.long)
		return nil
	}
	return a.write(func(w io.Writer) {
		var rows [][]cell
		for _, o := range list {
			rows = append(rows, objectRow(o))
		}
		a.table(w, rows)
		for _, o := range list {
			if b := o.Broken; b != nil {
				a.warn("%s:%d does not parse: %s", o.object.Path, b.Line, b.Reason)
			}
		}
	})
}

// emitList prints a list under its own name.
func (a *app) emitList(word string, list []objectJSON) error {
	switch word {
	case "workstream":
		return a.emit("workstream-list", struct {
			W []objectJSON `json:"workstreams"`
		}{list})
	case "milestone":
		return a.emit("milestone-list", struct {
			M []objectJSON `json:"milestones"`
		}{list})
	}
	return a.emit("team-list", struct {
		T []objectJSON `json:"team"`
	}{list})
}

// objectRow is one line for people: name, a bar, numbers, what is special, title.
func objectRow(o objectJSON) []cell {
	p := o.Progress
	numbers := fmt.Sprintf("%d of %d done", p.Done, p.Done+p.Open)
	if p.Done+p.Open == 0 {
		numbers = "no tasks"
	}
	var notes []string
	look := dim
	if o.Due != nil {
		notes = append(notes, "due "+*o.Due)
	}
	if o.Overdue {
		notes, look = append(notes, plan.DueWords(o.object.Due, time.Now(), p.Open)), red
	}
	if o.FilledBy != nil {
		notes = append(notes, "role, filled by "+*o.FilledBy)
	} else if o.Kind == string(tracker.Role) {
		notes = append(notes, "role, not filled")
	}
	if o.Broken != nil {
		notes, look = append(notes, "does not parse"), red
	}
	if !o.Known {
		notes = append(notes, "no file")
	}
	title := o.Title
	if title == o.Name {
		title = ""
	}
	return []cell{{oneLine(o.Name), bold}, {bar(p), green}, {numbers, plain}, {oneLine(strings.Join(notes, ", ")), look}, {oneLine(title), plain}}
}

// bar is ten places, as many filled as tenths are done.
func bar(p progressJSON) string {
	if p.Done+p.Open == 0 {
		return ""
	}
	full := p.Percent / 10
	return strings.Repeat("█", full) + strings.Repeat("░", 10-full)
}

func (a *app) planShow(ctx context.Context, l planList, name string) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	list, err := a.planned(ctx, h, l)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(o objectJSON) bool { return o.Name == name })
	if i < 0 && l.word == "team" {
		i = slices.IndexFunc(list, func(o objectJSON) bool { return o.Name == task.Owner(name) })
	}
	if i < 0 {
		var names []string
		for _, o := range list {
			names = append(names, o.Name)
		}
		err := fault.New(fault.NotFound, "there is no %s %q", strings.Replace(l.word, "team", "owner", 1), name)
		if near := tracker.Near(name, names); len(near) > 0 {
			return err.WithHint("did you mean %s?", strings.Join(near, ", "))
		}
		return err.WithHint("%s %s list shows what there is", a.name, l.word)
	}
	return a.printObject(ctx, h, l, list[i])
}

func (a *app) printObject(ctx context.Context, h *house, l planList, o objectJSON) error {
	s, done, err := h.runs(ctx)
	if err != nil {
		return err
	}
	defer done()
	runs, err := s.LatestAll(ctx)
	if err != nil {
		return err
	}
	order, err := listOptions{}.order()
	if err != nil {
		return err
	}
	slices.SortFunc(o.tasks, order)
	if a.json {
		tasks := make([]task.JSON, len(o.tasks))
		for i, t := range o.tasks {
			tasks[i] = t.JSON(runs[t.Slug].JSON())
		}
		kind := o.Kind
		if l.word == "team" {
			kind = "owner"
		}
		return a.emit(kind, struct {
			Object objectJSON  `json:"object"`
			Tasks  []task.JSON `json:"tasks"`
		}{o, tasks})
	}
	if err := a.write(func(w io.Writer) {
		rows := [][]cell{objectRow(o)}
		for _, i := range o.Initiatives {
			row := objectRow(i)
			row[0].text = "  " + row[0].text
			rows = append(rows, row)
		}
		a.table(w, rows)
		if o.Description != nil {
			fmt.Fprintln(w, oneLine(*o.Description))
		}
		if o.Path != nil {
			a.table(w, [][]cell{{{oneLine(*o.Path), dim}}})
		}
		if len(o.tasks) > 0 {
			fmt.Fprintln(w)
		}
	}); err != nil {
		return err
	}
	if len(o.tasks) == 0 {
		a.say("No task belongs to it.")
		return nil
	}
	return a.printList(o.tasks, runs, "")
}
