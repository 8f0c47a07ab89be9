// Package tracker is the tasks of one checkout: read all, find one, make one,
// change one, check the rules that need them all.
//
// Nothing is kept between calls but a cache of parsed front matter, checked by the
// file's stat on each use, so an answer is never older than the call.
package tracker

import (
	"context"

	"tasks/internal/repo"
	"tasks/internal/task"
)

// Tracker reads and changes the tasks of one checkout. Safe for concurrent use.
type Tracker struct{}

// New makes a tracker over a checkout.
func New(r *repo.Repo) *Tracker { panic("skeleton") }

// All are the tasks, broken ones included, sorted by path.
func (t *Tracker) All(ctx context.Context) ([]*task.Task, error) { panic("skeleton") }

// Find finds a task by slug, id or path. NotFound with near names as a hint;
// Conflict where two files have the slug.
func (t *Tracker) Find(ctx context.Context, name string) (*task.Task, error) { panic("skeleton") }

// Read is Find with the file's bytes.
func (t *Tracker) Read(ctx context.Context, name string) (*task.Task, []byte, error) {
	panic("skeleton")
}

// Draft is a new task.
type Draft struct {
	Title, Slug, Workstream, Priority, Milestone, Owner, Initiative, Description string
	DependsOn                                                                    []string
	Sections                                                                     map[string]string // text by section name
	From                                                                         []byte            // a whole body in place of the template's; nil for none
}

// Render makes the path and the bytes of the worksheet that Create would write.
// Invalid for a bad field; Conflict where the slug is taken.
func (t *Tracker) Render(ctx context.Context, d Draft) (path string, data []byte, err error) {
	panic("skeleton")
}

// Create writes a whole worksheet and returns it.
func (t *Tracker) Create(ctx context.Context, d Draft) (*task.Task, error) { panic("skeleton") }

// Update applies the changes with the rules of `tasks update` (updated_at,
// completed_at, completed_by) under the file's lock. Invalid for a broken file.
func (t *Tracker) Update(ctx context.Context, name string, changes ...task.Change) (*task.Task, error) {
	panic("skeleton")
}

// Validate finds broken rules: of the named tasks, or of all. With strict L3 is
// asked too: of the named ones, or of all that are ready, in progress or completed.
func (t *Tracker) Validate(ctx context.Context, names []string, strict bool) ([]task.Finding, error) {
	panic("skeleton")
}

// Dependents are the tasks that depend on slug.
func (t *Tracker) Dependents(ctx context.Context, slug string) ([]*task.Task, error) {
	panic("skeleton")
}
