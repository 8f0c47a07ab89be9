package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tasks/internal/run"
	"tasks/internal/task"
)

// taskJSON is the JSON of one task with what belongs to it.
type taskJSON struct {
	Task       task.JSON     `json:"task"`
	Sections   []sectionJSON `json:"sections"`
	Dependents []string      `json:"dependents"` // slugs
}

type sectionJSON struct {
	Name  string            `json:"name"`
	State task.SectionState `json:"state"`
	Text  string            `json:"text"`
}

func newShow(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:        "show SLUG [--json]",
		Short:      "Show one task",
		SuggestFor: []string{"view", "get", "cat"},
		Long: `Show one task with its sections, what it depends on, what depends on it, and its run.
SLUG may be the task's id or path as well.`,
		Example:           "  tasks show retry-failed-uploads\n  tasks show tasks/retry-failed-uploads.md --json",
		Args:              one("SLUG"),
		ValidArgsFunction: a.slugs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.show(cmd.Context(), args[0]) },
	}
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) show(ctx context.Context, name string) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	t, src, err := h.tracker.Read(ctx, h.name(name))
	if err != nil {
		return err
	}
	if a.json {
		return a.emitTask(ctx, h, t, src)
	}
	all, err := h.tracker.All(ctx)
	if err != nil {
		return err
	}
	r, err := h.latest(ctx, t.Slug)
	if err != nil {
		return err
	}
	return a.write(func(w io.Writer) {
		a.printHead(w, t, r)
		a.printRelations(w, t, all)
		var bare []string
		for _, s := range task.Sections(src) {
			if s.State == task.Empty {
				bare = append(bare, oneLine(s.Name))
				continue
			}
			fmt.Fprintln(w)
			a.table(w, [][]cell{{{oneLine(s.Name), bold}, {string(s.State), stateLook(s.State)}}})
			fmt.Fprintln(w, printable(s.Text))
		}
		if len(bare) > 0 {
			fmt.Fprintln(w)
			a.table(w, [][]cell{{{"Still empty: " + strings.Join(bare, ", "), dim}}})
		}
	})
}

// emitTask prints a task as JSON: the answer of show, new and update.
func (a *app) emitTask(ctx context.Context, h *house, t *task.Task, src []byte) error {
	dependents, err := h.tracker.Dependents(ctx, t.Slug)
	if err != nil {
		return err
	}
	r, err := h.latest(ctx, t.Slug)
	if err != nil {
		return err
	}
	out := taskJSON{Task: t.JSON(r.JSON()), Sections: []sectionJSON{}, Dependents: []string{}}
	for _, s := range task.Worksheet(src) {
		out.Sections = append(out.Sections, sectionJSON{s.Name, s.State, s.Text})
	}
	for _, d := range dependents {
		out.Dependents = append(out.Dependents, d.Slug)
	}
	return a.emit("task", out)
}

// printHead prints what stands in the front matter.
func (a *app) printHead(w io.Writer, t *task.Task, r *run.Run) {
	a.table(w, [][]cell{{{oneLine(t.Name()), bold}}})
	var rows [][]cell
	add := func(name, value string, look style) {
		if value != "" {
			rows = append(rows, []cell{{name, dim}, {oneLine(value), look}})
		}
	}
	if t.Broken != nil {
		add("broken", fmt.Sprintf("line %d: %s", t.Broken.Line, t.Broken.Reason), red)
	}
	status := string(t.Status)
	if t.Status == task.Ready && (r == nil || !r.State.Active()) {
		status += ", not queued"
	}
	add("status", status, look(t))
	if r != nil {
		add("run", runWords(r), plain)
	}
	add("priority", t.Priority, plain)
	add("owner", t.Owner, plain)
	add("milestone", t.Milestone, plain)
	add("workstream", t.Workstream, plain)
	add("initiative", t.Initiative, plain)
	add("labels", strings.Join(t.Labels, ", "), plain)
	add("parent", t.Parent, plain)
	add("pull request", t.PRURL, plain)
	add("created", stamp(t.CreatedAt), plain)
	add("updated", stamp(t.UpdatedAt), plain)
	add("completed", strings.TrimSpace(stamp(t.CompletedAt)+" "+t.CompletedBy), plain)
	if t.ID != t.Slug {
		add("id", t.ID, plain)
	}
	add("slug", t.Slug, plain)
	add("path", t.Path, plain)
	add("about", t.Description, plain)
	a.table(w, rows)
}

// runWords say where a run stands.
func runWords(r *run.Run) string {
	s := string(r.State)
	if r.Place > 0 {
		s += fmt.Sprintf(", place %d", r.Place)
	}
	if r.Reason != nil && r.Reason.Text != "" {
		s += ": " + r.Reason.Text
	}
	return s + " (" + r.ID + ")"
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04 MST")
}

// printRelations prints what the task depends on and what depends on it.
func (a *app) printRelations(w io.Writer, t *task.Task, all []*task.Task) {
	known := map[string]*task.Task{}
	var behind [][]cell
	for _, o := range all {
		known[o.Slug] = o
		if slices.Contains(o.DependsOn, t.Slug) {
			behind = append(behind, relation(o))
		}
	}
	var before [][]cell
	for _, slug := range t.DependsOn {
		if o := known[slug]; o != nil {
			before = append(before, relation(o))
			continue
		}
		before = append(before, []cell{{"  " + oneLine(slug), bold}, {"no such task", red}})
	}
	part := func(name string, rows [][]cell) {
		if len(rows) > 0 {
			fmt.Fprintln(w)
			a.table(w, [][]cell{{{name, bold}}})
			a.table(w, rows)
		}
	}
	part("Depends on", before)
	part("Needed by", behind)
}

func relation(t *task.Task) []cell {
	if t.Broken != nil {
		return []cell{{"  " + oneLine(t.Slug), bold}, {"broken", red}, {"", plain}}
	}
	return []cell{{"  " + oneLine(t.Slug), bold}, {oneLine(string(t.Status)), look(t)}, {oneLine(t.Title), plain}}
}

func stateLook(s task.SectionState) style {
	switch s {
	case task.Filled:
		return green
	case task.Thin:
		return yellow
	}
	return dim
}
