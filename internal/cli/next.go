package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tasks/internal/plan"
	"tasks/internal/task"
)

// nextTaskJSON is the JSON of next; task is null where none can be taken.
type nextTaskJSON struct {
	Task   *task.JSON `json:"task"`
	Reason string     `json:"reason"`
}

func newNext(a *app) *cobra.Command {
	var owner string
	cmd := &cobra.Command{
		Use:   "next [--owner O] [--json]",
		Short: "Say which task to take next, and why",
		Long: `Say which task to take next, and why: one that is ready or not started, that no run
has, and all of whose dependencies are completed. Ready comes before not started,
then the priority counts, how many open tasks wait for it, its milestone's due date
and its age. With --owner only their tasks are looked at, and one that they have
begun comes first.`,
		Example: "  tasks next\n  tasks next --owner ana --json",
		Args:    nothing,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.next(cmd.Context(), owner) },
	}
	cmd.Flags().StringVar(&owner, "owner", "", "only tasks of this `owner`")
	a.jsonFlag(cmd)
	complete(cmd, map[string]completer{"owner": a.owners()})
	return cmd
}

func (a *app) next(ctx context.Context, owner string) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	all, err := h.tracker.All(ctx)
	if err != nil {
		return err
	}
	objects, err := h.tracker.ObjectsOf(all)
	if err != nil {
		return err
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
	q := plan.Question{Owner: task.Owner(owner), On: map[string]string{}, Due: map[string]time.Time{}}
	for slug, r := range runs {
		if r.State.Active() {
			q.On[slug] = string(r.State)
		}
	}
	for _, m := range objects.Milestones {
		q.Due[m.Name] = m.Due
	}
	choice := plan.Next(all, q)
	if a.json {
		out := nextTaskJSON{Reason: choice.Reason}
		if t := choice.Task; t != nil {
			j := t.JSON(runs[t.Slug].JSON())
			out.Task = &j
		}
		return a.emit("next", out)
	}
	return a.printNext(choice)
}

func (a *app) printNext(c plan.Choice) error {
	if c.Task == nil {
		a.say("Nothing to take: %s.", oneLine(c.Reason))
		return nil
	}
	return a.write(func(w io.Writer) {
		a.table(w, [][]cell{{{oneLine(c.Task.Slug), bold}, {oneLine(c.Task.Title), plain}}})
		a.table(w, [][]cell{{{oneLine(c.Reason), dim}}})
		if c.Task.Status == task.Ready {
			fmt.Fprintf(w, "\nHand it over: %s kickoff %s\n", a.name, shellWord(c.Task.Slug))
		} else {
			fmt.Fprintf(w, "\nSee what it lacks: %s check %s\n", a.name, shellWord(c.Task.Slug))
		}
	})
}
