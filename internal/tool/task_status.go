package tool

import (
	"context"
	_ "embed"
	"path"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/task"
)

//go:embed task_status.md
var taskStatusText string

func taskStatus(d Deps) *form {
	return &form{
		name: "task_status", class: Read, description: taskStatusText,
		params: []param{
			{name: "slug", kind: text, max: 4096, note: "Slug of the task. Without it: all tasks."},
		},
		prepare: func(ctx context.Context, s Session, a arguments) (*draft, error) {
			slug, file := "", ""
			if _, given := a["slug"]; given {
				t, _, err := findTask(ctx, d, a)
				if err != nil {
					return nil, err
				}
				slug, file = t.Slug, t.Path
			}
			return &draft{
				sentence: strings.TrimSpace("Look at the status of " + slug),
				run: func(ctx context.Context) (Result, error) {
					data, err := d.Manager.TaskStatus(ctx, slug)
					if err != nil {
						return Result{}, err
					}
					r := Result{Status: OK, Content: string(data), Summary: "Looked at the status of all tasks"}
					if slug != "" {
						r.Summary = "Looked at the status of " + slug
					}
					// Titles are text of the files, last words are an agent's.
					r.Taints = slug == "" || file != s.Doc() || worked(ctx, d, slug)
					return r, nil
				},
			}, nil
		},
	}
}

// findTask finds the task that the slug argument names (a slug, an id or a path)
// and puts its slug in the argument's place.
func findTask(ctx context.Context, d Deps, a arguments) (*task.Task, []byte, error) {
	name := a.text("slug")
	if !task.ValidSlug(name) && !strings.HasSuffix(name, ".md") && !plainID(name) {
		return nil, nil, fault.New(fault.Invalid, "wrong arguments: %q is not the slug of a task", name).
			WithHint("a slug is the file's name without .md: lower-case letters, digits and hyphens")
	}
	t, src, err := d.Tracker.Read(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	a["slug"] = t.Slug
	return t, src, nil
}

// plainID tells whether s can be the id of a task: no path, no option, no control.
func plainID(s string) bool {
	return s != "" && len(s) <= 128 && s[0] != '-' && path.Base(s) == s && strings.IndexFunc(s, hidden) < 0 && !strings.ContainsAny(s, "\r\n\t;|&$`\\")
}

// worked tells whether an agent has worked on the task, and so may have said anything.
func worked(ctx context.Context, d Deps, slug string) bool {
	if d.Runs == nil {
		return false
	}
	r, err := d.Runs.Latest(ctx, slug)
	return err != nil || r != nil && r.Attempt > 0
}
