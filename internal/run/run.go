// Package run is the records of runs: the work on a task from kickoff to its end.
// A task has at most one active run; the database itself holds that.
package run

import (
	"context"
	"time"

	"tasks/internal/store"
)

// State is where a run stands.
type State string

// The states of the contract. The first seven are active.
const (
	Queued      State = "queued"
	Blocked     State = "blocked"
	Dispatching State = "dispatching"
	Running     State = "running"
	Retrying    State = "retrying"
	Verifying   State = "verifying"
	Review      State = "review"
	Accepted    State = "accepted"
	Rejected    State = "rejected"
	Failed      State = "failed"
	Interrupted State = "interrupted"
)

// Active tells whether the run still holds its task.
func (s State) Active() bool { panic("skeleton") }

// Reason says why a run is where it is.
type Reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Run is one record. Place is the place in the queue, from 1, while it is queued
// or blocked, and 0 otherwise.
type Run struct {
	ID, Slug, Path               string
	State                        State
	Reason                       *Reason
	Place                        int
	Attempt                      int
	Worker, Session              string
	Branch, Base, Worktree       string
	Worksheet                    []byte
	Hash, Note, Source, Priority string
	CostUSD                      *float64
	PRURL                        string
	QueuedAt, StartedAt, EndedAt time.Time // zero where not yet
}

// Store holds the runs of one checkout.
type Store struct{}

// New makes a store; a nil db is an empty one that cannot be written.
func New(db *store.DB) *Store { panic("skeleton") }

// Enqueue records a queued run. Where the task has an active run already it
// returns that one and false.
func (s *Store) Enqueue(ctx context.Context, r Run) (Run, bool, error) { panic("skeleton") }

// Unqueue takes a queued or blocked run of slug out; NotFound where there is none,
// Conflict where it is past the queue.
func (s *Store) Unqueue(ctx context.Context, slug string) (Run, error) { panic("skeleton") }

// Latest is the newest run of slug, nil where there is none.
func (s *Store) Latest(ctx context.Context, slug string) (*Run, error) { panic("skeleton") }

// LatestAll is the newest run of every task that has one, by slug.
func (s *Store) LatestAll(ctx context.Context) (map[string]*Run, error) { panic("skeleton") }
