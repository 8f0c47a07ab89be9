package manager

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/trust"
)

// RunOf is the latest run of the task, or the one of its runs with the id. NotFound
// where there is none. A task whose file is gone is found by the slug of its runs.
func (m *Manager) RunOf(ctx context.Context, slug, id string) (*run.Run, error) {
	t, err := m.Tracker.Find(ctx, slug)
	switch {
	case err == nil:
		if slug, err = m.named(ctx, slug, t.Slug); err != nil {
			return nil, err
		}
	case fault.CodeOf(err) != fault.NotFound:
		return nil, err
	}
	missing := err
	var r *run.Run
	if id == "" {
		r, err = m.Runs.Latest(ctx, slug)
	} else if r, err = m.Runs.ByID(ctx, id); err == nil && r != nil && r.Slug != slug {
		return nil, fault.New(fault.NotFound, "the run %s is none of %s, but of %s", id, slug, r.Slug)
	}
	switch {
	case err != nil:
		return nil, err
	case r != nil:
		return r, nil
	case missing != nil:
		return nil, missing
	case id != "":
		return nil, fault.New(fault.NotFound, "%s has no run %s", slug, id).WithHint("tasks runs lists them")
	}
	return nil, fault.New(fault.NotFound, "%s has no run", slug).WithHint("tasks kickoff %s puts it into the queue", word(slug))
}

// named is the slug of the runs that name means, which is that of a task, its id or its
// path. A file that was renamed keeps its id, which is the slug of the run that is on
// since before: that one would be out of reach under any name.
func (m *Manager) named(ctx context.Context, name, slug string) (string, error) {
	if name == slug {
		return slug, nil
	}
	on, err := m.Runs.Latest(ctx, name)
	if err != nil || on == nil || !on.State.Active() {
		return slug, err
	}
	return name, nil
}

// Dispatch starts a run of the task now. It skips order and limits, not dependencies,
// the check or one at a time; a task that is not in the queue is kicked off first, and
// taken out again where it cannot be started. It returns when the supervisor holds the lease.
func (m *Manager) Dispatch(ctx context.Context, slug, source string) (run.Run, error) {
	r, _, err := m.dispatch(ctx, slug, source, false)
	return r, err
}

// DispatchByHand is Dispatch by the user's own hand, in a terminal or by a click: as the
// first kickoff by hand it trusts the root's commands about which nobody was asked yet, and
// returns them so that it is said.
func (m *Manager) DispatchByHand(ctx context.Context, slug, source string) (run.Run, []trust.Command, error) {
	return m.dispatch(ctx, slug, source, true)
}

func (m *Manager) dispatch(ctx context.Context, slug, source string, byHand bool) (run.Run, []trust.Command, error) {
	r, already, trusted, err := m.kickoff(ctx, slug, "", source, "", byHand)
	if err != nil {
		return run.Run{}, trusted, err
	}
	r, err = m.startNow(ctx, r, already)
	waits := r.Reason != nil && r.Reason.Code == run.Untrusted // for the user's word, as any kickoff
	if err != nil && !already && r.State.Waiting() && !waits {
		// What was refused is not to begin later by itself.
		if _, out := m.Unqueue(ctx, r.Slug); out != nil {
			m.Log.Warn("what cannot be started stays in the queue", "slug", r.Slug, "err", out)
		}
	}
	return r, trusted, err
}

