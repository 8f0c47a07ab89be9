package tool

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"tasks/internal/task"
)

//go:embed validate_task.md
var validateTaskText string

func validateTask(d Deps) *form {
	return &form{
		name: "validate_task", class: Read, description: validateTaskText,
		params: []param{
			{name: "slug", kind: text, required: true, max: 4096, note: "Slug of the task."},
		},
		prepare: func(ctx context.Context, s Session, a arguments) (*draft, error) {
			t, _, err := findTask(ctx, d, a)
			if err != nil {
				return nil, err
			}
			return &draft{
				sentence: "Check the task " + t.Slug,
				run: func(ctx context.Context) (Result, error) {
					findings, err := d.Tracker.Validate(ctx, []string{t.Path}, true)
					if err != nil {
						return Result{}, err
					}
					// Findings quote the file.
					r := Result{Status: OK, Taints: len(findings) > 0 && t.Path != s.Doc()}
					r.Summary = fmt.Sprintf("Checked %s, %s", t.Slug, plural(len(findings), "finding"))
					r.Content = list(findings)
					if len(findings) == 0 {
						r.Content = "No findings: the task may be handed over."
					}
					return r, nil
				},
			}, nil
		},
	}
}

// list writes findings as `tasks validate` does.
func list(findings []task.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s:%d: %s: %s\n", line(f.Path), f.Line, f.Code, line(f.Message))
	}
	return strings.TrimSuffix(b.String(), "\n")
}
