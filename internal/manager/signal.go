package manager

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tasks/internal/run"
	"tasks/internal/task"
)

// stuckAfter is how long a task may say in_progress without a run or a change.
const stuckAfter = 72 * time.Hour

// signaller collects what wants attention about one task.
type signaller struct {
	*scene
	slug string
	out  []Signal
}

func (g *signaller) add(code string, tier int, evidence, cause, command string) {
	g.out = append(g.out, Signal{Slug: g.slug, Code: code, Tier: tier, Evidence: evidence, Cause: cause, Command: command})
}

// signals are what wants attention about one task and its run, which may be nil.
func (s *scene) signals(t *task.Task, r *run.Run) []Signal {
	g := &signaller{scene: s, slug: t.Slug}
	slug := word(t.Slug)
	held := r != nil && r.State.Active()
	if t.Broken != nil {
		g.add("broken_file", 2, fmt.Sprintf("%s:%d: %s", t.Path, t.Broken.Line, t.Broken.Reason),
			"the front matter is not valid YAML, or a value is not of its form", "tasks validate "+slug)
	}
	if first := s.known[t.Slug]; first != t {
		g.add("duplicate_slug", 2, fmt.Sprintf("%s and %s have one slug", first.Path, t.Path),
			"a task was copied or moved without its old file", "tasks validate")
	}
	over := t.Status == task.Completed || t.Status == task.Cancelled
	if _, known := s.person(t.Owner); !known && (held || t.Status == task.Ready) {
		g.add("unknown_owner", 2, fmt.Sprintf("%s is %s's, and there is no tasks/team/%s.md", t.Path, t.Owner, task.Owner(t.Owner)),
			"the owner is misspelt, or not yet of the team", "tasks team list")
	}
	switch {
	case t.Broken != nil || over || held:
	case t.Status == task.Ready && (r == nil || r.State != run.Failed && r.State != run.Accepted):
		g.add("ready_not_queued", 1, "the file says ready, and no run of it is in the queue",
			"the status was written by hand; only a kickoff queues a task", "tasks kickoff "+slug)
	case t.Status == task.InProgress && r == nil:
		if since := later(t.UpdatedAt, t.CreatedAt); !since.IsZero() && s.At.Sub(since) > stuckAfter {
			g.add("stuck_in_progress", 2, "the file says in_progress, nothing has changed since "+clock(since)+", and no run works on it",
				"who worked on it has stopped without saying so", "tasks show "+slug)
		}
	}
	if r != nil {
		g.ended(t, r, over)
	}
	if held {
		g.waiting(t, r)
		g.working(r)
		g.edited(t, r)
	}
	return g.out
}

// ended are the signals of a run that is over while its task is not.
func (g *signaller) ended(t *task.Task, r *run.Run, over bool) {
	slug := word(t.Slug)
	switch {
	case over || !g.here(r):
	case r.State == run.Failed:
		code, cause, command := failure(r)
		if r.Reason != nil && r.Reason.Code == run.Workspace && !g.switched(r) {
			code, cause, command = "dispatch_failed", "something is in the way of its worktree or branch, or they were changed by hand", "tasks run retry "+slug
		}
		g.add(code, 2, fmt.Sprintf("attempt %d was the last: %s", r.Attempt, text(r)), cause, command)
	case r.State == run.Accepted:
		g.add("dispatch_completed_unreconciled", 1, fmt.Sprintf("its work is on %s, and the file says %s", r.Base, cmp.Or(t.Status, task.NotStarted)),
			"the branch was merged by other means, and the worksheet was left as it was", "tasks update "+slug+" --status completed")
	}
}

// failure says what is likely behind the end of an attempt, and what helps.
func failure(r *run.Run) (code, cause, command string) {
	slug := word(r.Slug)
	code, command = "dispatch_failed", "tasks run retry "+slug
	if r.Reason == nil {
		return code, "it ended without saying why", "tasks run logs " + slug
	}
	switch r.Reason.Code {
	case run.VerifyFails:
		return "verify_failed", "the work does not yet do what the task asks for", "tasks run show " + slug
	case run.Stalled:
		return "dispatch_stalled", "the agent waits for something, or its model does not answer", command
	case run.Crashed:
		return "worker_gone", "the machine ran out of memory, or somebody ended the process", command
	case run.Login:
		return code, "the agent's program has no valid login or key", "tasks doctor"
	case run.Program:
		return code, "the agent's program is not there, or too old", "tasks doctor"
	case run.Model:
		return code, "the model could not be reached, or refused", command
	case run.Budget, run.TurnLimit, run.TimedOut:
		return code, "the task is larger than one run may be: split it, or allow more", command
	case run.HookFailed:
		return code, "a hook of the workflow's files fails", "tasks run logs " + slug
	case run.Workspace:
		return "branch_switched", "somebody works in the worktree, or it was changed by hand", "tasks run show " + slug
	}
	return code, "the agent could not do it; its log says more", "tasks run logs " + slug
}

