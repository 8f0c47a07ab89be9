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
	"io"
	"os"
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
	Stderr  io.Writer // likewise; where it is the same as Stdout, they get both in the order printed
	Limits  Limits
	Sandbox *Sandbox // nil: none
	// Inherit is held open for as long as anything of the tree is there, by the guardian
	// and not by the program: a lock on such a file lasts that long.
	Inherit []*os.File
}

// Limits bound the tree. Zero means no limit of that kind.
type Limits struct {
	Wall      time.Duration
	Grace     time.Duration // between interrupt and kill; default 2 s
	MaxOutput int64         // bytes of each stream, of both together where one writer takes both; more ends the tree
	Memory    int64         // bytes resident in the whole tree; Linux only
	Processes int           // in the whole tree; Linux only
}

// Sandbox is what the tree may see of the disk. Paths are absolute; one that is not
// there is passed over. Bubblewrap holds it where it works, else Landlock, else
// nothing does, and End.Protected says so. Where Landlock is there and refuses, the program is
// not started. Under Landlock a file made later in a
// folder that also holds a denied path cannot be read.
type Sandbox struct {
	ReadOnly []string // files and folders that may be read and run
	Writable []string // folders that may be written as well
	Protect  []string // paths below Writable that may be read and not written
	Again    []string // folders below Protect that may be written after all
	Deny     []string // paths below those that may not be read at all
	// Whole leaves the disk as it is, the rest of this aside: only the processes are kept
	// together, in a pid namespace where bubblewrap works.
	Whole bool
}

// Cause says why a tree ended.
type Cause string

// The causes.
const (
	Exited     Cause = "exited"
	Signaled   Cause = "signaled"
	TimedOut   Cause = "timeout"
	Canceled   Cause = "cancelled"
	TooMuch    Cause = "output"    // more than MaxOutput
	TooLarge   Cause = "memory"    // more than Memory
	TooMany    Cause = "processes" // more than Processes
	NotStarted Cause = "not_started"
)

// End is how it went.
type End struct {
	Cause     Cause
	Code      int    // exit status, -1 where it was a signal
	Signal    string // where it was one
	Protected string // "bubblewrap", "landlock", or "" : what really held
	LastWords string // end of standard error (of both where one writer takes both), at most 2 KB
	// Lost is set where the guardian itself was killed: without bubblewrap something of the
	// tree may go on then.
	Lost bool
}
