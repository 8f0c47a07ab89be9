// Package manager is the queue and its projection: kickoff, unqueue, status.
//
// What is shown anywhere about queue and runs (page, JSON, command, tool) comes
// from the one projection here. The beat that takes queued tasks lives here too.
package manager

import (
	"context"
	"encoding/json"
	"time"

	"tasks/internal/run"
)

// Manager works on one checkout. Safe for concurrent use.
type Manager struct{}

// Kickoff checks the task strictly and records a queued run with the worksheet's
// bytes and hash. A queued or running one is returned with already true. Invalid
// with the findings in the message where the check fails.
func (m *Manager) Kickoff(ctx context.Context, slug, source, note string) (r run.Run, already bool, err error) {
	panic("skeleton")
}

// Unqueue takes a task out of the queue.
func (m *Manager) Unqueue(ctx context.Context, slug string) (run.Run, error) { panic("skeleton") }

// TaskStatus is what the manager knows of one task, or of all: JSON for the model.
func (m *Manager) TaskStatus(ctx context.Context, slug string) (json.RawMessage, error) {
	panic("skeleton")
}

// Health is one line about the program itself.
type Health struct {
	Key   string `json:"key"`
	Level string `json:"level"` // ok, warn, bad
	Text  string `json:"text"`
}

// Row is a task with its run, as in the contract's Task.
type Row = json.RawMessage

// Signal is something that wants attention.
type Signal struct {
	Slug     string `json:"slug"`
	Code     string `json:"code"`
	Tier     int    `json:"tier"`
	Evidence string `json:"evidence"`
	Cause    string `json:"cause"`
	Command  string `json:"command"`
}

// Status is the projection; its JSON form is the contract's `status`.
type Status struct {
	Root       string         `json:"root"`
	Owner      *string        `json:"owner"`
	At         time.Time      `json:"at"`
	Generation int64          `json:"generation"`
	Health     []Health       `json:"health"`
	Counts     map[string]int `json:"counts"`
	Tasks      []Row          `json:"tasks"`
	Signals    []Signal       `json:"signals"`
}

// Status makes the projection.
func (m *Manager) Status(ctx context.Context) (*Status, error) { panic("skeleton") }
