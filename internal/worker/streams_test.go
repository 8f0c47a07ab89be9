package worker

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/process"
	"tasks/internal/run"
	"tasks/internal/runlog"
)

// decoders are those with a protocol.
var decoders = map[string]func() Decoder{
	"claude":   func() Decoder { return &claudeStream{} },
	"codex":    func() Decoder { return newCodexStream(Spec{Dir: "/work-tree"}) },
	"opencode": func() Decoder { return &opencodeStream{dir: "/work-tree", held: true} },
	"plain":    func() Decoder { return &plain{} },
}

// heard plays a stream to its decoder.
func heard(d Decoder, stream []byte, end process.End) ([]runlog.Event, Result) {
	var all []runlog.Event
	cut := &lines{fn: func(l []byte) { all = append(all, d.Line(l)...) }}
	cut.Write(stream)
	cut.flush()
	return all, d.Result(end)
}

func told(all []runlog.Event) string {
	var b strings.Builder
	for _, e := range all {
		fmt.Fprintf(&b, "%s|%s|%s|%s|%s|%s\n", e.Type, e.Name, e.Title, e.Status, e.Text, e.Output)
	}
	return b.String()
}

// TestWhatTheAgentsReallySay plays what the programs really printed, to their standard
// output and errors, against scripted models.
func TestWhatTheAgentsReallySay(t *testing.T) {
	for name, want := range map[string]struct {
		outcome, code string
		retry         bool
		text          string   // in Text
		events        []string // each somewhere in the events
	}{
		"claude-done":   {Finished, "", false, "", []string{"session|claude|2.1.330 · ", "text||||I begin.", "tool|Write|new.txt", "tool|Bash|cat hello.txt", "tool_result|||ok||File created", "hello", "usage|"}},
		"claude-turns":  {Failed, run.TurnLimit, false, "all of its", []string{"tool|Read|hello.txt"}},
		"claude-budget": {Failed, run.Budget, false, "spent all", nil},
		"claude-429":    {Failed, run.Model, true, "HTTP status 429", []string{"notice|||warn|the model answered with HTTP status 429 (attempt 1 of 2), asked again in "}},
		"claude-529":    {Failed, run.Model, true, "529", nil},
		"claude-401":    {Failed, run.Login, false, "not logged in", nil},
		"claude-dead":   {Failed, run.Model, true, "", []string{"notice|||warn|the model did not answer (attempt 2 of 2)"}},
		"claude-cut":    {Failed, run.Model, true, "", nil},
		"claude-login":  {Failed, run.Login, false, "Not logged in", nil},
		"claude-lost":   {Failed, run.AgentFailed, true, "No conversation found", nil},
		"claude-killed": {Failed, run.AgentFailed, true, "without a result", []string{"tool|Bash|tail -f"}},
		"claude-denied": {Finished, "", false, "it was not let do: Bash echo hi", []string{"tool_result|||error||refused: not on a Monday"}},
		"codex-done":    {Finished, "", false, "", []string{"session|codex|", "text||||I begin.", "tool|command|", "tool_result|||error||hello", "text||||It is done.", "usage|"}},
		"codex-429":     {Failed, run.Model, true, "429", []string{"notice|||warn|Reconnecting..."}},
		"codex-401":     {Failed, run.Login, false, "401", nil},
		"codex-500":     {Failed, run.Model, true, "high demand", nil},
		"codex-400":     {Failed, run.Model, false, "invalid_request", nil},
		"codex-cut":     {Failed, run.Model, true, "stream disconnected", nil},
		"codex-dead":    {Failed, run.Model, true, "", nil},
		"codex-lost":    {Failed, run.AgentFailed, true, "no rollout found", nil},
		"opencode-done": {Finished, "", false, "", []string{"session|opencode|", "text||||I begin.", "tool|bash|echo made", "tool_result|||error||hello", "usage|"}},
		"opencode-401":  {Failed, run.Login, false, "401", []string{"notice|||bad|APIError"}},
		"opencode-400":  {Failed, run.Model, false, "400", nil},
		"opencode-lost": {Failed, run.AgentFailed, true, "Session not found", nil},
	} {
		t.Run(name, func(t *testing.T) {
			stream, err := os.ReadFile(filepath.Join("testdata", name+".jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			end := process.End{Cause: process.Exited, Code: 1}
			if want.outcome == Finished {
				end.Code = 0
			}
			agent, kind, _ := strings.Cut(name, "-")
			if kind == "lost" { // it says so on its standard error
				end.LastWords = string(stream)
			}
			all, r := heard(decoders[agent](), stream, end)
			if r.Outcome != want.outcome || r.Code != want.code || r.Retry != want.retry || !strings.Contains(r.Text, want.text) {
				t.Errorf("%+v; want %+v", r, want)
			}
			if r.Outcome == Failed && r.Text == "" || r.LastWords == "" && !strings.Contains("killed turns budget", kind) {
				t.Errorf("no reason or no last words: %+v", r)
			}
			if lost := kind == "lost"; r.Forget != lost || !lost && r.Session == "" {
				t.Errorf("session %q, forget %v", r.Session, r.Forget)
			}
			for _, e := range want.events {
				if !strings.Contains(told(all), e) {
					t.Errorf("nothing like %q in\n%s", e, told(all))
				}
			}
		})
	}
}

// TestOddStreams: what no program should print is judged all the same.
func TestOddStreams(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	done := `{"type":"result","subtype":"success","is_error":false,"result":"fine","session_id":"s","num_turns":1}`
	for name, tt := range map[string]struct{ agent, stream, outcome, code, last string }{
		"nothing":               {"claude", "", Failed, run.AgentFailed, ""},
		"events after a result": {"claude", done + "\n" + `{"type":"assistant","message":{"content":[{"type":"text","text":"more"}]}}` + "\n", Finished, "", "more"},
		"no end of the line":    {"claude", done, Finished, "", "fine"},
		"half a line":           {"claude", done[:40], Failed, run.AgentFailed, ""},
		"a huge line":           {"claude", `{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":"` + long + `"}]}}` + "\n" + done, Finished, "", "fine"},
		"longer than any line":  {"claude", long + long + "\n" + done, Finished, "", "fine"},
		"NUL and bad UTF-8":     {"claude", "\x00\xff\xfe\n" + strings.Replace(done, "fine", "f\xffne", 1), Finished, "", "f"},
		"CRLF":                  {"claude", strings.ReplaceAll(done+"\n", "\n", "\r\n"), Finished, "", "fine"},
		"fields of other forms": {"claude", `{"type":"assistant","message":{"id":7,"usage":"many","content":[{"type":"text","text":"hi"}]},"error":{"x":1}}` + "\n" + done, Finished, "", "fine"},
		"unknown events":        {"claude", `{"type":"brand_new","x":[1]}` + "\n" + `[1,2]` + "\n" + `"x"` + "\n" + done, Finished, "", "fine"},
		"an unknown option":     {"claude", "error: unknown option '--max-turns'\n", Failed, run.Program, ""},
		"two results":           {"claude", `{"type":"result","subtype":"error_during_execution","is_error":true}` + "\n" + done, Finished, "", "fine"},
		"an odd end":            {"claude", `{"type":"result","subtype":"error_of_tomorrow","is_error":true,"errors":["strange"]}`, Failed, run.AgentFailed, ""},
		"no credit":             {"claude", `{"type":"result","subtype":"success","is_error":true,"result":"Credit balance is too low"}`, Failed, run.Model, "Credit"},
		"codex: a turn begun":   {"codex", `{"type":"turn.completed"}` + "\n" + `{"type":"turn.started"}`, Failed, run.AgentFailed, ""},
		"codex: junk":           {"codex", "\x00\n{}\n[]\n{\"type\":\"item.completed\",\"item\":7}\n", Failed, run.AgentFailed, ""},
		"opencode: no step":     {"opencode", `{"type":"text","sessionID":"s","part":{"text":"hi"}}`, Failed, run.AgentFailed, "hi"},
	} {
		t.Run(name, func(t *testing.T) {
			_, r := heard(decoders[tt.agent](), []byte(tt.stream), process.End{Cause: process.Exited})
			if r.Outcome != tt.outcome || r.Code != tt.code || !strings.Contains(r.LastWords, tt.last) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestTheLimitOfAnAccountIsWaitedFor: where it says when it ends.
func TestTheLimitOfAnAccountIsWaitedFor(t *testing.T) {
	stream := fmt.Sprintf(`{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":%d}}`+"\n"+`{"type":"result","subtype":"success","is_error":true,"api_error_status":429,"result":"You've hit your limit"}`, time.Now().Unix()+3600)
	_, r := heard(&claudeStream{}, []byte(stream), process.End{Cause: process.Exited, Code: 1})
	if r.Code != run.Model || !r.Retry || r.After.Minutes() < 58 || r.After.Minutes() > 61 {
		t.Errorf("%+v", r)
	}
}

func FuzzDecoders(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.jsonl")
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(data, 0)
		}
	}
	f.Add([]byte(`{"type":"result","is_error":null,"usage":[],"permission_denials":[{"tool_input":"x"}]}`), 1)
	f.Fuzz(func(t *testing.T, stream []byte, code int) {
		for name, make := range decoders {
			for _, end := range []process.End{{Cause: process.Exited, Code: code}, {Cause: process.Signaled, Code: -1, Signal: "killed"}, {Cause: process.Canceled}} {
				_, r := heard(make(), bytes.Clone(stream), end)
				if r.Outcome != Finished && (r.Outcome != Failed || r.Code == "" || strings.TrimSpace(r.Text) == "") {
					t.Fatalf("%s: an end without a reason: %+v", name, r)
				}
			}
		}
	})
}
