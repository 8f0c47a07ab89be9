package web_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestHost: only our own names with our port pass, on every kind of route; what
// another name gets says nothing of the repository.
func TestHost(t *testing.T) {
	s := newSite(t, options{})
	_, port, _ := net.SplitHostPort(s.host)
	for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port} {
		if got := s.get(t, "/healthz", "Host", host); got.StatusCode != 200 || got.body != "ok\n" {
			t.Errorf("Host %s: %d %q, want 200 ok", host, got.StatusCode, got.body)
		}
	}
	bad := []string{
		"evil.com:" + port, "evil.com", "localhost:1", "localhost", "127.0.0.1", "127.0.0.1.nip.io:" + port, "localhost.evil.com:" + port,
		"127.0.0.1.evil.com:" + port, "[::ffff:127.0.0.1]:" + port, "localhost.:" + port, "LOCALHOST:" + port, "0.0.0.0:" + port,
		"127.1:" + port, "2130706433:" + port, "user@localhost:" + port, "localhost:0" + port, "10.0.0.5:" + port,
	}
	for _, host := range bad {
		for _, path := range []string{"/", "/browse/docs/guide.md", "/events", "/tasks.json", "/nowhere", "/tasks-assets/tasks_chat.js"} {
			got := s.get(t, path, "Host", host, "Origin", "http://"+host, "Sec-Fetch-Site", "same-origin")
			if got.StatusCode != http.StatusMisdirectedRequest {
				t.Errorf("GET %s with Host %q: %d, want 421", path, host, got.StatusCode)
			}
			if strings.Contains(got.body, "Guide") || strings.Contains(got.body, "heron") || len(got.body) > 200 {
				t.Errorf("GET %s with Host %q tells: %q", path, host, got.body)
			}
		}
		got := s.ask(t, "POST", "/actions/kickoff", `{"slug":"fly"}`, "Host", host, "Origin", "http://"+host, "Content-Type", "application/json")
		if got.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("POST with Host %q: %d, want 421", host, got.StatusCode)
		}
	}
}

// TestHostOnTheWire: what an HTTP client would not send.
func TestHostOnTheWire(t *testing.T) {
	s := newSite(t, options{})
	for _, c := range []struct {
		name, head string
		want       int
	}{
		{"two hosts", "GET / HTTP/1.1\r\nHost: " + s.host + "\r\nHost: evil.com\r\n", 400},
		{"none", "GET / HTTP/1.1\r\n", 400},
		{"empty", "GET / HTTP/1.1\r\nHost: \r\n", 421},
		{"HTTP/1.0 without", "GET / HTTP/1.0\r\n", 421},
		{"absolute form of another", "GET http://evil.com/ HTTP/1.1\r\nHost: " + s.host + "\r\n", 421},
		{"options of the server", "OPTIONS * HTTP/1.1\r\nHost: evil.com\r\n", 421},
		{"options of ours", "OPTIONS * HTTP/1.1\r\nHost: " + s.host + "\r\n", 404},
	} {
		conn, err := net.Dial("tcp", s.host)
		must(t, err)
		fmt.Fprintf(conn, "%sConnection: close\r\n\r\n", c.head)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		if resp.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, resp.StatusCode, c.want)
		}
		resp.Body.Close()
		conn.Close()
	}
}

// guardCase is a request that the guard lets in or not. An action that it lets in
// answers 404 here, because there is no such conversation; a stream 200.
type guardCase struct {
	name    string
	method  string
	headers []string
	want    int
}

func (s *site) checkGuard(t *testing.T, cases []guardCase) {
	t.Helper()
	for _, c := range cases {
		path, body := "/actions/chat/stop", `{"conversation":"none"}`
		if c.method == "GET" {
			path, body = "/actions/chat/conversations", ""
		}
		got := s.ask(t, c.method, path, body, c.headers...)
		if got.StatusCode != c.want {
			t.Errorf("%s: %s %s: %d, want %d\n%s", c.name, c.method, path, got.StatusCode, c.want, got.body)
		}
		if got.StatusCode >= 400 {
			var e struct {
				Error struct{ Code, Message string }
			}
			if err := json.Unmarshal([]byte(got.body), &e); err != nil || e.Error.Code == "" || e.Error.Message == "" {
				t.Errorf("%s: the error is not of the contract's form: %q", c.name, got.body)
			}
		}
		if v := got.Header["Access-Control-Allow-Origin"]; v != nil {
			t.Errorf("%s: Access-Control-Allow-Origin %q", c.name, v)
		}
	}
}

const isJSON = "application/json"

