// Package run is the records of runs: the work on a task from kickoff to its end.
// A task has at most one active run; the database itself holds that.
//
// The queue is the queued and blocked runs, by priority (none counts as p2) and,
// within one, in the order of their kickoffs.
package run

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
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
func (s State) Active() bool {
	switch s {
	case Queued, Blocked, Dispatching, Running, Retrying, Verifying, Review:
		return true
	}
	return false
}

// Waiting tells whether the run is still in the queue: nothing was started for it.
func (s State) Waiting() bool { return s == Queued || s == Blocked }

// The reasons of a blocked run.
const (
	Dependency = "dependency" // a task it depends on is not completed
	Invalid    = "invalid"    // its worksheet no longer passes the check
	Changed    = "changed"    // its worksheet is not the one kicked off
	Limit      = "limit"      // as many runs as may be are on
	Owner      = "owner"      // it is not this manager's
	Untrusted  = "untrusted"  // the root's own commands are not trusted
)

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

// newID makes an id that nobody can guess and that sorts by time: 48 bits of
// milliseconds, 80 random ones.
func newID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	rand.Read(b[6:]) // never fails
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}
