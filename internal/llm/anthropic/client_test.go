package anthropic_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tasks/internal/llm"
	"tasks/internal/llm/anthropic"
	"tasks/internal/llm/wiretest"
)

const fine = `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Fine."}}

data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}

data: {"type":"message_stop"}

`

// ask sends req to a server at the base URL's path and returns what was asked.
func ask(t *testing.T, path, key string, req *llm.Request) *wiretest.Server {
	t.Helper()
	srv := wiretest.Serve(t, wiretest.ParseReply(t, fine))
	c, err := anthropic.New(anthropic.Config{BaseURL: srv.URL + path, Key: key, Model: "test-model", UserAgent: "tasks/1"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Stream(t.Context(), req, wiretest.Ignore); err != nil {
		t.Fatal(err)
	}
	return srv
}

func TestBaseURLMayStandWithOrWithoutV1(t *testing.T) {
	for path, want := range map[string]string{
		"": "/v1/messages", "/": "/v1/messages", "/v1": "/v1/messages", "/v1/": "/v1/messages", "/v1/messages": "/v1/messages",
		"/anthropic": "/anthropic/v1/messages", "/anthropic/v1": "/anthropic/v1/messages",
	} {
		if got := ask(t, path, "", wiretest.Question()).Asked[0].URL.Path; got != want {
			t.Errorf("%q: asked %s, want %s", path, got, want)
		}
	}
}

func TestWhatIsSent(t *testing.T) {
	req := wiretest.Question()
	req.Messages[0].Text = "a < b & \u2028 c"
	srv := ask(t, "", wiretest.Canary, req)
	h := srv.Asked[0].Header
	if h.Get("X-Api-Key") != wiretest.Canary || h.Get("Anthropic-Version") != "2023-06-01" || h.Get("Authorization") != "" ||
		h.Get("User-Agent") != "tasks/1" || h.Get("Content-Type") != "application/json" || h.Get("Accept-Encoding") != "" {
		t.Errorf("headers: %v", h)
	}
	want := `{"model":"test-model","max_tokens":500,"system":"Be brief.","messages":[{"role":"user","content":[{"type":"text","text":"a < b & \u2028 c"}]}],` +
		`"tools":[{"name":"read_file","description":"reads","input_schema":{"type":"object"}},` +
		`{"name":"search_files","input_schema":{"type":"object","properties":{}}},` +
		`{"name":"list","input_schema":{"type":"object","properties":{}}}],"stream":true}`
	if srv.Bodies[0] != want {
		t.Errorf("body:\n%s\nwant:\n%s", srv.Bodies[0], want)
	}
}

func TestNoKeyNoHeader(t *testing.T) {
	srv := ask(t, "", "", &llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "Hello?"}}})
	if v, ok := srv.Asked[0].Header["X-Api-Key"]; ok {
		t.Errorf("sent %q", v)
	}
	want := `{"model":"test-model","max_tokens":8192,"messages":[{"role":"user","content":[{"type":"text","text":"Hello?"}]}],"stream":true}`
	if srv.Bodies[0] != want {
		t.Errorf("body:\n%s\nwant:\n%s", srv.Bodies[0], want)
	}
}

