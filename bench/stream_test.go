package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// model answers in Chat Completions: it asks for a file as often as the last words
// of the person say ("steps 8"), then says five words.
func model(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Messages []struct {
			Role    string          `json:"role"`
			Content json.RawMessage `json:"content"`
		} `json:"messages"`
	}
	json.NewDecoder(r.Body).Decode(&in)
	steps, done := 0, 0
	for _, m := range in.Messages {
		switch m.Role {
		case "user":
			if _, n, ok := strings.Cut(string(m.Content), "steps "); ok {
				fmt.Sscan(n, &steps)
				done = 0
			}
		case "tool":
			done++
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w).Flush
	say := func(delta, finish string) {
		fmt.Fprintf(w, `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":%s,"finish_reason":%s}]}`+"\n\n", delta, finish)
		flush()
	}
	if done < steps {
		say(fmt.Sprintf(`{"role":"assistant","tool_calls":[{"index":0,"id":"call_%d","type":"function","function":{"name":"read_file","arguments":"{\"path\":\"docs/step%d.md\"}"}}]}`, done, done), "null")
		say("{}", `"tool_calls"`)
	} else {
		for range 5 {
			say(`{"content":"Word. "}`, "null")
		}
		say("{}", `"stop"`)
	}
	io.WriteString(w, "data: [DONE]\n\n")
}

// assistant is a real server whose model is the given one.
type assistant struct{ url, cookie string }

func newAssistant(b *testing.B, root, model string) *assistant {
	env := environment(b.TempDir(), "OPENAI_BASE_URL="+model+"/v1", "OPENAI_API_KEY=sk-0123456789abcdef0123456789abcdef", "OPENAI_MODEL=m")
	u, _ := serve(b, env, root, program(b, "tasks"), "serve", "--addr", "127.0.0.1:0")
	resp, err := http.Get(u + "browse/docs/guide.md")
	must(b, err)
	resp.Body.Close()
	return &assistant{u, strings.Split(resp.Header.Get("Set-Cookie"), ";")[0]}
}

// ask begins a turn in a new conversation and reads its events until the first of
// the kind.
func (a *assistant) ask(b *testing.B, message, until string) {
	body, err := json.Marshal(map[string]string{"message": message, "doc": "docs/guide.md", "conversation": "new"})
	must(b, err)
	req, err := http.NewRequest("POST", a.url+"actions/chat", bytes.NewReader(body))
	must(b, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", strings.TrimSuffix(a.url, "/"))
	req.Header.Set("Cookie", a.cookie)
	read(b, req, "event: "+until)
}

// read sends a request and reads lines until one begins with these words. What
// comes after is read later, so that the connection is used again.
func read(b *testing.B, req *http.Request, until string) {
	resp, err := http.DefaultClient.Do(req)
	must(b, err)
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			b.Fatalf("the stream of %s (%s) ended before %q: %v", req.URL.Path, resp.Status, until, err)
		}
		if strings.HasPrefix(line, until) {
			break
		}
	}
	rest = func() { io.Copy(io.Discard, lines); resp.Body.Close() }
}

// rest ends the last request.
var rest = func() {}

// BenchmarkFirstToken is the time from a question about a document of 20 KB to the
// first piece of the answer: through the real server, through a bare reverse proxy
// and asked directly.
func BenchmarkFirstToken(b *testing.B) {
	root := checkout(b, 20)
	upstream := httptest.NewServer(http.HandlerFunc(model))
	defer upstream.Close()
	target, err := url.Parse(upstream.URL)
	must(b, err)
	reverse := httputil.NewSingleHostReverseProxy(target)
	reverse.FlushInterval = -1
	proxy := httptest.NewServer(reverse)
	defer proxy.Close()
	a := newAssistant(b, root, upstream.URL)

	text, err := os.ReadFile(filepath.Join(root, "docs/guide.md"))
	must(b, err)
	body, err := json.Marshal(map[string]any{"model": "m", "stream": true, "messages": []map[string]string{
		{"role": "system", "content": string(text)}, {"role": "user", "content": "What is this about?"},
	}})
	must(b, err)
	bare := func(base string) func() time.Duration {
		return timed(func() {
			req, err := http.NewRequest("POST", base+"/v1/chat/completions", bytes.NewReader(body))
			must(b, err)
			req.Header.Set("Content-Type", "application/json")
			read(b, req, "data: ")
		})
	}
	inTurn(b, map[string]func() time.Duration{
		"direct": bare(upstream.URL),
		"proxy":  bare(proxy.URL),
		"ours":   timed(func() { a.ask(b, "What is this about?", "content") }),
	})
}

// timed clocks fn, and reads what it left of its answer afterwards.
func timed(fn func()) func() time.Duration {
	return func() time.Duration {
		took := clock(fn)
		rest()
		return took
	}
}

// BenchmarkToolStep is what one call of read_file takes beside the model's time: a
// turn of nine steps less a turn of one, by eight. The floor is a loop that asks,
// reads the stream and the file, and asks again.
func BenchmarkToolStep(b *testing.B) {
	root := checkout(b, 20)
	for i := range 9 {
		put(b, root, fmt.Sprintf("docs/step%d.md", i), strings.Repeat("A line to be read.\n", 100))
	}
	upstream := httptest.NewServer(http.HandlerFunc(model))
	defer upstream.Close()
	a := newAssistant(b, root, upstream.URL)
	step := func(turn func(steps int)) func() time.Duration {
		return func() time.Duration {
			one, nine := timed(func() { turn(1) })(), timed(func() { turn(9) })()
			return max(nine-one, 0) / 8
		}
	}
	inTurn(b, map[string]func() time.Duration{
		"ours":  step(func(n int) { a.ask(b, fmt.Sprintf("steps %d", n), "done") }),
		"floor": step(func(n int) { loop(b, root, upstream.URL, n) }),
	})
}

// loop is the least that calls tools, with the same document before the model: no
// check, no journal, no events.
func loop(b *testing.B, root, base string, steps int) {
	text, err := os.ReadFile(filepath.Join(root, "docs/guide.md"))
	must(b, err)
	messages := []map[string]any{{"role": "system", "content": string(text)}, {"role": "user", "content": fmt.Sprintf("steps %d", steps)}}
	for {
		body, err := json.Marshal(map[string]any{"model": "m", "stream": true, "messages": messages})
		must(b, err)
		resp, err := http.Post(base+"/v1/chat/completions", "application/json", bytes.NewReader(body))
		must(b, err)
		calls := wanted(resp.Body)
		resp.Body.Close()
		if len(calls) == 0 {
			return
		}
		for _, name := range calls {
			data, err := os.ReadFile(filepath.Join(root, name))
			must(b, err)
			messages = append(messages, map[string]any{"role": "assistant", "content": ""}, map[string]any{"role": "tool", "content": string(data)})
		}
	}
}

// wanted reads a stream to its end: the files that the model asks for.
func wanted(r io.Reader) (files []string) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		var chunk struct {
			Choices []struct {
				Delta struct {
					Calls []struct {
						Function struct{ Arguments string } `json:"function"`
					} `json:"tool_calls"`
				} `json:"delta"`
			} `json:"choices"`
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || json.Unmarshal([]byte(data), &chunk) != nil {
			continue
		}
		for _, c := range chunk.Choices {
			for _, call := range c.Delta.Calls {
				var in struct{ Path string }
				json.Unmarshal([]byte(call.Function.Arguments), &in)
				files = append(files, in.Path)
			}
		}
	}
	return files
}
