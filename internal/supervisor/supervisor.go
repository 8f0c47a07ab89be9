// Package supervisor is the process that holds a run: one attempt, from the lease to
// the record of its end.
//
// It is a process of its own and outlives the server that started it. It takes the
// lock of its task, which its agent's guardian holds as well, so that the kernel itself
// sees to it that no two agents work on a task; takes the lease and renews it; makes or
// finds the worktree, runs the hooks, starts the agent, follows it into the run's log, and
// bounds it in time, silence, turns and money. When the agent ends, whatever it left uncommitted
// is committed as such, messages that came meanwhile are given to it in the same session,
// the task's verify commands are run from the bytes that were kicked off, and only then
// is the run ready for review. The end is recorded with a reason, whatever it is.
//
// Whoever loses the lease ends the agent and writes nothing any more.
package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/process"
	"tasks/internal/run"
	"tasks/internal/runlog"
	"tasks/internal/task"
	"tasks/internal/trust"
	"tasks/internal/worktree"
)

// InboxFile in the run's folder is touched to make the supervisor look for messages,
// answers and a stop.
const InboxFile = "inbox"

// KickFile in the state folder tells a running server to look.
const KickFile = "kick"

// Config is what a supervisor works with. All of it is needed, but for Now and Log.
type Config struct {
	Git      *git.Checkout
	StateDir string
	Runs     *run.Store
	Settings *config.Settings
	Trust    *trust.Book
	UserDir  string // the user's configuration of this program
	Getenv   func(string) (string, bool)
	Log      *slog.Logger     // nil: silent
	Now      func() time.Time // nil: time.Now
}

// Causes for which the agent's context ends.
var (
	errNow  = errors.New("a message interrupts")
	errQuit = errors.New("the supervisor was asked to end")
)

// stopped is the cause where a person, or the manager, ends the run.
type stopped struct{ why string }

func (s stopped) Error() string { return s.why }

// supervisor is one attempt.
type supervisor struct {
	Config
	token  string
	dir    string // the run's folder
	tmp    string // the run's own temporary folder
	lock   *os.File
	log    *runlog.Writer
	trees  *worktree.Trees
	author []string // who commits, where the user has not told git
	tree   worktree.Tree
	sheet  *task.Task // as kicked off
	limits config.Manager

	mu       sync.Mutex
	run      *run.Run
	base     use // what earlier attempts used
	spent    use // what the ended turns of this one did
	present  use // what the present turn did so far
	saved    time.Time
	inTurn   context.CancelCauseFunc // ends the agent's present turn; nil where none is on
	given    []int64                 // the messages that are in its prompt
	started  time.Time
	commits  []string
	wake     chan struct{} // closed by the next look; nil while nobody waits for one
	open     int           // questions that wait for an answer
	exit     *int
	lastSaid string
}

// use is what an agent used.
type use struct {
	turns         int
	input, output int64
	cost          float64
	costKnown     bool
}

func (u use) plus(o use) use {
	return use{u.turns + o.turns, u.input + o.input, u.output + o.output, u.cost + o.cost, u.costKnown || o.costKnown}
}

// Run does one attempt of the run that the token claims. The error is for what kept the
// attempt from beginning or its end from being recorded; how the attempt itself went is
// in the run. ctx is the process's own: when it ends, the agent is ended, what it left is
// committed and the run waits for its next attempt.
func Run(ctx context.Context, c Config, id, token string) error {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	r, err := c.Runs.ByID(ctx, id)
	if err != nil {
		return err
	}
	if r == nil {
		return fault.New(fault.NotFound, "there is no run %s", id)
	}
	s := &supervisor{Config: c, token: token, dir: run.Dir(c.StateDir, id), run: r, limits: c.Settings.Manager}
	if s.lock, err = lockTask(ctx, c.StateDir, r.Slug); err != nil {
		return err
	}
	defer s.lock.Close()
	start, err := process.StartTime(os.Getpid())
	if err != nil {
		return err
	}
	if s.run, err = c.Runs.Take(ctx, id, token, os.Getpid(), start, c.Now()); err != nil {
		return err
	}
	s.kick()
	return s.hold(ctx)
}

