package openai_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/llm"
	"tasks/internal/llm/openai"
)

var update = flag.Bool("update", false, "rewrite the want section of testdata")

// canary is the key of all tests here: no byte that comes out may hold it.
const canary = "sk-canary/7+Zq_0123456789-abcdef"

// A fixture is one file of testdata/odd.
type fixture struct {
	archive *txtar.Archive
	replies []reply
	again   int // how often the first question is asked once more
	limits  config.Timeouts
}

func readFixture(t *testing.T, file string) *fixture {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{archive: a, limits: config.Timeouts{Connect: 10 * time.Second, Headers: 10 * time.Second, FirstToken: 10 * time.Second, Idle: 10 * time.Second}}
	for _, section := range a.Files {
		switch section.Name {
		case "reply":
			f.replies = append(f.replies, parseReply(t, string(section.Data)))
		case "again":
			f.again, _ = strconv.Atoi(strings.TrimSpace(string(section.Data)))
		case "limits":
			for _, word := range strings.Fields(string(section.Data)) {
				k, v, _ := strings.Cut(word, "=")
				d, _ := time.ParseDuration(v)
				*map[string]*time.Duration{"headers": &f.limits.Headers, "first": &f.limits.FirstToken, "idle": &f.limits.Idle}[k] = d
			}
		case "want":
		default:
			t.Fatalf("unknown section %s", section.Name)
		}
	}
	return f
}

func (f *fixture) want() *txtar.File {
	for i := range f.archive.Files {
		if f.archive.Files[i].Name == "want" {
			return &f.archive.Files[i]
		}
	}
	f.archive.Files = append(f.archive.Files, txtar.File{Name: "want"})
	return &f.archive.Files[len(f.archive.Files)-1]
}

// transcript writes down all that comes out of a Client.
type transcript struct {
	lines []string
	last  llm.EventKind
}

func (tr *transcript) add(format string, args ...any) {
	tr.last = ""
	tr.lines = append(tr.lines, fmt.Sprintf(format, args...))
}

// event joins neighbouring pieces of one kind.
func (tr *transcript) event(e llm.Event) {
	joins := e.Kind == llm.Text || e.Kind == llm.Reasoning
	if joins && tr.last == e.Kind {
		tr.lines[len(tr.lines)-1] += e.Text
		return
	}
	tr.add("%s: %s", e.Kind, e.Text)
	if joins {
		tr.last = e.Kind
	}
}

func (tr *transcript) result(r *llm.Response, err error) {
	if err != nil {
		tr.add("= error %s: %s", fault.CodeOf(err), err)
		if h := fault.HintOf(err); h != "" {
			tr.add("  hint: %s", h)
		}
	}
	if r == nil {
		return
	}
	finish := string(r.Finish)
	if err != nil {
		finish = "partial"
	}
	tr.add("= %s %s", finish, oneLine(r.Message.Text))
	if r.Model != "" {
		tr.add("  model %s", r.Model)
	}
	if r.Usage.Input+r.Usage.Output > 0 {
		tr.add("  usage %d %d", r.Usage.Input, r.Usage.Output)
	}
	if r.Usage.CostUSD != nil {
		tr.add("  cost %g", *r.Usage.CostUSD)
	}
	for _, c := range r.Message.Calls {
		extra, _ := json.Marshal(c.Extra)
		tr.add("  run @%s %s %s %s", c.ID, c.Name, c.Arguments, strings.TrimSuffix(string(extra), "null"))
	}
}

// oneLine shortens what is very long.
func oneLine(s string) string {
	if len(s) > 600 {
		s = fmt.Sprintf("%s… (%d bytes)", s[:20], len(s))
	}
	return strings.ReplaceAll(s, "\n", `\n`)
}

var tools = []llm.Tool{{Name: "read_file", Description: "reads", Schema: json.RawMessage(`{"type":"object"}`)}, {Name: "search_files"}, {Name: "list"}}

func question() *llm.Request {
	return &llm.Request{System: "Be brief.", Messages: []llm.Message{{Role: llm.User, Text: "Hello?"}}, Tools: tools, MaxTokens: 500}
}

