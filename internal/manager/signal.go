package manager

import (
	"fmt"
	"strings"

	"tasks/internal/run"
	"tasks/internal/task"
)

// signals are what wants attention about one task and its run, which may be nil.
func (s *scene) signals(t *task.Task, r *run.Run) []Signal {
	var out []Signal
	slug := word(t.Slug)
	add := func(code string, tier int, evidence, cause, command string) {
		out = append(out, Signal{Slug: t.Slug, Code: code, Tier: tier, Evidence: evidence, Cause: cause, Command: command})
	}
	held := r != nil && r.State.Active()
	if t.Broken != nil {
		add("broken_file", 2, fmt.Sprintf("%s:%d: %s", t.Path, t.Broken.Line, t.Broken.Reason),
			"the front matter is not valid YAML, or a value is not of its form", "tasks validate "+slug)
	}
	if first := s.known[t.Slug]; first != t {
		add("duplicate_slug", 2, fmt.Sprintf("%s and %s have one slug", first.Path, t.Path),
			"a task was copied or moved without its old file", "tasks validate")
	}
	if t.Broken == nil && t.Status == task.Ready && !held {
		add("ready_not_queued", 1, "the file says ready, and no run of it is in the queue",
			"the status was written by hand; only a kickoff queues a task", "tasks kickoff "+slug)
	}
	if !held {
		return out
	}
	if r.State == run.Blocked && r.Reason != nil {
		switch r.Reason.Code {
		case run.Dependency:
			add("blocked_dependency", 1, "it waits: "+r.Reason.Text,
				"what it builds on is not completed", "tasks show "+word(firstOpen(t, s.known)))
		case run.Untrusted:
			add("blocked_untrusted", 2, "it waits: "+r.Reason.Text,
				"commands that stand in the repository run only after you have said so", "tasks trust")
		case run.Owner:
			add("blocked_owner", 1, "it waits: "+r.Reason.Text,
				"TASK_MANAGER_OWNER names another owner", "tasks show "+slug)
		}
	}
	if t.Hash != "" && r.Hash != "" && t.Hash != r.Hash {
		command := fmt.Sprintf("tasks unqueue %s && tasks kickoff %s", slug, slug)
		if !r.State.Waiting() {
			command = fmt.Sprintf("tasks run send %s MESSAGE", slug)
		}
		add("root_task_edited", 1, fmt.Sprintf("%s is %s now, and was %s at kickoff", t.Path, short(t.Hash), short(r.Hash)),
			"the worksheet was edited after kickoff; the run works on what was kicked off", command)
	}
	return out
}

// orphan is the signal of a run that waits or works for a task that is not there.
func orphan(r *run.Run) Signal {
	command := "tasks unqueue " + word(r.Slug)
	if !r.State.Waiting() {
		command = "tasks run stop " + word(r.Slug)
	}
	return Signal{
		Slug: r.Slug, Code: "run_without_task", Tier: 2,
		Evidence: fmt.Sprintf("a run is %s, and %s is not there", r.State, r.Path),
		Cause:    "the file was removed or renamed, or another branch is checked out", Command: command,
	}
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

// word is s as one word of a shell's command line: a broken file's name may be
// anything.
func word(s string) string {
	if task.ValidSlug(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
