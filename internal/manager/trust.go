package manager

import (
	"context"
	"fmt"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/trust"
)

// KickoffByHand is Kickoff by the user's own hand, in a terminal or by a click. In a
// root whose commands the user was never asked about it trusts them, and returns them
// so that it is said.
func (m *Manager) KickoffByHand(ctx context.Context, slug, source, note string) (r run.Run, already bool, trusted []trust.Command, err error) {
	return m.kickoff(ctx, slug, "", source, note, true)
}

// untrusted says why the root's own commands may not run, nil where they may or there
// are none. It looks at the files as they are: what starts a run must ask the book about
// the commands of the run's own worksheet as well, which may be an older one.
func (m *Manager) untrusted(tasks []*task.Task) *run.Reason {
	commands := m.commands(tasks)
	standing, err := m.Trust.Look(m.Git.Root, commands)
	if err == nil && standing.May() {
		return nil
	}
	what := "the repository's own commands are"
	if len(commands) == 1 {
		what = "the repository's own command is"
	}
	text := what + " not trusted: tasks trust shows and allows " + count(len(commands))
	switch {
	case err != nil:
		text = what + " not trusted: " + err.Error()
	case standing == trust.Changed:
		text = "the repository's own commands have changed since they were trusted: tasks trust shows and allows " + count(len(commands))
	}
	return &run.Reason{Code: run.Untrusted, Text: text}
}

func count(n int) string {
	if n == 1 {
		return "it"
	}
	return fmt.Sprintf("them (%d)", n)
}

// trustFirst trusts the commands of a root about which the user was never asked, and
// returns them; nil where there is nothing to trust, or it is decided already. What
// cannot be kept is told in the reason of the run, which then waits.
func (m *Manager) trustFirst(tasks []*task.Task) []trust.Command {
	commands := m.commands(tasks)
	standing, err := m.Trust.Look(m.Git.Root, commands)
	if err != nil || standing != trust.Unasked {
		return nil
	}
	if err := m.Trust.Trust(m.Git.Root, commands); err != nil {
		m.Log.Warn("the repository's commands could not be trusted", "err", err, "hint", fault.HintOf(err))
		return nil
	}
	return commands
}

// again looks at a waiting run whose task is kicked off once more, so that what is
// answered is what is so now. By hand it may be the first kickoff that trusts, whoever
// put the task into the queue.
func (m *Manager) again(ctx context.Context, t *task.Task, on *run.Run, byHand bool) (run.Run, []trust.Command, error) {
	if !on.State.Waiting() {
		return *on, nil, nil
	}
	tasks, err := m.Tracker.All(ctx)
	if err != nil {
		return run.Run{}, nil, err
	}
	var trusted []trust.Command
	if byHand {
		trusted = m.trustFirst(tasks)
	}
	w, err := m.world(ctx, tasks, map[string]*run.Run{t.Slug: on})
	if err != nil {
		return run.Run{}, nil, err
	}
	now := set(w).settled(on)
	if !now.State.Waiting() || on.State == now.State && sameReason(on.Reason, now.Reason) {
		return *on, trusted, nil
	}
	if _, err := m.Runs.Hold(ctx, on.ID, now.Reason); err != nil {
		return run.Run{}, trusted, err
	}
	m.kick()
	return *now, trusted, nil
}
