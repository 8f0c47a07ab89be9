package tool

import (
	"slices"

	"tasks/internal/edit"
	"tasks/internal/redact"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/tracker"
)

// Deps are what the tools work with.
type Deps struct {
	Repo    *repo.Repo
	Tracker *tracker.Tracker
	Editor  *edit.Editor
	Manager Manager
	Runs    *run.Store // asked whether a task is worked on before its file is edited
	Agent   Tool       // run_claude_subagent; nil: not offered
	Secrets []string   // masked in everything that leaves a tool
}

// Set is the tools by name, in the order in which the model is told of them.
type Set struct {
	tools []Tool
}

// New makes the allow-listed tools. There are no others.
func New(d Deps) *Set {
	m := redact.New(d.Secrets)
	own := []*form{readFile(d, m), searchFiles(d, m), editFile(d), registerTask(d), messageRun(d), createTask(d), taskStatus(d), validateTask(d)}
	s := &Set{}
	for _, f := range own {
		f.redact = m.Whole
		if f.name == "register_task_for_manager" && d.Agent != nil {
			s.tools = append(s.tools, guarded{d.Agent, m.Whole})
		}
		s.tools = append(s.tools, f)
	}
	return s
}

// All are the tools in order.
func (s *Set) All() []Tool { return slices.Clone(s.tools) }

// Find is nil where there is no such tool.
func (s *Set) Find(name string) Tool {
	for _, t := range s.tools {
		if t.Name() == name {
			return t
		}
	}
	return nil
}

// Reading is the set of the tools that change nothing and spend nothing.
func (s *Set) Reading() *Set {
	only := &Set{}
	for _, t := range s.tools {
		if t.Class() == Read {
			only.tools = append(only.tools, t)
		}
	}
	return only
}