// startNow starts a run that was kicked off.
func (m *Manager) startNow(ctx context.Context, r run.Run, already bool) (run.Run, error) {
	if err := m.Workflow.Problem(); err != nil {
		return r, err
	}
	if t, err := m.Tracker.Find(ctx, r.Slug); err == nil {
		if why := m.flow().Why(t); why != "" { // the next beat would stop it
			return r, fault.New(fault.Conflict, "%s cannot be started: %s", r.Slug, why).WithHint("see docs/manager.md on WORKFLOW.md")
		}
	}
	switch {
	case r.State == run.Blocked && r.Reason != nil && r.Reason.Code != run.Owner && r.Reason.Code != run.Limit:
		code := fault.Conflict
		hint := "tasks show " + word(r.Slug)
		switch r.Reason.Code {
		case run.Untrusted:
			code, hint = fault.Forbidden, "tasks trust"
		case run.Invalid:
			code, hint = fault.Invalid, "tasks check "+word(r.Slug)
		}
		return r, fault.New(code, "%s cannot be started: %s", r.Slug, r.Reason.Text).WithHint("%s", hint)
	case r.State == run.Blocked:
		if _, err := m.Runs.Hold(ctx, r.ID, nil); err != nil {
			return r, err
		}
	case already && r.State != run.Queued && r.State != run.Retrying:
		return r, fault.New(fault.Conflict, "%s is on already: its run is %s", r.Slug, r.State).WithHint("tasks run show %s", word(r.Slug))
	}
	on, err := m.start(ctx, r.ID)
	if fault.CodeOf(err) == fault.Conflict { // a server was faster, which is as good
		if now, lookErr := m.Runs.ByID(ctx, r.ID); lookErr == nil && now != nil && now.State.Leased() {
			on, err = m.taken(ctx, r.ID, now.Lease, 0)
		}
	}
	if err != nil {
		return r, err
	}
	return *on, nil
}

// Send gives the run a message: after the present step, or interrupting it where now. A
// run in review, or one that failed or was stopped, goes on with it. Conflict where the
// run is over for good. kind is "" or "review".
func (m *Manager) Send(ctx context.Context, slug, text string, now bool, kind, source string) (run.Run, error) {
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return run.Run{}, err
	}
	if r.State == run.Accepted || r.State == run.Rejected {
		return *r, fault.New(fault.Conflict, "nothing can be sent to %s: its run is %s", r.Slug, r.State).
			WithHint("write a follow-up task with tasks new")
	}
	if _, err := m.Runs.Send(ctx, run.Message{Run: r.ID, Text: text, Now: now, Kind: kind, Source: source, CreatedAt: m.Now()}); err != nil {
		return *r, err
	}
	// The supervisor looks for messages after it has written the state, we write the state
	// after the message: one of us sees the other.
	if _, err := m.Runs.Move(ctx, r.ID, []run.State{run.Review, run.Failed, run.Interrupted}, run.Retrying,
		&run.Reason{Code: run.Messaged, Text: "a message waits for the agent"}, m.Now(), m.Now()); err != nil {
		return *r, err
	}
	m.Wake(r.ID)
	return m.fresh(ctx, r.ID)
}

// Stop ends the run: its agent where it is at work, its wait where it waits. why is for
// people. Conflict where it is over.
func (m *Manager) Stop(ctx context.Context, slug, why string) (run.Run, error) {
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return run.Run{}, err
	}
	if why == "" {
		why = "a person stopped it"
	}
	reason := &run.Reason{Code: run.Stopped, Text: why}
	for range 3 { // between our look and our word it may begin or end
		if asked, err := m.Runs.AskStop(ctx, r.ID, why); err != nil || asked {
			m.Wake(r.ID)
			if err != nil {
				return *r, err
			}
			return m.ended(ctx, r.ID)
		}
		moved, err := m.Runs.Move(ctx, r.ID, []run.State{run.Queued, run.Blocked, run.Retrying, run.Review}, run.Interrupted, reason, time.Time{}, m.Now())
		if err != nil {
			return *r, err
		}
		if moved {
			m.kick()
			return m.fresh(ctx, r.ID)
		}
		if now, err := m.Runs.ByID(ctx, r.ID); err == nil && now != nil && !now.State.Active() {
			return *now, fault.New(fault.Conflict, "the run of %s is over already: it is %s", r.Slug, now.State)
		}
	}
	return *r, fault.New(fault.Unavailable, "the run of %s could not be stopped: it changes all the time", r.Slug).WithHint("try again")
}

// stopWait is how long Stop waits for the agent's tree to be down.
const stopWait = 20 * time.Second

