package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tasks/internal/task"
)

// checkJSON is how far a worksheet is.
type checkJSON struct {
	Slug     string        `json:"slug"`
	Path     string        `json:"path"`
	Broken   *task.Broken  `json:"broken"`
	Sections []checkedJSON `json:"sections"`
	Next     *nextJSON     `json:"next"` // null where nothing is left to write
}

type checkedJSON struct {
	Name     string            `json:"name"`
	State    task.SectionState `json:"state"`
	Line     *int              `json:"line"`     // null where the section is missing
	Findings []string          `json:"findings"` // what was seen in it
	Advice   *string           `json:"advice"`   // null where nothing is left to write
}

// nextJSON is what to write next.
type nextJSON struct {
	Section string `json:"section"`
	Advice  string `json:"advice"`
}

func newCheck(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check SLUG [--json]",
		Short: "Say what to write next in a task",
		Long: `Say how full each section of a task is (filled, thin or empty), what was seen in it
(open boxes, options of which none is marked, a problem of five words), and what to
write next. It only advises: the rules that must hold are those of validate.`,
		Example:           "  tasks check retry-failed-uploads",
		Args:              one("SLUG"),
		ValidArgsFunction: a.slugs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.check(cmd.Context(), args[0]) },
	}
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) check(ctx context.Context, name string) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	t, src, err := h.tracker.Read(ctx, h.name(name))
	if err != nil {
		return err
	}
	out := checkJSON{Slug: t.Slug, Path: t.Path, Broken: t.Broken, Sections: []checkedJSON{}}
	for _, judged := range task.Judge(t, src) {
		out.Sections = append(out.Sections, checked(judged))
	}
	if name, advice := task.Next(t, src); name != "" {
		out.Next = &nextJSON{name, advice}
	}
	// The strict check of kickoff: an owner or a dependency that nobody knows stops it as well.
	found, err := h.tracker.Validate(ctx, []string{t.Path}, true)
	if err != nil {
		return err
	}
	if a.json {
		return a.emit("check", out)
	}
	return a.write(func(w io.Writer) {
		if t.Broken != nil {
			fmt.Fprintln(w, oneLine(fmt.Sprintf("%s:%d: the front matter does not parse: %s", t.Path, t.Broken.Line, t.Broken.Reason)))
		}
		var rows [][]cell
		for _, s := range out.Sections {
			state := string(s.State)
			if s.Line == nil {
				state = "missing"
			}
			rows = append(rows, []cell{{s.Name, bold}, {state, stateLook(s.State)}, {oneLine(note(s)), plain}})
		}
		a.table(w, rows)
		for i, f := range fields(t, found) {
			if i == 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintln(w, oneLine(f.String()))
		}
		if out.Next == nil {
			fmt.Fprintln(w, "\nNothing is left to write.")
			return
		}
		if t.Status != task.InProgress && t.Status != task.Completed && len(found) == 0 {
			fmt.Fprintf(w, "\nIt passes the strict check: %s kickoff %s\n", a.name, shellWord(t.Slug))
			return
		}
		fmt.Fprintf(w, "\nNext, %s: %s.\n", out.Next.Section, strings.TrimSuffix(oneLine(out.Next.Advice), "."))
	})
}

// fields are the findings that no section shows: those of the front matter. How a broken
// file is broken is said already.
func fields(t *task.Task, found []task.Finding) []task.Finding {
	if t.Broken != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(found), func(f task.Finding) bool { return f.Level == "L3" })
}

func checked(j task.Judgement) checkedJSON {
	c := checkedJSON{Name: j.Name, State: j.State, Findings: append([]string{}, j.Found...)}
	if j.Line > 0 {
		c.Line = &j.Line
	}
	if j.Advice != "" {
		c.Advice = &j.Advice
	}
	return c
}

// note is what was seen in a section and what to do about it, in a line. That it is
// missing, or that nothing is written, is what the state says already.
func note(s checkedJSON) string {
	said := strings.Join(s.Findings, ", ")
	switch {
	case s.Line == nil:
		return ""
	case s.State == task.Empty, s.Advice == nil:
		return strings.TrimPrefix(strings.TrimPrefix(said, "nothing is written yet"), ", and ")
	}
	return said + ": " + *s.Advice
}