// TestGuardProvenance: where a request may come from.
func TestGuardProvenance(t *testing.T) {
	s := newSite(t, options{})
	_, port, _ := net.SplitHostPort(s.host)
	o := s.url
	s.checkGuard(t, []guardCase{
		{"own page", "POST", []string{"Origin", o, "Sec-Fetch-Site", "same-origin", "Content-Type", isJSON}, 404},
		{"own page, older browser", "POST", []string{"Origin", o, "Content-Type", isJSON}, 404},
		{"own page by its other name", "POST", []string{"Origin", "http://localhost:" + port, "Content-Type", isJSON}, 404},
		{"own page by Referer", "POST", []string{"Referer", o + "/status", "Content-Type", isJSON}, 404},
		{"typed by the user", "POST", []string{"Origin", o, "Sec-Fetch-Site", "none", "Content-Type", isJSON}, 404},
		{"charset is part of the type", "POST", []string{"Origin", o, "Content-Type", "application/json; charset=utf-8"}, 404},

		{"nothing said", "POST", []string{"Content-Type", isJSON}, 403},
		{"only Sec-Fetch-Site, to change", "POST", []string{"Sec-Fetch-Site", "same-origin", "Content-Type", isJSON}, 403},
		{"another site", "POST", []string{"Origin", "http://evil.com", "Content-Type", isJSON}, 403},
		{"another site, our Referer", "POST", []string{"Origin", "http://evil.com", "Referer", o + "/", "Content-Type", isJSON}, 403},
		{"null origin", "POST", []string{"Origin", "null", "Sec-Fetch-Site", "cross-site", "Content-Type", isJSON}, 403},
		{"null origin, our Referer", "POST", []string{"Origin", "null", "Referer", o + "/", "Content-Type", isJSON}, 403},
		{"another port", "POST", []string{"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site", "Content-Type", isJSON}, 403},
		{"https of us", "POST", []string{"Origin", "https://" + s.host, "Content-Type", isJSON}, 403},
		{"our name as a prefix", "POST", []string{"Origin", o + ".evil.com", "Content-Type", isJSON}, 403},
		{"our name as a user", "POST", []string{"Origin", "http://" + s.host + "@evil.com", "Content-Type", isJSON}, 403},
		{"a user at our name", "POST", []string{"Origin", "http://evil@" + s.host, "Content-Type", isJSON}, 403},
		{"an origin with a path", "POST", []string{"Origin", o + "/x", "Content-Type", isJSON}, 403},
		{"an address in the network", "POST", []string{"Origin", "http://10.0.0.5:" + port, "Content-Type", isJSON}, 403},
		{"all addresses", "POST", []string{"Origin", "http://0.0.0.0:" + port, "Content-Type", isJSON}, 403},
		{"empty origin", "POST", []string{"Origin", "", "Content-Type", isJSON}, 403},
		{"two origins", "POST", []string{"Origin", o, "Origin", "http://evil.com", "Content-Type", isJSON}, 403},
		{"another site's Referer", "POST", []string{"Referer", "http://evil.com/" + o, "Content-Type", isJSON}, 403},
		{"Referer with our name as a prefix", "POST", []string{"Referer", o + ".evil.com/", "Content-Type", isJSON}, 403},
		{"our origin, other site by the browser", "POST", []string{"Origin", o, "Sec-Fetch-Site", "cross-site", "Content-Type", isJSON}, 403},
		{"our origin, same site by the browser", "POST", []string{"Origin", o, "Sec-Fetch-Site", "same-site", "Content-Type", isJSON}, 403},
		{"our origin, unknown word", "POST", []string{"Origin", o, "Sec-Fetch-Site", "Same-Origin", "Content-Type", isJSON}, 403},
		{"forwarding headers count for nothing", "POST", []string{"X-Forwarded-For", "127.0.0.1", "X-Real-IP", "127.0.0.1", "Forwarded", "for=127.0.0.1", "Content-Type", isJSON}, 403},
		{"a made-up token where none is set", "POST", []string{"X-Tasks-Token", "x", "Content-Type", isJSON}, 403},
		{"an empty token where none is set", "POST", []string{"Authorization", "Bearer ", "X-Tasks-Token", "", "Content-Type", isJSON}, 403},

		{"stream from own page", "GET", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"stream with Referer", "GET", []string{"Referer", o + "/"}, 200},
		{"stream, nothing said", "GET", nil, 403},
		{"stream from another port", "GET", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"stream from another site", "GET", []string{"Sec-Fetch-Site", "cross-site", "Referer", o + "/"}, 403},
		{"stream typed by the user", "GET", []string{"Sec-Fetch-Site", "none"}, 403},
	})
}