// ended waits until the supervisor has recorded the run's end.
func (m *Manager) ended(ctx context.Context, id string) (run.Run, error) {
	deadline := time.Now().Add(stopWait)
	for {
		r, err := m.Runs.ByID(ctx, id)
		switch {
		case err != nil:
			return run.Run{}, err
		case r == nil:
			return run.Run{}, fault.New(fault.NotFound, "the run %s is gone", id)
		case !r.State.Leased():
			m.kick()
			return *r, nil
		case time.Now().After(deadline) || ctx.Err() != nil:
			return *r, nil // it is asked to; the next beat sees to it
		}
		time.Sleep(15 * time.Millisecond)
	}
}

// Retry gives a run that failed, was stopped or waits for its next attempt that attempt
// now, in the same worktree and session. A run in review is given back with Send.
func (m *Manager) Retry(ctx context.Context, slug string) (run.Run, error) {
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return run.Run{}, err
	}
	switch r.State {
	case run.Accepted:
		return *r, fault.New(fault.Conflict, "the run of %s cannot be tried again: it is %s", r.Slug, r.State).WithHint("write a follow-up task with tasks new")
	case run.Rejected:
		return *r, fault.New(fault.Conflict, "the run of %s cannot be tried again: it is %s", r.Slug, r.State).WithHint("tasks kickoff %s begins a new one", word(r.Slug))
	}
	ok, err := m.Runs.Move(ctx, r.ID, []run.State{run.Failed, run.Interrupted, run.Retrying, run.Review}, run.Retrying,
		&run.Reason{Code: run.Messaged, Text: "a person asked for another attempt"}, m.Now(), m.Now())
	if err != nil {
		return *r, err
	}
	if !ok {
		return *r, fault.New(fault.Conflict, "the run of %s cannot be tried again: it is %s", r.Slug, r.State)
	}
	m.kick()
	return m.fresh(ctx, r.ID)
}

// Answer decides about an open question of the run's agent.
func (m *Manager) Answer(ctx context.Context, slug, ask string, allow bool, why string) (run.Run, error) {
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return run.Run{}, err
	}
	to := run.Denied
	if allow {
		to = run.Allowed
	}
	if err := m.Runs.Decide(ctx, r.ID, ask, to, why, m.Now()); err != nil {
		return *r, err
	}
	m.Wake(r.ID)
	return m.fresh(ctx, r.ID)
}

// SendReview sends the drafts of comments back as one message.
func (m *Manager) SendReview(ctx context.Context, slug, words, source string) (run.Run, error) {
	r, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return run.Run{}, err
	}
	comments, err := m.Runs.Comments(ctx, r.ID)
	if err != nil {
		return *r, err
	}
	text, n := words, 0
	for _, c := range comments {
		if c.Sent {
			continue
		}
		n++
		where := c.Path
		if c.Line > 0 {
			where = fmt.Sprintf("%s:%d", c.Path, c.Line)
			if c.Side == "old" {
				where += " (before the change)"
			}
		}
		if text != "" {
			text += "\n\n"
		}
		text += where
		if c.Quote != "" {
			text += "\n> " + c.Quote
		}
		text += "\n" + c.Text
	}
	if n == 0 && words == "" {
		return *r, fault.New(fault.Usage, "there is no review to send: it has no comment")
	}
	sent, err := m.Send(ctx, slug, text, false, "review", source)
	if err != nil {
		return sent, err
	}
	return sent, m.Runs.SentComments(ctx, r.ID)
}

// Wake makes the supervisor of the run look for messages, answers and a stop, and a
// running server as well.
func (m *Manager) Wake(id string) {
	name := filepath.Join(run.Dir(m.StateDir, id), "inbox")
	if err := os.WriteFile(name, []byte(m.Now().UTC().Format(time.RFC3339Nano)+"\n"), 0o600); err != nil && !os.IsNotExist(err) {
		m.Log.Warn("the supervisor was not woken; it looks every few seconds", "path", name, "err", err)
	}
	m.kick()
}

// fresh reads the run as it is now.
func (m *Manager) fresh(ctx context.Context, id string) (run.Run, error) {
	r, err := m.Runs.ByID(ctx, id)
	if err == nil && r == nil {
		err = fault.New(fault.NotFound, "the run %s is gone", id)
	}
	if err != nil {
		return run.Run{}, err
	}
	return *r, nil
}