// TestHistory holds the form of messages: the user begins, roles alternate, results
// stand first, ids are of the allowed characters and one.
func TestHistory(t *testing.T) {
	call := func(id string, extra llm.Extra) llm.Call {
		return llm.Call{ID: id, Name: "list", Arguments: "{}", Extra: extra}
	}
	thought := llm.Extra{"anthropic:thinking": json.RawMessage(`[{"type":"thinking","thinking":"Hm.","signature":"c2ln"}]`)}
	tests := []struct {
		name    string
		history []llm.Message
		want    string
	}{
		{"the model's words come first", []llm.Message{{Role: llm.Assistant, Text: "As I said."}, {Role: llm.User, Text: "What?"}},
			`user[text (The conversation before this is left out.)] assistant[text As I said.] user[text What?]`},
		{"a result and then a question", []llm.Message{{Role: llm.User, Text: "a"}, {Role: llm.Assistant, Calls: []llm.Call{call("x", nil)}},
			{Role: llm.ToolRole, CallID: "x", Text: "r"}, {Role: llm.User, Text: "b"}},
			`user[text a] assistant[use x list {}] user[result x r, text b]`},
		{"a call that nobody answered", []llm.Message{{Role: llm.User, Text: "a"}, {Role: llm.Assistant, Text: "I look. \n", Calls: []llm.Call{call("x", nil)}}, {Role: llm.User, Text: "b"}},
			`user[text a] assistant[text I look., use x list {}] user[result x ` + llm.CancelledResult + `, text b]`},
		{"an empty result", []llm.Message{{Role: llm.User, Text: "a"}, {Role: llm.Assistant, Text: " \n", Calls: []llm.Call{call("x", nil)}}, {Role: llm.ToolRole, CallID: "x"}},
			`user[text a] assistant[use x list {}] user[result x (no output)]`},
		{"ids of another API", []llm.Message{{Role: llm.User, Text: "a"}, {Role: llm.Assistant, Calls: []llm.Call{call("functions.list:0", nil), call("functions_list_0", nil)}},
			{Role: llm.ToolRole, CallID: "functions.list:0", Text: "1"}, {Role: llm.ToolRole, CallID: "functions_list_0", Text: "2"}},
			`user[text a] assistant[use functions_list_0 list {}, use functions_list_0_2 list {}] user[result functions_list_0 1, result functions_list_0_2 2]`},
		{"fields of another API stay at home", []llm.Message{{Role: llm.User, Text: "a"}, {Role: llm.Assistant, Calls: []llm.Call{call("x", llm.Extra{"thought_signature": json.RawMessage(`"s"`)})}}, {Role: llm.ToolRole, CallID: "x", Text: "r"}},
			`user[text a] assistant[use x list {}] user[result x r]`},
		{"thinking before text, before a call, and without calls", []llm.Message{{Role: llm.User, Text: "a"},
			{Role: llm.Assistant, Text: "I look.", Extra: thought, Calls: []llm.Call{call("x", thought)}}, {Role: llm.ToolRole, CallID: "x", Text: "r"},
			{Role: llm.Assistant, Text: "Done.", Extra: thought}, {Role: llm.User, Text: "b"}},
			`user[text a] assistant[thinking Hm. c2ln, text I look., thinking Hm. c2ln, use x list {}] user[result x r] assistant[text Done.] user[text b]`},
		{"thinking that is none", []llm.Message{{Role: llm.User, Text: "a"}, {Role: llm.Assistant, Calls: []llm.Call{call("x", llm.Extra{"anthropic:thinking": json.RawMessage(`"?"`)})}}, {Role: llm.ToolRole, CallID: "x", Text: "r"}},
			`user[text a] assistant[use x list {}] user[result x r]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := ask(t, "", "", &llm.Request{Messages: test.history})
			if got := shape(t, srv.Bodies[0]); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// shape writes the messages of a request down on one line.
func shape(t *testing.T, body string) string {
	t.Helper()
	var req struct {
		Messages []struct {
			Role    string
			Content []struct {
				Type, Text, ID, Name, Thinking, Signature, Content string
				Use                                                string `json:"tool_use_id"`
				Input                                              json.RawMessage
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &req); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range req.Messages {
		var blocks []string
		for _, b := range m.Content {
			words := []string{strings.TrimPrefix(b.Type, "tool_"), b.Text, b.Use, b.ID, b.Name, b.Thinking, b.Signature, b.Content, string(b.Input)}
			blocks = append(blocks, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
		}
		out = append(out, m.Role+"["+strings.Join(blocks, ", ")+"]")
	}
	return strings.Join(out, " ")
}

// TestThinkingIsLegalHistory: it outlives the mending and the storing of a history.
func TestThinkingIsLegalHistory(t *testing.T) {
	thought := llm.Extra{"anthropic:thinking": json.RawMessage(`[]`)}
	m := llm.Legal([]llm.Message{{Role: llm.User, Text: "a"}, {Role: llm.Assistant, Extra: thought, Calls: []llm.Call{{ID: "x", Name: "list", Extra: thought}}}})
	if len(m) != 3 || m[1].Extra == nil || m[1].Calls[0].Extra == nil {
		t.Errorf("thinking is lost: %+v", m)
	}
	data, err := json.Marshal(m)
	var again []llm.Message
	if err != nil || json.Unmarshal(data, &again) != nil || again[1].Extra == nil || again[1].Calls[0].Extra == nil {
		t.Errorf("thinking is not stored: %s", data)
	}
}
