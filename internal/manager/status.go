package manager

import (
	"encoding/json"
	"time"

	"tasks/internal/run"
	"tasks/internal/task"
)

// Health is one line about the program itself.
type Health struct {
	Key   string `json:"key"`
	Level string `json:"level"` // ok, warn, bad
	Text  string `json:"text"`
}

// Row is a task with its run (a *run.JSON) in the contract's form.
type Row = task.JSON

// Signal is something that wants attention.
type Signal struct {
	Slug     string `json:"slug"`
	Code     string `json:"code"`
	Tier     int    `json:"tier"`     // 1: the command mends it; 2: it wants a person's thought
	Evidence string `json:"evidence"` // what is seen
	Cause    string `json:"cause"`    // what is likely behind it
	Command  string `json:"command"`  // what to do
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
	Signals    []Signal       `json:"signals"`   // those of a task stand together, what is worst first
	NextBeat   *time.Time     `json:"next_beat"` // null where the loop does not run in this process
}

// Queue is the rows whose task a run holds: first those at work, then those that
// wait, by their place.
func (s *Status) Queue() []Row { return s.rows(func(r Row) bool { return active(r) != nil }) }

// Ready is the rows that say ready and were not kicked off.
func (s *Status) Ready() []Row { return s.rows(readyNotQueued) }

func (s *Status) rows(keep func(Row) bool) []Row {
	var out []Row
	for _, r := range s.Tasks {
		if keep(r) {
			out = append(out, r)
		}
	}
	return out
}

// active is the run that holds the row's task, nil where none does.
func active(r Row) *run.JSON {
	if j, ok := r.Run.(*run.JSON); ok && j != nil && j.State.Active() {
		return j
	}
	return nil
}

func readyNotQueued(r Row) bool {
	return r.Status != nil && *r.Status == string(task.Ready) && r.Broken == nil && active(r) == nil
}

// briefLimit is how many tasks a brief lists.
const briefLimit = 50

// brief is the status of one task, or of all, in few words.
func (s *Status) brief(slug string) (json.RawMessage, error) {
	if slug == "" {
		rows := s.rows(func(r Row) bool { return active(r) != nil || readyNotQueued(r) || r.Broken != nil })
		omitted := max(len(rows)-briefLimit, 0)
		return json.Marshal(map[string]any{
			"counts": s.Counts, "signals": firstSignals(s.Signals), "tasks": orEmpty(rows[:len(rows)-omitted]), "omitted": omitted,
			"health": s.Health,
		})
	}
	signals := []Signal{}
	for _, g := range s.Signals {
		if g.Slug == slug {
			signals = append(signals, g)
		}
	}
	for _, r := range s.Tasks {
		if r.Slug == slug {
			return json.Marshal(map[string]any{"task": r, "signals": signals, "waiting": s.Counts["run_queued"] + s.Counts["run_blocked"]})
		}
	}
	return json.Marshal(map[string]any{"task": nil, "signals": signals})
}

func firstSignals(all []Signal) []Signal {
	return orEmpty(all[:min(len(all), briefLimit)])
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
