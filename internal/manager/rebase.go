package manager

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
)

// Rebase puts the work of a run that is ready for review onto its base as that is now.
// Where it applies, the branch is rebased and conflicts is empty; where not, nothing is
// changed, and the conflict goes back to the run's own agent as a message, which merges
// the base and solves it. A person comes last.
func (m *Manager) Rebase(ctx context.Context, slug, source string) (r run.Run, conflicts []string, err error) {
	on, err := m.RunOf(ctx, slug, "")
	if err != nil {
		return run.Run{}, nil, err
	}
	if on.State != run.Review {
		return *on, nil, fault.New(fault.Conflict, "the run of %s cannot be rebased: it is %s, not ready for review", on.Slug, on.State).
			WithHint("tasks run show %s", word(on.Slug))
	}
	unlock, err := m.lockBeat(ctx)
	if err != nil {
		return *on, nil, err
	}
	begin, head, conflicts, err := m.lander().Rebase(ctx, on)
	unlock()
	if err != nil {
		return *on, nil, err
	}
	if len(conflicts) > 0 {
		r, err = m.Send(ctx, on.Slug, conflictWords(on.Base, conflicts), false, "", source)
		return r, conflicts, err
	}
	if begin == on.Begin && head == on.Head {
		return *on, nil, nil
	}
	if err := m.Runs.SetTree(ctx, on.ID, on.Worktree, begin, head); err != nil {
		return *on, nil, err
	}
	text := fmt.Sprintf("rebased onto %s as it is now; what verify said is of the work before", on.Base)
	if _, err := m.Runs.Move(ctx, on.ID, []run.State{run.Review}, run.Review, &run.Reason{Code: run.Finished, Text: text}, time.Time{}, m.Now()); err != nil {
		return *on, nil, err
	}
	m.kick()
	r, err = m.fresh(ctx, on.ID)
	return r, nil, err
}

// conflictWords tell the agent what to do about a base that has moved.
func conflictWords(base string, paths []string) string {
	const most = 50
	more := ""
	if len(paths) > most {
		more = fmt.Sprintf("\n- and %d more", len(paths)-most)
		paths = paths[:most]
	}
	return fmt.Sprintf("%s has moved on, and this work conflicts with it in:\n\n- %s%s\n\nMerge it into this branch (git merge %s), solve each conflict so that what both sides meant still holds, run the checks, and commit the merge. Do not rebase.",
		base, strings.Join(paths, "\n- "), more, base)
}
