// Package workflow is what a root and its user say about how runs go: hooks, the prompt
// template and narrower limits, in the form that the Symphony specification gives to
// WORKFLOW.md.
//
// Two files are read: the user's own ($XDG_CONFIG_HOME/tasks/workflow.md) and the root's
// (WORKFLOW.md). A hook or template that the user's file has is the one that counts, and
// the root's of the same name is then not run; an empty hook of the user's turns the
// root's off. Of limits, states and labels both files count, and the root's only ever
// makes less of what is in force. No file at all is no error: every value has a default.
//
// What the root brings runs only where its user trusts it: Commands are what to ask
// trust about, made from the very bytes that are then run. Nothing here runs by being
// loaded. Loading is bounded: a regular file, no link, at most 256 KB.
package workflow

import (
	"time"

	"tasks/internal/trust"
)

// File is the name of the root's file, at the root.
const File = "WORKFLOW.md"

// Workflow is what the files say, taken together. It is not changed after Load.
type Workflow struct {
	// Path is the file that the template is of, else the first file that was read: the
	// root's as WORKFLOW.md, the user's as an absolute path. "" where there is no file.
	Path  string
	Files []string // those that were read, the user's first
	// Own tells that nothing of the root's is run: no hook, no template.
	Own      bool
	Config   Config
	Hooks    Hooks
	Template string // trimmed; "" for the default prompt
	// Warnings are what was read and does not count, and why; one line each.
	Warnings []string

	commands []trust.Command
}

// Hooks are shell scripts, "" for none.
type Hooks struct {
	AfterCreate  string // in a new worktree; its failure ends the attempt
	BeforeRun    string // before each attempt; its failure ends the attempt
	AfterRun     string // after each attempt; its failure is told and passed over
	BeforeRemove string // before a worktree is removed; likewise
	// Timeout is what the files say, 0 for nothing. What counts is Limits(…).Hook.
	Timeout time.Duration
}

// The names of the hooks.
const (
	AfterCreate  = "after_create"
	BeforeRun    = "before_run"
	AfterRun     = "after_run"
	BeforeRemove = "before_remove"
)

// hookNames are the hooks in the order of a run.
var hookNames = []string{AfterCreate, BeforeRun, AfterRun, BeforeRemove}

// Script is the hook of a name, "" for none.
func (h *Hooks) Script(name string) string {
	if at := h.at(name); at != nil {
		return *at
	}
	return ""
}

func (h *Hooks) at(name string) *string {
	switch name {
	case AfterCreate:
		return &h.AfterCreate
	case BeforeRun:
		return &h.BeforeRun
	case AfterRun:
		return &h.AfterRun
	case BeforeRemove:
		return &h.BeforeRemove
	}
	return nil
}

// Commands are what of the root would be run or told to an agent: trust is asked about
// them, together with the tasks' verify. nil where all of it is the user's own.
func (w *Workflow) Commands() []trust.Command {
	if w == nil {
		return nil
	}
	return w.commands
}
