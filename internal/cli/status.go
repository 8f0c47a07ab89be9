package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/store"
)

func newStatus(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the queue, what wants attention, and the program's health",
		Long:  `Show what the page /status shows: the queue, tasks that are ready and not queued, signals with what to do about them, and a line for each thing this program leans on.`,
		Example: `  tasks status
  tasks status --json`,
		Args: cobra.NoArgs,
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
	defer h.repo.Close()
	s, err := a.managerSettings(ctx, h)
	if err != nil {
		return err
	}
	db, err := store.OpenExisting(ctx, h.git.StateDir())
	if err != nil {
		return err
	}
	if db != nil {
		defer db.Close()
	}
	st, err := newManager(h, run.New(db), s).Status(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON("status", st)
	}
	_, err = a.stdout.Write([]byte(statusText(st)))
	return err
}

// statusText is the status for people: what is on, what could be, what is wrong.
func statusText(st *manager.Status) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", st.Root)
	if st.Owner != nil {
		fmt.Fprintf(&b, "tasks of %s\n", *st.Owner)
	}
	fmt.Fprintf(&b, "%d tasks: %s\n", st.Counts["total"], countText(st.Counts))

	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	rows(w, "queue", "nothing is queued", st.Queue())
	rows(w, "ready, not queued", "", st.Ready())
	if len(st.Signals) > 0 {
		fmt.Fprint(w, "\nsignals\n")
	}
	for _, g := range st.Signals {
		fmt.Fprintf(w, "  %s\t%s\t%s\n\t\t%s\n", plainText(g.Slug), g.Code, plainText(g.Evidence), plainText(g.Command))
	}
	fmt.Fprint(w, "\nhealth\n")
	for _, h := range st.Health {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", h.Level, h.Key, plainText(h.Text))
	}
	w.Flush()
	return b.String()
}

// rows prints tasks under a heading; with none the words, or nothing where empty is "".
func rows(w *tabwriter.Writer, heading, empty string, tasks []manager.Row) {
	if len(tasks) == 0 && empty == "" {
		return
	}
	fmt.Fprintf(w, "\n%s\n", heading)
	if len(tasks) == 0 {
		fmt.Fprintf(w, "  %s\n", empty)
	}
	for _, t := range tasks {
		state := "ready"
		if r, ok := t.Run.(*run.JSON); ok && r != nil && r.State.Active() {
			state = string(r.State)
			if r.Place != nil {
				state = fmt.Sprintf("%d %s", *r.Place, state)
			}
			if r.Reason != nil {
				state += ": " + r.Reason.Text
			}
		}
		title := ""
		if t.Title != nil {
			title = *t.Title
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", plainText(t.Slug), plainText(state), plainText(title))
	}
}

// countText is the counts of the statuses that occur, in the order of a task's life.
func countText(counts map[string]int) string {
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

// plainText is s for a terminal and a table: no control character of a file's text
// reaches them.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}
