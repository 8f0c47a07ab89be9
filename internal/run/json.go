package run

import "time"

// JSON is the contract's Run, the one form in which a run is shown to programs.
// An absent value is null.
type JSON struct {
	ID        string     `json:"id"`
	Slug      string     `json:"slug"`
	State     State      `json:"state"`
	Reason    *Reason    `json:"reason"`
	Place     *int       `json:"place"`
	Attempt   int        `json:"attempt"`
	Worker    *string    `json:"worker"`
	Session   *string    `json:"session"`
	Branch    *string    `json:"branch"`
	Base      *string    `json:"base"`
	Worktree  *string    `json:"worktree"`
	QueuedAt  *time.Time `json:"queued_at"`
	StartedAt *time.Time `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at"`
	CostUSD   *float64   `json:"cost_usd"`
	PRURL     *string    `json:"pr_url"`
	PR        *Pull      `json:"pr"`
}

// JSON is r in its JSON form; nil, which is written as null, for a nil r.
func (r *Run) JSON() *JSON {
	if r == nil {
		return nil
	}
	return &JSON{
		ID: r.ID, Slug: r.Slug, State: r.State, Reason: r.Reason,
		Place: orNil(r.Place), Attempt: r.Attempt,
		Worker: orNil(r.Worker), Session: orNil(r.Session),
		Branch: orNil(r.Branch), Base: orNil(r.Base), Worktree: orNil(r.Worktree),
		QueuedAt: orNil(r.QueuedAt), StartedAt: orNil(r.StartedAt), EndedAt: orNil(r.EndedAt),
		CostUSD: r.CostUSD, PRURL: orNil(r.PRURL), PR: orNil(r.Pull),
	}
}

// orNil is nil for the zero value.
func orNil[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
