// Package process is one supervised subprocess tree: own group, input from a
// reader, output capped, interrupt, grace, kill, and a reason for its end.
//
// Every descendant ends with it, also one that made a session of its own, and also
// when this program itself is killed: between us and the program stands this same
// binary as a guardian (Guardian), which is the children's subreaper, applies
// memory and process limits and, where asked for, Landlock or bubblewrap, and ends
// the tree when the pipe to us closes.
package process

import (
	"context"
	"io"
	"time"
)

// Spec is what to run.
type Spec struct {
	Path    string   // absolute
	Args    []string // without the program's name
	Dir     string
	Env     []string // the whole environment
	Stdin   io.Reader
	Stdout  io.Writer // gets at most MaxOutput bytes
	Stderr  io.Writer // likewise
	Limits  Limits
	Sandbox *Sandbox // nil: none
}

// Limits bound the tree. Zero means no limit of that kind.
type Limits struct {
	Wall      time.Duration
	Grace     time.Duration // between interrupt and kill; default 2 s
	MaxOutput int64         // bytes of each stream; more ends the tree
	Memory    int64         // bytes of address space or resident memory, as the system can
	Processes int
}

// Sandbox is what the tree may see of the disk.
type Sandbox struct {
	ReadOnly []string // paths that may be read
	Writable []string
	Deny     []string // paths below those that may not be read at all
}

// Cause says why a tree ended.
type Cause string

// The causes.
const (
	Exited     Cause = "exited"
	Signaled   Cause = "signaled"
	TimedOut   Cause = "timeout"
	Canceled   Cause = "cancelled"
	TooMuch    Cause = "output" // more than MaxOutput
	NotStarted Cause = "not_started"
)

// End is how it went.
type End struct {
	Cause     Cause
	Code      int    // exit status, -1 where it was a signal
	Signal    string // where it was one
	Protected string // "bubblewrap", "landlock", or "" : what really held
	LastWords string // end of standard error, at most 2 KB
}

// Run runs the tree to its end. The error is for what could not be started; how a
// started tree ended is in End.
func Run(ctx context.Context, s Spec) (End, error) { panic("skeleton") }

// Guardian is the entry of the guardian process: main calls it before anything
// else, and it returns false at once where this process is not one.
func Guardian() bool { return false }
