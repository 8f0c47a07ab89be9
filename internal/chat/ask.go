package chat

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"tasks/internal/llm"
	"tasks/internal/tool"
)

// attend runs fn and waits for it. After ctx's end it waits no longer than grace;
// then ok is false and fn is left to itself. fn must not panic.
func attend[T any](ctx context.Context, grace time.Duration, fn func() T) (v T, ok bool) {
	result := make(chan T, 1)
	go func() { result <- fn() }()
	select {
	case v = <-result:
		return v, true
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case v = <-result:
		return v, true
	case <-timer.C:
		return v, false
	}
}

// ask calls the model once, lets its words be heard, and remembers its answer.
func (t *turn) ask() (*llm.Response, error) {
	type outcome struct {
		answer *llm.Response
		err    error
	}
	req, hear := t.request(), t.answer.begin()
	spoke := false
	got, ok := attend(t.ctx, t.s.stopGrace, func() (o outcome) {
		defer func() {
			if p := recover(); p != nil {
				t.log.Error("panic in the model's client", "panic", p, "stack", string(debug.Stack()))
				o.err = fmt.Errorf("panic: %v", p)
			}
		}()
		o.answer, o.err = t.model.Stream(t.ctx, req, func(e llm.Event) {
			spoke = spoke || e.Kind == llm.Text
			hear(e)
		})
		return o
	})
	if !ok {
		t.log.Warn("the model's client did not stop in time")
		t.remember(llm.Message{})
		return nil, t.ctx.Err()
	}
	if got.answer == nil {
		t.remember(llm.Message{})
		if got.err == nil {
			got.err = fmt.Errorf("the model's client gave neither answer nor error")
		}
		return nil, got.err
	}
	t.count(got.answer.Usage)
	if !spoke { // a client that gives text only at the end
		hear(llm.Event{Kind: llm.Text, Text: got.answer.Message.Text})
	}
	m := got.answer.Message
	if got.err != nil || got.answer.Finish == llm.Length || got.answer.Finish == llm.Filtered || t.ctx.Err() != nil {
		m.Calls = nil // what was cut off is not run
	}
	got.answer.Message = t.remember(m)
	return got.answer, got.err
}

// remember puts an answer of the model into the history, as it was shown.
func (t *turn) remember(m llm.Message) llm.Message {
	m.Role = llm.Assistant
	m.Text, m.Reasoning = t.answer.finish()
	m.Calls = t.ownCalls(m.Calls)
	if m.Text != "" || len(m.Calls) > 0 {
		t.commit(entry{messages: []llm.Message{m}})
	}
	return m
}

// callsBeyond is how many calls over the turn's limit are still answered one by one.
const callsBeyond = 8

// ownCalls gives each call an id that is its own in the conversation, and drops what
// is so far over the limit that answering it would only feed a flood.
func (t *turn) ownCalls(calls []llm.Call) []llm.Call {
	most := max(t.s.cfg.Limits.ToolCalls-t.spent.calls, 0) + callsBeyond
	if len(calls) > most {
		t.record(frame{kindNotice, textData{fmt.Sprintf("The model asked for %d calls at once; those after the first %d were passed over.", len(calls), most)}})
		calls = calls[:most]
	}
	own := make([]llm.Call, len(calls))
	for i, c := range calls {
		if len(c.ID) > 128 {
			c.ID = newID("call")
		}
		for n, id := 2, c.ID; c.ID == "" || t.ids[c.ID]; n++ {
			c.ID = fmt.Sprintf("%s-%d", id, n)
		}
		t.ids[c.ID] = true
		c.Arguments = t.s.cfg.Redact(c.Arguments)
		own[i] = c
	}
	return own
}

// count adds up what the model calls of the turn cost.
func (t *turn) count(u llm.Usage) {
	if u == (llm.Usage{}) {
		return
	}
	if t.usage == nil {
		t.usage = &usageData{}
	}
	t.usage.InputTokens += u.Input
	t.usage.OutputTokens += u.Output
	if u.CostUSD != nil {
		sum := *u.CostUSD
		if t.usage.CostUSD != nil {
			sum += *t.usage.CostUSD
		}
		t.usage.CostUSD = &sum
	}
}

// offered are the tools that the model is told of.
func (t *turn) offered() []llm.Tool {
	var tools []llm.Tool
	for _, tl := range t.s.cfg.Tools.All() {
		if t.s.offers(tl) {
			tools = append(tools, llm.Tool{Name: tl.Name(), Description: tl.Description(), Schema: tl.Schema()})
		}
	}
	return tools
}

// offers tells whether a tool may be used in this mode at all.
func (s *Service) offers(tl tool.Tool) bool {
	return s.cfg.Approve != "readonly" || tl.Class() == tool.Read
}
