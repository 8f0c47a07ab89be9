package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tasks/internal/task"
)

// checkJSON is how far a worksheet is.
type checkJSON struct {
	Slug     string        `json:"slug"`
	Path     string        `json:"path"`
	Broken   *task.Broken  `json:"broken"`
	Sections []checkedJSON `json:"sections"`
	Next     *nextJSON     `json:"next"` // null where every section is filled
}

type checkedJSON struct {
	Name   string            `json:"name"`
	State  task.SectionState `json:"state"`
	Line   *int              `json:"line"` // null where the section is missing
	Advice *string           `json:"advice"`
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
		Long: `Say how full each section of a task is (filled, thin or empty), and what to write
next. It only advises: the rules that must hold are those of validate.`,
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
	for _, name := range task.SectionNames {
		out.Sections = append(out.Sections, checked(name, src))
	}
	if name, advice := task.Next(t, src); name != "" {
		out.Next = &nextJSON{name, advice}
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
			rows = append(rows, []cell{{s.Name, bold}, {state, stateLook(s.State)}})
		}
		a.table(w, rows)
		if out.Next == nil {
			fmt.Fprintln(w, "\nEvery section is filled.")
			return
		}
		fmt.Fprintf(w, "\nNext, %s: %s.\n", out.Next.Section, out.Next.Advice)
	})
}

func checked(name string, src []byte) checkedJSON {
	for _, s := range task.Worksheet(src) {
		if s.Name != name {
			continue
		}
		c := checkedJSON{Name: s.Name, State: s.State}
		if s.Line > 0 {
			c.Line = &s.Line
		}
		if advice := task.Advice(name); s.State != task.Filled {
			c.Advice = &advice
		}
		return c
	}
	return checkedJSON{Name: name, State: task.Empty}
}
