package chat

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/llm"
	"tasks/internal/tool"
)

const (
	sideBySide = 8 // reading calls that run at once
	// A call may tell this many lines at once, and one more each step after that: a
	// short burst is shown whole, a flood is not.
	progressBurst = 20
	progressStep  = 250 * time.Millisecond
)

// spent is what a turn has used up of its limits.
type spent struct {
	calls int
	bytes int
	over  string // the limit that was passed, in words, or ""
	same  map[[sha256.Size]byte]int
}

// call is one call of the model on its way to its result.
type call struct {
	llm.Call
	tool    tool.Tool
	plan    *tool.Plan
	refused *tool.Result // the result, where nothing is to be run
}

// runCalls gives each call its result, in order; reading calls that stand together
// run side by side. It returns how the turn ends, nil where it goes on.
func (t *turn) runCalls(calls []llm.Call) *ending {
	for len(calls) > 0 && t.ctx.Err() == nil {
		group := t.nextGroup(calls)
		calls = calls[len(group):]
		frames := make([]frame, len(group))
		for i, c := range group {
			frames[i] = frame{kindToolCall, callData{c.ID, visible(c.Name), c.arguments()}}
		}
		if t.record(frames...) != nil {
			break
		}
		t.runGroup(group)
	}
	if t.ctx.Err() != nil {
		// The history needs a result for those that were not even begun.
		var rest []llm.Message
		for _, c := range calls {
			rest = append(rest, llm.Message{Role: llm.ToolRole, CallID: c.ID, Text: cancelled().Content})
		}
		t.commit(entry{messages: rest})
		end := t.cut(nil)
		return &end
	}
	if t.spent.over != "" {
		return &ending{reason: reasonLimit, notice: t.spent.over + " What was done so far stays."}
	}
	return nil
}

// nextGroup makes the next calls ready: all reading ones that stand together, or one
// other. A call is made ready only when those before it are done, because its plan
// rests on the files as they leave them.
func (t *turn) nextGroup(calls []llm.Call) []*call {
	var group []*call
	for _, lc := range calls {
		if len(group) > 0 && !t.reads(lc) {
			break
		}
		c := t.prepare(lc)
		group = append(group, c)
		if !t.reads(lc) {
			break
		}
	}
	return group
}

// reads tells whether a call can stand in a group: it reads, or is refused at once.
func (t *turn) reads(c llm.Call) bool {
	tl := t.s.cfg.Tools.Find(c.Name)
	return tl == nil || !t.s.offers(tl) || tl.Class() == tool.Read
}

// prepare checks a call against limits and list and makes it ready.
func (t *turn) prepare(lc llm.Call) *call {
	c := &call{Call: lc}
	limits := t.s.cfg.Limits
	t.spent.calls++
	switch {
	case t.spent.calls > limits.ToolCalls:
		t.spent.over = fmt.Sprintf("The turn was ended after %d tool calls, its limit.", limits.ToolCalls)
		c.refuse("limit of %d tool calls in a turn reached: not run", limits.ToolCalls)
		return c
	case t.spent.bytes >= limits.ToolBytes:
		c.refuse("limit of tool output in a turn reached: not run")
		return c
	}
	tl := t.s.cfg.Tools.Find(c.Name)
	if tl == nil || !t.s.offers(tl) {
		var names []string
		for _, o := range t.offered() {
			names = append(names, o.Name)
		}
		c.refuse("there is no tool %s here: the tools are %s", quote(c.Name), strings.Join(names, ", "))
		return c
	}
	c.tool = tl
	plan, err := t.ready(c, c.prepare(t))
	if err != nil {
		c.refused = t.failure(c, err)
	}
	c.plan = plan
	return c
}

// prepare makes the plan of a call, as the tool does first.
func (c *call) prepare(t *turn) func(context.Context) (*tool.Plan, error) {
	return func(ctx context.Context) (*tool.Plan, error) { return c.tool.Prepare(ctx, t.session, c.Arguments) }
}

// again makes it anew, once a person has looked at the plan there is.
func (c *call) again(t *turn) func(context.Context) (*tool.Plan, error) {
	if c.plan.Again != nil {
		return c.plan.Again
	}
	return c.prepare(t)
}

