package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"tasks/internal/chat"
	"tasks/internal/fault"
	"tasks/internal/llm"
)

func TestTurnIsJournaledInOrder(t *testing.T) {
	h := newHouse(t)
	h.model.then(says("Hello ", "there.\n\nThe **second** block"))
	ref := h.start("What is a heron?", func(m *chat.Message) { m.RequestID = "r1" })
	events, _, _ := h.watch(ref.Conversation, ref.After)
	if reason(t, events) != "stop" {
		t.Errorf("reason %s", reason(t, events))
	}
	for i, e := range events {
		if e.ID != int64(i+1) {
			t.Errorf("event %d has the id %d", i+1, e.ID)
		}
		if strings.ContainsAny(string(e.Data), "\n\r") || !json.Valid(e.Data) {
			t.Errorf("data of %s is not one line of JSON: %q", e.Kind, e.Data)
		}
	}
	want := fmt.Sprintf(`{"turn":%q,"conversation":%q,"model":"scripted","message":"What is a heron?","request_id":"r1"}`, ref.Turn, ref.Conversation)
	if events[0].Kind != "turn" || string(events[0].Data) != want {
		t.Errorf("first event %s %s, want turn %s", events[0].Kind, events[0].Data, want)
	}
	answer := "Hello there.\n\nThe **second** block"
	if text(events) != answer {
		t.Errorf("answer %q", text(events))
	}
	blocks := ofKind(events, "block")
	if len(blocks) != 2 {
		t.Fatalf("%d blocks: %s", len(blocks), kinds(events))
	}
	for i, b := range blocks {
		var d struct {
			Index, End int
			HTML       string
		}
		json.Unmarshal(b.Data, &d)
		if d.Index != i || d.HTML == "" || i == 1 && d.End != len(answer) {
			t.Errorf("block %d: %s", i, b.Data)
		}
	}
	usage := ofKind(events, "usage")
	if len(usage) != 1 || string(usage[0].Data) != `{"input_tokens":10,"output_tokens":3}` {
		t.Errorf("usage %v", usage)
	}
	if got := string(events[len(events)-1].Data); got != fmt.Sprintf(`{"turn":%q,"reason":"stop"}`, ref.Turn) {
		t.Errorf("done %s", got)
	}
}

func TestIdsGoOnAcrossTurnsAndRestarts(t *testing.T) {
	h := newHouse(t)
	h.model.then(says("one"))
	first := h.say("a")
	last := first[len(first)-1].ID
	h.again()
	second := h.say("b")
	if second[0].ID != last+1 {
		t.Errorf("the second turn begins at %d after %d", second[0].ID, last)
	}
	req := h.model.request(1)
	var history []string
	for _, m := range req.Messages {
		history = append(history, string(m.Role)+": "+m.Text)
	}
	if want := []string{"user: a", "assistant: one", "user: b"}; !slices.Equal(history, want) {
		t.Errorf("history %q, want %q", history, want)
	}
}

func TestBlocksOfLaterModelCallsGoOnCounting(t *testing.T) {
	h := newHouse(t)
	h.model.then(saysAndAsks("Let me look.", "read_file", `{"path":"docs/guide.md"}`), says("It is *there*."))
	events := h.say("look")
	if got := kinds(events); got != "turn content block tool_call tool_result content block usage done" {
		t.Errorf("events: %s", got)
	}
	blocks := ofKind(events, "block")
	var d struct{ Index, End int }
	json.Unmarshal(blocks[1].Data, &d)
	if all := text(events); d.Index != 1 || d.End != len(all) {
		t.Errorf("second block %s of %q", blocks[1].Data, all)
	}
}

