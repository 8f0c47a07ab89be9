package web

import (
	"fmt"
	"strings"

	"tasks/internal/run"
	"tasks/internal/task"
)

// The words and icons of statuses, priorities, runs and health: the same on every
// page. Icons are names of the sprite.

var writtenStatuses = []task.Status{task.NotStarted, task.Ready, task.InProgress, task.Blocked, task.Completed, task.Cancelled}

func statusLabel(s task.Status) string {
	switch s {
	case task.NotStarted:
		return "Not started"
	case task.Ready:
		return "Ready"
	case task.InProgress:
		return "In progress"
	case task.Blocked:
		return "Blocked"
	case task.Completed:
		return "Completed"
	case task.Cancelled:
		return "Cancelled"
	case "":
		return "No status"
	}
	return string(s)
}

func statusIcon(s task.Status) string {
	switch s {
	case task.Ready:
		return "circle"
	case task.InProgress:
		return "circle-dot"
	case task.Blocked:
		return "octagon-alert"
	case task.Completed:
		return "circle-check"
	case task.Cancelled:
		return "circle-slash"
	}
	return "circle-dashed"
}

func priorityLabel(p string) string {
	switch p {
	case "p0":
		return "Critical priority"
	case "p1":
		return "High priority"
	case "p2":
		return "Normal priority"
	case "p3":
		return "Low priority"
	}
	return "No priority"
}

func priorityIcon(p string) string {
	switch p {
	case "p0":
		return "chevrons-up"
	case "p1":
		return "signal-high"
	case "p2":
		return "signal-medium"
	}
	return "signal-low"
}

func runIcon(state string) string {
	switch run.State(state) {
	case run.Queued:
		return "hourglass"
	case run.Blocked:
		return "octagon-alert"
	case run.Dispatching, run.Running, run.Retrying, run.Verifying:
		return "activity"
	case run.Review:
		return "file-check"
	case run.Accepted:
		return "circle-check"
	case run.Failed, run.Interrupted:
		return "circle-x"
	}
	return "circle-slash"
}

// runLabel says in two words where a run stands.
func runLabel(r *RunView) string {
	switch run.State(r.State) {
	case run.Queued:
		if r.Place > 0 {
			return fmt.Sprintf("Queued, place %d", r.Place)
		}
	case run.Review:
		return "Waits for review"
	case "":
		return "No run"
	}
	return strings.ToUpper(r.State[:1]) + r.State[1:]
}

func healthIcon(level string) string {
	switch level {
	case "ok":
		return "circle-check"
	case "warn":
		return "triangle-alert"
	}
	return "circle-x"
}

// runPhase says what a run at work is doing, "" where there is nothing to add to its state.
func runPhase(r *run.Run) string {
	switch {
	case r.Stop != "":
		return "asked to stop"
	case r.Phase == run.Preparing:
		return "making its worktree"
	case r.Phase == run.Asking:
		return "waits for your answer"
	}
	return ""
}

// attemptWord is how an attempt ended.
func attemptWord(outcome string) string {
	switch outcome {
	case run.Done:
		return "Finished"
	case run.Halted:
		return "Stopped"
	case run.Lost:
		return "Lost"
	}
	return "Failed"
}
