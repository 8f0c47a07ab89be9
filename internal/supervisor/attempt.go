package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/runlog"
	"tasks/internal/task"
	"tasks/internal/trust"
	"tasks/internal/worker"
	"tasks/internal/workflow"
	"tasks/internal/worktree"
)

// attempt is the work between lease and end.
func (s *supervisor) attempt(ctx context.Context) end {
	s.sheet = task.Parse(s.run.Path, s.run.Worksheet)
	flow, err := workflow.Load(s.Git.Root, s.UserDir)
	if err != nil {
		return failed(run.NoPrompt, err, true)
	}
	s.limits, _ = flow.Limits(s.Settings.Manager) // what does not count of it is told by the manager's health
	if e := s.trusted(flow); e != nil {
		return *e
	}
	work := s.again
	proves, err := s.proves(ctx)
	if err != nil {
		return failed(run.NoPrompt, err, true)
	}
	if !proves {
		agent, e := s.agent(ctx)
		if e != nil {
			return *e
		}
		work = func(ctx context.Context) end { return s.work(ctx, flow, agent) }
	}
	if e := s.prepare(ctx, flow); e != nil {
		return *e
	}
	defer os.RemoveAll(s.tmp)
	how := work(ctx)
	if !errors.Is(context.Cause(ctx), run.ErrLost) {
		s.hook(context.WithoutCancel(ctx), flow, workflow.AfterRun)
	}
	return how
}

// trusted refuses the root's own commands where the user did not allow them. The manager asks
// the same before it starts a run; the worksheet that was kicked off may be an older one.
func (s *supervisor) trusted(flow *workflow.Workflow) *end {
	commands := append(trust.Commands([]*task.Task{s.sheet}), flow.Commands()...)
	standing, err := s.Trust.Look(s.Git.Root, commands)
	if err == nil && standing.May() {
		return nil
	}
	if err == nil {
		err = fault.New(fault.Forbidden, "the repository's own commands are not trusted").WithHint("tasks trust shows and allows them")
	}
	e := failed(run.Untrusted, err, false)
	return &e
}

// agent finds the agent's program and makes sure that it can do what is asked of it.
func (s *supervisor) agent(ctx context.Context) (worker.Agent, *end) {
	a, err := worker.Find(s.Settings.Worker, worker.Options{
		Root: s.Git.Root, Getenv: s.Getenv, Claude: s.Settings.Claude, Anthropic: s.Settings.Anthropic, OpenAI: s.Settings.OpenAI,
	})
	if err == nil {
		s.set(func(r *run.Run) { r.Worker = a.Name() })
		_, err = a.Probe(ctx)
	}
	if err != nil {
		e := failed(run.Program, err, false)
		return nil, &e
	}
	return a, nil
}

// prepare makes the worktree, the ports and the temporary folder, and runs the hooks that
// come before the agent.
func (s *supervisor) prepare(ctx context.Context, flow *workflow.Workflow) *end {
	bad := func(code string, err error, retry bool) *end {
		e := failed(code, err, retry)
		return &e
	}
	s.trees = &worktree.Trees{Git: s.Git, StateDir: s.StateDir}
	var err error
	s.tree, err = s.trees.Ensure(ctx, worktree.Want{
		Run: s.run.ID, Slug: s.run.Slug, Base: s.run.Base, Path: s.run.Path, Worksheet: s.run.Worksheet, Title: s.run.Title, Begin: s.run.Begin,
	})
	if err != nil {
		return bad(run.Workspace, err, fault.CodeOf(err) != fault.Conflict)
	}
	s.set(func(r *run.Run) {
		r.Branch, r.Worktree, r.Begin, r.Head = s.tree.Branch, s.tree.Dir, s.tree.Begin, s.tree.Head
	})
	if err := s.ports(ctx); err != nil {
		return bad(run.Workspace, err, true)
	}
	if s.author, err = s.Git.Identity(ctx); err != nil {
		return bad(run.Workspace, err, true)
	}
	if s.tmp, err = tmpFolder(s.run.ID); err != nil {
		return bad(run.Workspace, err, true)
	}
	if err := s.afterCreate(ctx, flow); err != nil {
		return bad(run.HookFailed, err, true)
	}
	if err := s.hook(ctx, flow, workflow.BeforeRun); err != nil {
		return bad(run.HookFailed, err, true)
	}
	return nil
}

// work is the agent's turns, one for the task and one for each message that comes
// meanwhile, and what follows them.
func (s *supervisor) work(ctx context.Context, flow *workflow.Workflow, agent worker.Agent) end {
	kind := s.kind(ctx)
	for {
		prompt, sent, err := s.prompt(ctx, flow, kind)
		if err != nil {
			return failed(run.NoPrompt, err, false)
		}
		res, cause, err := s.turn(ctx, agent, kind, prompt, sent)
		if err != nil {
			return failed(run.Program, err, true)
		}
		if errors.Is(cause, run.ErrLost) {
			return end{} // what the agent left is the next one's to commit
		}
		left := s.rest(ctx)
		if e, over := s.judge(ctx, res, cause); over {
			return e
		}
		waiting, err := s.Runs.Messages(context.WithoutCancel(ctx), s.run.ID, true)
		if err != nil {
			return failed(run.AgentFailed, err, true)
		}
		if len(waiting) > 0 {
			kind = workflow.Message
			continue
		}
		if err := s.trees.Check(ctx, s.tree); err != nil {
			return failed(run.Workspace, err, false)
		}
		if left != nil { // a review would not show all of the work
			return failed(run.Workspace, left, true)
		}
		return s.verify(ctx)
	}
}

