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

// attemptJSON is an attempt in its JSON form.
type attemptJSON struct {
	N            int         `json:"n"`
	Worker       *string     `json:"worker"`
	Session      *string     `json:"session"`
	StartedAt    time.Time   `json:"started_at"`
	EndedAt      *time.Time  `json:"ended_at"`
	Outcome      *string     `json:"outcome"`
	Reason       *run.Reason `json:"reason"`
	ExitCode     *int        `json:"exit_code"`
	LastWords    *string     `json:"last_words"`
	Commits      []string    `json:"commits"`
	Turns        int         `json:"turns"`
	InputTokens  int64       `json:"input_tokens"`
	OutputTokens int64       `json:"output_tokens"`
	CostUSD      *float64    `json:"cost_usd"`
}

func newRunShow(a *app) *cobra.Command {
	var id string
	cmd := &cobra.Command{
		Use:   "show SLUG [--run ID] [--json]",
		Short: "Show a run: its state, attempts, evidence and change",
		Long:  `Show a run: how it stands and why, its attempts, what verify said, and what it changed.`,
		Args:  one("SLUG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onRun(cmd.Context(), func(ctx context.Context, h *house, m *manager.Manager) error {
				v, err := m.View(ctx, h.name(args[0]), id)
				if err != nil {
					return err
				}
				if a.json {
					return a.emit("run", struct {
						Run      *run.JSON         `json:"run"`
						Attempts []attemptJSON     `json:"attempts"`
						Diffstat *manager.Diffstat `json:"diffstat"`
					}{v.Run.JSON(), attemptsJSON(v.Attempts), m.Diffstat(ctx, v.Run)})
				}
				stat := m.Diffstat(ctx, v.Run)
				return a.write(func(w io.Writer) { a.printView(w, v, stat) })
			})
		},
	}
	runFlag(cmd, &id)
	a.jsonFlag(cmd)
	return cmd
}

func attemptsJSON(all []run.Attempt) []attemptJSON {
	out := []attemptJSON{}
	for _, t := range all {
		j := attemptJSON{
			N: t.N, Worker: orNull(t.Worker), Session: orNull(t.Session), StartedAt: t.StartedAt, EndedAt: orNull(t.EndedAt),
			Outcome: orNull(t.Outcome), Reason: t.Reason, ExitCode: t.ExitCode, LastWords: orNull(t.LastWords), Commits: t.Commits,
			Turns: t.Turns, InputTokens: t.InputTokens, OutputTokens: t.OutputTokens, CostUSD: t.CostUSD,
		}
		if j.Commits == nil {
			j.Commits = []string{}
		}
		out = append(out, j)
	}
	return out
}

// orNull is nil for the zero value.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// printView tells people all about a run.
func (a *app) printView(w io.Writer, v *manager.RunView, stat *manager.Diffstat) {
	r := v.Run
	a.table(w, [][]cell{{{oneLine(r.Slug), bold}, {stateWords(r), runLook(r.State)}}})
	row := func(key, value string) []cell { return []cell{{"  " + key, dim}, {oneLine(value), plain}} }
	rows := [][]cell{row("run", r.ID)}
	if r.Worker != "" {
		rows = append(rows, row("agent", strings.TrimSpace(r.Worker+" "+r.Session)))
	}
	if r.Branch != "" {
		rows = append(rows, row("branch", r.Branch+" onto "+r.Base), row("worktree", r.Worktree))
	} else {
		rows = append(rows, row("base", r.Base))
	}
	if !r.StartedAt.IsZero() {
		end := v.At
		if !r.EndedAt.IsZero() {
			end = r.EndedAt
		}
		rows = append(rows, row("time", took(end.Sub(r.StartedAt))))
	}
	if r.CostUSD != nil || r.Turns > 0 {
		rows = append(rows, row("cost", fmt.Sprintf("%s, %d turns, %d tokens in, %d out", orWord(cost(r.CostUSD), "unknown"), r.Turns, r.InputTokens, r.OutputTokens)))
	}
	if !r.RetryAt.IsZero() {
		rows = append(rows, row("next attempt", r.RetryAt.Local().Format("15:04:05")))
	}
	if n := len(v.Progress.Boxes); n > 0 {
		rows = append(rows, row("plan", fmt.Sprintf("%d of %d steps ticked", v.Progress.Done, n)))
	}
	if stat != nil {
		rows = append(rows, row("change", stat.Words()))
	}
	if v.Last != "" {
		rows = append(rows, row("last words", v.Last))
	}
	a.table(w, rows)
	for _, q := range v.Open {
		fmt.Fprintf(w, "  asks: %s %s\n", oneLine(q.Tool), oneLine(q.Title))
	}
	var list [][]cell
	for _, t := range v.Attempts {
		how := orWord(t.Outcome, "on")
		if t.Reason != nil {
			how += ": " + t.Reason.Text
		}
		list = append(list, []cell{{fmt.Sprintf("  %d", t.N), bold}, {t.StartedAt.Local().Format("15:04:05"), dim}, {oneLine(how), plain}})
	}
	a.part(w, "Attempts", list)
	list = nil
	for _, e := range v.Evidence {
		word, look := "passed", green
		if !e.OK {
			word, look = "failed", red
		}
		list = append(list, []cell{{fmt.Sprintf("  %d", e.Attempt), bold}, {word, look}, {oneLine(e.Command), plain}, {took(e.Took), dim}})
	}
	a.part(w, "Verify", list)
}

func orWord(s, word string) string {
	if s == "" {
		return word
	}
	return s
}
