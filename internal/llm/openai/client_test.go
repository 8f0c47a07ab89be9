package openai_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
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

func TestNewRefusesUnsafeEndpoints(t *testing.T) {
	tests := []struct {
		base, key, model string
		want             fault.Code
	}{
		{"", "k", "m", ""},
		{"https://api.example.com/v1", "k", "m", ""},
		{"https://api.example.com/v1/", "k", "m", ""},
		{"https://192.168.1.5:8443/v1", "k", "m", ""},
		{"http://127.0.0.1:11434/v1", "", "m", ""},
		{"http://localhost:1234/v1", "", "m", ""},
		{"http://[::1]:1234/v1", "", "m", ""},
		{"http://[::ffff:127.0.0.1]:1234/v1", "", "m", ""},
		{"http://llama.localhost:1234/v1", "", "m", ""},
		{"", "", "m", fault.Unavailable},
		{"https://api.example.com/v1", "", "m", fault.Unavailable},
		{"https://api.example.com/v1", "k", "", fault.Unavailable},
		{"https://api.example.com/v1", "k\nX-Evil: 1", "m", fault.Invalid},
		{"https://api.example.com/v1", "k ", "m", fault.Invalid},
		{"https://api.example.com/v1", "schlüssel", "m", fault.Invalid},
		{"http://api.example.com/v1", "k", "m", fault.Forbidden},
		{"http://192.168.1.5:11434/v1", "k", "m", fault.Forbidden},
		{"http://localhost.example.com/v1", "k", "m", fault.Forbidden},
		{"http://127.0.0.1.example.com/v1", "k", "m", fault.Forbidden},
		{"https://user:secret-word@api.example.com/v1", "k", "m", fault.Forbidden},
		{"https://user@api.example.com/v1", "k", "m", fault.Forbidden},
		{"https://169.254.169.254/v1", "k", "m", fault.Forbidden},
		{"http://169.254.169.254/v1", "k", "m", fault.Forbidden},
		{"https://[fe80::1%25eth0]/v1", "k", "m", fault.Forbidden},
		{"https://[::ffff:169.254.169.254]/v1", "k", "m", fault.Forbidden},
		{"https://[fd00:ec2::254]/v1", "k", "m", fault.Forbidden},
		{"https://metadata.google.internal/v1", "k", "m", fault.Forbidden},
		{"https://0.0.0.0/v1", "k", "m", fault.Forbidden},
		{"sk-secret-word", "k", "m", fault.Invalid},
		{"ftp://api.example.com/v1", "k", "m", fault.Invalid},
		{"api.example.com/v1", "k", "m", fault.Invalid},
		{"https:///v1", "k", "m", fault.Invalid},
		{"https://api.example.com/v1?key=secret-word", "k", "m", fault.Invalid},
		{"https://api.example.com/v1#x", "k", "m", fault.Invalid},
		{"https://secret-word@%zz", "k", "m", fault.Invalid},
	}
	for _, test := range tests {
		_, err := openai.New(openai.Config{BaseURL: test.base, Key: test.key, Model: test.model})
		if fault.CodeOf(err) != test.want {
			t.Errorf("%s key %q model %q: got %v, want %q", test.base, test.key, test.model, err, test.want)
		}
		if err != nil && strings.Contains(err.Error()+fault.HintOf(err), "secret-word") {
			t.Errorf("%s: a secret is repeated: %v", test.base, err)
		}
	}
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

// TestRedirects: no byte of a request goes to another host, port or scheme.
func TestRedirects(t *testing.T) {
	var mu sync.Mutex
	var stolen []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		stolen = append(stolen, r.Method+" "+r.Header.Get("Authorization")+string(body))
		io.WriteString(w, fine)
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, target := range []string{other.URL + "/v1/chat/completions", "https://example.com/v1/chat/completions", "//evil.example/v1", "/elsewhere"} {
			t.Run(fmt.Sprint(status, " ", target), func(t *testing.T) {
				srv := wiretest.Serve(t, wiretest.ParseReply(t, fmt.Sprintf("%%status %d\n%%header Location: %s\n", status, target)), wiretest.ParseReply(t, fine))
				_, err := client(t, srv.URL+"/v1").Stream(t.Context(), wiretest.Question(), wiretest.Ignore)
				onItself := target == "/elsewhere" && status >= 307
				if onItself != (err == nil) {
					t.Errorf("got %v", err)
				}
				if err != nil && (fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "not sent there") || len(srv.Asked) != 1) {
					t.Errorf("got %v after %d requests", err, len(srv.Asked))
				}
				if onItself && (srv.Bodies[1] != srv.Bodies[0] || srv.Asked[1].Header.Get("Authorization") == "") {
					t.Error("a redirect on the host itself lost the request")
				}
			})
		}
	}
	if len(stolen) > 0 {
		t.Errorf("the other host got %q", stolen)
	}
}