func TestStartRefuses(t *testing.T) {
	h := newHouse(t)
	h.model.then(says("ok"))
	ref := h.start("mine")
	h.watch(ref.Conversation, 0)
	for name, c := range map[string]struct {
		m    chat.Message
		code fault.Code
	}{
		"empty":                {chat.Message{Owner: anna, Text: " \n", Doc: "docs/guide.md"}, fault.Usage},
		"too long":             {chat.Message{Owner: anna, Text: strings.Repeat("x", 256<<10+1), Doc: "docs/guide.md"}, fault.Usage},
		"no sender":            {chat.Message{Text: "x", Doc: "docs/guide.md"}, fault.Usage},
		"no place":             {chat.Message{Owner: anna, Text: "x"}, fault.Usage},
		"long request id":      {chat.Message{Owner: anna, Text: "x", Page: "/", RequestID: strings.Repeat("r", 201)}, fault.Usage},
		"folder":               {chat.Message{Owner: anna, Text: "x", Doc: "docs"}, fault.Usage},
		"missing file":         {chat.Message{Owner: anna, Text: "x", Doc: "docs/none.md"}, fault.NotFound},
		"secret file":          {chat.Message{Owner: anna, Text: "x", Doc: ".env"}, fault.Forbidden},
		"way out":              {chat.Message{Owner: anna, Text: "x", Doc: "../x.md"}, fault.Forbidden},
		"unknown conversation": {chat.Message{Owner: anna, Text: "x", Conversation: "c-none"}, fault.NotFound},
		"another's":            {chat.Message{Owner: bert, Text: "x", Conversation: ref.Conversation}, fault.NotFound},
	} {
		_, err := h.Start(t.Context(), c.m)
		if fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want the code %s", name, err, c.code)
		}
	}
	_, unknown := h.Start(t.Context(), chat.Message{Owner: anna, Text: "x", Conversation: "c-none"})
	_, others := h.Start(t.Context(), chat.Message{Owner: bert, Text: "x", Conversation: ref.Conversation})
	if unknown.Error() != others.Error() {
		t.Errorf("another's conversation can be told from an unknown one: %v, %v", unknown, others)
	}
	if list, _ := h.Conversations(t.Context(), anna, "", ""); len(list) != 1 {
		t.Errorf("%d conversations after refusals, want 1", len(list))
	}
}

func TestWithoutAModelNothingIsKept(t *testing.T) {
	h := newHouse(t, func(c *chat.Config) {
		c.Model = func() (llm.Service, error) {
			return nil, fault.New(fault.Unavailable, "no model is configured").WithHint("set OPENAI_API_KEY")
		}
	})
	_, err := h.Start(t.Context(), chat.Message{Owner: anna, Text: "x", Doc: "docs/guide.md"})
	wantCode(t, err, fault.Unavailable)
	if list, _ := h.Conversations(t.Context(), anna, "", ""); len(list) != 0 {
		t.Errorf("%d conversations", len(list))
	}
}

