package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tasks/internal/process"
	"tasks/internal/run"
	"tasks/internal/runlog"
)

const (
	// maxEvidence bounds the kept output of one command, in bytes.
	maxEvidence = 8 << 20
	// tailEvidence is how much of its end stands in the record and goes to the agent.
	tailEvidence = 8 << 10
)

// proves tells whether this attempt is of verify alone: the agent had finished, and its work
// was put on a new base since. A message for the agent comes first; then its end is proof
// enough. It stays so until verify has said something, whoever is killed meanwhile.
func (s *supervisor) proves(ctx context.Context) (bool, error) {
	if !s.run.Proof {
		return false, nil
	}
	waiting, err := s.Runs.Messages(ctx, s.run.ID, true)
	if err == nil && len(waiting) > 0 {
		err = s.Runs.SetProof(ctx, s.run.ID, false)
	}
	return len(waiting) == 0, err
}

// again is the attempt of verify alone.
func (s *supervisor) again(ctx context.Context) end {
	s.note(runlog.Event{Type: runlog.Notice, Text: "the work stands on a new base: verify runs again, without the agent"})
	if err := s.trees.Check(ctx, s.tree); err != nil {
		return failed(run.Workspace, err, false)
	}
	e := s.verify(ctx)
	if context.Cause(ctx) == nil {
		if err := s.Runs.SetProof(ctx, s.run.ID, false); err != nil {
			return failed(run.VerifyFails, err, true)
		}
	}
	return e
}

// verify runs the commands of the task as it was kicked off, in the run's sandbox, and
// decides between review and another attempt.
func (s *supervisor) verify(ctx context.Context) end {
	var commands []string
	for _, c := range s.sheet.Verify {
		if strings.TrimSpace(c) != "" {
			commands = append(commands, c)
		}
	}
	if len(commands) > 0 {
		s.set(func(r *run.Run) { r.State, r.Phase = run.Verifying, run.Checking })
		s.note(runlog.Event{Type: runlog.State, Status: string(run.Verifying)})
	}
	for i, command := range commands {
		ev, err := s.prove(ctx, i+1, command)
		if cause := context.Cause(ctx); cause != nil {
			return s.cut(cause)
		}
		if err != nil {
			// A check that could not run is not a check passed.
			return failed(run.VerifyFails, err, true)
		}
		if !ev.OK {
			return end{state: run.Failed, outcome: run.Fail, retry: true,
				reason: &run.Reason{Code: run.VerifyFails, Text: fmt.Sprintf("verify failed: %s: %s", oneLine(command), s.how(ev))}}
		}
	}
	text := "finished"
	if n := len(commands); n > 0 {
		text = fmt.Sprintf("finished, and all of verify passed (%d)", n)
	}
	if s.run.Head == s.run.Begin {
		text = "finished without a change"
	}
	return end{state: run.Review, outcome: run.Done, reason: &run.Reason{Code: run.Finished, Text: text}}
}

// cut is the end of an attempt that was ended from outside.
func (s *supervisor) cut(cause error) end {
	var stop stopped
	if errors.As(cause, &stop) {
		return halted(stop)
	}
	return end{state: run.Retrying, outcome: run.Halted, after: time.Second,
		reason: &run.Reason{Code: run.Crashed, Text: "the supervisor was asked to end; the work goes on where it was"}}
}

// prove runs one command and keeps what it said.
func (s *supervisor) prove(ctx context.Context, n int, command string) (run.Evidence, error) {
	ev := run.Evidence{
		Run: s.run.ID, Attempt: s.run.Attempt, N: n, Command: command, Commit: s.run.Head, At: s.Now(),
		File: fmt.Sprintf("verify-%d-%d.txt", s.run.Attempt, n),
	}
	f, err := os.OpenFile(filepath.Join(s.dir, ev.File), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return ev, err
	}
	defer f.Close()
	began := time.Now()
	out := &bounded{f: f, left: maxEvidence}
	how, err := process.Run(ctx, process.Spec{
		Path: "/bin/sh", Args: []string{"-c", command}, Dir: s.tree.Dir, Env: s.env(), Stdout: out, Stderr: out,
		Limits: process.Limits{Wall: s.limits.Verify}, Sandbox: s.sandbox(), Inherit: []*os.File{s.lock},
	})
	if err != nil {
		return ev, err
	}
	ev.Took = time.Since(began)
	ev.ExitCode, ev.OK = how.Code, how.Cause == process.Exited && how.Code == 0
	ev.Output = tailOf(f)
	if how.Cause != process.Exited {
		ev.ExitCode = -1
		ev.Output += fmt.Sprintf("\n[ended: %s %s]", how.Cause, how.Signal)
	}
	if err := s.Runs.AddEvidence(context.WithoutCancel(ctx), ev); err != nil {
		return ev, err
	}
	status := "ok"
	if !ev.OK {
		status = "error"
	}
	s.note(runlog.Event{Type: runlog.Verify, Title: command, Status: status, Exit: &ev.ExitCode, Output: ev.Output, Took: ev.Took})
	return ev, nil
}

// how says how a command of verify ended.
func (s *supervisor) how(ev run.Evidence) string {
	switch {
	case ev.ExitCode < 0 && s.limits.Verify > 0 && ev.Took >= s.limits.Verify:
		return fmt.Sprintf("it took longer than %s and was ended", s.limits.Verify)
	case ev.ExitCode < 0:
		return "it did not end by itself"
	}
	return fmt.Sprintf("exit status %d", ev.ExitCode)
}

// tailOf is the end of what f holds.
func tailOf(f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	from := max(info.Size()-tailEvidence, 0)
	buf := make([]byte, info.Size()-from)
	n, _ := f.ReadAt(buf, from)
	return strings.ToValidUTF8(string(buf[:n]), "\uFFFD")
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 100 {
		s = string(r[:99]) + "…"
	}
	return s
}
