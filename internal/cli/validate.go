package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/task"
)

// findings is the JSON of validate.
type findings struct {
	Findings []task.Finding `json:"findings"`
}

func newValidate(a *app) *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:        "validate [SLUG...] [--strict] [--json]",
		Short:      "Check the rules that tasks must keep",
		SuggestFor: []string{"lint"},
		Long: `Check the rules that tasks must keep, and print each broken one as path:line: code: text.
The exit status is 3 where there is one.

Without SLUG all tasks are checked; --strict then asks for whole worksheets only of
those that are ready, in progress or completed. With SLUG it asks for them at once.`,
		Example:           "  tasks validate\n  tasks validate retry-failed-uploads --strict\n  tasks validate --strict --json",
		ValidArgsFunction: a.moreSlugs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.validate(cmd.Context(), args, strict)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "ask for whole worksheets as well, as kickoff does")
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) validate(ctx context.Context, names []string, strict bool) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	for i := range names {
		names[i] = h.name(names[i])
	}
	found, err := h.tracker.Validate(ctx, names, strict)
	if err != nil {
		return err
	}
	if a.json {
		if err := a.emit("findings", findings{append([]task.Finding{}, found...)}); err != nil {
			return err
		}
	} else if err := a.write(func(w io.Writer) {
		for _, f := range found {
			fmt.Fprintln(w, oneLine(f.String()))
		}
	}); err != nil {
		return err
	}
	if len(found) == 0 {
		if !a.json {
			a.say("Every rule is kept.")
		}
		return nil
	}
	files := map[string]bool{}
	for _, f := range found {
		files[f.Path] = true
	}
	return fault.New(fault.Invalid, "broken rules: %d in %d %s", len(found), len(files), plural(len(files), "file", "files"))
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}
