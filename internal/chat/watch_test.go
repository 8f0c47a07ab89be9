package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/chat"
	"tasks/internal/fault"
	"tasks/internal/llm"
)

// rich is a conversation of several turns with all kinds of events.
func rich(h *house) string {
	h.model.then(saysAndAsks("I *look*.\n\nYes.", "read_file", `{"path":"docs/guide.md"}`, "read_file", `{"path":"docs/other.md"}`, "agent", `{}`),
		says("One.\n\n", "Two.\n\n", "Three."), says("Bye."), hangs("…"))
	ref := h.start("first")
	e := h.until(ref, 0, "approval")
	if err := h.answer(ref, e, "allow"); err != nil {
		h.t.Fatal(err)
	}
	h.rest(ref, e)
	h.say("second")
	third := h.start("third")
	h.until(third, third.After, "content")
	if err := h.Stop(h.t.Context(), anna, ref.Conversation); err != nil {
		h.t.Fatal(err)
	}
	return ref.Conversation
}

func TestAnyCutPointGivesTheWhole(t *testing.T) {
	h := newHouse(t)
	conversation := rich(h)
	whole, _, _ := h.watch(conversation, 0)
	if len(whole) < 25 {
		t.Fatalf("only %d events: %s", len(whole), kinds(whole))
	}
	check := func(when string) {
		for n := int64(0); n < int64(len(whole)); n++ {
			rest, reset, idle := h.watch(conversation, n)
			if got := append(append([]chat.Event(nil), whole[:n]...), rest...); !reflect.DeepEqual(got, whole) || reset || idle {
				t.Fatalf("%s, cut at %d: %s (reset %v, idle %v)", when, n, kinds(rest), reset, idle)
			}
		}
		if rest, reset, idle := h.watch(conversation, int64(len(whole))); len(rest) > 0 || reset || !idle {
			t.Errorf("%s, at the head: %s, reset %v, idle %v", when, kinds(rest), reset, idle)
		}
		if all, reset, _ := h.watch(conversation, int64(len(whole))+1); !reset || !reflect.DeepEqual(all, whole) {
			t.Errorf("%s, beyond the head: %d events, reset %v", when, len(all), reset)
		}
		tr, err := h.Transcript(t.Context(), anna, conversation)
		if err != nil {
			t.Fatal(err)
		}
		var events []chat.Event
		for _, turn := range tr.Turns {
			events = append(events, turn.Events...)
		}
		if !reflect.DeepEqual(events, whole) || tr.LastID != int64(len(whole)) || len(tr.Turns) != 3 {
			t.Errorf("%s: the transcript differs: %s", when, kinds(events))
		}
	}
	check("live")
	h.again()
	check("after a restart")
}

// Readers that come, go and are slow while the turn runs all see the same, and each
// event stands in the journal before anybody sees it.
func TestReadersOfARunningTurn(t *testing.T) {
	h := newHouse(t)
	const pieces = 3000
	h.SetTimes(time.Microsecond, 0, 0) // hardly any joining: many events
	begin := make(chan struct{})
	h.model.then(func(ctx context.Context, _ *llm.Request, on func(llm.Event)) (*llm.Response, error) {
		<-begin
		for i := range pieces {
			on(llm.Event{Kind: llm.Text, Text: fmt.Sprintf("word%d ", i)})
		}
		return &llm.Response{Message: llm.Message{Text: "x"}, Finish: llm.Stop}, nil
	})
	ref := h.start("go")
	var wg sync.WaitGroup
	got := make([][]chat.Event, 6)
	for i := range got {
		wg.Go(func() {
			var seen []chat.Event
			for { // leaves after a few and comes again, as a browser with a bad line
				left := errors.New("left")
				var after int64
				if len(seen) > 0 {
					after = seen[len(seen)-1].ID
				}
				count := 0
				_, err := h.Watch(t.Context(), anna, ref.Conversation, after, func(reset bool, events []chat.Event) error {
					if reset {
						t.Error("reset")
					}
					for _, e := range events {
						var journaled string
						if i == 0 && e.ID%97 == 0 {
							if err := h.db.QueryRow("select data from events where conversation = ? and id = ?", ref.Conversation, e.ID).Scan(&journaled); err != nil || journaled != string(e.Data) {
								t.Errorf("event %d is not in the journal: %v", e.ID, err)
							}
						}
						seen = append(seen, e)
						if count++; i%2 == 1 && count == 100*i {
							return left
						}
					}
					if i == 4 {
						time.Sleep(2 * time.Millisecond) // a slow reader is the subject
					}
					return nil
				})
				if err == nil {
					got[i] = seen
					return
				}
				if !errors.Is(err, left) {
					t.Error(err)
					return
				}
			}
		})
	}
	close(begin)
	wg.Wait()
	for i := range got {
		if !reflect.DeepEqual(got[i], got[0]) {
			t.Errorf("reader %d saw %d events, reader 0 saw %d", i, len(got[i]), len(got[0]))
		}
	}
	if n := strings.Count(text(got[0]), "word"); n != pieces {
		t.Errorf("%d words, want %d", n, pieces)
	}
	for i, e := range got[0] {
		if e.ID != int64(i+1) {
			t.Fatalf("event %d has the id %d", i+1, e.ID)
		}
	}
}

