package tool

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/run"
)

//go:embed message_run.md
var messageRunText string

// maxToRun bounds a message to a run, in bytes: a person reads all of it before it is sent.
const maxToRun = 8000

func messageRun(d Deps) *form {
	return &form{
		name: "message_run", class: Register, description: messageRunText,
		params: []param{
			{name: "slug", kind: text, required: true, max: 4096, note: "Slug of the task."},
			{name: "message", kind: text, required: true, max: maxToRun, note: "What the agent is told, in whole sentences: it knows nothing of this conversation."},
			{name: "now", kind: boolean, note: "Interrupt the agent's present step."},
		},
		prepare: func(ctx context.Context, s Session, a arguments) (*draft, error) {
			t, _, err := findTask(ctx, d, a)
			if err != nil {
				return nil, err
			}
			words := strings.TrimSpace(a.text("message"))
			if words == "" {
				return nil, invalid("the message is empty")
			}
			var r *run.Run
			if d.Runs != nil {
				if r, err = d.Runs.Latest(ctx, t.Slug); err != nil {
					return nil, err
				}
			}
			if r == nil || r.State == run.Accepted || r.State == run.Rejected {
				return nil, fault.New(fault.NotFound, "%s has no run that could get a message", t.Slug).
					WithHint("register_task_for_manager hands the task over; create_task writes a follow-up task")
			}
			how := "after its present step"
			switch {
			case r.State.Waiting():
				how = "when it begins"
			case !r.State.Leased():
				how = "and has it go on"
			case a.boolean("now"):
				how = "at once, interrupting it"
			}
			return &draft{
				sentence: fmt.Sprintf("Send a message to the agent of %s (%s), %s", t.Slug, r.State, how),
				diff:     words,
				// The run that was looked at: another attempt of it is another thing to interrupt.
				rests: []string{r.ID, string(r.State), fmt.Sprint(r.Attempt)},
				run: func(ctx context.Context) (Result, error) {
					now, err := d.Manager.Send(ctx, t.Slug, words, a.boolean("now"), "message", "assistant")
					if err != nil {
						return Result{Taints: t.Path != s.Doc()}, err
					}
					said := fmt.Sprintf("The message is with the run of %s, which is %s", now.Slug, now.State)
					return Result{Status: OK, Summary: said, Content: said + "; the agent gets it " + how + "."}, nil
				},
			}, nil
		},
	}
}
