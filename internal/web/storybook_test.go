package web

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"tasks/internal/markdown"
)

var storybook = flag.String("storybook", "", "serve the sample pages and a recorded conversation at this loopback address, to be looked at")

// TestStorybook serves every template with its sample, the assets from disk, and a
// drawer that plays a recorded turn, until it is ended by hand:
//
//	go test ./internal/web -run Storybook -timeout 0 -storybook 127.0.0.1:8123
//
// What is in ?drawer= decides what the drawer shows: told (a finished turn), ask,
// error, nomodel, token, scripted; without it the conversation is empty, and a sent
// message plays the turn.
func TestStorybook(t *testing.T) {
	if *storybook == "" {
		t.Skip("for looking at: needs -storybook ADDRESS")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/tasks-assets/", func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		name := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/tasks-assets/"), "h-sample/")
		if name == alias {
			name = "js/" + alias
		}
		w.Header().Set("Content-Type", assetType(name))
		w.Header().Set("Cache-Control", "no-store")
		data, err := os.ReadFile("assets/" + name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Write(data)
	})
	story := &story{}
	mux.HandleFunc("GET /events", story.events)
	mux.HandleFunc("GET /actions/chat/conversations", story.list)
	mux.HandleFunc("GET /actions/chat/conversations/{id}", story.show)
	mux.HandleFunc("POST /actions/chat", story.post)
	mux.HandleFunc("GET /actions/chat/events", story.follow)
	mux.HandleFunc("POST /actions/chat/approve", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{}")) })
	mux.HandleFunc("POST /actions/chat/stop", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{}")) })
	mux.HandleFunc("POST /actions/chat/undo", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"edit":{"id":"e2","path":"docs/delivery.md","before":"b","after":"a","diff":"","undoes":"e1"}}`)
	})
	mux.HandleFunc("/", samplePage)
	t.Logf("storybook at http://%s/", *storybook)
	t.Fatal(http.ListenAndServe(*storybook, mux))
}

func samplePage(w http.ResponseWriter, r *http.Request) {
	set, err := newTemplates(os.DirFS("."), true)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	samples := samplePages()
	name := map[string]string{"/": "home", "/browse/docs/delivery.md": "doc", "/browse/docs": "folder", "/tasks": "tasks", "/board": "board", "/search": "search", "/status": "status", "/activity": "activity"}[r.URL.Path]
	if strings.HasPrefix(r.URL.Path, "/tasks/") {
		name = "task"
	} else if strings.HasPrefix(r.URL.Path, "/runs/") {
		name = "run"
	} else if name == "" {
		name = "error"
	}
	data := samples[name]
	if doc, ok := data.(DocPage); ok {
		switch r.URL.Query().Get("drawer") {
		case "nomodel":
			doc.Chat.Ready, doc.Chat.Model = false, ""
		case "token":
			doc.Chat.NeedToken = true
		case "scripted":
			doc.Chat.Scripted = true
		}
		data = doc
	}
	html, err := set.render(name, data)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	secure(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	http.SetCookie(w, &http.Cookie{Name: "drawer", Value: r.URL.Query().Get("drawer"), Path: "/"})
	if name == "error" {
		w.WriteHeader(http.StatusNotFound)
	}
	w.Write(html)
}

// story plays recorded conversations.
type story struct{}

type storyEvent struct {
	ID   int    `json:"id"`
	Kind string `json:"event"`
	Data any    `json:"data"`
}

type obj = map[string]any

// turnEvents is a turn with everything in it, up to and with an event of kind last.
func turnEvents(message, request, last string) []storyEvent {
	var out []storyEvent
	add := func(kind string, data any) { out = append(out, storyEvent{len(out) + 1, kind, data}) }
	answer := markdown.NewStream(nil)
	say := func(text string) {
		for _, piece := range strings.SplitAfter(text, " ") {
			add("content", obj{"text": piece})
			for _, b := range answer.Write(piece) {
				add("block", obj{"index": b.Index, "end": b.End, "html": b.HTML})
			}
		}
	}
	add("turn", obj{"turn": "t1", "conversation": "c1", "model": "gpt-5-mini", "message": message, "request_id": request, "selection": obj{"text": "A message that is not acknowledged within the window is sent again", "start_line": 26, "end_line": 26}})
	add("reasoning", obj{"text": "The page says that a message comes again, but not how a consumer tells. I look for where the attempt is counted.\n"})
	add("tool_call", obj{"id": "a", "name": "search_files", "arguments": obj{"query": "attempt", "glob": "docs/**"}})
	add("tool_call", obj{"id": "b", "name": "read_file", "arguments": obj{"path": "docs/protocol.md", "start_line": 1, "end_line": 80}})
	add("tool_result", obj{"id": "a", "name": "search_files", "status": "ok", "summary": "Searched for attempt, 3 hits", "content": "docs/protocol.md:41: attempt  uint16\ndocs/delivery.md:26: …a higher attempt.\ndocs/dead-letters.md:9: the attempt is kept", "truncated": false})
	add("tool_result", obj{"id": "b", "name": "read_file", "status": "ok", "summary": "Read docs/protocol.md 1–80", "content": "# Protocol\n…", "truncated": true})
	say("A consumer tells by the **attempt** in the frame: it is 1 the first time and grows with each redelivery ([protocol](/browse/docs/protocol.md), line 41).\n\n- The id stays the same.\n- `attempt` is 16 bits wide, so it stops at 65 535.\n\n```go\nif msg.Attempt > 1 && seen(msg.ID) {\n\treturn msg.Ack(ctx) // done before\n}\n```\n\nI add that sentence to the page.\n\n")
	for _, b := range answer.Close() {
		add("block", obj{"index": b.Index, "end": b.End, "html": b.HTML})
	}
	add("tool_call", obj{"id": "c", "name": "edit_file", "arguments": obj{"path": "docs/delivery.md", "old_string": "with the same id and a higher attempt.", "new_string": "with the same id and a higher attempt, which a consumer compares."}})
	add("tool_result", obj{"id": "c", "name": "edit_file", "status": "ok", "summary": "Edited docs/delivery.md, +2 −1", "content": "ok", "truncated": false, "edit": obj{"id": "e1", "path": "docs/delivery.md", "before": "a", "after": "b",
		"diff": "--- docs/delivery.md\n+++ docs/delivery.md\n@@ -24,5 +24,6 @@\n ### Retries\n \n-A message that is not acknowledged within the window is sent again, with the same id and a higher attempt.\n+A message that is not acknowledged within the window is sent again, with the same id and a\n+higher attempt, which a consumer compares with what it has seen.\n \n"}})
	add("tool_call", obj{"id": "d", "name": "read_file", "arguments": obj{"path": ".env"}})
	add("tool_result", obj{"id": "d", "name": "read_file", "status": "error", "summary": "Not read: .env may hold secrets", "content": "forbidden", "truncated": false})
	add("tool_call", obj{"id": "e", "name": "run_claude_subagent", "arguments": obj{"task": "Find every consumer in the examples that does not compare the attempt"}})
	if last == "progress" {
		add("progress", obj{"id": "e", "text": "Grep \"Attempt\" in examples/"})
		add("progress", obj{"id": "e", "text": "Read examples/worker/main.go"})
		return out
	}
	add("approval", obj{"id": "e", "name": "run_claude_subagent", "arguments": obj{"task": "Find every consumer in the examples that does not compare the attempt"}, "digest": "d1", "always": true,
		"sentence": "Start Claude Code in this repository, with reading and searching only, for at most 2 minutes. Protection: Landlock."})
	if last == "approval" {
		return out
	}
	add("decision", obj{"id": "e", "digest": "d1", "decision": "deny"})
	add("tool_result", obj{"id": "e", "name": "run_claude_subagent", "status": "denied", "summary": "You said no", "content": "denied by the user", "truncated": false})
	add("usage", obj{"input_tokens": 12480, "output_tokens": 312, "cost_usd": 0.0042})
	if last == "error" {
		add("error", obj{"code": "unavailable", "message": "the model's server ended the answer in the middle", "hint": "Nothing was changed after the last card. Try again; the model at api.example.com may be busy."})
		add("done", obj{"turn": "t1", "reason": "error"})
		return out
	}
	add("done", obj{"turn": "t1", "reason": "stop"})
	return out
}

const storyMessage = "How does a consumer tell that it has seen a message before? Please add it to the page."

// mode is what the page's address asked the drawer to show.
func mode(r *http.Request) string {
	c, err := r.Cookie("drawer")
	if err != nil {
		return ""
	}
	return c.Value
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func conversation(running bool) obj {
	return obj{"id": "c1", "doc": "docs/delivery.md", "page": nil, "title": "How does a consumer tell that it has seen a message before?", "created_at": time.Now().Add(-time.Hour), "updated_at": time.Now().Add(-time.Minute), "running": running}
}

func (*story) list(w http.ResponseWriter, r *http.Request) {
	list := []obj{}
	if m := mode(r); m != "" && m != "scripted" {
		list = append(list, conversation(false), obj{"id": "c0", "doc": "docs/delivery.md", "title": "Summarise this page", "updated_at": time.Now().Add(-50 * time.Hour)})
	}
	reply(w, obj{"conversations": list})
}

var storyLast = map[string]string{"ask": "approval", "error": "error", "busy": "progress"}

func (*story) show(w http.ResponseWriter, r *http.Request) {
	m := mode(r)
	events := turnEvents(storyMessage, "r1", storyLast[m])
	c := conversation(m == "ask" || m == "busy")
	c["turns"] = []obj{{"turn": "t1", "message": storyMessage, "started_at": time.Now(), "reason": nil, "events": events}}
	c["last_id"] = len(events)
	reply(w, c)
}

func (s *story) post(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Message   string `json:"message"`
		RequestID string `json:"request_id"`
	}
	json.NewDecoder(r.Body).Decode(&in)
	s.play(w, r, turnEvents(in.Message, in.RequestID, ""))
}

func (s *story) follow(w http.ResponseWriter, r *http.Request) {
	s.play(w, r, nil)
	<-r.Context().Done()
}

func (s *story) play(w http.ResponseWriter, r *http.Request, events []storyEvent) {
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, ": hello\n\n")
	http.NewResponseController(w).Flush()
	for _, ev := range events {
		data, _ := json.Marshal(ev.Data)
		fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", ev.ID, ev.Kind, data)
		http.NewResponseController(w).Flush()
		select {
		case <-time.After(30 * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
}

func (*story) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "event: hello\ndata: {\"generation\":1}\n\n")
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
}
