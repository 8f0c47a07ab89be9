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

// Leased tells whether a supervisor is to hold the run.
func (s State) Leased() bool { return s == Dispatching || s == Running || s == Verifying }

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

// The reasons of a run that is over, waits for its next attempt, or rests in review.
const (
	Finished    = "finished"  // the agent said it is done and what is asked for holds
	AgentFailed = "agent"     // it ended with an error
	VerifyFails = "verify"    // a command of the task's verify failed
	Stalled     = "stall"     // no word of it for too long
	TimedOut    = "timeout"   // it took longer than it may
	TurnLimit   = "turns"     // it took more turns than it may
	Budget      = "budget"    // it spent more than it may
	Model       = "model"     // its model could not be reached or refused
	Login       = "login"     // its program is not logged in, or its key is wrong
	Program     = "program"   // its program is not there or too old
	HookFailed  = "hook"      // after_create or before_run failed
	Workspace   = "workspace" // its worktree could not be made or is not as we left it
	NoPrompt    = "prompt"    // its prompt could not be made
	Crashed     = "crash"     // its supervisor was lost
	Stopped     = "stopped"   // a person stopped it
	Messaged    = "message"   // a person's message starts it again
	Rebased     = "rebased"   // it stands on a new base: verify runs again, without its agent
	TaskOver    = "task_over" // its task was completed or cancelled by other means
	Landed      = "landed"    // it was accepted
	Declined    = "declined"  // it was rejected
)

// Reason says why a run is where it is.
type Reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Pull is what a forge said of a pull request; zero where it was never asked.
type Pull struct {
	State     string `json:"state"`     // open, merged, closed
	Checks    string `json:"checks"`    // passing, failing, pending, "" for none
	Conflicts bool   `json:"conflicts"` // with its base
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
	Pull                         Pull      // what the forge said last of it
	QueuedAt, StartedAt, EndedAt time.Time // zero where not yet; EndedAt also on review

	Title, Workstream, Owner string // of the task at kickoff
	Lease                    string // token of the claim, "" where nobody holds it
	LeaseUntil               time.Time
	PID                      int    // of the supervisor
	PIDStart                 string // when it started, as the system tells
	Phase                    Phase
	RetryAt                  time.Time
	Crashes                  int    // supervisors lost since an attempt last ended by itself
	Begin, Head              string // commits: where the branch began, what is under review
	Port                     int    // first of its Ports, 0 for none yet
	Turns                    int    // of all attempts, as are the tokens and CostUSD
	InputTokens              int64
	OutputTokens             int64
	EventAt                  time.Time // of the newest word of the agent
	Stop                     string    // why it is asked to end, "" where it is not
	LandedAs                 string    // commit that brought it onto the base
	Proof                    bool      // the work stands on a new base: the next attempt is of verify alone
}

// Ports is how many ports in a row a run has for itself.
const Ports = 10

// Phase is what a run at work is doing, for people.
type Phase string

// The phases.
const (
	Preparing Phase = "preparing" // worktree and hooks
	Working   Phase = "working"   // the agent is at it
	Asking    Phase = "asking"    // the agent waits for a person's answer
	Checking  Phase = "checking"  // verify
)

// newID makes an id that nobody can guess and that sorts by time: 48 bits of
// milliseconds, 80 random ones.
func newID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	rand.Read(b[6:]) // never fails
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}
