package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tasks/internal/manager"
	"tasks/internal/run"
)

func newStatus(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status [--json]",
		Short: "Show what is going on, what wants attention, and the program's health",
		Long: `Show what the page /status shows: the tasks that a run holds, with state, age, attempt and
what is needed; tasks that are ready and not queued; signals with their likely cause and what
to do about them; and a line for each thing this program leans on.`,
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
	m := a.newManager(h, runs)
	st, err := m.Status(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.emit("status", st)
	}
	newest, err := runs.LatestAll(ctx)
	if err != nil {
		return err
	}
	rows := a.activeRows(m, st, newest)
	return a.write(func(w io.Writer) { a.printStatus(w, st, rows) })
}

// printStatus tells people what is on, what could be, and what is wrong.
func (a *app) printStatus(w io.Writer, st *manager.Status, active [][]cell) {
	head := st.Root
	if st.Owner != nil {
		head += ", tasks of " + *st.Owner
	}
	a.table(w, [][]cell{{{oneLine(head), bold}}})
	fmt.Fprintf(w, "%d %s: %s\n", st.Counts["total"], plural(st.Counts["total"], "task", "tasks"), countWords(st.Counts))

	if len(active) == 0 {
		active = [][]cell{{{"  nothing is going on", dim}}}
	}
	a.part(w, "Active", active)
	a.part(w, "Ready, not queued", readyCells(st.Ready()))
	var signals [][]cell
	for _, g := range st.Groups() {
		name := "  " + oneLine(g[0].Slug)
		for _, s := range g {
			signals = append(signals,
				[]cell{{name, bold}, {s.Code, yellow}, {oneLine(s.Evidence), plain}},
				[]cell{{"", plain}, {"", plain}, {"likely: " + oneLine(s.Cause), dim}},
				[]cell{{"", plain}, {"", plain}, {"try: " + oneLine(s.Command), dim}})
			name = ""
		}
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

// activeRows are the tasks that a run holds: state, age, attempt, owner, how far the plan
// is, and what is needed next.
func (a *app) activeRows(m *manager.Manager, st *manager.Status, newest map[string]*run.Run) [][]cell {
	var rows [][]cell
	for _, t := range st.Queue() {
		j, ok := t.Run.(*run.JSON)
		r := newest[t.Slug]
		if !ok || j == nil || r == nil {
			continue
		}
		state, attempt, owner, plan := string(j.State), "", "", ""
		if j.Place != nil {
			state = fmt.Sprintf("%d. %s", *j.Place, state)
		} else if r.State == run.Running && r.Phase != "" && r.Phase != run.Working {
			state += ", " + string(r.Phase)
		}
		if r.Attempt > 0 {
			attempt = fmt.Sprintf("attempt %d", r.Attempt)
		}
		if t.Owner != nil {
			owner = *t.Owner
		}
		if p := m.ProgressOf(r); len(p.Boxes) > 0 {
			plan = fmt.Sprintf("%d/%d", p.Done, len(p.Boxes))
		}
		rows = append(rows, []cell{
			{"  " + oneLine(t.Slug), bold}, {state, runLook(j.State)}, {age(m.Now().Sub(since(r))), dim}, {attempt, plain},
			{oneLine(owner), plain}, {plan, plain}, {oneLine(needed(r, j.Reason)), plain},
		})
	}
	return rows
}

// since is when the run came to where it is, as far as its record tells.
func since(r *run.Run) time.Time {
	switch {
	case !r.EndedAt.IsZero():
		return r.EndedAt
	case !r.StartedAt.IsZero():
		return r.StartedAt
	}
	return r.QueuedAt
}

// needed says what a run waits for, and who is to act where a person is.
func needed(r *run.Run, why *run.Reason) string {
	switch {
	case r.State == run.Review:
		return "review it: tasks run diff " + shellWord(r.Slug)
	case r.State == run.Running && r.Phase == run.Asking:
		return "it asks: tasks run show " + shellWord(r.Slug)
	case r.State == run.Retrying && !r.RetryAt.IsZero():
		return "next attempt at " + r.RetryAt.Local().Format("15:04:05") + ": " + reasonText(r)
	case why != nil:
		return why.Text
	case r.State == run.Queued:
		return "its turn"
	}
	return ""
}

// age is how long something is so, in one grain.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(int(d.Seconds()), 0))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// readyCells are tasks that say ready and were not kicked off.
func readyCells(tasks []manager.Row) [][]cell {
	var rows [][]cell
	for _, t := range tasks {
		title := ""
		if t.Title != nil {
			title = *t.Title
		}
		rows = append(rows, []cell{{"  " + oneLine(t.Slug), bold}, {oneLine(title), plain}})
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
