package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// csp is the policy of every answer. It stands here in full, so that a change of
// it has to be meant.
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types tasks"

// everyRoute is a request for each kind of answer there is.
var everyRoute = []struct {
	method, path, body string
	headers            []string
	want               int
}{
	{"GET", "/", "", nil, 200},
	{"HEAD", "/", "", nil, 200},
	{"GET", "/browse/", "", nil, 200},
	{"GET", "/browse/docs", "", nil, 200},
	{"GET", "/browse/docs/guide.md", "", nil, 200},
	{"GET", "/browse/docs/guide.md?raw", "", nil, 200},
	{"GET", "/browse/docs/dot.png", "", nil, 200},
	{"GET", "/browse/data.bin", "", nil, 200},
	{"GET", "/browse/src/main.go", "", nil, 200},
	{"GET", "/docs/guide.md", "", nil, 302},
	{"GET", "/tasks", "", nil, 200},
	{"GET", "/tasks/fly", "", nil, 200},
	{"GET", "/tasks/nowhere", "", nil, 404},
	{"GET", "/board", "", nil, 200},
	{"GET", "/status", "", nil, 200},
	{"GET", "/activity", "", nil, 200},
	{"GET", "/runs/fly", "", nil, 200},
	{"GET", "/search?q=heron", "", nil, 200},
	{"GET", "/login", "", nil, 302},
	{"GET", "/status.json", "", nil, 200},
	{"GET", "/tasks.json", "", nil, 200},
	{"GET", "/search.json?q=heron", "", nil, 200},
	{"GET", "/healthz", "", nil, 200},
	{"GET", "/tasks-assets/tasks_chat.js", "", nil, 200},
	{"GET", "/tasks-assets/h-0/js/app.js", "", nil, 404},
	{"GET", "/nowhere", "", nil, 404},
	{"POST", "/status", "", nil, 405},
	{"DELETE", "/browse/docs/guide.md", "", nil, 405},
	{"OPTIONS", "/actions/chat", "", nil, 403},
	{"POST", "/actions/kickoff", "{}", nil, 403},
	{"GET", "/events", "", nil, 403},
	{"GET", "/healthz", "", []string{"Host", "evil.com"}, 421},
	{"GET", "/status", "", []string{"Sec-Fetch-Site", "cross-site"}, 403},
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	s := newSite(t, options{})
	for _, c := range everyRoute {
		got := s.ask(t, c.method, c.path, c.body, c.headers...)
		if got.StatusCode != c.want {
			t.Errorf("%s %s: %d, want %d\n%s", c.method, c.path, got.StatusCode, c.want, head(got.body))
		}
		s.checkHeaders(t, c.method+" "+c.path, got)
	}
	first := s.get(t, "/browse/docs/guide.md")
	again := s.get(t, "/browse/docs/guide.md", "If-None-Match", first.Header.Get("ETag"))
	if again.StatusCode != 304 || again.body != "" {
		t.Errorf("with the ETag: %d and %d bytes, want 304 and none", again.StatusCode, len(again.body))
	}
	s.checkHeaders(t, "304", again)
	resp := s.open(t, "GET", "/events", "", "Sec-Fetch-Site", "same-origin")
	defer resp.Body.Close()
	s.checkHeaders(t, "/events", reply{Response: resp})
}

func (s *site) checkHeaders(t *testing.T, what string, got reply) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy":      csp,
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "same-origin",
		"X-Frame-Options":              "DENY",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Embedder-Policy": "require-corp",
	} {
		if v := got.Header.Values(name); len(v) != 1 || v[0] != want {
			t.Errorf("%s: %s is %q, want %q", what, name, v, want)
		}
	}
	for name := range got.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: answers %s", what, name)
		}
	}
}

// TestHeadersOfUnreadableRequests: also an answer that net/http gives by itself has them,
// and the answers before it on the connection are as they were.
func TestHeadersOfUnreadableRequests(t *testing.T) {
	s := newSite(t, options{})
	host := "Host: " + s.host + "\r\n"
	for _, c := range []struct {
		name, request string
		want          int
	}{
		{"wrong escape", "GET /browse/%zz HTTP/1.1\r\n" + host, 400},
		{"two hosts", "GET / HTTP/1.1\r\n" + host + host, 400},
		{"no host", "GET / HTTP/1.1\r\n", 400},
		{"a header without colon", "GET / HTTP/1.1\r\n" + host + "x\r\n", 400},
		{"a huge header", "GET / HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 100<<10) + "\r\n", 431},
		{"another version", "GET / HTTP/9.9\r\n" + host, 505},
		{"no such coding", "POST /actions/chat HTTP/1.1\r\n" + host + "Transfer-Encoding: x\r\n", 501},
		{"an expectation", "GET / HTTP/1.1\r\n" + host + "Expect: x\r\n", 417},
		{"not HTTP", "\x16\x03\x01\r\n", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", s.host)
			must(t, err)
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			r := bufio.NewReader(conn)
			answer := func(want int) {
				resp, err := http.ReadResponse(r, nil)
				must(t, err)
				body, err := io.ReadAll(resp.Body)
				must(t, err)
				if resp.StatusCode != want {
					t.Errorf("%d, want %d\n%s", resp.StatusCode, want, head(string(body)))
				}
				s.checkHeaders(t, resp.Status, reply{Response: resp})
			}
			fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\n%s\r\n", host)
			answer(200)
			// read along with the one before it
			fmt.Fprintf(conn, "GET /browse/docs/guide.md?raw HTTP/1.1\r\n%s\r\n%s\r\n", host, c.request)
			answer(200)
			answer(c.want)
			if _, err := r.ReadByte(); err != io.EOF {
				t.Errorf("the connection goes on: %v", err)
			}
		})
	}
}

// TestDrawing: an SVG is a document that may hold scripts; alone it may do nothing.
func TestDrawing(t *testing.T) {
	s := newSite(t, options{})
	got := s.get(t, "/browse/docs/drawing.svg")
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "image/svg+xml" {
		t.Fatalf("%d %s", got.StatusCode, got.Header.Get("Content-Type"))
	}
	policy := got.Header.Values("Content-Security-Policy")
	if len(policy) != 1 || policy[0] != "default-src 'none'; frame-ancestors 'none'; sandbox" {
		t.Errorf("policy %q", policy)
	}
	if got.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Error("no nosniff")
	}
}

// TestNoInline: no page holds what the policy forbids.
func TestNoInline(t *testing.T) {
	s := newSite(t, options{})
	for _, path := range []string{"/", "/browse/", "/browse/docs/guide.md", "/browse/evil.html", "/tasks", "/tasks/fly", "/tasks/broken", "/board", "/status", "/activity", "/runs/fly", "/search?q=script", "/nowhere"} {
		body := s.get(t, path).body
		for _, bad := range []string{"<script>", " style=\"", "<style", "javascript:", " onclick=", " onload=", "http://cdn", "https://cdn"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
	}
}

func head(s string) string { return s[:min(len(s), 600)] }