// waiting are the signals of a run that is in the queue or rests between attempts.
func (g *signaller) waiting(t *task.Task, r *run.Run) {
	slug := word(t.Slug)
	switch {
	case r.State == run.Retrying:
		code, cause, _ := failure(r)
		if r.Reason != nil && (r.Reason.Code == run.Messaged || r.Reason.Code == run.Rebased || r.Reason.Code == run.Limit) {
			break // it goes on by itself, and nothing failed
		}
		if code == "dispatch_failed" {
			code = "retrying"
		}
		g.add(code, 1, fmt.Sprintf("attempt %d ended: %s; the next is due at %s", r.Attempt, text(r), clock(r.RetryAt)), cause, "tasks run logs "+slug)
	case r.State == run.Queued && !g.At.Before(r.RetryAt):
		if since := later(r.QueuedAt, r.RetryAt); g.At.Sub(since) > 2*cmp.Or(g.Limits.Beat, 30*time.Second) {
			cause := "nobody looks at the queue: no server runs, or it was started with --no-manager"
			if g.Held != "" {
				cause = g.Held
			}
			g.add("pickup_overdue", 2, "it is queued since "+clock(since)+", and has not begun", cause, "tasks heartbeat --dispatch")
		}
	case r.State == run.Review:
		g.add("review_waiting", 1, "its work is in review since "+clock(r.EndedAt), "it waits for a person", "tasks run diff "+slug)
	}
	if r.State != run.Blocked || r.Reason == nil {
		return
	}
	said := "it waits: " + r.Reason.Text
	switch r.Reason.Code {
	case run.Dependency:
		g.add("blocked_dependency", 1, said, "what it builds on is not completed", "tasks show "+word(firstOpen(t, g.known)))
	case run.Untrusted:
		g.add("blocked_untrusted", 2, said, "commands that stand in the repository run only after you have said so", "tasks trust")
	case run.Owner:
		g.add("blocked_owner", 1, said, "TASK_MANAGER_OWNER names another owner, or the workflow's files leave it out", "tasks show "+slug)
	case run.Invalid:
		g.add("blocked_invalid", 2, said, "the file was edited since kickoff, and lacks something now", "tasks validate "+slug+" --strict")
	}
}

// working are the signals of a run that is on, or rests with its worktree.
func (g *signaller) working(r *run.Run) {
	slug := word(r.Slug)
	life, seen := g.Lives[r.ID]
	switch {
	case r.State.Leased() && seen && r.PID != 0 && !life.Alive:
		g.add("worker_gone", 1, fmt.Sprintf("its supervisor, process %d, is gone", r.PID),
			"the machine ran out of memory, or somebody ended the process", "tasks heartbeat --dispatch")
	case r.State.Leased() && r.Phase == run.Asking:
		g.add("question_open", 2, "the agent asks whether it may go on", "it wants to do what it may not do unasked", "tasks run show "+slug)
	case r.State == run.Running && g.Limits.Stall > 0 && !r.EventAt.IsZero() && g.At.Sub(r.EventAt) > g.Limits.Stall*3/4:
		g.add("dispatch_stalled", 2, "no word of the agent since "+clock(r.EventAt),
			"it waits for something, or its model does not answer", "tasks run logs "+slug)
	}
	if g.switched(r) {
		on := cmp.Or(g.Trees[r.Worktree].Branch, "no branch")
		g.add("branch_switched", 2, fmt.Sprintf("%s has %s checked out, and the run works on %s", r.Worktree, on, r.Branch),
			"somebody works in the worktree", "git -C "+quote(r.Worktree)+" switch "+quote(r.Branch))
	}
	if g.Baseless[r.ID] {
		g.add("base_gone", 2, "the branch "+r.Base+", onto which it is to land, is not there any more",
			"it was renamed or deleted since the kickoff", "git branch "+word(r.Base)+" "+short(r.Begin))
	}
	if now := g.Moved[r.ID]; now != "" {
		g.add("branch_moved", 2, fmt.Sprintf("%s was at %.10s for the review, and is at %.10s now", r.Branch, r.Head, now),
			"somebody committed to it, or a rebase was cut off", "tasks run rebase "+slug)
	}
	if paths := g.Conflicts[r.ID]; len(paths) > 0 {
		g.add("merge_conflict", 2, "it does not fit onto "+r.Base+" any more: "+listed(paths),
			"the base has moved where the run works", "tasks run rebase "+slug)
	}
	switch p := r.Pull; {
	case p.Conflicts:
		g.add("pr_conflict", 2, r.PRURL+" conflicts with its base", "the base has moved where the run works", "tasks run rebase "+slug)
	case p.State == "closed":
		g.add("pr_closed", 2, r.PRURL+" was closed without a merge", "somebody decided against it", "tasks run reject "+slug)
	case p.Checks == "failing":
		g.add("pr_ci_failed", 2, "checks of "+r.PRURL+" fail", "the work breaks something that only the forge tries", "tasks run send "+slug+" MESSAGE")
	}
}

