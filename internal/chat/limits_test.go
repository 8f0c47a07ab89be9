package chat_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tasks/internal/chat"
	"tasks/internal/config"
	"tasks/internal/llm"
	"tasks/internal/tool"
)

func TestLimits(t *testing.T) {
	read := `{"path":"docs/guide.md"}`
	counter := func(h *house) step {
		return func(ctx context.Context, req *llm.Request, on func(llm.Event)) (*llm.Response, error) {
			return asks("count", fmt.Sprintf(`{"n":"%d"}`, len(req.Messages)), "count", `{"n":"x"}`)(ctx, req, on)
		}
	}
	for name, c := range map[string]struct {
		limits config.Limits
		steps  func(h *house) []step
		check  func(t *testing.T, h *house, events []chat.Event)
	}{
		"model calls": {config.Limits{ModelCalls: 3}, func(h *house) []step { return []step{counter(h)} },
			func(t *testing.T, h *house, events []chat.Event) {
				if h.model.count() != 3 {
					t.Errorf("%d model calls", h.model.count())
				}
			}},
		"tool calls": {config.Limits{ToolCalls: 3}, func(h *house) []step { return []step{counter(h)} },
			func(t *testing.T, h *house, events []chat.Event) {
				results := ofKind(events, "tool_result")
				if len(results) != 4 || field(results[2], "status") != "ok" || field(results[3], "status") != "error" || h.model.count() != 2 {
					t.Errorf("%d results, %d model calls: %s", len(results), h.model.count(), results[3].Data)
				}
			}},
		"tool output": {config.Limits{ToolBytes: 5000}, func(h *house) []step {
			h.write("docs/long.md", strings.Repeat("0123456789", 300))
			return []step{asks("read_file", `{"path":"docs/long.md"}`, "read_file", `{"path":"docs/long.md"}`, "agent", `{}`)}
		}, func(t *testing.T, h *house, events []chat.Event) {
			results := ofKind(events, "tool_result")
			if len(results) != 3 || !strings.Contains(string(results[1].Data), `"truncated":true`) || field(results[2], "status") != "error" {
				t.Errorf("%s", kinds(events))
			}
			sum := 0
			for _, r := range results {
				sum += len(field(r, "content"))
			}
			if sum > 5500 {
				t.Errorf("%d bytes of tool output", sum)
			}
		}},
		"time": {config.Limits{Turn: 50 * time.Millisecond}, func(h *house) []step { return []step{hangs("slow")} },
			func(t *testing.T, h *house, events []chat.Event) {
				if text(events) != "slow" {
					t.Errorf("text %q", text(events))
				}
			}},
		"a loop": {config.Limits{}, func(h *house) []step { return []step{asks("read_file", read)} },
			func(t *testing.T, h *house, events []chat.Event) {
				if n := len(ofKind(events, "tool_result")); n != 5 {
					t.Errorf("%d calls", n)
				}
			}},
		"a flood of calls": {config.Limits{}, func(h *house) []step {
			var pairs []string
			for i := range 5000 {
				pairs = append(pairs, "count", fmt.Sprintf(`{"n":"%d"}`, i))
			}
			return []step{asks(pairs...)}
		}, func(t *testing.T, h *house, events []chat.Event) {
			if n := len(ofKind(events, "tool_result")); n != 72 || len(strings.Fields(h.tools.ran())) != 64 {
				t.Errorf("%d results, %d runs", n, len(strings.Fields(h.tools.ran())))
			}
		}},
		"an endless answer": {config.Limits{}, func(h *house) []step {
			return []step{func(ctx context.Context, _ *llm.Request, on func(llm.Event)) (*llm.Response, error) {
				for ctx.Err() == nil {
					on(llm.Event{Kind: llm.Text, Text: strings.Repeat("word ", 8<<10)})
				}
				return nil, ctx.Err()
			}}
		}, func(t *testing.T, h *house, events []chat.Event) {
			if n := len(text(events)); n > chat.AnswerMost+1<<20 {
				t.Errorf("%d bytes", n)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(conf *chat.Config) { conf.Limits = c.limits })
			h.tools.add("count", tool.Read, func(_ context.Context, _ tool.Session, args map[string]string) (*tool.Plan, error) {
				return does(tool.Result{Status: tool.OK, Content: "counted " + args["n"]}), nil
			})
			h.model.then(c.steps(h)...)
			events := h.say("go")
			if reason(t, events) != "limit" {
				t.Errorf("reason %s", reason(t, events))
			}
			if n := ofKind(events, "notice"); len(n) == 0 {
				t.Error("nobody says why it ended")
			}
			if a, b := len(ofKind(events, "tool_call")), len(ofKind(events, "tool_result")); a != b {
				t.Errorf("%d calls, %d results", a, b)
			}
			c.check(t, h, events)
		})
	}
}

func TestWaitingForApprovalIsNoTurnTime(t *testing.T) {
	h := newHouse(t, func(c *chat.Config) { c.Limits.Turn = 3 * time.Second }) // enough for the work of it on a busy machine
	h.model.then(asks("agent", `{}`), says("ok"))
	ref := h.start("go")
	e := h.until(ref, 0, "approval")
	time.Sleep(3100 * time.Millisecond) // longer than the turn's limit: the waiting itself is the subject
	if err := h.answer(ref, e, "allow"); err != nil {
		t.Fatal(err)
	}
	if got := reason(t, h.rest(ref, e)); got != "stop" {
		t.Errorf("reason %s", got)
	}
}
