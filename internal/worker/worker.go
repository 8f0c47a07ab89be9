// Package worker is coding agents behind one interface: how each is started, how what it
// says is read, how its end is judged, and how its session is taken up again.
//
// Run starts an agent's program in the worktree as one supervised tree, turns what it
// prints into events of the run's log, bounds it in time, silence, turns and money, and
// returns how it ended. An end always has a reason, whatever the program did. What an
// agent prints is text of strangers: nothing of it is ever run or believed beyond
// what its own result says of its own work.
package worker

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/process"
	"tasks/internal/runlog"
)

// Agent is one kind of coding agent on this machine.
type Agent interface {
	// Name is "claude", "codex", "opencode", or the base name of a program.
	Name() string
	// Probe makes sure that the program is there and can do what Run asks of it.
	// Unavailable, with what is missing, where it cannot.
	Probe(ctx context.Context) (Version, error)
	// Command is how the program is started for one turn.
	Command(s Spec) (Command, error)
	// Decoder reads what the program prints in the turn.
	Decoder(s Spec) Decoder
}

// Version is what a program says of itself; Text may be "".
type Version struct {
	Path string
	Text string
}

// Command is a command line, beside which the sandbox, limits and streams are Run's.
type Command struct {
	Path     string   // absolute
	Args     []string // without the program's name
	Env      []string // added to Spec.Env, or in its place where the key is the same
	Stdin    string
	Writable []string // folders of its own that it must be able to write, made where they are not there
	Secrets  []string // values of Env that must not be seen in what it prints
}

// Decoder turns lines into events and keeps what the end is judged by. It never fails:
// a line it does not understand is passed over.
type Decoder interface {
	// Line takes one line of standard output, without its end, and returns its events.
	Line(line []byte) []runlog.Event
	// Result judges the end.
	Result(end process.End) Result
}

// Spec is one turn of an agent.
type Spec struct {
	Dir, RunDir, TmpDir string // worktree, the run's folder of the state, the run's own temporary folder
	Prompt              string
	Session             string // of an earlier turn; "" for none
	Resume              bool   // take that session up again
	Env                 []string
	Turns               int     // at most, 0 for no limit
	BudgetUSD           float64 // at most, 0 for no limit
	Wall, Stall, Grace  time.Duration
	Sandbox             *process.Sandbox
	Lock                *os.File // held until nothing of the tree is left; nil: none
	Raw                 io.Writer
	// Ask puts a question of the agent to a person and waits for the answer, while which
	// the silence does not count. nil: every question is answered with no.
	Ask func(context.Context, Question) Decision
}

// Question is what an agent wants to do and may not unasked.
type Question struct {
	Tool  string
	Title string // one line about it
	Input json.RawMessage
}

// Decision answers it.
type Decision struct {
	Allow bool
	Why   string
}

// The outcomes of a turn.
const (
	Finished = "finished" // the agent says that it is done
	Failed   = "failed"
	Stopped  = "stopped" // it was asked to end
)

// Result is how a turn ended. Code and Text say why in the words of package run.
type Result struct {
	Outcome   string
	Code      string
	Text      string
	Exit      *int   // nil where the program did not end by itself
	Session   string // to take it up again, "" where it has none
	LastWords string
	Tokens    runlog.Tokens
	Retry     bool          // it may work another time
	After     time.Duration // not before that
	Forget    bool          // the session is lost: another time begin a new one
}

// Options are what agents need to be found and started.
type Options struct {
	Root              string // the checkout: no program of it is ever run
	Getenv            func(string) (string, bool)
	Claude            string // TASKS_CLAUDE
	Anthropic, OpenAI config.Endpoint
}

// Find is the agent that the setting TASKS_WORKER names: one of the known names, or the
// absolute path of a program. Unavailable where it is not there, Forbidden where an agent
// could have written it, Usage for another word.
func Find(name string, o Options) (Agent, error) {
	if filepath.IsAbs(name) {
		// The user named this very file, which no file of the root can do for them; only
		// where agents write it is refused.
		path, err := process.Look(name, filepath.Join(o.Root, ".worktrees"))
		if err != nil {
			return nil, err
		}
		return &program{path: path}, nil
	}
	if make, ok := known[name]; ok {
		return make(o)
	}
	return nil, fault.New(fault.Usage, "there is no agent %q", name).
		WithHint("TASKS_WORKER is claude, codex, opencode, or the absolute path of a program")
}

// known are the agents with a protocol of their own; each file adds its own.
var known = map[string]func(Options) (Agent, error){}