// switched tells whether the run's worktree is there, and on another branch than the run's.
func (g *signaller) switched(r *run.Run) bool {
	tree, ok := g.Trees[r.Worktree]
	return ok && r.Worktree != "" && !tree.Missing && tree.Branch != r.Branch && r.Branch != ""
}

// edited is the signal of a file that is another than the one kicked off.
func (g *signaller) edited(t *task.Task, r *run.Run) {
	if t.Hash == "" || r.Hash == "" || t.Hash == r.Hash || !g.here(r) { // another branch's file is no edit
		return
	}
	slug := word(t.Slug)
	command := fmt.Sprintf("tasks unqueue %s && tasks kickoff %s", slug, slug)
	if !r.State.Waiting() {
		command = fmt.Sprintf("tasks run send %s MESSAGE", slug)
	}
	evidence := fmt.Sprintf("%s is %s now, and was %s at kickoff", t.Path, short(t.Hash), short(r.Hash))
	if what := g.Edits[r.ID].What; what != "" {
		evidence += ": " + what
	}
	g.add("root_task_edited", 1, evidence, "the worksheet was edited after kickoff; the run works on what was kicked off", command)
}

// orphan is the signal of a run that waits or works for a task that is not there.
func (s *scene) orphan(r *run.Run) Signal {
	g := Signal{
		Slug: r.Slug, Code: "run_without_task", Tier: 2,
		Evidence: fmt.Sprintf("a run is %s, and %s is not there", r.State, r.Path),
		Cause:    "the file was removed or renamed", Command: "tasks run stop " + word(r.Slug),
	}
	switch {
	case r.Base != "" && r.Base != s.Branch && s.Unreadable == "":
		g.Tier, g.Cause, g.Command = 1, "another branch than its base is checked out", "git switch "+word(r.Base)
	case r.State.Waiting():
		g.Command = "tasks unqueue " + word(r.Slug)
	}
	return g
}

// grouped puts the signals of a task together, the tasks with what is worst first.
func grouped(list []Signal) {
	worst := map[string]int{}
	for _, g := range list {
		worst[g.Slug] = max(worst[g.Slug], g.Tier)
	}
	slices.SortFunc(list, func(a, b Signal) int {
		return cmp.Or(cmp.Compare(worst[b.Slug], worst[a.Slug]), cmp.Compare(a.Slug, b.Slug),
			cmp.Compare(b.Tier, a.Tier), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Evidence, b.Evidence))
	})
}

// Groups are the signals by task, in their order.
func (s *Status) Groups() [][]Signal {
	var out [][]Signal
	for i, g := range s.Signals {
		if i == 0 || s.Signals[i-1].Slug != g.Slug {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], g)
	}
	return out
}

// firstOpen is the first dependency of t that is not completed.
func firstOpen(t *task.Task, known map[string]*task.Task) string {
	for _, slug := range t.DependsOn {
		if d := known[slug]; d == nil || d.Broken != nil || d.Status != task.Completed {
			return slug
		}
	}
	return t.Slug
}

func short(hash string) string { return hash[:min(len(hash), 12)] }

func text(r *run.Run) string {
	if r.Reason == nil {
		return "without a reason"
	}
	return r.Reason.Text
}

// clock is a time in words that stay the same.
func clock(t time.Time) string {
	if t.IsZero() {
		return "once"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func listed(paths []string) string {
	if len(paths) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(paths[:5], ", "), len(paths)-5)
	}
	return strings.Join(paths, ", ")
}

// word is s as one word of a shell's command line: a broken file's name may be
// anything.
func word(s string) string {
	if task.ValidSlug(s) {
		return s
	}
	return quote(s)
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
