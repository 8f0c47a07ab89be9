package chat_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"tasks/internal/llm"
)

// script is a model that does one step a call.
type script struct {
	mu       sync.Mutex
	steps    []step
	requests []*llm.Request
}

type step func(ctx context.Context, req *llm.Request, on func(llm.Event)) (*llm.Response, error)

func (s *script) then(steps ...step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, steps...)
}

func (s *script) Model() string { return "scripted" }

func (s *script) Stream(ctx context.Context, req *llm.Request, on func(llm.Event)) (*llm.Response, error) {
	s.mu.Lock()
	s.requests = append(s.requests, req)
	if len(s.steps) == 0 {
		s.mu.Unlock()
		return nil, fmt.Errorf("the script has no more steps")
	}
	next := s.steps[0]
	if len(s.steps) > 1 { // the last one is done over and over
		s.steps = s.steps[1:]
	}
	s.mu.Unlock()
	return next(ctx, req, on)
}

// request is the n-th request, from 0.
func (s *script) request(n int) *llm.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[n]
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// says answers with the pieces.
func says(pieces ...string) step {
	return func(_ context.Context, _ *llm.Request, on func(llm.Event)) (*llm.Response, error) {
		for _, p := range pieces {
			on(llm.Event{Kind: llm.Text, Text: p})
		}
		return &llm.Response{Message: llm.Message{Role: llm.Assistant, Text: strings.Join(pieces, "")}, Finish: llm.Stop,
			Usage: llm.Usage{Input: 10, Output: 3}}, nil
	}
}

// asks asks for calls: name and arguments in turn.
func asks(pairs ...string) step { return saysAndAsks("", pairs...) }

func saysAndAsks(text string, pairs ...string) step {
	return func(_ context.Context, req *llm.Request, on func(llm.Event)) (*llm.Response, error) {
		if text != "" {
			on(llm.Event{Kind: llm.Text, Text: text})
		}
		m := llm.Message{Role: llm.Assistant, Text: text}
		for i := 0; i < len(pairs); i += 2 {
			on(llm.Event{Kind: llm.CallBegin, Text: pairs[i]})
			m.Calls = append(m.Calls, llm.Call{ID: fmt.Sprintf("c%d-%d", len(req.Messages), i/2), Name: pairs[i], Arguments: pairs[i+1]})
		}
		return &llm.Response{Message: m, Finish: llm.ToolUse, Usage: llm.Usage{Input: 10, Output: 3}}, nil
	}
}