// judge tells whether the attempt is over after a turn, and how.
func (s *supervisor) judge(ctx context.Context, res worker.Result, cause error) (end, bool) {
	var stop stopped
	switch {
	case errors.Is(cause, errQuit):
		return end{state: run.Retrying, outcome: run.Halted, after: time.Second,
			reason: &run.Reason{Code: run.Crashed, Text: "the supervisor was asked to end; the work goes on where it was"}}, true
	case errors.As(cause, &stop):
		return halted(stop), true
	case errors.Is(cause, errNow):
		return end{}, false
	case res.Outcome == worker.Finished:
		return end{}, false
	}
	code, text := res.Code, res.Text
	if code == "" {
		code = run.AgentFailed
	}
	if text == "" {
		text = "the agent ended without a word"
	}
	return end{state: run.Failed, outcome: run.Fail, reason: &run.Reason{Code: code, Text: text}, retry: res.Retry, after: res.After}, true
}

// halted is the end of a run that was asked to stop. The reason's code stands before the
// first colon where the manager gave one.
func halted(stop stopped) end {
	code, text := run.Stopped, stop.why
	if c, rest, ok := strings.Cut(stop.why, ": "); ok && c == run.TaskOver {
		code, text = c, rest
	}
	return end{state: run.Interrupted, outcome: run.Halted, reason: &run.Reason{Code: code, Text: text}}
}

// turn is one session of the agent, from its prompt to its end. cause says why it was
// ended where it was.
func (s *supervisor) turn(ctx context.Context, agent worker.Agent, kind workflow.Kind, prompt string, sent []int64) (res worker.Result, cause, err error) {
	if err := context.Cause(ctx); err != nil {
		return worker.Result{}, err, nil
	}
	raw, err := s.raw()
	if err != nil {
		return worker.Result{}, nil, err
	}
	defer raw.Close()
	turn, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.mu.Lock()
	s.inTurn, s.given = cancel, sent
	session, spent := s.run.Session, s.base.plus(s.spent)
	s.mu.Unlock()
	s.set(func(r *run.Run) { r.Phase = run.Working })
	s.note(runlog.Event{Type: runlog.Prompt, Name: string(kind), Text: prompt})
	// Messages count as sent once the agent has said anything: one that is told twice after a
	// crash is better than one that is lost.
	tell := sync.OnceFunc(func() { s.told(sent) })
	m := s.limits
	spec := worker.Spec{
		Dir: s.tree.Dir, RunDir: s.dir, TmpDir: s.tmp, Prompt: prompt, Session: session, Resume: session != "", Env: s.env(),
		Turns: m.Turns, Wall: max(m.Wall-s.Now().Sub(s.started), time.Second), Stall: m.Stall,
		Sandbox: s.sandbox(), Lock: s.lock, Raw: raw, Ask: s.ask,
	}
	if m.BudgetCents > 0 {
		spec.BudgetUSD = max(float64(m.BudgetCents)/100-spent.cost, 0.01)
	}
	res, err = worker.Run(turn, agent, spec, func(e runlog.Event) {
		tell()
		s.note(e)
	})
	cause = context.Cause(turn)
	if turn.Err() == nil {
		cause = nil
	}
	if err == nil && !errors.Is(cause, run.ErrLost) {
		tell()
	}
	s.mu.Lock()
	s.inTurn = nil
	s.use(res.Tokens)
	s.spent, s.present = s.spent.plus(s.present), use{}
	if res.Forget {
		s.run.Session = ""
	} else if res.Session != "" {
		s.run.Session = res.Session
	}
	s.exit = res.Exit
	if res.LastWords != "" {
		s.lastSaid = lastWords(res.LastWords)
	}
	s.mu.Unlock()
	return res, cause, err
}

// told records that the agent has the messages.
func (s *supervisor) told(ids []int64) {
	if len(ids) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Runs.MarkSent(ctx, ids, s.run.Attempt, s.Now()); err != nil {
		s.Log.Error("messages that were told are told again", "run", s.run.ID, "err", err)
	}
}

// rest commits what the agent left uncommitted, so that it is on the branch whatever
// comes after. What cannot be committed stays in the worktree, and the error says why.
func (s *supervisor) rest(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	hash, files, err := s.trees.CommitRest(ctx, s.tree, fmt.Sprintf("%s: what the agent left uncommitted", s.run.Slug))
	if err != nil {
		s.note(runlog.Event{Type: runlog.Notice, Status: "bad", Text: "what the agent left uncommitted stays in the worktree: " + err.Error()})
		return err
	}
	if hash != "" {
		s.note(runlog.Event{Type: runlog.Commit, ID: hash, Title: "what the agent left uncommitted", Text: strings.Join(files, "\n")})
	}
	head, err := s.trees.Head(ctx, s.tree)
	if err != nil {
		s.note(runlog.Event{Type: runlog.Notice, Status: "bad", Text: "the branch cannot be read: " + err.Error()})
		return err
	}
	commits, err := s.trees.Commits(ctx, s.run.Head, head)
	if err != nil {
		s.Log.Warn("the commits cannot be listed", "run", s.run.ID, "err", err)
	}
	for _, c := range commits {
		s.commits = append(s.commits, c.Hash)
		if c.Hash != hash {
			s.note(runlog.Event{Type: runlog.Commit, ID: c.Hash, Title: c.Subject})
		}
	}
	s.set(func(r *run.Run) { r.Head = head })
	return nil
}

// failed is the end of an attempt that err ended.
func failed(code string, err error, retry bool) end {
	return end{state: run.Failed, outcome: run.Fail, reason: reasonOf(code, err), retry: retry}
}