// TestGuardOrder: who fails several checks hears of the first.
func TestGuardOrder(t *testing.T) {
	s := newSite(t, options{token: "s3cret"})
	o := s.url
	s.checkGuard(t, []guardCase{
		{"site before token", "POST", []string{"Origin", "http://evil.com", "Content-Type", "text/plain"}, 403},
		{"token before type", "POST", []string{"Origin", o, "Content-Type", "text/plain"}, 401},
		{"form of another site", "POST", []string{"Origin", "http://evil.com", "Content-Type", "application/x-www-form-urlencoded", "Authorization", "Bearer s3cret"}, 403},
		{"type after token", "POST", []string{"Origin", o, "Content-Type", "text/plain", "Authorization", "Bearer s3cret"}, 415},
		{"form", "POST", []string{"Origin", o, "Content-Type", "application/x-www-form-urlencoded", "X-Tasks-Token", "s3cret"}, 415},
		{"no type", "POST", []string{"Origin", o, "X-Tasks-Token", "s3cret"}, 415},
		{"two types", "POST", []string{"Origin", o, "X-Tasks-Token", "s3cret", "Content-Type", isJSON, "Content-Type", "text/plain"}, 415},
		{"lookalike type", "POST", []string{"Origin", o, "X-Tasks-Token", "s3cret", "Content-Type", "application/jsonp"}, 415},
		{"another method", "PUT", []string{"Origin", o, "X-Tasks-Token", "s3cret", "Content-Type", isJSON}, 405},
		{"another method without a token", "PUT", []string{"Origin", o, "Content-Type", isJSON}, 401},

		{"bearer", "POST", []string{"Origin", o, "Authorization", "Bearer s3cret", "Content-Type", isJSON}, 404},
		{"own header", "POST", []string{"Origin", o, "X-Tasks-Token", "s3cret", "Content-Type", isJSON}, 404},
		{"program with the token alone", "POST", []string{"Authorization", "Bearer s3cret", "Content-Type", isJSON}, 404},
		{"program with the token alone, reading", "GET", []string{"X-Tasks-Token", "s3cret"}, 200},
		{"program with a wrong one", "POST", []string{"Authorization", "Bearer s3cre", "Content-Type", isJSON}, 403},
		{"wrong one from own page", "POST", []string{"Origin", o, "Authorization", "Bearer S3cret", "Content-Type", isJSON}, 401},
		{"not a bearer", "POST", []string{"Origin", o, "Authorization", "Basic s3cret", "Content-Type", isJSON}, 401},
		{"the token does not outweigh the site", "POST", []string{"Origin", "http://evil.com", "Authorization", "Bearer s3cret", "Content-Type", isJSON}, 403},
		{"stream without", "GET", []string{"Sec-Fetch-Site", "same-origin"}, 401},
	})
	if got := s.get(t, "/events", "Sec-Fetch-Site", "same-origin"); got.StatusCode != 401 {
		t.Errorf("/events without the token: %d, want 401", got.StatusCode)
	}
	if got := s.get(t, "/actions/chat/conversations?token=s3cret", "Sec-Fetch-Site", "same-origin"); got.StatusCode != 401 {
		t.Errorf("a token in the address passes: %d", got.StatusCode)
	}
	if got := s.get(t, "/browse/docs/guide.md"); got.StatusCode != 200 {
		t.Errorf("reading asks for the token: %d", got.StatusCode)
	}
}

// TestBody: what is read of a body, and how much.
func TestBody(t *testing.T) {
	s := newSite(t, options{})
	large := `{"conversation":"` + strings.Repeat("x", 256<<10) + `"}`
	exact := `{"conversation":"none"` + strings.Repeat(" ", 256<<10-len(`{"conversation":"none"}`)) + `}`
	for _, c := range []struct {
		name, body string
		want       int
	}{
		{"as it should be", `{"conversation":"none"}`, 404},
		{"exactly 256 KB", exact, 404},
		{"too large", large, 413},
		{"empty", ``, 400},
		{"not JSON", `{"conversation":`, 400},
		{"a list", `[]`, 400},
		{"null", `null`, 400},
		{"trailing text", `{"conversation":"none"} {}`, 400},
		{"unknown key", `{"conversation":"none","history":[]}`, 404},
		{"key of another case", `{"Conversation":"none"}`, 400},
		{"key with a long s", `{"converſation":"none"}`, 400},
		{"key twice", `{"conversation":"none","conversation":"other"}`, 400},
		{"a number", `{"conversation":1}`, 400},
		{"missing", `{}`, 400},
		{"blank", `{"conversation":" "}`, 400},
		{"not UTF-8", "{\"conversation\":\"\xff\"}", 400},
	} {
		if got := s.post(t, "/actions/chat/stop", c.body); got.StatusCode != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, got.StatusCode, c.want, got.body)
		}
	}
	// Without a length in the headers it is counted while it is read.
	req, err := http.NewRequest("POST", s.url+"/actions/chat/stop", struct{ *strings.Reader }{strings.NewReader(large)})
	must(t, err)
	req.ContentLength = -1
	req.Header.Set("Origin", s.url)
	req.Header.Set("Content-Type", isJSON)
	resp, err := s.client.Do(req)
	must(t, err)
	resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Errorf("too large in pieces: %d, want 413", resp.StatusCode)
	}
}

// TestForeignReading: other sites may link to pages, not load them as parts.
func TestForeignReading(t *testing.T) {
	s := newSite(t, options{})
	for _, c := range []struct {
		name    string
		path    string
		headers []string
		want    int
	}{
		{"link", "/status", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"typed", "/status", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate"}, 200},
		{"script", "/tasks.json", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, 403},
		{"image from another port", "/browse/docs/dot.png", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"frame", "/status", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"asset", "/tasks-assets/tasks_chat.js", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
	} {
		if got := s.get(t, c.path, c.headers...); got.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, got.StatusCode, c.want)
		}
	}
}
