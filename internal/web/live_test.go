package web_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/repo"
	"tasks/internal/watch"
)

// live opens /events as a browser with the cookie would, and returns it after hello.
func (s *site) live(t testing.TB) (io.ReadCloser, frame) {
	t.Helper()
	resp := s.open(t, "GET", "/events", "", "Sec-Fetch-Site", "same-origin")
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("/events: %d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	hello, comments := frames(t, oneByte{resp.Body}, func(frame) bool { return true })
	if comments != 1 || hello[0].event != "hello" {
		t.Fatalf("it begins with %v and %d comments", hello, comments)
	}
	return resp.Body, hello[0]
}

// oneByte keeps a reader from taking more than it was asked to look at.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }

func next(t testing.TB, r io.Reader) frame {
	t.Helper()
	got, _ := frames(t, oneByte{r}, func(frame) bool { return true })
	if len(got) == 0 {
		t.Fatal("the stream ended")
	}
	return got[0]
}

// TestLive: what changes is told to open pages, each in the contract's words; what
// the policy hides is not spoken of.
func TestLive(t *testing.T) {
	s := newSite(t, options{})
	s.browser(t)
	stream, hello := s.live(t)
	defer stream.Close()
	if g := field(t, hello.data, "generation"); g == "0" || g == "" {
		t.Errorf("hello %s", hello.data)
	}
	text := "# Guide\n\nChanged.\n"
	must(t, os.WriteFile(filepath.Join(s.root, "docs/guide.md"), []byte(text), 0o644))
	s.Changed([]watch.Change{
		{Path: ".env", Op: watch.Changed},
		{Path: "build/out.md", Op: watch.Changed},
		{Path: ".git/index", Op: watch.Removed},
		{Path: "docs/guide.md", Op: watch.Changed},
	})
	want := frame{event: "page", data: `{"path":"docs/guide.md","change":"changed","hash":"` + repo.Hash([]byte(text)) + `"}`}
	if got := next(t, stream); got != want {
		t.Errorf("got %v\nwant %v", got, want)
	}
	must(t, os.Remove(filepath.Join(s.root, "docs/guide.md")))
	s.Changed([]watch.Change{{Path: "docs/guide.md", Op: watch.Removed}})
	if got := next(t, stream); got != (frame{event: "page", data: `{"path":"docs/guide.md","change":"removed","hash":null}`}) {
		t.Errorf("got %v", got)
	}
	s.StatusChanged(1 << 60)
	if got := next(t, stream); got != (frame{event: "status", data: `{"generation":1152921504606846976}`}) {
		t.Errorf("got %v", got)
	}
}

// TestLiveChat: a turn is told to the pages of its browser, and to no other's.
func TestLiveChat(t *testing.T) {
	s := newSite(t, options{model: &parrot{words: []string{"yes"}}})
	s.browser(t)
	other, _ := s.live(t)
	defer other.Close()
	s.browser(t)
	mine, _ := s.live(t)
	defer mine.Close()
	s.post(t, "/actions/chat", `{"message":"x","page":"/status"}`)
	got := next(t, mine)
	if got.event != "chat" || field(t, got.data, "conversation") == "" || field(t, got.data, "turn") == "" || field(t, got.data, "last_id") == "" {
		t.Errorf("got %v", got)
	}
	s.Changed([]watch.Change{{Path: "README.md", Op: watch.Changed}})
	if got := next(t, other); got.event != "page" {
		t.Errorf("another browser's page is told %v", got)
	}
}

// TestLiveOldestGoes: one browser may not hold every place; its oldest stream ends.
func TestLiveOldestGoes(t *testing.T) {
	s := newSite(t, options{})
	s.browser(t)
	first, _ := s.live(t)
	defer first.Close()
	for range 64 {
		r, _ := s.live(t)
		defer r.Close()
	}
	if n, err := bufio.NewReader(first).ReadByte(); err == nil {
		t.Errorf("the oldest still says %q", n)
	}
}

// TestLogin: the one-use address makes a cookie that stands for the token.
func TestLogin(t *testing.T) {
	s := newSite(t, options{token: "s3cret", login: "key-once"})
	if got := s.get(t, "/status"); !strings.Contains(got.body, `data-need-token="true"`) {
		t.Error("the page does not say that a token is needed")
	}
	for _, path := range []string{"/login", "/login?key=", "/login?key=wrong", "/login?key=s3cret"} {
		if got := s.get(t, path); got.StatusCode != 403 {
			t.Errorf("%s: %d, want 403", path, got.StatusCode)
		}
	}
	if got := s.ask(t, "HEAD", "/login?key=key-once", ""); got.StatusCode != 200 {
		t.Errorf("HEAD: %d", got.StatusCode)
	}
	got := s.get(t, "/login?key=key-once")
	if got.StatusCode != 302 || got.Header.Get("Location") != "/" || got.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d to %q", got.StatusCode, got.Header.Get("Location"))
	}
	var login *http.Cookie
	for _, c := range got.Cookies() {
		if strings.HasPrefix(c.Name, "tasks_login_") {
			login = c
		}
	}
	if login == nil || !login.HttpOnly || login.SameSite != http.SameSiteStrictMode || strings.Contains(login.Value, "s3cret") {
		t.Fatalf("the cookie is %v", login)
	}
	if again := s.get(t, "/login?key=key-once"); again.StatusCode != 403 {
		t.Errorf("a second time: %d, want 403", again.StatusCode)
	}
	s.cookie = login.Name + "=" + login.Value
	if got := s.post(t, "/actions/chat/stop", `{"conversation":"none"}`); got.StatusCode != 404 {
		t.Errorf("with the cookie: %d, want 404 of the action", got.StatusCode)
	}
	if got := s.ask(t, "POST", "/actions/chat/stop", `{}`, "Origin", "http://evil.com", "Content-Type", isJSON); got.StatusCode != 403 {
		t.Errorf("the cookie from another site: %d, want 403", got.StatusCode)
	}
	if got := s.get(t, "/status"); !strings.Contains(got.body, `data-need-token="false"`) {
		t.Error("the page still asks for the token")
	}
	s.cookie = login.Name + "=" + strings.Repeat("0", len(login.Value))
	if got := s.post(t, "/actions/chat/stop", `{"conversation":"none"}`); got.StatusCode != 401 {
		t.Errorf("with a made-up cookie: %d, want 401", got.StatusCode)
	}
}
