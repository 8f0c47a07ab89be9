package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/importer"
)

func newImport(a *app) *cobra.Command {
	var o importer.Options
	tools := strings.Join(importer.Tools(), "|")
	cmd := &cobra.Command{
		Use:   "import " + tools + " [PATH] [--workstream W] [--dry-run] [--json]",
		Short: "Write worksheets for the tasks of another tool",
		Long: `Read the tasks that another tool keeps and write a worksheet for each. Nothing of the
other tool is changed, and nothing that is there is overwritten.

PATH is a project, or the tool's folder or file in it, also outside this repository;
without it the tool is looked for at the root. A task that was imported before is
skipped, wherever below tasks/ its worksheet lies by now; if it has changed in the other
tool since, that is said. What has no place of its own is kept as front matter under
"imported", or in the section Context.

--dry-run prints the worksheets that would be written, each behind a line with its path
(-- tasks/a.md --), and writes nothing. A task that cannot be read is told with its file
and line, the others are imported, and the exit status is 3.`,
		Example: `  tasks import backlog --dry-run
  tasks import backlog --workstream delivery
  tasks import taskmaster ../mail --json`,
		Args: func(cmd *cobra.Command, args []string) error { return importArgs(cmd, args) },
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return importer.Tools(), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.From = args[0]
			if len(args) > 1 {
				o.Path = args[1]
			}
			return a.importFrom(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Workstream, "workstream", "", "the `workstream` that gets the worksheets; without it they lie in tasks/")
	f.BoolVar(&o.DryRun, "dry-run", false, "print what would be written, and write nothing")
	a.jsonFlag(cmd)
	complete(cmd, map[string]completer{"workstream": a.workstreams()})
	return cmd
}

func importArgs(cmd *cobra.Command, args []string) error {
	tools := strings.Join(importer.Tools(), ", ")
	switch {
	case len(args) == 0:
		return fault.New(fault.Usage, "%s needs the tool to import from", cmd.CommandPath()).WithHint("it is one of %s", tools)
	case !slices.Contains(importer.Tools(), args[0]):
		return fault.New(fault.Usage, "there is no import from %q", args[0]).WithHint("it is one of %s", tools)
	case len(args) > 2:
		return fault.New(fault.Usage, "%s takes one PATH: %q is one too many", cmd.CommandPath(), args[2]).
			WithHint("it is called as: %s", cmd.UseLine())
	case len(args) == 2 && args[1] == "":
		return fault.New(fault.Usage, "the PATH is empty").WithHint("leave it out to look at the root")
	}
	return nil
}

func (a *app) importFrom(ctx context.Context, o importer.Options) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	if o.Path != "" {
		if !filepath.IsAbs(o.Path) {
			o.Path = filepath.Join(h.start, o.Path)
		}
		if o.Path, err = filepath.Abs(o.Path); err != nil {
			return fault.New(fault.Usage, "%q is no path: %w", o.Path, err)
		}
	}
	r, err := importer.Import(ctx, h.repo, h.tracker, o)
	if err != nil {
		return err
	}
	if a.json {
		err = a.emit("import", importJSON(r))
	} else {
		err = a.printImport(r)
	}
	if failed := r.Count(importer.Failed); err == nil && failed > 0 {
		return fault.New(fault.Invalid, "%d %s of %s could not be imported", failed, plural(failed, "task", "tasks"), r.From).
			WithHint("mend what is named above and import again: what is imported is skipped then")
	}
	return err
}

// printImport prints a line for each task, or, for a dry run, the worksheets
// themselves; what people should know goes to standard error.
func (a *app) printImport(r *importer.Report) error {
	err := a.write(func(w io.Writer) {
		for _, i := range r.Items {
			switch {
			case r.DryRun && i.Result == importer.Imported:
				fmt.Fprintf(w, "-- %s --\n%s", i.Path, printable(string(i.Content)))
			case r.DryRun:
			case i.Path == "":
				fmt.Fprintf(w, "%s %s\n", i.Result, oneLine(i.Source))
			default:
				fmt.Fprintf(w, "%s %s %s\n", i.Result, i.Path, oneLine(i.ID))
			}
		}
	})
	if err != nil {
		return err
	}
	for _, i := range r.Items {
		for _, n := range i.Notes {
			a.say("%s: %s", oneLine(strings.TrimSpace(i.Source+" "+i.ID)), oneLine(n))
		}
	}
	imported, skipped, failed := r.Count(importer.Imported), r.Count(importer.Skipped), r.Count(importer.Failed)
	if r.DryRun {
		a.say("Would import %d, skip %d; %d cannot be read. Nothing was written.", imported, skipped, failed)
		return nil
	}
	a.say("Imported %d, skipped %d, failed %d.", imported, skipped, failed)
	return nil
}

// imported is the JSON of import.
type imported struct {
	DryRun   bool           `json:"dry_run"`
	From     string         `json:"from"`
	Imported []importedTask `json:"imported"`
}

type importedTask struct {
	ID      *string  `json:"id"`
	Slug    *string  `json:"slug"`
	Path    *string  `json:"path"`
	Source  string   `json:"source"`
	Result  string   `json:"result"`
	Notes   []string `json:"notes"`
	Content *string  `json:"content"`
}

func importJSON(r *importer.Report) imported {
	out := imported{DryRun: r.DryRun, From: r.From, Imported: []importedTask{}}
	orNull := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	for _, i := range r.Items {
		t := importedTask{
			ID: orNull(i.ID), Slug: orNull(i.Slug), Path: orNull(i.Path),
			Source: i.Source, Result: i.Result, Notes: append([]string{}, i.Notes...),
		}
		if r.DryRun && i.Result == importer.Imported {
			t.Content = orNull(string(i.Content))
		}
		out.Imported = append(out.Imported, t)
	}
	return out
}