func TestAStuckReaderSlowsNobody(t *testing.T) {
	h := newHouse(t)
	h.model.then(says(strings.Repeat("word ", 100)))
	ref := h.start("go")
	release, stuck := make(chan struct{}), make(chan struct{})
	var seen []chat.Event
	var wg sync.WaitGroup
	wg.Go(func() {
		first := true
		h.Watch(t.Context(), anna, ref.Conversation, 0, func(_ bool, events []chat.Event) error {
			if first {
				first = false
				close(stuck)
				<-release
			}
			seen = append(seen, events...)
			return nil
		})
	})
	<-stuck
	whole, _, _ := h.watch(ref.Conversation, 0)
	reason(t, whole)
	close(release)
	wg.Wait()
	if !reflect.DeepEqual(seen, whole) {
		t.Errorf("the stuck reader got %s", kinds(seen))
	}
}

func TestNobodyElseSees(t *testing.T) {
	h := newHouse(t)
	h.model.then(says("x"))
	ref := h.start("go")
	h.watch(ref.Conversation, 0)
	_, err := h.Watch(t.Context(), bert, ref.Conversation, 0, func(bool, []chat.Event) error { t.Error("called"); return nil })
	wantCode(t, err, fault.NotFound)
	_, err = h.Transcript(t.Context(), bert, ref.Conversation)
	wantCode(t, err, fault.NotFound)
	_, err = h.Undo(t.Context(), bert, ref.Conversation, "e")
	wantCode(t, err, fault.NotFound)
	if list, err := h.Conversations(t.Context(), bert, "", ""); err != nil || len(list) != 0 || list == nil {
		t.Errorf("%v, %v", list, err)
	}
}

func TestConversationsOfPages(t *testing.T) {
	h := newHouse(t)
	h.model.then(says("x"))
	guide := h.start("About the guide\n\nand  more words").Conversation
	h.watch(guide, 0)
	same := h.start("again").Conversation
	h.watch(same, 0)
	fresh := h.start("anew", func(m *chat.Message) { m.Conversation = "new" }).Conversation
	h.watch(fresh, 0)
	status := h.start("status", func(m *chat.Message) { m.Doc, m.Page = "", "/status" }).Conversation
	h.watch(status, 0)
	if same != guide || fresh == guide || status == fresh {
		t.Fatalf("conversations %s %s %s %s", guide, same, fresh, status)
	}
	list, err := h.Conversations(t.Context(), anna, "docs/guide.md", "")
	if err != nil || len(list) != 2 || list[0].ID != fresh || list[1].ID != guide || list[1].Title != "About the guide and more words" {
		t.Fatalf("%v, %v", list, err)
	}
	var form map[string]any
	b, _ := json.Marshal(list[0])
	json.Unmarshal(b, &form)
	if form["doc"] != "docs/guide.md" || form["page"] != nil || form["running"] != false || len(form) != 7 {
		t.Errorf("JSON %s", b)
	}
	if list, _ = h.Conversations(t.Context(), anna, "", "/status"); len(list) != 1 || list[0].Page == nil {
		t.Errorf("%v", list)
	}
	if list, _ = h.Conversations(t.Context(), anna, "", ""); len(list) != 3 {
		t.Errorf("%d in all", len(list))
	}
	// An older one that moves is the newest again.
	h.watch(h.start("back", func(m *chat.Message) { m.Conversation, m.Doc = guide, "" }).Conversation, 0)
	if ref := h.start("newest"); ref.Conversation != guide {
		t.Errorf("the newest is %s, want %s", ref.Conversation, guide)
	}
}

func TestChangedIsTold(t *testing.T) {
	var mu sync.Mutex
	var told []string
	h := newHouse(t, func(c *chat.Config) {
		c.Changed = func(owner, conversation, turn string, last int64) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, fmt.Sprint(owner, " ", last))
		}
	})
	h.model.then(asks("agent", `{}`), says("x"))
	ref := h.start("go")
	e := h.until(ref, 0, "approval")
	h.answer(ref, e, "deny")
	all, _, _ := h.watch(ref.Conversation, 0)
	mu.Lock()
	defer mu.Unlock()
	if want := fmt.Sprintf("[%s 1 %s %d %s %d]", anna, anna, e.ID, anna, len(all)); fmt.Sprint(told) != want {
		t.Errorf("told %v, want %s", told, want)
	}
}

// A reader who knows all there is learns at once that a turn runs.
func TestAReaderAtTheHeadIsToldOfTheTurn(t *testing.T) {
	h := newHouse(t)
	h.model.then(hangs(""))
	ref := h.start("go")
	called := errors.New("called")
	_, err := h.Watch(t.Context(), anna, ref.Conversation, ref.After+1, func(reset bool, events []chat.Event) error {
		if reset || len(events) > 0 {
			t.Errorf("reset %v, %s", reset, kinds(events))
		}
		return called
	})
	if !errors.Is(err, called) {
		t.Error(err)
	}
	h.Stop(t.Context(), anna, ref.Conversation)
}