func TestConnectFailures(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String() + "/v1"
	l.Close()
	var retries []string
	_, err = client(t, closed).Stream(t.Context(), wiretest.Question(), func(e llm.Event) { retries = append(retries, string(e.Kind)) })
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "refuses the connection") || !strings.Contains(fault.HintOf(err), "start the model server") {
		t.Errorf("refused: %v, %s", err, fault.HintOf(err))
	}
	if strings.Join(retries, " ") != "retry retry" {
		t.Errorf("events: %q", retries)
	}
	_, err = client(t, "https://no-such-host.invalid/v1").Stream(t.Context(), wiretest.Question(), wiretest.Ignore)
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "no-such-host.invalid") {
		t.Errorf("no such name: %v", err)
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	_, err = client(t, secure.URL+"/v1").Stream(t.Context(), wiretest.Question(), wiretest.Ignore)
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("unknown certificate: %v", err)
	}
}

// TestConnectTimeout uses a listener that never accepts, its queue full.
func TestConnectTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// A TLS handshake that nobody answers is a connection that is not made.
	c := client(t, "https://"+l.Addr().String()+"/v1", func(cfg *openai.Config) {
		cfg.Timeouts.Connect = 100 * time.Millisecond
	})
	start := time.Now()
	_, err = c.Stream(t.Context(), wiretest.Question(), wiretest.Ignore)
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "could not connect") || !strings.Contains(err.Error(), "100ms") {
		t.Errorf("got %v", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %s", d)
	}
}

// TestCancelClosesTheRequest: the server sees the end at once, in every phase.
func TestCancelClosesTheRequest(t *testing.T) {
	for _, phase := range []string{"before the headers", "before the first token", "in the middle", "while waiting to try again"} {
		t.Run(phase, func(t *testing.T) {
			reached, gone := make(chan struct{}), make(chan struct{})
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				switch phase {
				case "before the first token":
					w.WriteHeader(200)
				case "in the middle":
					io.WriteString(w, "data: {\"choices\":[{\"delta\":{\"content\":\"So far\"}}]}\n\n")
				case "while waiting to try again":
					w.WriteHeader(503)
					close(gone)
					return
				}
				if phase != "before the headers" {
					http.NewResponseController(w).Flush()
				}
				close(reached)
				<-r.Context().Done()
				close(gone)
			}))
			defer srv.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			shown := make(chan struct{})
			c := client(t, srv.URL+"/v1", func(cfg *openai.Config) { cfg.Sleep = nil })
			go func() {
				switch phase {
				case "in the middle", "while waiting to try again":
					<-shown
				default:
					<-reached
				}
				cancel()
			}()
			resp, err := c.Stream(ctx, wiretest.Question(), func(llm.Event) { close(shown) })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if phase == "in the middle" && (resp == nil || resp.Message.Text != "So far" || resp.Message.Calls != nil) {
				t.Errorf("partial: %+v", resp)
			}
			select {
			case <-gone:
			case <-time.After(5 * time.Second):
				t.Error("the server still holds the request")
			}
		})
	}
}

func TestDeadlineOfTheCallerIsNoFault(t *testing.T) {
	srv := wiretest.Serve(t, wiretest.ParseReply(t, "%hang\n"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client(t, srv.URL+"/v1").Stream(ctx, wiretest.Question(), wiretest.Ignore); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestTheConnectionIsUsedAgain lets a few be lost: on a busy machine the end of a
// body may come later than we wait for it.
func TestTheConnectionIsUsedAgain(t *testing.T) {
	const n = 10
	srv := wiretest.Serve(t, slices.Repeat([]wiretest.Reply{wiretest.ParseReply(t, fine)}, n)...)
	c := client(t, srv.URL+"/v1")
	connections := map[string]bool{}
	for i := range n {
		if _, err := c.Stream(t.Context(), wiretest.Question(), wiretest.Ignore); err != nil {
			t.Fatal(err)
		}
		connections[srv.Asked[i].RemoteAddr] = true
	}
	if len(connections) > n/2 {
		t.Errorf("%d connections for %d calls", len(connections), n)
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

// TestNoSecretComesOut has servers repeat the key in every way, and looks at every
// byte that comes out.
func TestNoSecretComesOut(t *testing.T) {
	const key = "q7/Canary+Word=with~signs_and-length" // not of a form that gives itself away
	var everyByte strings.Builder
	for _, b := range []byte(key) {
		fmt.Fprintf(&everyByte, "%%%02X", b)
	}
	forms := []string{key, url.QueryEscape(key), url.PathEscape(key), everyByte.String(), strings.ToLower(everyByte.String())}
	for _, before := range []string{"", ":", "u:", "Bearer ", "user:"} {
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
			forms = append(forms, enc.EncodeToString([]byte(before+key+";")))
		}
	}
	decode := func(s string) string { // what a curious person would try
		out := s
		if u, err := url.QueryUnescape(s); err == nil {
			out += u
		}
		for _, word := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \"'<>{}", r) }) {
			for skip := range min(4, len(word)) {
				for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
					w := strings.TrimRight(word[skip:], "=")
					b, _ := enc.DecodeString(w)
					out += string(b)
				}
			}
		}
		return out
	}
	bodies := map[string]func(form string) string{
		"401":       func(f string) string { return "%status 401\n{\"error\":{\"message\":\"bad key '" + f + "'\"}}" },
		"plain":     func(f string) string { return "%status 400\nbad key " + f },
		"html":      func(f string) string { return "%status 403\n<html><p title='" + f + "'>" + f + "</p>" },
		"long":      func(f string) string { return "%status 400\n" + strings.Repeat("x", 295-len(f)/2) + " " + f },
		"web page":  func(f string) string { return "<html>" + f + "</html>" },
		"not json":  func(f string) string { return "data: {\"x\": " + f + "\n\n" },
		"in stream": func(f string) string { return "data: {\"error\":{\"message\":\"" + f + "\"}}\n\n" },
		"odd words": func(f string) string { return "data: " + f + "\n\n" },
		"finish": func(f string) string {
			return `data: {"choices":[{"delta":{"content":"x"},"finish_reason":"` + f + `"}]}` + "\n\n"
		},
		"model": func(f string) string {
			return `data: {"model":"` + f + `","choices":[{"delta":{"content":"` + f + `"},"finish_reason":"stop"}]}` + "\n\n"
		},
		"encoding": func(f string) string { return "%header Content-Encoding: " + f + "\n" },
		"location": func(f string) string {
			return "%status 307\n%header Location: https://" + url.PathEscape(f) + ".example/\n"
		},
		"arguments": func(f string) string {
			return `data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"` + f + `","arguments":"{\"x\":\"` + f + `\"}"}}]},"finish_reason":"stop"}]}` + "\n\n"
		},
		"tools gone": func(f string) string { return "%status 400\n{\"error\":\"tools are not supported " + f + "\"}" },
	}
	for name, body := range bodies {
		for _, form := range forms {
			r := wiretest.ParseReply(t, body(form))
			srv := wiretest.Serve(t, r, r, r)
			tr := &wiretest.Transcript{}
			c := client(t, srv.URL+"/v1", func(cfg *openai.Config) { cfg.Key = key })
			resp, err := c.Stream(t.Context(), wiretest.Question(), tr.Event)
			tr.Result(resp, err)
			out := tr.String()
			if all := decode(out); strings.Contains(all, key) || strings.Contains(all, "Canary+Word=with") {
				t.Errorf("%s with %q: %s", name, form, out)
			}
		}
	}
}