func TestSameRequestIsTheSameTurn(t *testing.T) {
	h := newHouse(t)
	h.model.then(says("once"))
	ask := chat.Message{Owner: anna, Text: "x", Doc: "docs/guide.md", Conversation: "new", RequestID: "r"}
	refs := make([]chat.Ref, 8)
	var wg sync.WaitGroup
	for i := range refs {
		wg.Go(func() {
			var err error
			if refs[i], err = h.Start(t.Context(), ask); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h.watch(refs[0].Conversation, 0)
	h.again()
	late, err := h.Start(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range append(refs, late) {
		if r != refs[0] {
			t.Errorf("turn %v, want %v", r, refs[0])
		}
	}
	if h.model.count() != 1 {
		t.Errorf("%d model calls, want 1", h.model.count())
	}
	ask.Doc = "docs/other.md"
	other, err := h.Start(t.Context(), ask)
	if err != nil || other.Turn == late.Turn {
		t.Errorf("the same request id on another page: %v, %v", other, err)
	}
}

func TestOneTurnAtATime(t *testing.T) {
	h := newHouse(t)
	h.model.then(says("a"), hangs("b"))
	ref := h.start("first")
	h.watch(ref.Conversation, 0)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won, lost := 0, 0
	for range 20 {
		wg.Go(func() {
			_, err := h.Start(t.Context(), chat.Message{Owner: anna, Text: "x", Doc: "docs/guide.md"})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case fault.CodeOf(err) == fault.Conflict:
				lost++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 || lost != 19 {
		t.Errorf("%d turns began and %d were refused, want 1 and 19", won, lost)
	}
	// A second program on the same state is refused as well, and does not take the
	// living turn for a dead one.
	other := chat.New(h.conf)
	defer other.Close()
	if err := other.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := other.Start(t.Context(), chat.Message{Owner: anna, Text: "x", Conversation: ref.Conversation})
	wantCode(t, err, fault.Conflict)
	if err := h.Stop(t.Context(), anna, ref.Conversation); err != nil {
		t.Fatal(err)
	}
}

// hangs says something and waits to be stopped.
func hangs(text string) step {
	return func(ctx context.Context, _ *llm.Request, on func(llm.Event)) (*llm.Response, error) {
		if text != "" {
			on(llm.Event{Kind: llm.Text, Text: text})
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
}

func TestDoneMeansTheNextTurnMayBegin(t *testing.T) {
	h := newHouse(t)
	h.model.then(says("x"))
	for range 50 {
		h.say("again")
	}
}

func TestACutStreamIsNoFinishedTurn(t *testing.T) {
	h := newHouse(t)
	h.model.then(func(_ context.Context, _ *llm.Request, on func(llm.Event)) (*llm.Response, error) {
		on(llm.Event{Kind: llm.Text, Text: "Half of"})
		return &llm.Response{Message: llm.Message{Role: llm.Assistant, Text: "Half of",
			Calls: []llm.Call{{ID: "c", Name: "read_file", Arguments: "{}"}}}}, fault.New(fault.Unavailable, "the stream was cut").WithHint("try again")
	}, says("fine"))
	events := h.say("go")
	if reason(t, events) != "error" || text(events) != "Half of" || len(ofKind(events, "tool_call")) != 0 {
		t.Errorf("events %s, text %q", kinds(events), text(events))
	}
	if e := ofKind(events, "error"); len(e) != 1 || string(e[0].Data) != `{"code":"unavailable","message":"the stream was cut","hint":"try again"}` {
		t.Errorf("error %s", e[0].Data)
	}
	h.say("go on")
	if m := h.model.request(1).Messages; len(m) != 3 || m[1].Text != "Half of" || len(m[1].Calls) != 0 {
		t.Errorf("history %v", m)
	}
}

func TestForeignErrorsStayInside(t *testing.T) {
	h := newHouse(t)
	h.model.then(func(context.Context, *llm.Request, func(llm.Event)) (*llm.Response, error) {
		return nil, errors.New("dial tcp: secret place")
	})
	events := h.say("go")
	if e := ofKind(events, "error"); len(e) != 1 || strings.Contains(string(e[0].Data), "secret place") || field(e[0], "code") != "internal" {
		t.Errorf("error %s", kinds(e))
	}
}

func TestReasonsOfTheModel(t *testing.T) {
	for finish, want := range map[llm.Finish]string{llm.Stop: "stop", llm.Length: "length", llm.Filtered: "filtered"} {
		h := newHouse(t)
		h.model.then(func(_ context.Context, _ *llm.Request, on func(llm.Event)) (*llm.Response, error) {
			on(llm.Event{Kind: llm.Reasoning, Text: "hm"})
			on(llm.Event{Kind: llm.Retry, Text: "the server is busy: again in 2 s"})
			on(llm.Event{Kind: llm.Text, Text: "x"})
			return &llm.Response{Message: llm.Message{Text: "x"}, Finish: finish}, nil
		})
		events := h.say("go")
		if got := reason(t, events); got != want {
			t.Errorf("%s ends with %s, want %s", finish, got, want)
		}
		if got := kinds(events); got != "turn reasoning notice content block done" {
			t.Errorf("events: %s", got)
		}
	}
}
