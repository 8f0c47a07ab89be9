package chat_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tasks/internal/chat"
	"tasks/internal/fault"
	"tasks/internal/llm"
	"tasks/internal/tool"
)

func TestStopInEveryPhase(t *testing.T) {
	deaf := make(chan struct{})
	t.Cleanup(func() { close(deaf) })
	for name, c := range map[string]struct {
		step  step
		until string // the event after which it is stopped
		want  string
	}{
		"before the first word": {hangs(""), "turn", "turn done"},
		"while it speaks":       {hangs("Half"), "content", "turn content block done"},
		"a deaf model": {func(context.Context, *llm.Request, func(llm.Event)) (*llm.Response, error) {
			<-deaf
			return nil, nil
		}, "turn", "turn done"},
		"while a tool runs":   {asks("slow", `{}`, "slow", `{}`), "tool_call", "turn tool_call tool_call tool_result tool_result usage done"},
		"a deaf tool":         {asks("deaf", `{}`), "tool_call", "turn tool_call tool_result usage done"},
		"at an approval":      {asks("agent", `{}`, "register", `{}`), "approval", "turn tool_call approval tool_result usage done"},
		"while it gets ready": {asks("slow_to_plan", `{}`), "turn", "turn tool_call tool_result usage done"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			running := make(chan struct{}, 9)
			wait := func(ctx context.Context) {
				running <- struct{}{}
				<-ctx.Done()
			}
			h.tools.add("slow", tool.Read, func(context.Context, tool.Session, map[string]string) (*tool.Plan, error) {
				return &tool.Plan{Run: func(ctx context.Context, _ func(string)) tool.Result {
					wait(ctx)
					return tool.Result{Status: tool.Cancelled, Content: "stopped"}
				}}, nil
			})
			h.tools.add("deaf", tool.Read, func(context.Context, tool.Session, map[string]string) (*tool.Plan, error) {
				return &tool.Plan{Run: func(context.Context, func(string)) tool.Result { <-deaf; return tool.Result{} }}, nil
			})
			h.tools.add("slow_to_plan", tool.Agent, func(ctx context.Context, _ tool.Session, _ map[string]string) (*tool.Plan, error) {
				wait(ctx)
				return nil, ctx.Err()
			})
			h.model.then(c.step)
			ref := h.start("go")
			h.until(ref, 0, c.until)
			if strings.Contains(name, "slow") || strings.Contains(name, "ready") || name == "while a tool runs" {
				<-running
			}
			begin := time.Now()
			if err := h.Stop(t.Context(), anna, ref.Conversation); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); took > time.Minute {
				t.Errorf("the stop took %v", took)
			}
			events, _, _ := h.watch(ref.Conversation, 0)
			if got := reason(t, events); got != "cancelled" {
				t.Errorf("reason %s", got)
			}
			if got := kinds(events); got != c.want {
				t.Errorf("events %s, want %s", got, c.want)
			}
			for _, r := range ofKind(events, "tool_result") {
				if field(r, "status") != "cancelled" {
					t.Errorf("result %s", r.Data)
				}
			}
			h.model.mu.Lock()
			h.model.steps = []step{says("I go on")}
			h.model.mu.Unlock()
			if got := reason(t, h.say("next")); got != "stop" {
				t.Errorf("the next turn: %s", got)
			}
			checkLegal(t, h.model.request(1).Messages)
		})
	}
}

func TestWhatWasDoneWhenStoppedIsSaid(t *testing.T) {
	h := newHouse(t)
	done := make(chan struct{})
	h.tools.add("nearly_done", tool.Read, func(context.Context, tool.Session, map[string]string) (*tool.Plan, error) {
		return &tool.Plan{Run: func(ctx context.Context, _ func(string)) tool.Result {
			close(done)
			<-ctx.Done()
			return tool.Result{Status: tool.OK, Summary: "it was written before the stop", Content: "written"}
		}}, nil
	})
	h.model.then(asks("nearly_done", `{}`))
	ref := h.start("go")
	<-done
	if err := h.Stop(t.Context(), anna, ref.Conversation); err != nil {
		t.Fatal(err)
	}
	events, _, _ := h.watch(ref.Conversation, 0)
	if r := ofKind(events, "tool_result"); len(r) != 1 || field(r[0], "status") != "ok" {
		t.Errorf("results %s", kinds(r))
	}
}

