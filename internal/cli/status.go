package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tasks/internal/manager"
	"tasks/internal/run"
)

func newStatus(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status [--json]",
		Short: "Show the queue, what wants attention, and the program's health",
		Long: `Show what the page /status shows: the queue, tasks that are ready and not queued,
signals with what to do about them, and a line for each thing this program leans on.`,
		Example: `  tasks status
  tasks status --json`,
		Args: nothing,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context()) },
	}
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) status(ctx context.Context) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	if err := a.load(ctx, h, nil); err != nil {
		return err
	}
	runs, done, err := h.runs(ctx)
	if err != nil {
		return err
	}
	defer done()
	st, err := a.newManager(h, runs).Status(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.emit("status", st)
	}
	return a.write(func(w io.Writer) { a.printStatus(w, st) })
}

// printStatus tells people what is on, what could be, and what is wrong.
func (a *app) printStatus(w io.Writer, st *manager.Status) {
	head := st.Root
	if st.Owner != nil {
		head += ", tasks of " + *st.Owner
	}
	a.table(w, [][]cell{{{oneLine(head), bold}}})
	fmt.Fprintf(w, "%d tasks: %s\n", st.Counts["total"], countWords(st.Counts))

	queue := taskCells(st.Queue())
	if len(queue) == 0 {
		queue = [][]cell{{{"  nothing is queued", dim}}}
	}
	a.part(w, "Queue", queue)
	a.part(w, "Ready, not queued", taskCells(st.Ready()))
	var signals [][]cell
	for _, g := range st.Signals {
		signals = append(signals,
			[]cell{{"  " + oneLine(g.Slug), bold}, {g.Code, yellow}, {oneLine(g.Evidence), plain}},
			[]cell{{"", plain}, {"", plain}, {"try: " + oneLine(g.Command), dim}})
	}
	a.part(w, "Signals", signals)
	looks := map[string]style{"ok": green, "warn": yellow, "bad": red}
	var health [][]cell
	for _, l := range st.Health {
		health = append(health, []cell{{"  " + l.Level, looks[l.Level]}, {l.Key, plain}, {oneLine(l.Text), plain}})
	}
	a.part(w, "Health", health)
}

// part prints rows under a heading; nothing at all where there are none.
func (a *app) part(w io.Writer, heading string, rows [][]cell) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintln(w)
	a.table(w, [][]cell{{{heading, bold}}})
	a.table(w, rows)
}

// taskCells are tasks with where their runs stand.
func taskCells(tasks []manager.Row) [][]cell {
	var rows [][]cell
	for _, t := range tasks {
		state, title := "", ""
		if r, ok := t.Run.(*run.JSON); ok && r != nil && r.State.Active() {
			state = string(r.State)
			if r.Place != nil {
				state = fmt.Sprintf("%d. %s", *r.Place, state)
			}
			if r.Reason != nil {
				state += ", " + r.Reason.Text
			}
		}
		if t.Title != nil {
			title = *t.Title
		}
		rows = append(rows, []cell{{"  " + oneLine(t.Slug), bold}, {oneLine(state), plain}, {oneLine(title), plain}})
	}
	return rows
}

// countWords are the counts of the statuses that occur, in the order of a task's life.
func countWords(counts map[string]int) string {
	var parts []string
	for _, s := range []string{"broken", "not_started", "ready", "in_progress", "blocked", "completed", "cancelled"} {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	if len(parts) == 0 {
		return "none yet"
	}
	return strings.Join(parts, ", ")
}
