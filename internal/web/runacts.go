package web

import (
	"cmp"
	"fmt"
	"strings"

	"tasks/internal/run"
)

// acts is what can be done now.
func (p *RunPage) acts() RunActs {
	r := p.V.Run
	a := RunActs{Base: cmp.Or(r.Base, "the base branch")}
	if !p.Latest {
		a.Why = "This is an earlier run of the task; only the latest can be acted on."
		return a
	}
	switch r.State {
	case run.Queued, run.Blocked:
		a.Unqueue, a.Start = true, true
		a.Why = "Accept and reject come with the review."
	case run.Dispatching, run.Running, run.Verifying:
		a.Stop = true
		a.Why = "Accept and reject come with the review."
	case run.Retrying:
		a.Stop, a.Retry, a.Reject = true, true, r.Branch != ""
		a.Why = "Accept and reject come with the review."
	case run.Review:
		a.Accept, a.Reject, a.Retry = true, true, true
		if p.Diff != nil && len(p.Diff.Files) == 0 {
			a.Accept, a.Why = false, "There is nothing to accept: the work changes no file."
		}
	case run.Failed, run.Interrupted:
		a.Retry, a.Reject = true, r.Branch != ""
		a.Why = "Accept comes with the review: the run did not get there."
	case run.Accepted, run.Rejected:
		a.Kickoff = p.V.Task != nil && queueable(p.V.Task, p.Run)
	}
	return a
}

// conflict says that the work does not merge, and what to tell the agent about it.
func (a *RunActs) conflict(r *run.Run, paths []string) {
	list := strings.Join(paths[:min(len(paths), 20)], ", ")
	a.Accept, a.Why = false, fmt.Sprintf("It does not merge onto %s any more: both changed %s.", r.Base, list)
	a.Conflicts = fmt.Sprintf("Your branch %s does not merge onto %s any more. Both sides changed: %s. Merge %s into your branch, settle the conflicts so that both changes keep their meaning, run the checks again and commit.", r.Branch, r.Base, list, r.Base)
}

// moved says that the branch is not where it was for the review.
func (a *RunActs) moved(r *run.Run) {
	a.Accept, a.Rebase = false, true
	a.Why = fmt.Sprintf("%s has been changed since the review began. Rebase takes it as it is now, and verifies it again.", r.Branch)
}

// behind says that the base has moved, and what that means for what verify said.
func (a *RunActs) behind(r *run.Run, n int, verified bool) {
	a.Rebase = true
	a.Why = fmt.Sprintf("%s has %s that this work does not stand on.", r.Base, plural(n, "newer commit", "newer commits"))
	if verified {
		a.Why += " What verify said is of the work without them; rebased, it is verified again."
	}
}

// runAdvice says what to do about where a run stands, "" where there is nothing to do.
func runAdvice(r *run.Run) string {
	code := ""
	if r.Reason != nil {
		code = r.Reason.Code
	}
	switch r.State {
	case run.Blocked:
		switch code {
		case run.Dependency:
			return "It starts by itself when what it waits for is completed."
		case run.Untrusted:
			return "Read the repository's own commands, then let them run with tasks trust."
		case run.Invalid:
			return "Mend the worksheet, take the task out of the queue and hand it over again."
		case run.Changed:
			return "Take it out of the queue and hand it over again, so that the agent gets the worksheet as it is now."
		case run.Owner:
			return "Start it now, or change the task's owner."
		case run.Limit:
			return "It starts by itself when another run is over; start it now to skip the limit."
		}
	case run.Review:
		return "Read the changes below, then accept them, send them back with comments, or reject them."
	case run.Retrying:
		switch code {
		case run.Messaged:
			return ""
		case run.Rebased:
			return "The agent is not asked again unless verify fails."
		}
		return "The next attempt begins by itself. A message helps it to do better."
	case run.Failed, run.Interrupted:
		return failedAdvice(code)
	}
	return ""
}

func failedAdvice(code string) string {
	switch code {
	case run.Login:
		return "Log the worker's program in on this computer, then try again."
	case run.Program:
		return "Install the worker's program, or set another one, then try again."
	case run.Budget:
		return "It spent what it may. Raise the budget, or send a message that makes the work smaller."
	case run.Model:
		return "The model could not be reached. Try again later."
	case run.VerifyFails:
		return "The evidence says which command failed. Send a message, or try again."
	case run.HookFailed:
		return "Mend the hook, then try again."
	case run.Workspace:
		return "Put right what is said here of its worktree or branch, then try again."
	case run.TaskOver:
		return ""
	case run.Stopped:
		return "Nothing is lost: it goes on where it was with a message or another attempt."
	}
	return "Send a message that helps, try again, or reject it; the work so far stays on its branch."
}
