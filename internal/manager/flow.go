package manager

import (
	"strings"

	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/trust"
	"tasks/internal/workflow"
)

// flow is the workflow in force: the last good one while the files cannot be read. nil
// where there has been none yet.
func (m *Manager) flow() *workflow.Workflow {
	w, err := m.Workflow.Get()
	if err != nil {
		return nil // Problem says it
	}
	return w
}

// commands are what this root can have run: its hooks, its prompt and the tasks' verify.
func (m *Manager) commands(tasks []*task.Task) []trust.Command {
	return trust.Commands(tasks, m.flow().Commands()...)
}

// flowHealth is a line for what is wrong with the workflow's files, and one for each word
// of theirs that does not count.
func (m *Manager) flowHealth() []Health {
	var out []Health
	if err := m.Workflow.Problem(); err != nil {
		out = append(out, Health{"workflow", "bad", "no run can begin: " + err.Error()})
	}
	if w := m.flow(); w != nil {
		for _, text := range w.Warnings {
			out = append(out, Health{"workflow", "warn", text})
		}
		if m.Settings != nil {
			_, more := w.Limits(m.Settings.Manager)
			for _, text := range more {
				out = append(out, Health{"workflow", "warn", text})
			}
		}
	}
	return out
}

// routed says why the workflow's files keep a task from being worked on, nil where they
// do not.
func (s *scene) routed(t *task.Task) *run.Reason {
	if why := s.Flow.Why(t); why != "" {
		return &run.Reason{Code: run.Owner, Text: "it is not this manager's: " + why}
	}
	return nil
}

// stopped says why a task of its status is not to be worked on by the workflow's files,
// "" where it may be.
func (s *scene) stopped(t *task.Task) (why string, final bool) {
	if s.Flow == nil {
		return "", false
	}
	if s.Flow.Config.Terminal(t.Status) {
		return "its task is " + string(t.Status) + ", which is over by " + strings.Join(s.Flow.Files, " and "), true
	}
	return s.Flow.Why(t), false
}

// status is that of the run's task, as its file says now.
func (s *scene) status(r *run.Run) task.Status {
	if t := s.taskOf(r); t != nil && t.Status != "" {
		return t.Status
	}
	return task.NotStarted
}

// crowded tells whether as many runs of tasks of the run's status are on as may be.
func (s *scene) crowded(r *run.Run, on map[task.Status]int) bool {
	if s.Flow == nil {
		return false
	}
	most, limited := s.Flow.Config.ByState[s.status(r)]
	return limited && on[s.status(r)] >= most
}