// ready has a call's plan made.
func (t *turn) ready(c *call, plan func(context.Context) (*tool.Plan, error)) (*tool.Plan, error) {
	type outcome struct {
		plan *tool.Plan
		err  error
	}
	o, ok := attend(t.ctx, t.s.stopGrace, func() (o outcome) {
		defer func() {
			if p := recover(); p != nil {
				t.log.Error("panic in a tool", "tool", c.Name, "panic", p, "stack", string(debug.Stack()))
				o.plan, o.err = nil, errTool
			}
		}()
		o.plan, o.err = plan(t.ctx)
		if o.plan == nil && o.err == nil {
			o.err = errors.New("the tool made no plan")
		}
		return o
	})
	if !ok {
		return nil, t.ctx.Err()
	}
	return o.plan, o.err
}

// failure is the result of a call that could not be made ready.
func (t *turn) failure(c *call, err error) *tool.Result {
	if t.ctx.Err() != nil {
		r := cancelled()
		return &r
	}
	if fault.CodeOf(err) == fault.Internal {
		t.log.Error("tool failed", "tool", c.Name, "err", t.s.cfg.Redact(err.Error()))
		err = errTool
	}
	r := tool.Failed(err)
	return &r
}

// errTool is what the model is told where a tool failed by a mistake of ours.
var errTool = fault.New(fault.Internal, "the tool failed")

func (c *call) refuse(format string, args ...any) {
	r := tool.Failed(fault.New(fault.Invalid, format, args...))
	c.refused = &r
}

// arguments are canonical where the call could be made ready, and always an object.
func (c *call) arguments() json.RawMessage {
	if c.plan != nil && len(c.plan.Arguments) > 0 {
		return c.plan.Arguments
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(c.Arguments), &object) == nil && object != nil {
		if canonical, err := json.Marshal(object); err == nil {
			return canonical
		}
	}
	return json.RawMessage("{}")
}

// runGroup runs the calls of a group and journals their results in their order.
func (t *turn) runGroup(group []*call) {
	if len(group) == 1 {
		t.settle(group[0], t.result(group[0]))
		return
	}
	results := make([]chan tool.Result, len(group))
	slots := make(chan struct{}, sideBySide)
	for i, c := range group {
		results[i] = make(chan tool.Result, 1)
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] <- t.execute(c)
		}()
	}
	for i, c := range group {
		t.settle(c, <-results[i])
	}
}

// result is the result of a call that may have to be asked about.
func (t *turn) result(c *call) tool.Result {
	if c.refused == nil && t.asks(c) {
		if r := t.approve(c); r != nil {
			return *r
		}
	}
	return t.execute(c)
}

// execute runs a call. It always gives a result, and after a stop gives it soon.
func (t *turn) execute(c *call) tool.Result {
	if c.refused != nil {
		return *c.refused
	}
	if t.ctx.Err() != nil {
		return cancelled()
	}
	r, ok := attend(t.ctx, t.s.stopGrace, func() (r tool.Result) {
		defer func() {
			if p := recover(); p != nil {
				t.log.Error("panic in a tool", "tool", c.Name, "panic", p, "stack", string(debug.Stack()))
				r = tool.Failed(errTool)
			}
		}()
		return c.plan.Run(t.ctx, t.progress(c))
	})
	if !ok {
		t.log.Warn("a tool did not stop in time", "tool", c.Name)
		r = cancelled()
		r.Content += " It did not stop in time, so it may have taken effect."
	}
	return r
}

func cancelled() tool.Result {
	return tool.Result{Status: tool.Cancelled, Summary: "stopped", Content: "The turn was stopped before this call was done."}
}

// progress tells people how far a call is, not more than they can read.
func (t *turn) progress(c *call) func(string) {
	last, left := time.Now(), progressBurst
	slot := make(chan struct{}, 1)
	return func(text string) {
		slot <- struct{}{}
		defer func() { <-slot }()
		if steps := int(time.Since(last) / progressStep); steps > 0 {
			last, left = time.Now(), min(left+steps, progressBurst)
		}
		if left == 0 || t.ctx.Err() != nil {
			return
		}
		left--
		t.record(frame{kindProgress, progressData{c.ID, head(visible(text), 500)}})
	}
}
