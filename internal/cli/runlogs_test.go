package cli

import (
	"strings"
	"testing"
	"time"

	"tasks/internal/runlog"
)

// What an agent, or a program that it ran, has printed cannot steer the terminal, and a run's
// story has a line for a tool.
func TestTheStoryOfARun(t *testing.T) {
	three, none := 3, 0
	events := []runlog.Event{
		{Type: runlog.State, Status: "running"},
		{Type: runlog.Session, Name: "claude", Title: "2.1"},
		{Type: runlog.Prompt, Name: "first", Text: "the whole prompt"},
		{Type: runlog.Text, Text: "I look.\nThen \x1b]0;evil\x07I write.\n"},
		{Type: runlog.Thought, Text: "hm"},
		{Type: runlog.Tool, Name: "Bash", Title: "go test ./...\nrm -rf \u202Ex"},
		{Type: runlog.ToolResult, Status: "error", Exit: &three, Output: "FAIL\n" + strings.Repeat("x", 400)},
		{Type: runlog.Tool, Name: "Read"},
		{Type: runlog.ToolResult, Status: "ok", Exit: &none, Output: "all of it"},
		{Type: runlog.ToolResult, Status: "error", Output: "no such file"},
		{Type: runlog.Ask, Name: "Bash", Title: "git push"},
		{Type: runlog.Answer, Status: "denied", Text: "not yet"},
		{Type: runlog.Hook, Name: "before_run", Status: "ok"},
		{Type: runlog.Verify, Title: "make", Status: "error", Exit: &three, Took: 1500 * time.Millisecond},
		{Type: runlog.Commit, ID: "0123456789abcdef", Title: "add it"},
		{Type: runlog.Notice, Text: "a word of ours"},
		{Type: runlog.Usage},
		{Type: runlog.End, Status: "failed", Text: "verify failed"},
	}
	var b strings.Builder
	for _, e := range events {
		printEvent(&b, e)
	}
	want := `== running
-- claude 2.1
>> told: first
   I look.
   Then ` + "\uFFFD]0;evil\uFFFD" + `I write.
-> go test ./... rm -rf ` + "\uFFFD" + `x
!! exit status 3: FAIL ` + strings.Repeat("x", 195) + `…
-> Read
!! failed: no such file
?? asks: Bash git push
?? denied: not yet
-- hook before_run ok
-- verify error: make (exit status 3, 1.5s)
++ 0123456789 add it
!! a word of ours
== failed: verify failed
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
