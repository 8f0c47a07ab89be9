package openai_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/llm"
	"tasks/internal/llm/openai"
	"tasks/internal/llm/wiretest"
)

// fine is a whole answer.
const fine = `data: {"choices":[{"delta":{"content":"Fine."},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"

// client makes a Client for base that does not wait between tries.
func client(t *testing.T, base string, change ...func(*openai.Config)) *openai.Client {
	t.Helper()
	cfg := openai.Config{BaseURL: base, Key: wiretest.Canary, Model: "test-model",
		Sleep: func(context.Context, time.Duration) error { return nil }}
	for _, f := range change {
		f(&cfg)
	}
	c, err := openai.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestBaseURLMayNameTheWholePath(t *testing.T) {
	for _, path := range []string{"/v1", "/v1/", "/v1/chat/completions"} {
		srv := wiretest.Serve(t, wiretest.ParseReply(t, fine))
		if _, err := client(t, srv.URL+path).Stream(t.Context(), wiretest.Question(), wiretest.Ignore); err != nil {
			t.Fatal(err)
		}
		if got := srv.Asked[0].URL.Path; got != "/v1/chat/completions" {
			t.Errorf("%s: asked %s", path, got)
		}
	}
}

func TestWhatIsSent(t *testing.T) {
	srv := wiretest.Serve(t, wiretest.ParseReply(t, fine))
	c := client(t, srv.URL+"/v1", func(cfg *openai.Config) { cfg.UserAgent = "tasks/1" })
	req := wiretest.Question()
	req.Messages[0].Text = "a < b & \u2028 c"
	if _, err := c.Stream(t.Context(), req, wiretest.Ignore); err != nil {
		t.Fatal(err)
	}
	h := srv.Asked[0].Header
	if h.Get("Authorization") != "Bearer "+wiretest.Canary || h.Get("User-Agent") != "tasks/1" || h.Get("Content-Type") != "application/json" ||
		h.Get("Accept-Encoding") != "" {
		t.Errorf("headers: %v", h)
	}
	want := `{"model":"test-model","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"a < b & \u2028 c"}],` +
		`"tools":[{"type":"function","function":{"name":"read_file","description":"reads","parameters":{"type":"object"}}},` +
		`{"type":"function","function":{"name":"search_files","parameters":{"type":"object","properties":{}}}},` +
		`{"type":"function","function":{"name":"list","parameters":{"type":"object","properties":{}}}}],` +
		`"stream":true,"stream_options":{"include_usage":true},"max_tokens":500}`
	if srv.Bodies[0] != want {
		t.Errorf("body:\n%s\nwant:\n%s", srv.Bodies[0], want)
	}
	if _, ok := srv.Asked[0].Header["Authorization"]; !ok {
		t.Error("no key")
	}
}

func TestNoKeyNoHeader(t *testing.T) {
	srv := wiretest.Serve(t, wiretest.ParseReply(t, fine))
	c := client(t, srv.URL+"/v1", func(cfg *openai.Config) { cfg.Key = "" })
	if _, err := c.Stream(t.Context(), wiretest.Question(), wiretest.Ignore); err != nil {
		t.Fatal(err)
	}
	if v, ok := srv.Asked[0].Header["Authorization"]; ok {
		t.Errorf("sent %q", v)
	}
}

func TestAClientServesManyAtOnce(t *testing.T) {
	const n = 8
	var replies []wiretest.Reply
	for range n {
		replies = append(replies, wiretest.ParseReply(t, `%status 400`+"\n"+`{"error":{"message":"unknown parameter: stream_options"}}`))
	}
	for range n {
		replies = append(replies, wiretest.ParseReply(t, fine))
	}
	srv := wiretest.Serve(t, replies...)
	c := client(t, srv.URL+"/v1")
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			// Whoever comes late knows what the others learned: some replies stay.
			if resp, err := c.Stream(context.Background(), wiretest.Question(), wiretest.Ignore); err != nil && !strings.Contains(err.Error(), "stream_options") || err == nil && resp.Message.Text != "Fine." {
				t.Errorf("got %+v, %v", resp, err)
			}
		})
	}
	wg.Wait()
}

// TestFieldsOfAnotherAPIStayAtHome: a conversation may begin with another provider.
func TestFieldsOfAnotherAPIStayAtHome(t *testing.T) {
	srv := wiretest.Serve(t, wiretest.ParseReply(t, fine))
	req := wiretest.Question()
	extra := llm.Extra{"anthropic:thinking": json.RawMessage(`"far"`), "thought_signature": json.RawMessage(`"near"`)}
	req.Messages = append(req.Messages, llm.Message{Role: llm.Assistant, Extra: extra, Calls: []llm.Call{{ID: "a", Name: "list", Arguments: "{}", Extra: extra}}})
	if _, err := client(t, srv.URL+"/v1").Stream(t.Context(), req, wiretest.Ignore); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(srv.Bodies[0], "far") || !strings.Contains(srv.Bodies[0], "near") {
		t.Errorf("sent %s", srv.Bodies[0])
	}
}
