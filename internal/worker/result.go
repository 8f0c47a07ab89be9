package worker

import (
	"errors"
	"fmt"
	"time"

	"tasks/internal/process"
	"tasks/internal/runlog"
)

// result judges the end: for what ended the turn from outside first, then by the
// agent's own word.
func (t *turnState) result(end process.End, cause error) Result {
	r := t.dec.Result(end)
	if r.LastWords == "" {
		r.LastWords = end.LastWords
	}
	if end.Cause == process.Exited {
		r.Exit = &end.Code
	}
	if r.Tokens == (runlog.Tokens{}) {
		r.Tokens = t.tokens
	}
	fail := func(code, text string, retry bool) {
		r.Outcome, r.Code, r.Text, r.Retry = Failed, code, text, retry
	}
	switch {
	case errors.Is(cause, errOver), errors.Is(cause, errStuck), r.Outcome == Finished && end.Cause != process.TooMuch && (end.Cause != process.Canceled || ours(cause)):
		// Its own result stands: what came to pass behind it is no matter.
	case errors.Is(cause, errStall):
		fail("stall", fmt.Sprintf("the agent said nothing for %s", t.spec.Stall), true)
	case errors.Is(cause, errTurns):
		fail("turns", fmt.Sprintf("the agent took more than %d turns", t.spec.Turns), false)
	case errors.Is(cause, errBudget):
		fail("budget", fmt.Sprintf("the agent spent more than $%.2f", t.spec.BudgetUSD), false)
	case end.Cause == process.TimedOut:
		fail("timeout", fmt.Sprintf("the agent took longer than %s", t.spec.Wall.Round(time.Second)), true)
	case end.Cause == process.TooMuch:
		fail("agent", "the agent printed more than a gigabyte", false)
	case end.Cause == process.Canceled:
		r.Outcome, r.Code, r.Text, r.Retry = Stopped, "stopped", "the agent was asked to end", false
	}
	r.LastWords = t.mask.Whole(r.LastWords)
	r.Text = t.mask.Whole(r.Text)
	return r
}

// ours tells whether the turn was ended by Run itself.
func ours(cause error) bool {
	return errors.Is(cause, errStall) || errors.Is(cause, errTurns) || errors.Is(cause, errBudget) || errors.Is(cause, errOver) || errors.Is(cause, errStuck)
}
