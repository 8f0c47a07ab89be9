package tool

import (
	"context"
	_ "embed"
	"fmt"

	"tasks/internal/edit"
	"tasks/internal/repo"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

//go:embed create_task.md
var createTaskText string

func createTask(d Deps) *form {
	return &form{
		name: "create_task", class: Edit, description: createTaskText,
		params: []param{
			{name: "title", kind: text, required: true, max: 300, note: "Title of the task, in one line."},
			{name: "workstream", kind: text, max: 128, note: "Workstream it belongs to. Without it: none."},
			{name: "sections", kind: texts, names: task.SectionNames, max: 256 << 10, note: "Markdown text of its sections, without the headings; those left out keep their placeholder."},
		},
		prepare: func(ctx context.Context, s Session, a arguments) (*draft, error) {
			if a.text("workstream") == "" {
				delete(a, "workstream")
			}
			path, data, err := d.Tracker.Render(ctx, tracker.Draft{Title: a.text("title"), Workstream: a.text("workstream"), Sections: a.texts("sections")})
			if err != nil {
				return nil, err
			}
			if err := d.Editor.Allowed(path); err != nil {
				return nil, err
			}
			return &draft{
				sentence: fmt.Sprintf("Write the task %s", path),
				diff:     edit.Diff(path, nil, data),
				// The time in its front matter aside, the bytes follow from the arguments.
				rests: []string{path},
				run: func(ctx context.Context) (Result, error) {
					r, err := write(ctx, d, s, edit.Change{Path: path, After: data}, "Wrote the task "+path)
					if err == nil {
						t := task.Parse(path, data)
						r.Content = fmt.Sprintf("Wrote the task %s (slug %s, hash %s). It is not handed over.", path, t.Slug, repo.Hash(data)[:12])
					}
					return r, err
				},
			}, nil
		},
	}
}