func TestStopOfNothing(t *testing.T) {
	h := newHouse(t)
	h.model.then(says("x"))
	ref := h.start("go")
	h.watch(ref.Conversation, 0)
	if err := h.Stop(t.Context(), anna, ref.Conversation); err != nil {
		t.Error(err)
	}
	wantCode(t, h.Stop(t.Context(), bert, ref.Conversation), fault.NotFound)
	wantCode(t, h.Stop(t.Context(), anna, "c-none"), fault.NotFound)
}

func TestTheTurnOutlivesItsClient(t *testing.T) {
	h := newHouse(t)
	release := make(chan struct{})
	h.model.then(func(ctx context.Context, _ *llm.Request, on func(llm.Event)) (*llm.Response, error) {
		on(llm.Event{Kind: llm.Text, Text: "slowly"})
		select {
		case <-release:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return &llm.Response{Message: llm.Message{Text: "slowly"}, Finish: llm.Stop}, nil
	})
	ctx, leave := context.WithCancel(t.Context())
	ref, err := h.Start(ctx, chat.Message{Owner: anna, Text: "go", Doc: "docs/guide.md"})
	if err != nil {
		t.Fatal(err)
	}
	leave()
	if _, err := h.Watch(ctx, anna, ref.Conversation, 0, func(bool, []chat.Event) error { return nil }); err == nil {
		t.Error("a watch goes on without its reader")
	}
	close(release)
	events, _, _ := h.watch(ref.Conversation, 0)
	if reason(t, events) != "stop" {
		t.Errorf("reason %s", reason(t, events))
	}
}

func TestCloseEndsTurns(t *testing.T) {
	h := newHouse(t)
	h.model.then(hangs("Half"))
	ref := h.start("go")
	h.until(ref, 0, "content")
	h.again()
	events, _, _ := h.watch(ref.Conversation, 0)
	if got := kinds(events); reason(t, events) != "cancelled" || !strings.Contains(got, "notice") {
		t.Errorf("events %s", got)
	}
	h.Close()
	_, err := h.Start(t.Context(), chat.Message{Owner: anna, Text: "x", Doc: "docs/guide.md"})
	wantCode(t, err, fault.Unavailable)
}

// A journal that cannot be written ends the turn: nothing runs unseen. The turn is
// closed when the journal is back.
func TestAJournalThatFails(t *testing.T) {
	h := newHouse(t)
	running := make(chan struct{})
	h.tools.add("slow", tool.Read, func(context.Context, tool.Session, map[string]string) (*tool.Plan, error) {
		return &tool.Plan{Run: func(context.Context, func(string)) tool.Result {
			if _, err := h.db.Exec("alter table events rename to gone"); err != nil {
				t.Error(err)
			}
			close(running)
			return tool.Result{Status: tool.OK, Content: "x"}
		}}, nil
	})
	h.model.then(asks("slow", `{}`), says("never"))
	ref := h.start("go")
	<-running
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := h.Stop(ctx, anna, ref.Conversation); err != nil { // waits for the end
		t.Fatal(err)
	}
	if h.model.count() != 1 {
		t.Errorf("%d model calls", h.model.count())
	}
	if _, err := h.db.Exec("alter table gone rename to events"); err != nil {
		t.Fatal(err)
	}
	h.model.mu.Lock()
	h.model.steps = []step{says("again")}
	h.model.mu.Unlock()
	if got := reason(t, h.say("next")); got != "stop" {
		t.Errorf("reason %s", got)
	}
	events, _, _ := h.watch(ref.Conversation, 0)
	if got := kinds(events[:6]); got != "turn tool_call tool_result error done turn" {
		t.Errorf("events %s", got)
	}
}
