package web

import (
	"encoding/json"
	"time"

	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/runlog"
)

// sampleRun is a run with everything in it.
func sampleRun(b Base) RunPage {
	now := time.Now()
	cost, exit := 0.42, 1
	r := &run.Run{ID: "06abc", Slug: "bounded-retries", Path: "tasks/bounded-retries.md", State: run.Review, Attempt: 2, Worker: "claude", Session: "5f0c", Branch: "task/bounded-retries",
		Base: "main", Worktree: "/home/maria/herald/.worktrees/bounded-retries", QueuedAt: now.Add(-time.Hour), StartedAt: now.Add(-50 * time.Minute), EndedAt: now.Add(-5 * time.Minute),
		Reason: &run.Reason{Code: run.Finished, Text: "the agent is done and verify holds"}, CostUSD: &cost, InputTokens: 120_000, OutputTokens: 9_000, Turns: 12, Port: 41000, Title: b.Title, Workstream: "delivery", Note: "before Friday", Head: "abc"}
	v := &manager.RunView{Run: r, At: now, Edited: true,
		Attempts: []run.Attempt{{N: 1, Outcome: run.Fail, Reason: &run.Reason{Code: run.VerifyFails, Text: "go test failed"}, StartedAt: now.Add(-50 * time.Minute), EndedAt: now.Add(-30 * time.Minute)}, {N: 2, Outcome: run.Done, StartedAt: now.Add(-20 * time.Minute), EndedAt: now.Add(-5 * time.Minute)}},
		Evidence: []run.Evidence{{Attempt: 1, N: 1, Command: "go test ./...", ExitCode: 1, Took: 3 * time.Second, Output: "FAIL", At: now, Commit: "0123456789"}, {Attempt: 2, N: 1, Command: "go test ./...", OK: true, Took: 3 * time.Second, At: now}},
		Open:     []run.Ask{{ID: "a1", Attempt: 2, Tool: "Bash", Input: json.RawMessage(`{"command":"rm -rf build"}`), CreatedAt: now}},
		Messages: []run.Message{{Text: "Mind the index", CreatedAt: now}, {Text: "Now", Now: true, CreatedAt: now}},
	}
	f := newFold(storySteps, 0, r.Worktree)
	for i, e := range []runlog.Event{
		{Type: runlog.Session, Attempt: 1, Name: "claude", Title: "2.1.0", ID: "5f0c"},
		{Type: runlog.Prompt, Name: "first", Text: "Work on tasks/bounded-retries.md.\nThen stop."},
		{Type: runlog.Text, Text: "I look at how attempts are **counted**."},
		{Type: runlog.Thought, Text: "The log may know."},
		{Type: runlog.Tool, ID: "t1", Name: "Read", Input: json.RawMessage(`{"file_path":"/home/maria/herald/.worktrees/bounded-retries/broker/ack.go"}`)},
		{Type: runlog.ToolResult, ID: "t1", Status: "ok", Output: "package broker"},
		{Type: runlog.Tool, ID: "t2", Name: "Read", Input: json.RawMessage(`{"file_path":"broker/log.go"}`)},
		{Type: runlog.ToolResult, ID: "t2", Status: "error", Output: "no such file"},
		{Type: runlog.Tool, ID: "t3", Name: "Bash", Input: json.RawMessage(`{"command":"go test ./broker"}`)},
		{Type: runlog.ToolResult, ID: "t3", Status: "error", Output: "FAIL", Exit: &exit},
		{Type: runlog.Output, Name: "stdout", Text: "one"}, {Type: runlog.Output, Name: "stderr", Text: "two"},
		{Type: runlog.Hook, Name: "before_run", Status: "ok"}, {Type: runlog.Verify, Title: "go test ./...", Status: "error", Exit: &exit, Output: "FAIL", Took: time.Second},
		{Type: runlog.Commit, ID: "0123456789", Title: "broker: count attempts", Text: "broker/ack.go"}, {Type: runlog.Notice, Status: "warn", Text: "the log is full"},
		{Type: runlog.End, Status: "failed", Name: "verify", Text: "go test failed"},
		{Type: runlog.Prompt, Name: "message", Text: "Mind the index", Attempt: 2},
		{Type: runlog.Ask, ID: "a1", Name: "Bash", Title: "rm -rf build", Input: json.RawMessage(`{"command":"rm -rf build"}`)},
		{Type: runlog.Tool, ID: "t4", Name: "Edit", Input: json.RawMessage(`{"file_path":"broker/ack.go","old_string":"a","new_string":"b"}`)},
	} {
		e.Seq, e.At = int64(i+1), now
		f.add(e)
	}
	p := RunPage{Base: b, V: v, Slug: r.Slug, TaskHref: "/tasks/bounded-retries", Stream: "delivery", Latest: true, Run: runView(r.JSON()), Story: f.view(), Earlier: "/runs/bounded-retries?before=1", Later: "/runs/bounded-retries", Empty: "Nothing yet.",
		Others: []OtherRun{{Href: "/runs/bounded-retries", State: run.Review, When: now, On: true}, {Href: "/runs/bounded-retries?run=x", State: run.Failed, When: now, Cost: "$1.20"}},
		Plan:   []PlanBox{{"Count attempts", true}, {"Move a message", false}}, Drafts: 1, Verified: v.Evidence, AnswerIn: "10 minutes",
		Diff: &DiffView{Plus: 2, Minus: 1, Cut: 1, Files: []DiffFile{
			{ID: "f1", Path: "broker/ack.go", Status: "modified", Plus: 2, Minus: 1, Hunks: []DiffHunk{{Head: "@@ -1,3 +1,4 @@ func ack", Lines: []DiffLine{{Sign: " ", Old: 1, New: 1, HTML: "<span class=\"k\">package</span> broker"}, {Sign: "-", Old: 2, HTML: "old"}, {Sign: "+", New: 2, HTML: "new", Comments: []commentJSON{{ID: "c1", Text: "Why?"}, {ID: "c2", Text: "Sent.", Sent: true}}}}}}},
			{ID: "f2", Path: "img.png", Status: "added", Binary: true}, {ID: "f3", Path: "big.txt", Status: "modified", Large: true, Folded: true}, {ID: "f4", Path: "b.txt", OldPath: "a.txt", Status: "renamed"}}}}
	p.facts()
	p.Acts = RunActs{Kickoff: true, Start: true, Unqueue: true, Stop: true, Retry: true, Accept: true, Reject: true, Why: "Because.", Base: "main"}
	return p
}