// hold is the attempt under the lease.
func (s *supervisor) hold(ctx context.Context) error {
	var err error
	if s.log, err = runlog.Open(s.dir, s.run.Attempt); err != nil {
		return s.finish(end{state: run.Retrying, outcome: run.Fail, reason: reasonOf(run.Workspace, err)})
	}
	defer s.log.Close()
	s.started = s.Now()
	s.base = use{s.run.Turns, s.run.InputTokens, s.run.OutputTokens, 0, s.run.CostUSD != nil}
	if s.run.CostUSD != nil {
		s.base.cost = *s.run.CostUSD
	}
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	quit := context.AfterFunc(ctx, func() { cancel(errQuit) })
	defer quit()
	var renewing sync.WaitGroup
	defer renewing.Wait()
	held, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	renewing.Go(func() { s.renew(held, cancel) })
	s.note(runlog.Event{Type: runlog.State, Status: string(run.Running)})
	e := s.attempt(work)
	if errors.Is(context.Cause(work), run.ErrLost) {
		return run.ErrLost // everything from here on is another's
	}
	if cause := context.Cause(work); cause != nil && e.state == run.Failed {
		e = s.cut(cause) // it failed because it was asked to end, wherever it was then
	}
	return s.finish(e)
}

// end is how an attempt went.
type end struct {
	state   run.State
	reason  *run.Reason
	outcome string
	after   time.Duration // no earlier retry than this
	retry   bool          // a failure that may be tried again
}

// finish records the end, and gives the run to those who wait for it.
func (s *supervisor) finish(e end) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.run
	r.State, r.Reason = e.state, e.reason
	if e.state == run.Failed && e.retry {
		s.planRetry(ctx, r, e)
	} else if e.state == run.Retrying {
		r.RetryAt = s.Now().Add(e.after)
	}
	spent := s.spent.plus(s.present)
	a := run.Attempt{
		N: r.Attempt, Worker: r.Worker, Session: r.Session, Outcome: e.outcome, Reason: e.reason, ExitCode: s.exit, LastWords: s.lastSaid,
		Commits: s.commits, Turns: spent.turns, InputTokens: spent.input, OutputTokens: spent.output,
	}
	if spent.costKnown {
		a.CostUSD = &spent.cost
	}
	s.total()
	if s.log != nil {
		said := runlog.Event{Type: runlog.End, Status: e.outcome, Exit: s.exit}
		if e.reason != nil {
			said.Name, said.Text = e.reason.Code, e.reason.Text
		}
		s.append(said)
		s.append(runlog.Event{Type: runlog.State, Status: string(r.State), Text: said.Text})
	}
	err := s.Runs.Finish(ctx, r, s.token, a, s.Now())
	if err == nil && r.State == run.Review {
		// A message that came too late for this attempt starts the next one. Its sender looks at
		// the state after writing it, we look for it after writing the state: one of us sees.
		if waiting, looked := s.Runs.Messages(ctx, r.ID, true); looked == nil && len(waiting) > 0 {
			_, err = s.Runs.Move(ctx, r.ID, []run.State{run.Review}, run.Retrying,
				&run.Reason{Code: run.Messaged, Text: "a message waits for the agent"}, s.Now(), s.Now())
		}
	}
	s.kick()
	return err
}

// planRetry makes a failure a wait for the next attempt, while there may be one.
func (s *supervisor) planRetry(ctx context.Context, r *run.Run, e end) {
	failed := 1
	before, err := s.Runs.Attempts(ctx, r.ID)
	if err != nil {
		s.Log.Error("the attempts cannot be read", "run", r.ID, "err", err)
	}
	for i := len(before) - 1; i >= 0; i-- {
		if before[i].N == r.Attempt || before[i].Outcome == run.Lost {
			continue
		}
		if before[i].Outcome != run.Fail {
			break
		}
		failed++
	}
	m := s.limits
	if failed >= m.Attempts {
		if failed > 1 {
			r.Reason = &run.Reason{Code: e.reason.Code, Text: fmt.Sprintf("%s (attempt %d of %d)", e.reason.Text, failed, m.Attempts)}
		}
		return
	}
	wait := m.RetryDelay
	for i := 1; i < failed && wait < m.RetryMax; i++ {
		wait *= 2
	}
	wait = max(min(wait, m.RetryMax), e.after)
	r.State, r.RetryAt = run.Retrying, s.Now().Add(wait)
}

// total writes what was used into the run. s.mu is held.
func (s *supervisor) total() {
	sum := s.base.plus(s.spent).plus(s.present)
	s.run.Turns, s.run.InputTokens, s.run.OutputTokens = sum.turns, sum.input, sum.output
	if sum.costKnown {
		s.run.CostUSD = &sum.cost
	}
}

// kick tells a running server to look.
func (s *supervisor) kick() {
	name := filepath.Join(s.StateDir, KickFile)
	if err := os.WriteFile(name, []byte(s.Now().UTC().Format(time.RFC3339Nano)+"\n"), 0o600); err != nil {
		s.Log.Warn("a running server was not told", "path", name, "err", err)
	}
}

func reasonOf(code string, err error) *run.Reason {
	text := err.Error()
	if hint := fault.HintOf(err); hint != "" {
		text += " (" + hint + ")"
	}
	return &run.Reason{Code: code, Text: text}
}
