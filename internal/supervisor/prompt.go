package supervisor

import (
	"context"

	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/workflow"
)

// kind is why this attempt begins.
func (s *supervisor) kind(ctx context.Context) workflow.Kind {
	if waiting, err := s.Runs.Messages(ctx, s.run.ID, true); err == nil && len(waiting) > 0 && s.run.Attempt > 1 {
		return workflow.Message
	}
	before, err := s.Runs.Attempts(ctx, s.run.ID)
	if err != nil || len(before) < 2 {
		return workflow.First
	}
	last := before[len(before)-2] // the newest is this one
	switch {
	case last.Outcome == run.Fail && last.Reason != nil && last.Reason.Code == run.VerifyFails:
		return workflow.Verify
	case last.Outcome == run.Done:
		return workflow.Again
	default:
		return workflow.Retry
	}
}

// prompt is what the agent is told, and the messages that are in it.
func (s *supervisor) prompt(ctx context.Context, flow *workflow.Workflow, kind workflow.Kind) (string, []int64, error) {
	waiting, err := s.Runs.Messages(ctx, s.run.ID, true)
	if err != nil {
		return "", nil, err
	}
	s.mu.Lock()
	r := *s.run
	s.mu.Unlock()
	in := workflow.Input{
		Kind: kind, Resumed: r.Session != "", Task: s.sheet, Sheet: r.Worksheet, Now: s.Now(),
		Run: workflow.Run{
			ID: r.ID, Slug: r.Slug, Path: r.Path, Branch: r.Branch, Base: r.Base, Worktree: r.Worktree,
			Worker: r.Worker, Attempt: r.Attempt, Port: r.Port,
		},
	}
	if kind != workflow.First {
		in.Attempt = &r.Attempt
	}
	for _, slug := range s.sheet.DependsOn { // no attempt begins before they are
		in.Blockers = append(in.Blockers, workflow.Blocker{ID: slug, Identifier: slug, State: string(task.Completed)})
	}
	var sent []int64
	for _, m := range waiting {
		in.Said = append(in.Said, workflow.Said{Text: m.Text, Review: m.Kind == "review"})
		sent = append(sent, m.ID)
	}
	before, err := s.Runs.Attempts(ctx, r.ID)
	if err != nil {
		return "", nil, err
	}
	if n := len(before); n > 1 && before[n-2].Reason != nil && kind == workflow.Retry {
		in.Why = before[n-2].Reason.Text
	}
	if kind == workflow.Verify {
		all, err := s.Runs.EvidenceOf(ctx, r.ID)
		if err != nil {
			return "", nil, err
		}
		for _, e := range all {
			if e.Attempt == r.Attempt-1 && !e.OK {
				in.Failed = append(in.Failed, workflow.Failure{Command: e.Command, Exit: e.ExitCode, Output: e.Output})
			}
		}
	}
	text, err := workflow.Prompt(flow, in)
	return text, sent, err
}