// play runs the fixture against replies and returns what came out.
func (f *fixture) play(t *testing.T, replies []reply) string {
	srv := serve(t, replies...)
	tr := &transcript{}
	now := time.Now()
	client, err := openai.New(openai.Config{BaseURL: srv.URL + "/v1", Key: canary, Model: "test-model", Timeouts: f.limits,
		Sleep: func(_ context.Context, d time.Duration) error {
			tr.add("wait: %d s", d/time.Second)
			now = now.Add(d)
			return nil
		},
		Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range f.again + 1 {
		f.talk(client, srv, tr)
	}
	if n := srv.left(); n > 0 {
		tr.add("%d replies were not asked for", n)
	}
	for i := range tr.lines {
		tr.lines[i] = oneLine(tr.lines[i])
	}
	out := strings.Join(tr.lines, "\n") + "\n" + srv.sent()
	host := strings.TrimPrefix(srv.URL, "http://")
	return madeIDs(f, strings.ReplaceAll(out, host, "HOST"))
}

// talk asks, and answers the calls, as long as there are replies.
func (f *fixture) talk(client *openai.Client, srv *byteServer, tr *transcript) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req := question()
	for {
		resp, err := client.Stream(ctx, req, tr.event)
		tr.result(resp, err)
		if err != nil || len(resp.Message.Calls) == 0 || srv.left() == 0 {
			return
		}
		req.Messages = append(req.Messages, resp.Message)
		for _, c := range resp.Message.Calls {
			req.Messages = append(req.Messages, llm.Message{Role: llm.ToolRole, CallID: c.ID, Text: "result of " + c.Name})
		}
	}
}

// sent shows what of later requests differs from the first: the parameters, and
// the messages after the question.
func (s *byteServer) sent() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out strings.Builder
	for i, b := range s.bodies[1:] {
		var body struct{ Messages []json.RawMessage }
		var params map[string]json.RawMessage
		json.Unmarshal([]byte(b), &body)
		json.Unmarshal([]byte(b), &params)
		fmt.Fprintf(&out, "> request %d:", i+2)
		for _, k := range []string{"stream", "stream_options", "max_tokens", "max_completion_tokens"} {
			if params[k] != nil {
				fmt.Fprintf(&out, " %s=%s", k, params[k])
			}
		}
		out.WriteString("\n")
		for _, m := range body.Messages {
			if string(m) != `{"role":"system","content":"Be brief."}` && string(m) != `{"role":"user","content":"Hello?"}` {
				fmt.Fprintf(&out, "> %s\n", m)
			}
		}
	}
	return out.String()
}

// madeIDs gives ids that were made up names that stay the same.
func madeIDs(f *fixture, s string) string {
	seen := map[string]string{}
	return regexp.MustCompile(`\bc[a-z2-7]{8}\b`).ReplaceAllStringFunc(s, func(id string) string {
		for _, r := range f.replies {
			if bytes.Contains(r.body, []byte(id)) {
				return id
			}
		}
		if id == "canceled" || id == "candidate" || id == "cancelled" || id == "cannot" || id == "character" {
			return id
		}
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("MADE%d", len(seen)+1)
		}
		return seen[id]
	})
}

func fixtures(t *testing.T) []string {
	files, err := filepath.Glob("testdata/odd/*.txtar")
	if err != nil || len(files) < 40 {
		t.Fatalf("fixtures: %d, %v", len(files), err)
	}
	return files
}

// TestOddStreams plays every fixture over HTTP.
func TestOddStreams(t *testing.T) {
	for _, file := range fixtures(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			f := readFixture(t, file)
			got := f.play(t, f.replies)
			checkCanary(t, got)
			want := f.want()
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(f.archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want.Data) {
				t.Errorf("%s\ngot:\n%s\nwant:\n%s", f.archive.Comment, got, want.Data)
			}
		})
	}
}

// TestOddStreamsSplitInTwo sends each body in two packets, cut where it hurts most:
// around every character that is not ASCII, and at places spread over the whole.
func TestOddStreamsSplitInTwo(t *testing.T) {
	for _, file := range fixtures(t) {
		f := readFixture(t, file)
		if *update || len(f.replies) != 1 || f.replies[0].hang || f.replies[0].cut != "" || len(f.replies[0].body) > 20_000 ||
			bytes.Contains(f.replies[0].body, []byte("%pause")) {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			body := f.replies[0].body
			step := max(len(body)/8, 1)
			for i := 1; i < len(body); i++ {
				if i%step != 0 && body[i] < 0x80 {
					continue
				}
				r := f.replies[0]
				r.splitAt, r.delay = i, time.Millisecond
				if got, want := f.play(t, []reply{r}), string(f.want().Data); got != want {
					t.Fatalf("cut at %d (%q):\ngot:\n%s\nwant:\n%s", i, body[max(0, i-10):min(len(body), i+10)], got, want)
				}
			}
		})
	}
}

// checkCanary looks for the key in any form that a person could turn back.
func checkCanary(t *testing.T, s string) {
	t.Helper()
	for _, form := range []string{canary, canary[3:], "canary", "sk-canary%2F7", "%63anary", "c2stY2FuYXJ5", "stY2FuYXJ5", "rLWNhbmFyeS", "zay1jYW5hcn"} {
		if strings.Contains(s, form) {
			t.Errorf("the key comes out as %q:\n%s", form, s)
		}
	}
}
