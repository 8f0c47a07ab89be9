package chat

import (
	"context"
	"time"

	"tasks/internal/fault"
	"tasks/internal/tool"
)

// question is an approval that waits for its answer.
type question struct {
	call, digest string
	always       bool        // may be answered so
	answer       chan string // takes the one answer
	closed       bool        // it is answered or has lapsed
}

// The answers to a question; lapsed is nobody's.
const (
	allow  = "allow"
	deny   = "deny"
	always = "always"
	lapsed = "lapsed"
)

// asks tells whether a call waits for the user.
func (t *turn) asks(c *call) bool {
	class := c.tool.Class()
	granted := t.granted[c.Name] && class != tool.Register
	switch t.s.cfg.Approve {
	case "none":
		return false
	case "all":
		return class != tool.Read && !granted
	}
	switch class {
	case tool.Read:
		return false
	case tool.Edit:
		return c.plan.Sensitive || t.conv.tainted && !granted
	}
	return !granted
}

// approve asks until what would be done is what the user saw. It returns the result
// of a call that is not to be done, nil for one that is.
func (t *turn) approve(c *call) *tool.Result {
	for {
		answer, ok := t.pose(c)
		if !ok {
			r := cancelled()
			return &r
		}
		switch answer {
		case deny:
			return &tool.Result{Status: tool.Denied, Summary: "denied",
				Content: "The person did not allow this call, and nothing was done. Do not repeat it: ask them, or go on without it."}
		case lapsed:
			return &tool.Result{Status: tool.Denied, Summary: "nobody answered in time",
				Content: "Nobody answered whether this call is allowed, and nothing was done. Do not repeat it unasked."}
		}
		shown := c.plan.Digest
		plan, err := t.ready(c, c.again(t))
		if err != nil {
			return t.failure(c, err)
		}
		c.plan = plan
		if plan.Digest == shown {
			return nil
		}
	}
}

// pose shows what would be done and waits for the answer; ok is false where the turn
// ended first.
func (t *turn) pose(c *call) (answer string, ok bool) {
	q := &question{call: c.ID, digest: c.plan.Digest, always: c.tool.Class() != tool.Register, answer: make(chan string, 1)}
	t.clock.pause()
	defer t.clock.resume()
	t.waiting.Lock()
	t.question = q
	t.waiting.Unlock()
	defer t.withdraw(q)
	expires := time.Now().Add(t.s.approvalTTL)
	err := t.record(frame{kindApproval, approvalData{
		callData:  callData{c.ID, c.Name, c.arguments()},
		Diff:      visible(c.plan.Diff),
		Digest:    q.digest,
		Sentence:  oneLine(visible(c.plan.Sentence)),
		Always:    q.always,
		ExpiresAt: stamp(expires),
	}})
	if err != nil {
		return "", false
	}
	timer := time.NewTimer(time.Until(expires))
	defer timer.Stop()
	select {
	case answer = <-q.answer:
	case <-timer.C:
		if answer = lapsed; !t.withdraw(q) {
			answer = <-q.answer // it came in the last moment
		}
	case <-t.ctx.Done():
		return "", false
	}
	if t.ctx.Err() != nil {
		return "", false
	}
	if answer == always {
		t.granted[c.Name] = true
		if err := t.s.journal.grant(t.conv.id, c.Name); err != nil {
			t.log.Error("cannot keep what was allowed", "tool", c.Name, "err", err)
		}
	}
	return answer, t.record(frame{kindDecision, decisionData{c.ID, q.digest, answer}}) == nil
}

// withdraw closes a question; false where it was answered or closed before.
func (t *turn) withdraw(q *question) bool {
	t.waiting.Lock()
	defer t.waiting.Unlock()
	if t.question == q {
		t.question = nil
	}
	first := !q.closed
	q.closed = true
	return first
}

// Approve answers an approval. Conflict where the digest is not the one shown, or it
// is answered or lapsed. Usage for another decision than allow, deny and always, and
// for always where the tool is one that is asked about every time.
func (s *Service) Approve(ctx context.Context, owner string, a Approval) error {
	if a.Decision != allow && a.Decision != deny && a.Decision != always {
		return fault.New(fault.Usage, "the decision must be allow, deny or always")
	}
	if _, err := s.journal.conversation(ctx, owner, a.Conversation); err != nil {
		return err
	}
	gone := fault.New(fault.Conflict, "nothing waits for this answer: it is answered already, or has lapsed").
		WithHint("look at the newest state of the conversation")
	t := s.turnOf(a.Conversation)
	if t == nil {
		return gone
	}
	t.waiting.Lock()
	defer t.waiting.Unlock()
	q := t.question
	switch {
	case q == nil || q.closed || q.call != a.Call || t.ctx.Err() != nil:
		return gone
	case q.digest != a.Digest:
		return fault.New(fault.Conflict, "this answer is to something else than what is shown now").
			WithHint("look at it again")
	case a.Decision == always && !q.always:
		return fault.New(fault.Usage, "this is asked about every time: answer allow or deny")
	}
	q.closed = true
	q.answer <- a.Decision
	return nil
}
