package tool

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/task"
)

//go:embed register_task_for_manager.md
var registerTaskText string

func registerTask(d Deps) *form {
	return &form{
		name: "register_task_for_manager", class: Register, description: registerTaskText,
		params: []param{
			{name: "slug", kind: text, required: true, max: 4096, note: "Slug of the task."},
			{name: "note", kind: text, max: 2000, note: "A word for the person who looks at the queue: why now."},
		},
		prepare: func(ctx context.Context, s Session, a arguments) (*draft, error) {
			t, src, err := findTask(ctx, d, a)
			if err != nil {
				return nil, err
			}
			// Nobody is asked to approve what would be refused. Kickoff checks again.
			findings, err := d.Tracker.Validate(ctx, []string{t.Path}, true)
			if err != nil {
				return nil, err
			}
			if len(findings) > 0 {
				return nil, fault.New(fault.Invalid, "%s is not ready to be handed over: %s", t.Slug, plural(len(findings), "finding")).
					WithHint("validate_task says what they are: %s", codes(findings))
			}
			note := strings.TrimSpace(a.text("note"))
			if a["note"] = note; note == "" {
				delete(a, "note")
			}
			return &draft{
				sentence: fmt.Sprintf("Hand the task %s (%s) to the manager, which gives it to a coding agent", t.Slug, line(t.Title)),
				diff:     worksheet(t, src),
				rests:    []string{t.Hash},
				run: func(ctx context.Context) (Result, error) {
					r, already, err := d.Manager.KickoffExact(ctx, t.Slug, t.Hash, "assistant", note)
					if err != nil {
						return Result{Taints: t.Path != s.Doc()}, err
					}
					return receipt(r, already), nil
				},
			}, nil
		},
	}
}

// codes names findings by their place and rule alone: an error of a call that was
// not made must not bring text of a file into the conversation.
func codes(findings []task.Finding) string {
	var out []string
	for _, f := range findings[:min(len(findings), 20)] {
		out = append(out, fmt.Sprintf("line %d: %s", f.Line, f.Code))
	}
	return strings.Join(out, ", ")
}

// worksheet is what is approved: the commands that the task brings along, then its
// whole text.
func worksheet(t *task.Task, src []byte) string {
	var b strings.Builder
	if len(t.Verify) > 0 {
		b.WriteString("Commands of this task that run before the work may land (verify):\n")
		for _, c := range t.Verify {
			fmt.Fprintf(&b, "  $ %s\n", c)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%s\n\n%s", t.Path, strings.ToValidUTF8(string(src), "\uFFFD"))
	return b.String()
}

// receipt says where the task stands now.
func receipt(r run.Run, already bool) Result {
	var words string
	switch {
	case already && !r.State.Waiting():
		words = fmt.Sprintf("%s is %s already (run %s)", r.Slug, r.State, r.ID)
	case already:
		words = fmt.Sprintf("%s is in the queue already, at place %d (run %s)", r.Slug, r.Place, r.ID)
	default:
		words = fmt.Sprintf("%s is in the queue at place %d (run %s)", r.Slug, r.Place, r.ID)
	}
	if r.State == run.Blocked && r.Reason != nil {
		words += "; it waits: " + r.Reason.Text
	}
	return Result{Status: OK, Summary: words, Content: words + "."}
}
