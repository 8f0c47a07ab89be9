package supervisor

import (
	"context"
	"time"

	"tasks/internal/run"
	"tasks/internal/runlog"
	"tasks/internal/worker"
)

// ask puts an agent's question to a person and waits for the answer. No answer within
// the time counts as no, so that a question never stalls a run.
func (s *supervisor) ask(ctx context.Context, q worker.Question) worker.Decision {
	a, err := s.Runs.Question(ctx, run.Ask{Run: s.run.ID, Attempt: s.run.Attempt, Tool: q.Tool, Title: q.Title, Input: q.Input, CreatedAt: s.Now()})
	if err != nil {
		s.Log.Error("a question of the agent could not be put", "run", s.run.ID, "err", err)
		return worker.Decision{Why: "the question could not be put to a person"}
	}
	s.note(runlog.Event{Type: runlog.Ask, ID: a.ID, Name: q.Tool, Title: q.Title, Input: q.Input})
	s.set(func(r *run.Run) {
		s.open++
		r.Phase = run.Asking
	})
	d := s.answer(ctx, a)
	s.set(func(r *run.Run) {
		if s.open--; s.open == 0 { // sub-agents ask beside each other
			r.Phase = run.Working
		}
	})
	return d
}

// answer waits for the decision about a.
func (s *supervisor) answer(ctx context.Context, a run.Ask) worker.Decision {
	left := time.NewTimer(s.limits.Answer)
	defer left.Stop()
	for {
		wake := s.waken() // before the look, so that nothing comes between unseen
		now, err := s.decided(ctx, a)
		switch {
		case err != nil:
			s.Log.Warn("the answer cannot be read", "run", s.run.ID, "err", err)
		case now.State != run.Open:
			s.note(runlog.Event{Type: runlog.Answer, ID: a.ID, Status: string(now.State), Text: now.Answer})
			return worker.Decision{Allow: now.State == run.Allowed, Why: now.Answer}
		}
		why := ""
		select {
		case <-wake:
			continue
		case <-left.C:
			why = "nobody answered within " + s.limits.Answer.String() + ", which counts as no"
		case <-ctx.Done():
			why = "the agent was ended before anybody answered"
		}
		// An answer that comes at this very moment stands: then this is refused.
		if s.Runs.Decide(context.WithoutCancel(ctx), s.run.ID, a.ID, run.Lapsed, why, s.Now()) == nil {
			s.note(runlog.Event{Type: runlog.Answer, ID: a.ID, Status: string(run.Lapsed), Text: why})
			return worker.Decision{Why: why}
		}
		if ctx.Err() != nil {
			return worker.Decision{Why: why}
		}
		left.Reset(time.Second) // or, where it could not be written, it would stay open for ever
	}
}

// waken is closed by the next look, for all who wait: sub-agents ask beside each other.
func (s *supervisor) waken() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake == nil {
		s.wake = make(chan struct{})
	}
	return s.wake
}

// decided reads a as it stands.
func (s *supervisor) decided(ctx context.Context, a run.Ask) (run.Ask, error) {
	all, err := s.Runs.Asks(ctx, s.run.ID)
	for _, b := range all {
		if b.ID == a.ID {
			return b, err
		}
	}
	return a, err
}
