package chat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/chat"
	"tasks/internal/llm"
	"tasks/internal/repo"
	"tasks/internal/store"
	"tasks/internal/tool"
)

// child is a program of its own that begins a turn, says how far it is, and waits to
// be killed.
func child(root string) {
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(root, ".git", "tasks"))
	if err == nil {
		var r *repo.Repo
		if r, err = repo.Open(root, repo.Options{}); err == nil {
			err = childTurn(ctx, db, r)
		}
	}
	fmt.Println("child:", err)
	os.Exit(1)
}

func childTurn(ctx context.Context, db *store.DB, r *repo.Repo) error {
	tools := newBench(r)
	ready := make(chan string, 1)
	tools.add("hang", tool.Read, func(context.Context, tool.Session, map[string]string) (*tool.Plan, error) {
		return &tool.Plan{Run: func(ctx context.Context, _ func(string)) tool.Result {
			ready <- "tool"
			<-ctx.Done()
			return tool.Result{}
		}}, nil
	})
	model := &script{}
	said := func(ctx context.Context, _ *llm.Request, on func(llm.Event)) (*llm.Response, error) {
		on(llm.Event{Kind: llm.Text, Text: "Half an "})
		ready <- "text"
		<-ctx.Done()
		return nil, ctx.Err()
	}
	switch os.Getenv("CHAT_TEST_PHASE") {
	case "text":
		model.then(says("whole answer"), said)
	case "tool":
		model.then(says("whole answer"), saysAndAsks("I look.", "read_file", `{"path":"docs/guide.md"}`, "hang", `{}`, "agent", `{}`))
	case "approval":
		model.then(says("whole answer"), asks("agent", `{}`))
	}
	s := chat.New(chat.Config{DB: db, Repo: r, Tools: tools, Model: func() (llm.Service, error) { return model, nil }})
	ask := chat.Message{Owner: anna, Text: "first", Doc: "docs/guide.md"}
	ref, err := s.Start(ctx, ask)
	if err != nil {
		return err
	}
	if _, err := s.Watch(ctx, anna, ref.Conversation, 0, func(bool, []chat.Event) error { return nil }); err != nil {
		return err
	}
	ask.Text, ask.RequestID = "second", "r2"
	if ref, err = s.Start(ctx, ask); err != nil {
		return err
	}
	go func() {
		<-ready
		fmt.Println("ready", ref.Conversation)
	}()
	_, err = s.Watch(ctx, anna, ref.Conversation, ref.After, func(_ bool, events []chat.Event) error {
		if len(ofKind(events, "approval")) > 0 {
			ready <- "approval"
		}
		return nil
	})
	return err
}

func TestAKilledTurnIsClosedHonestly(t *testing.T) {
	for phase, want := range map[string]string{
		"text":     "turn content error done",
		"tool":     "turn content block tool_call tool_call tool_result tool_result error done",
		"approval": "turn tool_call approval tool_result error done",
	} {
		t.Run(phase, func(t *testing.T) {
			h := newHouse(t)
			h.Close()
			h.db.Close()
			conversation := kill(t, h.root, phase)

			h.open()
			tr, err := h.Transcript(t.Context(), anna, conversation)
			if err != nil {
				t.Fatal(err)
			}
			if len(tr.Turns) != 2 || tr.Turns[1].Reason == nil || *tr.Turns[1].Reason != "error" || tr.Running {
				t.Fatalf("transcript %+v", tr)
			}
			events := tr.Turns[1].Events
			if got := kinds(events); got != want {
				t.Errorf("events %s, want %s", got, want)
			}
			for i, e := range append(tr.Turns[0].Events, events...) {
				if e.ID != int64(i+1) {
					t.Errorf("event %d has the id %d", i+1, e.ID)
				}
			}
			for _, r := range ofKind(events, "tool_result") {
				if field(r, "name") != "read_file" && field(r, "status") != "cancelled" {
					t.Errorf("an open call: %s", r.Data)
				}
			}
			if e := ofKind(events, "error"); !strings.Contains(field(e[0], "message"), "program ended") {
				t.Errorf("error %s", e[0].Data)
			}

			// It is the same turn still, nothing waits, and the next one goes on.
			ref, err := h.Start(t.Context(), chat.Message{Owner: anna, Text: "second", Doc: "docs/guide.md", RequestID: "r2"})
			if err != nil || ref.Turn != tr.Turns[1].Turn {
				t.Errorf("the same request: %v, %v", ref, err)
			}
			err = h.Approve(t.Context(), anna, chat.Approval{Conversation: conversation, Call: "x", Digest: "y", Decision: "allow"})
			wantCode(t, err, "conflict")
			h.model.then(says("I go on"))
			next := h.say("third")
			if next[0].ID != tr.LastID+1 {
				t.Errorf("the next turn begins at %d after %d", next[0].ID, tr.LastID)
			}
			history, _ := json.Marshal(h.model.request(0).Messages)
			if phase == "text" && !strings.Contains(string(history), "Half an ") {
				t.Errorf("what was said is lost: %s", history)
			}
			checkLegal(t, h.model.request(0).Messages)
			if left, _ := filepath.Glob(filepath.Join(h.state, "chat-*.lock")); len(left) != 1 {
				t.Errorf("lock files %v, want our own only", left)
			}
		})
	}
}

// kill runs the child until it is in the phase, kills it, and returns its conversation.
func kill(t *testing.T, root, phase string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CHAT_TEST_CHILD="+root, "CHAT_TEST_PHASE="+phase)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); f[0] == "ready" {
			cmd.Process.Kill()
			return f[1]
		}
		t.Log(lines.Text())
	}
	t.Fatal("the child did not get ready")
	return ""
}

// checkLegal fails where a call has not exactly one result right after it.
func checkLegal(t *testing.T, history []llm.Message) {
	t.Helper()
	var open []llm.Call
	for i, m := range history {
		if m.Role == llm.ToolRole {
			if len(open) == 0 || open[0].ID != m.CallID {
				t.Fatalf("message %d answers %q out of place", i, m.CallID)
			}
			open = open[1:]
			continue
		}
		if len(open) > 0 {
			t.Fatalf("message %d comes before the results of %v", i, open)
		}
		open = m.Calls
	}
	if len(open) > 0 {
		t.Fatalf("no results for %v", open)
	}
}
