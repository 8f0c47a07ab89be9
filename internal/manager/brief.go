package manager

import (
	"context"
	"encoding/json"
	"time"

	"tasks/internal/run"
)

// runBrief is what the model is told of a task's run beyond its record.
type runBrief struct {
	Phase      run.Phase  `json:"phase,omitempty"` // while it is running
	AgeSeconds int64      `json:"age_seconds"`     // since it began, or was queued; to its end where it has one
	Attempts   []tried    `json:"attempts"`
	Done       int        `json:"plan_done"`
	Boxes      int        `json:"plan_steps"`
	Turns      int        `json:"turns"`
	CostUSD    *float64   `json:"cost_usd"`
	LastWords  *string    `json:"last_words"` // of the agent: text of a stranger
	NextRetry  *time.Time `json:"next_retry"`
	Questions  []string   `json:"questions"` // of the agent, that wait for a person
	Unsent     int        `json:"messages_waiting"`
	Verify     []checked  `json:"verify"`   // of the newest attempt
	Diffstat   *Diffstat  `json:"diffstat"` // at most diffFiles files of it
	Omitted    int        `json:"diffstat_omitted"`
	Edited     bool       `json:"worksheet_edited_since_kickoff"`
	Address    string     `json:"page"`
}

type tried struct {
	N       int     `json:"n"`
	Outcome string  `json:"outcome"` // "" while it is on
	Reason  *string `json:"reason"`
}

type checked struct {
	Command string `json:"command"`
	OK      bool   `json:"ok"`
}

// diffFiles is of how many files a brief tells how much of them was changed.
const diffFiles = 30

// runBrief is of the newest run of the task, nil where it has none.
func (m *Manager) runBrief(ctx context.Context, slug string) (*runBrief, error) {
	r, err := m.Runs.Latest(ctx, slug)
	if err != nil || r == nil {
		return nil, err
	}
	v, err := m.View(ctx, slug, r.ID)
	if err != nil {
		return nil, err
	}
	b := &runBrief{
		AgeSeconds: int64(v.age().Seconds()), Attempts: []tried{}, Done: v.Progress.Done, Boxes: len(v.Progress.Boxes), Turns: r.Turns,
		CostUSD: r.CostUSD, Questions: []string{}, Verify: []checked{}, Edited: v.Edited, Address: "/runs/" + r.Slug,
	}
	if r.State == run.Running {
		b.Phase = r.Phase
	}
	if v.Last != "" {
		b.LastWords = &v.Last
	}
	if r.State == run.Retrying && !r.RetryAt.IsZero() {
		at := r.RetryAt.UTC()
		b.NextRetry = &at
	}
	for _, t := range v.Attempts {
		one := tried{N: t.N, Outcome: t.Outcome}
		if t.Reason != nil {
			one.Reason = &t.Reason.Text
		}
		b.Attempts = append(b.Attempts, one)
	}
	for _, q := range v.Open {
		b.Questions = append(b.Questions, q.Tool+" "+q.Title)
	}
	for _, s := range v.Messages {
		if s.SentAt.IsZero() {
			b.Unsent++
		}
	}
	for _, e := range v.Evidence {
		if e.Attempt == r.Attempt {
			b.Verify = append(b.Verify, checked{e.Command, e.OK})
		}
	}
	if b.Diffstat = m.Diffstat(ctx, r); b.Diffstat != nil && len(b.Diffstat.Files) > diffFiles {
		b.Omitted = len(b.Diffstat.Files) - diffFiles
		b.Diffstat.Files = b.Diffstat.Files[:diffFiles]
	}
	return b, nil
}

// age is for how long the run is on, or was.
func (v *RunView) age() time.Duration {
	from, to := v.Run.QueuedAt, v.At
	if !v.Run.StartedAt.IsZero() {
		from = v.Run.StartedAt
	}
	if !v.Run.EndedAt.IsZero() {
		to = v.Run.EndedAt
	}
	return max(to.Sub(from), 0)
}

// withRun puts what there is to tell of the task's run into a brief of it.
func (m *Manager) withRun(ctx context.Context, slug string, brief json.RawMessage) (json.RawMessage, error) {
	b, err := m.runBrief(ctx, slug)
	if err != nil || b == nil {
		return brief, err
	}
	all := map[string]any{}
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(brief, &raw); err != nil {
		return nil, err
	}
	for k, v := range raw {
		all[k] = v
	}
	all["run"] = b
	return json.Marshal(all)
}
