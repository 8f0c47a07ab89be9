package manager

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/task"
)

// Rebase puts the work of a run that is ready for review onto its base as that is now.
// Where it applies, the branch is rebased and conflicts is empty; where not, nothing is
// changed, and the conflict goes back to the run's own agent as a message, which merges
// the base and solves it. A person comes last. Where the worksheet has verify commands, they
// run again on the rebased work before it is back in review. So they do where the branch
// stands on the base and is not where it was for the review, since somebody committed to it.
func (m *Manager) Rebase(ctx context.Context, slug, source string) (r run.Run, conflicts []string, err error) {
	on, unlock, err := m.lockRun(ctx, slug, rebasable)
	if err != nil {
		return orNone(on), nil, err
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
	to, why := run.Review, run.Reason{Code: run.Finished, Text: "rebased onto " + on.Base + " as it is now"}
	if begin == on.Begin { // it stood there: somebody has committed to the branch
		why.Text = "its branch is taken as it is now"
	}
	var due time.Time
	if len(task.Parse(on.Path, on.Worksheet).Verify) > 0 {
		to, due = run.Retrying, m.Now()
		why = run.Reason{Code: run.Rebased, Text: why.Text + ": verify runs again"}
		if err := m.Runs.SetProof(ctx, on.ID, true); err != nil {
			return *on, nil, err
		}
	}
	if _, err := m.Runs.Move(ctx, on.ID, []run.State{run.Review}, to, &why, due, m.Now()); err != nil {
		return *on, nil, err
	}
	m.kick()
	r, err = m.fresh(ctx, on.ID)
	return r, nil, err
}

// rebasable says why a run cannot be rebased, nil where it can.
func rebasable(r *run.Run) error {
	if r.State == run.Review {
		return nil
	}
	return fault.New(fault.Conflict, "the run of %s cannot be rebased: it is %s, not ready for review", r.Slug, r.State).
		WithHint("tasks run show %s", word(r.Slug))
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

// Behind is how many commits the base of a run has that its work does not stand on, 0 where
// it cannot be told.
func (m *Manager) Behind(ctx context.Context, r *run.Run) int {
	if r.Base == "" || r.Head == "" {
		return 0
	}
	out, err := m.Git.Output(ctx, "rev-list", "--count", "--end-of-options", r.Head+"..refs/heads/"+r.Base)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(out)))
	return n
}
