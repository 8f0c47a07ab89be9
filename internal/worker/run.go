package worker

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"tasks/internal/process"
	"tasks/internal/redact"
	"tasks/internal/runlog"
)

const (
	// maxLine is the longest line that is read, in bytes; of a longer one the rest is dropped.
	maxLine = 4 << 20
	// maxOutput bounds what a program may print in one turn, in bytes.
	maxOutput = 1 << 30
	// defaultGrace is what an agent has after the interrupt to say its last word.
	defaultGrace = 5 * time.Second
	// gather is how long lines of a program without a protocol are gathered into one event.
	gather = 200 * time.Millisecond
)

// Shorter in tests.
var (
	// lingering is how long a program may stay after it has told its result.
	lingering = 5 * time.Second
	// patience is how long an agent may go on trying to reach its model.
	patience = 90 * time.Second
)

// Causes for which Run itself ends a turn.
var (
	errStall  = errors.New("stall")
	errTurns  = errors.New("turns")
	errBudget = errors.New("budget")
	errOver   = errors.New("over")
	errStuck  = errors.New("stuck")
)

// Run does one turn to its end and hands its events to emit, one after the other. When ctx
// ends, the agent is interrupted and after a grace the whole tree is killed. The error is
// for what could not be started.
func Run(ctx context.Context, a Agent, s Spec, emit func(runlog.Event)) (Result, error) {
	cmd, err := a.Command(s)
	if err != nil {
		return Result{}, err
	}
	turn, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &turnState{spec: s, dec: a.Decoder(s), emit: emit, cancel: cancel, mask: redact.New(cmd.Secrets)}
	t.alive()
	var watching sync.WaitGroup
	watched, unwatch := context.WithCancel(context.Background())
	defer watching.Wait()
	defer unwatch()
	stop, err := t.listen(turn, a, &cmd)
	if err != nil {
		return Result{}, err
	}
	defer stop()
	watching.Go(func() { t.watch(watched) })
	out := &lines{fn: func(l []byte) { t.line("stdout", l) }}
	errs := &lines{fn: func(l []byte) { t.line("stderr", l) }}
	missing := absent(s)
	raw := [2]*redact.Writer{t.raw(), t.raw()}
	end, err := process.Run(turn, process.Spec{
		Path: cmd.Path, Args: cmd.Args, Dir: s.Dir, Env: merge(s.Env, cmd.Env), Stdin: strings.NewReader(cmd.Stdin),
		Stdout: io.MultiWriter(out, raw[0]), Stderr: io.MultiWriter(errs, raw[1]),
		Limits:  process.Limits{Wall: s.Wall, Grace: grace(s), MaxOutput: maxOutput},
		Sandbox: withFolders(s.Sandbox, cmd.Writable), Inherit: held(s.Lock),
	})
	if err != nil {
		return Result{}, err
	}
	unwatch()
	if end.Lost {
		sweep(s.Env)
	}
	out.flush()
	errs.flush()
	raw[0].Flush()
	raw[1].Flush()
	t.flush()
	appeared(missing, emit)
	return t.result(end, context.Cause(turn)), nil
}

// sweep ends what has the run's mark, where the guardian can no longer see to it. It looks
// again until there is none: one may have begun while the others were listed.
func sweep(env []string) {
	for _, e := range env {
		if id, ok := strings.CutPrefix(e, "TASKS_RUN="); ok && id != "" {
			for {
				pids, err := process.Survivors("TASKS_RUN", id)
				if err != nil || len(pids) == 0 || len(process.KillAll(context.Background(), pids)) > 0 {
					break
				}
			}
		}
	}
}

// turnState is what one turn keeps.
type turnState struct {
	spec   Spec
	dec    Decoder
	emit   func(runlog.Event)
	cancel context.CancelCauseFunc
	mask   redact.Masker

	mu      sync.Mutex
	heard   time.Time // when the agent last said anything
	asking  int       // open questions
	pending []runlog.Event
	tokens  runlog.Tokens
}

// alive notes that the agent said something.
func (t *turnState) alive() {
	t.mu.Lock()
	t.heard = time.Now()
	t.mu.Unlock()
}

