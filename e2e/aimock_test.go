package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests here drive the program against a model server that we did not write:
// what we believe of the wire is held against what somebody else believes.

// aimock is a running model server with fixtures.
type aimock struct {
	t   *testing.T
	url string
}

// startAimock runs the server on a port it picks itself.
func startAimock(t *testing.T, fixtures string) *aimock {
	t.Helper()
	program := need(t, "llmock")
	need(t, "node")
	dir := write(t, map[string]string{"fixtures.json": fixtures})
	cmd := exec.Command(program, "--port", "0", "--fixtures", filepath.Join(dir, "fixtures.json"), "--strict", "--validate-on-load")
	// Without this a turn beyond the last fixture gets the last answer again, for ever.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "AIMOCK_STRICT_TURN_INDEX=1"}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
		defer late.Stop()
		cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, at, ok := strings.Cut(lines.Text(), "listening on "); ok {
			go io.Copy(io.Discard, out)
			return &aimock{t: t, url: strings.TrimSpace(at)}
		}
	}
	t.Fatal("the model server did not say where it listens")
	return nil
}

// failNext has the next request answered with an error.
func (a *aimock) failNext(status int, message string) {
	a.t.Helper()
	body := fmt.Sprintf(`{"status":%d,"body":{"message":%q}}`, status, message)
	resp, err := http.Post(a.url+"/__aimock/error", "application/json", strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		a.t.Fatalf("the fault was not taken: %s", resp.Status)
	}
}

// A journaled request is what the model server saw. It writes requests of every API
// down in the words of Chat Completions.
type journaled struct {
	Path    string
	Headers map[string]string
	Body    struct {
		Model     string
		Stream    bool
		MaxTokens int `json:"max_tokens"`
		Messages  []struct {
			Role      string
			Content   any
			CallID    string `json:"tool_call_id"`
			ToolCalls []struct {
				ID       string
				Function struct{ Name, Arguments string }
			} `json:"tool_calls"`
		}
		Tools []struct {
			Function struct{ Name string }
		}
	}
	Response struct{ Status int }
}

// journal is every request so far, in order.
func (a *aimock) journal() []journaled {
	a.t.Helper()
	resp, err := http.Get(a.url + "/__aimock/journal")
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	var all []journaled
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		a.t.Fatal(err)
	}
	return all
}

// roles shows a request's messages after the question: who, and for whom.
func (j journaled) roles() string {
	var out []string
	for _, m := range j.Body.Messages {
		switch {
		case m.Role == "tool":
			out = append(out, "tool:"+m.CallID)
		case len(m.ToolCalls) > 0:
			ids := []string{}
			for _, c := range m.ToolCalls {
				ids = append(ids, c.Function.Name+":"+c.ID)
			}
			out = append(out, "assistant("+strings.Join(ids, " ")+")")
		default:
			out = append(out, m.Role)
		}
	}
	return strings.Join(out, " ")
}

// A sent event is one frame of an event stream.
type sentEvent struct {
	id   int
	name string
	data map[string]any
}

// talk is one browser as the guard wants it, without the browser.
type talk struct {
	t      *testing.T
	server *server
	client *http.Client
}

func newTalk(t *testing.T, s *server) *talk {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &talk{t: t, server: s, client: &http.Client{Jar: jar, Timeout: time.Minute}}
}

// ask sends a message and reads its turn to the end.
func (c *talk) ask(message string) []sentEvent {
	c.t.Helper()
	body, err := json.Marshal(map[string]string{"message": message, "doc": "README.md"})
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.server.url+"actions/chat", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", strings.TrimSuffix(c.server.url, "/"))
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := c.client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		c.t.Fatalf("%s, %s, %v: %s", resp.Status, resp.Header.Get("Content-Type"), err, text)
	}
	return readEvents(c.t, string(text))
}

// readEvents takes an event stream apart and holds it to the contract: ids grow by
// one, data is one line of JSON, done comes once and last.
func readEvents(t *testing.T, stream string) []sentEvent {
	t.Helper()
	var events []sentEvent
	for _, frame := range strings.Split(stream, "\n\n") {
		var e sentEvent
		for _, line := range strings.Split(frame, "\n") {
			field, value, _ := strings.Cut(line, ": ")
			switch field {
			case "id":
				e.id, _ = strconv.Atoi(value)
			case "event":
				e.name = value
			case "data":
				if e.data != nil || json.Unmarshal([]byte(value), &e.data) != nil {
					t.Fatalf("data is not one line of JSON: %s", frame)
				}
			}
		}
		if e.name == "" {
			continue // a comment
		}
		if n := len(events); n > 0 && e.id != events[n-1].id+1 {
			t.Errorf("id %d after %d", e.id, events[n-1].id)
		}
		events = append(events, e)
	}
	for i, e := range events {
		if (e.name == "done") != (i == len(events)-1) {
			t.Errorf("done is not the last event alone: %d of %d", i+1, len(events))
		}
	}
	return events
}

