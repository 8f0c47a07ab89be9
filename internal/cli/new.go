package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

func newNew(a *app) *cobra.Command {
	var d tracker.Draft
	var from string
	cmd := &cobra.Command{
		Use:        "new TITLE [--workstream W] [--slug S] [--priority p2] [--milestone M] [--owner O] [--initiative I] [--depends-on SLUG]... [--description D] [--from FILE|-] [--json]",
		Short:      "Write a new task",
		SuggestFor: []string{"add", "create"},
		Long: `Write a new task as a whole worksheet, and print its path. Nothing is queued: fill its
sections, look at it with check, and hand it over with kickoff.

The slug is made from the title. Without a workstream the file is tasks/<slug>.md.
--from takes a text in place of the empty sections, and adds those that it lacks; where
it has front matter of its own, that is kept and the fields given here are set in it.`,
		Example: `  tasks new "Retry failed uploads" --workstream sync --priority p1
  tasks new "Retry failed uploads" --depends-on upload-queue --owner ana
  tasks new "Retry failed uploads" --from - < notes.md`,
		Args: one("TITLE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			d.Title = args[0]
			d.Usual = !cmd.Flags().Changed("priority")
			return a.create(cmd.Context(), d, from)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&d.Workstream, "workstream", "", "the `workstream` whose folder holds it")
	f.StringVar(&d.Slug, "slug", "", "its `slug`, in place of one from the title")
	f.StringVar(&d.Priority, "priority", "p2", "its `priority`: "+words(task.Priorities))
	f.StringVar(&d.Milestone, "milestone", "", "its `milestone`")
	f.StringVar(&d.Owner, "owner", "", "its `owner`")
	f.StringVar(&d.Initiative, "initiative", "", "its `initiative`")
	f.StringArrayVar(&d.DependsOn, "depends-on", nil, "a `slug` that it depends on; may be given again")
	f.StringVar(&d.Description, "description", "", "one `sentence` on what it is about")
	f.StringVar(&from, "from", "", "take the text from a `file`; - reads standard input")
	a.jsonFlag(cmd)
	complete(cmd, map[string]completer{
		"priority": fixed(task.Priorities...), "depends-on": a.moreSlugs,
		"workstream": a.workstreams(),
		"milestone":  a.milestones(),
		"initiative": a.initiatives(),
		"owner":      a.owners(),
	})
	return cmd
}

func (a *app) create(ctx context.Context, d tracker.Draft, from string) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	if from != "" {
		read := func() ([]byte, error) { return a.readText(h, from) }
		if d.From, err = unlessDone(ctx, read); err != nil {
			return err
		}
	}
	for i, ref := range d.DependsOn {
		d.DependsOn[i] = h.name(ref)
	}
	t, err := h.tracker.Create(ctx, d)
	if err != nil {
		return err
	}
	if a.json {
		fresh, src, err := h.tracker.Read(ctx, t.Path)
		if err != nil {
			return err
		}
		return a.emitTask(ctx, h, fresh, src)
	}
	a.say("Wrote %s. Next: fill its sections; \"%s check %s\" tells what is missing.", t.Slug, a.name, t.Slug)
	return a.write(func(w io.Writer) { fmt.Fprintln(w, t.Path) })
}

// unlessDone is what read returns, or the end of ctx: nobody types the end of a text that
// they no longer want, and a pipe without a writer never ends.
func unlessDone(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	var (
		data []byte
		err  error
		done = make(chan struct{})
	)
	go func() {
		data, err = read()
		close(done)
	}()
	select {
	case <-done:
		return data, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// maxText bounds a worksheet that is given to new.
const maxText = 2 << 20

// readText reads the file that the user named, or standard input for "-".
func (a *app) readText(h *house, from string) ([]byte, error) {
	in := a.stdin
	if from != "-" {
		if !filepath.IsAbs(from) {
			from = filepath.Join(h.start, from)
		}
		f, err := os.Open(from)
		if err != nil {
			return nil, fault.New(fault.NotFound, "the text cannot be read: %w", err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxText+1))
	switch {
	case err != nil:
		return nil, fault.New(fault.Invalid, "the text cannot be read: %w", err)
	case len(data) > maxText:
		return nil, fault.New(fault.Invalid, "the text is longer than %d MB", maxText>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, fault.New(fault.Invalid, "the text is empty").WithHint("leave --from out for a worksheet with empty sections")
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		return nil, fault.New(fault.Invalid, "the text is not UTF-8")
	}
	return data, nil
}