func TestErrorsPassTheCallersRedaction(t *testing.T) {
	srv := wiretest.Serve(t, wiretest.ParseReply(t, "%status 400\n{\"error\":\"the word is mellon\"}"))
	c := client(t, srv.URL+"/v1", func(cfg *openai.Config) {
		cfg.Redact = func(s string) string { return strings.ReplaceAll(s, "mellon", "[…]") }
	})
	if _, err := c.Stream(t.Context(), wiretest.Question(), wiretest.Ignore); err == nil || strings.Contains(err.Error(), "mellon") {
		t.Errorf("got %v", err)
	}
}

func TestShortKeysOfLocalServersSpoilNoText(t *testing.T) {
	srv := wiretest.Serve(t, wiretest.ParseReply(t, strings.ReplaceAll(fine, "Fine.", "Use ollama.")))
	c := client(t, srv.URL+"/v1", func(cfg *openai.Config) { cfg.Key = "ollama" })
	if resp, err := c.Stream(t.Context(), wiretest.Question(), wiretest.Ignore); err != nil || resp.Message.Text != "Use ollama." {
		t.Errorf("got %+v, %v", resp, err)
	}
}

// TestProxyOfTheEnvironment runs itself in a process with a proxy set: it is used
// for hosts elsewhere, not for this machine.
func TestProxyOfTheEnvironment(t *testing.T) {
	if base := os.Getenv("TEST_PROXIED_BASE"); base != "" {
		_, err := client(t, base).Stream(t.Context(), wiretest.Question(), wiretest.Ignore)
		t.Log(err)
		return
	}
	asked := make(chan string, 10)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer proxy.Close()
	run := func(base string) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestProxyOfTheEnvironment$")
		cmd.Env = append(os.Environ(), "TEST_PROXIED_BASE="+base, "HTTP_PROXY="+proxy.URL, "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	run("https://api.example.com/v1")
	select {
	case got := <-asked:
		if got != "CONNECT api.example.com:443" {
			t.Errorf("the proxy was asked %s", got)
		}
	default:
		t.Error("the proxy was not used")
	}
	srv := wiretest.Serve(t, wiretest.ParseReply(t, fine))
	run(strings.Replace(srv.URL, "127.0.0.1", "localhost", 1) + "/v1")
	if len(asked) > 0 || len(srv.Asked) != 1 {
		t.Errorf("this machine: the proxy was asked %d times, the server %d", len(asked), len(srv.Asked))
	}
}

func TestDefaultsOfTimeouts(t *testing.T) {
	srv := wiretest.Serve(t, wiretest.ParseReply(t, fine))
	c := client(t, srv.URL+"/v1", func(cfg *openai.Config) { cfg.Timeouts = config.Timeouts{} })
	if _, err := c.Stream(t.Context(), wiretest.Question(), wiretest.Ignore); err != nil || c.Model() != "test-model" {
		t.Error(err)
	}
}