// outline is the events in order, neighbours of one kind once.
func outline(events []sentEvent) string {
	var out []string
	for _, e := range events {
		word := e.name
		switch e.name {
		case "block", "reasoning": // how an answer is cut into blocks is not the model's
			continue
		case "tool_call":
			word += ":" + e.str("id")
		case "tool_result":
			word += ":" + e.str("id") + ":" + e.str("status")
		case "done":
			word += ":" + e.str("reason")
		case "error":
			word += ":" + e.str("code")
		}
		if len(out) == 0 || out[len(out)-1] != word {
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}

func (e sentEvent) str(key string) string {
	s, _ := e.data[key].(string)
	return s
}

// said is the whole answer.
func said(events []sentEvent) string {
	var b strings.Builder
	for _, e := range events {
		if e.name == "content" {
			b.WriteString(e.str("text"))
		}
	}
	return b.String()
}

// find is the first event with this name and id.
func find(t *testing.T, events []sentEvent, name, id string) sentEvent {
	t.Helper()
	i := slices.IndexFunc(events, func(e sentEvent) bool { return e.name == name && (id == "" || e.str("id") == id) })
	if i < 0 {
		t.Fatalf("no event %s %s in %s", name, id, outline(events))
	}
	return events[i]
}

const conversation = `{"fixtures":[
 {"match":{"userMessage":"Which files have open points","turnIndex":0},
  "response":{"content":"I will search. ","toolCalls":[{"id":"call_s1","name":"search_files","arguments":{"query":"TODO"}}]}},
 {"match":{"userMessage":"Which files have open points","turnIndex":1},
  "response":{"toolCalls":[{"id":"call_r1","name":"read_file","arguments":{"path":"docs/heron.md"}},{"id":"call_r2","name":"read_file","arguments":{"path":"docs/otter.md"}}]}},
 {"match":{"userMessage":"Which files have open points","turnIndex":2},
  "response":{"content":"Two: the **heron** is not counted, the otter's weir is not mended. — Grüße 🦦"}},
 {"match":{"userMessage":"And in one word","turnIndex":3},"response":{"content":"Two."}},
 {"match":{"userMessage":"Hello after a wait"},"response":{"content":"Hello at last."}},
 {"match":{"userMessage":"Tell me a long story"},
  "response":{"content":"Once upon a time there was an otter, and that otter lived below a weir, where the water never froze."},"latency":20,"truncateAfterChunks":4},
 {"match":{"userMessage":"Call and break off"},
  "response":{"content":"I will read. ","toolCalls":[{"id":"call_b1","name":"read_file","arguments":{"path":"docs/heron.md"}}]},"latency":20,"truncateAfterChunks":4}
]}`

// pond is a small repository, served with a model server's address in env.
func pond(t *testing.T, env ...string) *server {
	t.Helper()
	root := write(t, map[string]string{
		"README.md":     "# The pond\n",
		"docs/heron.md": "# Heron\n\nTODO count the herons\n",
		"docs/otter.md": "# Otter\n\nTODO mend the weir\n",
	})
	git(t, root, "init", "-q")
	git(t, root, "add", ".")
	git(t, root, "commit", "-q", "-m", "pond")
	return start(t, env, "serve", "-C", root, "--addr", "127.0.0.1:0")
}

// An api is one way to reach the model server.
type api struct {
	name    string
	path    string          // of requests
	headers map[string]bool // that must, or must not, be sent
	env     func(base string) []string
}

// pondKey is the key of the API that wants one even of this machine's servers.
const pondKey = "sk-pond-0123456789abcdef"

var apis = []api{
	{"chat completions", "/v1/chat/completions", map[string]bool{"authorization": false, "x-api-key": false}, func(base string) []string {
		return []string{"OPENAI_BASE_URL=" + base + "/v1", "OPENAI_MODEL=pond-1"}
	}},
	{"messages", "/v1/messages", map[string]bool{"authorization": false, "x-api-key": true, "anthropic-version": true}, func(base string) []string {
		return []string{"ANTHROPIC_API_KEY=" + pondKey, "ANTHROPIC_BASE_URL=" + base, "ANTHROPIC_MODEL=pond-1"}
	}},
}

// eachAPI runs a test for every API, with a model server and a program of its own.
func eachAPI(t *testing.T, test func(*testing.T, api, *aimock, *talk)) {
	for _, p := range apis {
		t.Run(p.name, func(t *testing.T) {
			model := startAimock(t, conversation)
			test(t, p, model, newTalk(t, pond(t, p.env(model.url)...)))
		})
	}
}

func TestToolsAgainstAModelServerThatIsNotOurs(t *testing.T) {
	eachAPI(t, func(t *testing.T, p api, model *aimock, c *talk) {
		events := c.ask("Which files have open points?")
		want := "turn content tool_call:call_s1 tool_result:call_s1:ok usage tool_call:call_r1 tool_call:call_r2 " +
			"tool_result:call_r1:ok tool_result:call_r2:ok usage content usage done:stop"
		if got := strings.ReplaceAll(outline(events), " usage", ""); got != strings.ReplaceAll(want, " usage", "") {
			t.Errorf("events\n%s\nwant\n%s", got, want)
		}
		if got := said(events); !strings.HasPrefix(got, "I will search. ") || !strings.HasSuffix(got, "Two: the **heron** is not counted, the otter's weir is not mended. — Grüße 🦦") {
			t.Errorf("the answer: %q", got)
		}
		if model := find(t, events, "turn", "").str("model"); model != "pond-1" {
			t.Errorf("model %q", model)
		}
		for id, holds := range map[string]string{"call_s1": "docs/heron.md:3:", "call_r1": "count the herons", "call_r2": "mend the weir"} {
			if got := find(t, events, "tool_result", id).str("content"); !strings.Contains(got, holds) {
				t.Errorf("result of %s: %q", id, got)
			}
		}
		again := c.ask("And in one word?")
		if got := said(again); got != "Two." || again[0].id != events[len(events)-1].id+1 {
			t.Errorf("the second turn: %q, first id %d", got, again[0].id)
		}
		checkJournal(t, p, model.journal())
	})
}

// checkJournal holds what was sent against what should have been.
func checkJournal(t *testing.T, p api, sent []journaled) {
	t.Helper()
	const afterSearch = "system user assistant(search_files:call_s1) tool:call_s1"
	const afterReads = afterSearch + " assistant(read_file:call_r1 read_file:call_r2) tool:call_r1 tool:call_r2"
	want := []string{"system user", afterSearch, afterReads, afterReads + " assistant user"}
	if len(sent) != len(want) {
		t.Fatalf("%d requests, want %d", len(sent), len(want))
	}
	for i, j := range sent {
		if got := j.roles(); got != want[i] {
			t.Errorf("request %d: %s\nwant %s", i+1, got, want[i])
		}
		if j.Path != p.path || j.Body.Model != "pond-1" || !j.Body.Stream || j.Response.Status != 200 {
			t.Errorf("request %d: %s, model %q, stream %v, status %d", i+1, j.Path, j.Body.Model, j.Body.Stream, j.Response.Status)
		}
		if len(j.Body.Tools) < 6 {
			t.Errorf("request %d offers %d tools", i+1, len(j.Body.Tools))
		}
		if !strings.HasPrefix(j.Headers["user-agent"], "tasks/") {
			t.Errorf("request %d: user agent %q", i+1, j.Headers["user-agent"])
		}
		for name, want := range p.headers {
			if _, sent := j.Headers[name]; sent != want {
				t.Errorf("request %d: header %s sent: %v", i+1, name, sent)
			}
		}
	}
	for _, m := range sent[2].Body.Messages {
		if m.CallID == "call_r2" && !strings.Contains(fmt.Sprint(m.Content), "mend the weir") {
			t.Errorf("the result of the second read is %v", m.Content)
		}
	}
}

func TestFaultsOfAModelServerThatIsNotOurs(t *testing.T) {
	eachAPI(t, func(t *testing.T, p api, model *aimock, c *talk) {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			t.Run(fmt.Sprint(status, " once"), func(t *testing.T) {
				before := len(model.journal())
				model.failNext(status, "not now")
				events := newTalk(t, c.server).ask("Hello after a wait")
				if got := said(events); got != "Hello at last." || find(t, events, "done", "").str("reason") != "stop" {
					t.Errorf("%q, %s", got, outline(events))
				}
				if n := len(model.journal()) - before; n != 2 {
					t.Errorf("%d requests, want 2", n)
				}
			})
		}
		t.Run("503 three times", func(t *testing.T) {
			for range 3 {
				model.failNext(http.StatusServiceUnavailable, "down for the night")
			}
			events := newTalk(t, c.server).ask("Hello after a wait")
			e := find(t, events, "error", "")
			if e.str("code") != "unavailable" || !strings.Contains(e.str("message"), "down for the night") || e.str("hint") == "" {
				t.Errorf("error %v", e.data)
			}
			if got := outline(events); got != "turn notice error:unavailable done:error" {
				t.Errorf("events %s", got)
			}
		})
		t.Run("cut in the middle", func(t *testing.T) {
			before := len(model.journal())
			events := c.ask("Tell me a long story")
			if got := said(events); !strings.HasPrefix(got, "Once upon a time") || strings.Contains(got, "never froze") {
				t.Errorf("partial text %q", got)
			}
			if e := find(t, events, "error", ""); !strings.Contains(e.str("message"), "cut off") {
				t.Errorf("error %v", e.data)
			}
			if got := find(t, events, "done", "").str("reason"); got != "error" {
				t.Errorf("done %s", got)
			}
			if n := len(model.journal()) - before; n != 1 {
				t.Errorf("after text was shown it was asked %d times", n)
			}
		})
		t.Run("cut in a call", func(t *testing.T) {
			events := c.ask("Call and break off")
			if got := outline(events); strings.Contains(got, "tool_") || !strings.HasSuffix(got, "error:unavailable done:error") {
				t.Errorf("a call of a cut answer was run: %s", got)
			}
		})
		t.Run("the conversation goes on", func(t *testing.T) {
			events := c.ask("Hello after a wait")
			if got := said(events); got != "Hello at last." {
				t.Errorf("%q, %s", got, outline(events))
			}
		})
	})
}