// line takes one line of a stream.
func (t *turnState) line(stream string, line []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heard = time.Now()
	if stream == "stderr" {
		text := strings.ToValidUTF8(string(line), "\uFFFD")
		t.put(runlog.Event{Type: runlog.Output, Name: stream, Text: text})
		return
	}
	for _, e := range t.dec.Line(line) {
		t.put(e)
	}
}

// put hands an event on. Lines of output are gathered, so that a chatty program does not
// make an event of each. t.mu is held.
func (t *turnState) put(e runlog.Event) {
	t.hide(&e)
	if e.Type == runlog.Output {
		if n := len(t.pending); n > 0 && t.pending[n-1].Name == e.Name && len(t.pending[n-1].Text)+len(e.Text) < 16<<10 {
			t.pending[n-1].Text += "\n" + e.Text
			return
		}
		e.At = time.Now()
		t.pending = append(t.pending, e)
		return
	}
	t.drain()
	if e.Type == runlog.Usage && e.Usage != nil {
		t.tokens = *e.Usage
		switch {
		case t.spec.Turns > 0 && t.tokens.Turns > t.spec.Turns:
			t.cancel(errTurns)
		case t.spec.BudgetUSD > 0 && t.tokens.CostUSD != nil && *t.tokens.CostUSD > t.spec.BudgetUSD:
			t.cancel(errBudget)
		}
	}
	t.emit(e)
}

func (t *turnState) drain() {
	for _, e := range t.pending {
		t.emit(e)
	}
	t.pending = nil
}

func (t *turnState) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drain()
}

// watch passes gathered output on, and ends an agent that has fallen silent.
func (t *turnState) watch(ctx context.Context) {
	tick := time.NewTicker(gather)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		t.mu.Lock()
		t.drain()
		silent := t.spec.Stall > 0 && t.asking == 0 && time.Since(t.heard) > t.spec.Stall
		ender, ok := t.dec.(interface{ Over() bool })
		over := ok && ender.Over() && time.Since(t.heard) > lingering
		trier, ok := t.dec.(interface{ Stuck() bool })
		stuck := ok && trier.Stuck()
		t.mu.Unlock()
		if over {
			t.cancel(errOver)
		}
		if stuck {
			t.cancel(errStuck)
		}
		if silent {
			t.cancel(errStall)
		}
	}
}

// ask puts a question to a person. Meanwhile silence is no stall.
func (t *turnState) ask(ctx context.Context, q Question) Decision {
	t.mu.Lock()
	t.asking++
	t.drain()
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		t.asking--
		t.heard = time.Now()
		t.mu.Unlock()
	}()
	if t.spec.Ask == nil {
		return Decision{Why: "nobody is there to be asked"}
	}
	return t.spec.Ask(ctx, q)
}

func (t *turnState) hide(e *runlog.Event) {
	for _, text := range []*string{&e.Text, &e.Output, &e.Title} {
		*text = t.mask.Whole(*text)
	}
	if len(e.Input) > 0 {
		e.Input = []byte(t.mask.Whole(string(e.Input)))
	}
}

// raw is where the agent's bytes go as they come, without the secrets.
func (t *turnState) raw() *redact.Writer {
	return t.mask.Writer(writerFunc(func(p []byte) (int, error) {
		if t.spec.Raw == nil {
			return len(p), nil
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.spec.Raw.Write(p) // that a log is full must not end the agent
		return len(p), nil
	}))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// merge is env with the values of more in place of, or beside, its own.
func merge(env, more []string) []string {
	out := append([]string(nil), env...)
next:
	for _, m := range more {
		key, _, _ := strings.Cut(m, "=")
		for i, e := range out {
			if strings.HasPrefix(e, key+"=") {
				out[i] = m
				continue next
			}
		}
		out = append(out, m)
	}
	return out
}

func grace(s Spec) time.Duration {
	if s.Grace > 0 {
		return s.Grace
	}
	return defaultGrace
}

func held(f *os.File) []*os.File {
	if f == nil {
		return nil
	}
	return []*os.File{f}
}

// listen serves the agent's questions where it can ask any.
func (t *turnState) listen(ctx context.Context, a Agent, cmd *Command) (stop func(), err error) {
	asks, ok := a.(interface {
		Serve(ctx context.Context, s Spec, cmd *Command, ask asker) (func(), error)
	})
	if !ok {
		return func() {}, nil
	}
	return asks.Serve(ctx, t.spec, cmd, t.ask)
}
