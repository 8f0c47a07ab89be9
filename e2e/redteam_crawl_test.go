package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// robot is a browser without eyes: it follows every link and keeps every byte.
type robot struct {
	t      *testing.T
	s      *server
	client *http.Client
	got    bytes.Buffer // everything the server sent
	pages  int
}

func newRobot(t *testing.T, s *server) *robot {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &robot{t: t, s: s, client: &http.Client{Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// get asks for a path as it stands.
func (r *robot) get(path string, headers ...string) (*http.Response, []byte) {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodGet, strings.TrimSuffix(r.s.url, "/")+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := r.client.Do(req)
	if err != nil {
		r.t.Fatalf("GET %s: %v", path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatalf("GET %s: %v", path, err)
	}
	res.Header.Write(&r.got)
	r.got.Write(body)
	return res, body
}

// sitePolicy is the Content-Security-Policy of every page, in full.
const sitePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types tasks"

// crawl looks at every page that can be reached from the first ones.
func (r *robot) crawl(first ...string) {
	r.t.Helper()
	todo, known := slices.Clone(first), map[string]bool{}
	for len(todo) > 0 && r.pages < 600 {
		path := todo[0]
		todo = todo[1:]
		if known[path] {
			continue
		}
		known[path] = true
		res, body := r.get(path)
		r.pages++
		if res.StatusCode >= 500 {
			r.t.Errorf("%s: status %d", path, res.StatusCode)
		}
		policy := res.Header.Get("Content-Security-Policy")
		if policy != sitePolicy && !(res.Header.Get("Content-Type") == "image/svg+xml" && policy == "default-src 'none'; frame-ancestors 'none'; sandbox") {
			r.t.Errorf("%s: policy %q", path, policy)
		}
		if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Access-Control-Allow-Origin") != "" {
			r.t.Errorf("%s: headers %v", path, res.Header)
		}
		if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			todo = append(todo, r.inspect(path, body)...)
		}
	}
}

// inspect checks that a page can do nothing, and gives its links.
func (r *robot) inspect(path string, body []byte) (links []string) {
	r.t.Helper()
	doc, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		r.t.Fatalf("%s: %v", path, err)
	}
	here, err := url.Parse(path)
	if err != nil {
		r.t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" || a.Key == "ping" || a.Key == "srcset" || a.Key == "formaction" {
				r.t.Errorf("%s: <%s %s=%q>", path, n.Data, a.Key, a.Val)
			}
		}
		src, href := attr["src"], attr["href"]
		switch n.Data {
		case "iframe", "object", "embed", "base", "video", "audio", "style", "math", "applet", "frame":
			r.t.Errorf("%s: <%s>", path, n.Data)
		case "script":
			if !strings.HasPrefix(src, "/tasks-assets/") || n.FirstChild != nil {
				r.t.Errorf("%s: a script %q", path, src)
			}
		case "link":
			if !strings.HasPrefix(href, "/tasks-assets/") && !strings.HasPrefix(href, "data:image/") {
				r.t.Errorf("%s: <link href=%q>", path, href)
			}
		case "meta":
			if attr["http-equiv"] != "" {
				r.t.Errorf("%s: <meta http-equiv>", path)
			}
		case "form":
			// Those of the shell that scripts alone answer have no action; one of a dialog
			// goes nowhere.
			if attr["method"] == "dialog" && attr["action"] == "" {
				break
			}
			if a := attr["action"]; a != "" && (!strings.HasPrefix(a, "/") || strings.HasPrefix(a, "//")) || a == "" && within(n, "main") {
				r.t.Errorf("%s: <form action=%q>", path, a)
			}
		case "noscript":
			if within(n, "main") {
				r.t.Errorf("%s: <noscript> in the document", path)
			}
		case "a":
			u, err := here.Parse(href)
			switch {
			case href == "":
			case err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto", strings.ContainsAny(href, "\\\t\n"):
				r.t.Errorf("%s: <a href=%q>", path, href)
			case u.Host != "":
				if !strings.Contains(attr["rel"], "noopener") || !strings.Contains(attr["rel"], "noreferrer") {
					r.t.Errorf("%s: a link elsewhere without rel: %q", path, href)
				}
			default:
				u.Fragment = ""
				links = append(links, u.String())
			}
		default:
			if src != "" && (!strings.HasPrefix(src, "/") || strings.HasPrefix(src, "//")) {
				r.t.Errorf("%s: <%s src=%q>", path, n.Data, src)
			}
			if src != "" {
				links = append(links, src)
			}
		}
	}
	return links
}

// within tells whether n stands in an element of the name.
func within(n *html.Node, name string) bool {
	for a := range n.Ancestors() {
		if a.Data == name {
			return true
		}
	}
	return false
}

// frameOf is one event of a turn.
type frameOf struct {
	kind string
	data map[string]any
}

// post sends JSON to an action.
func (r *robot) post(path string, body any) *http.Response {
	r.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, strings.TrimSuffix(r.s.url, "/")+path, bytes.NewReader(data))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", strings.TrimSuffix(r.s.url, "/"))
	res, err := r.client.Do(req)
	if err != nil {
		r.t.Fatalf("POST %s: %v", path, err)
	}
	return res
}

// chat sends a message and gives the turn's events. answer decides what the person
// says to an approval.
func (r *robot) chat(message, doc string, answer func(approval map[string]any) string) []frameOf {
	r.t.Helper()
	res := r.post("/actions/chat", map[string]any{"message": message, "doc": doc, "conversation": "new"})
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(res.Body)
		r.t.Fatalf("chat: %d %s", res.StatusCode, body)
	}
	var events []frameOf
	conversation, kind := "", ""
	lines := bufio.NewScanner(io.TeeReader(res.Body, &r.got))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := lines.Text()
		if k, ok := strings.CutPrefix(line, "event: "); ok {
			kind = k
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		f := frameOf{kind: kind}
		if err := json.Unmarshal([]byte(data), &f.data); err != nil {
			r.t.Fatalf("event %s: %v", kind, err)
		}
		events = append(events, f)
		switch kind {
		case "turn":
			conversation = f.data["conversation"].(string)
		case "approval":
			res := r.post("/actions/chat/approve", map[string]any{"conversation": conversation, "call": f.data["id"], "digest": f.data["digest"], "decision": answer(f.data)})
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				r.t.Errorf("approve: %d", res.StatusCode)
			}
		}
	}
	if err := lines.Err(); err != nil {
		r.t.Fatal(err)
	}
	if n := len(events); n == 0 || events[n-1].kind != "done" {
		r.t.Errorf("the turn has no end: %v", events)
	}
	r.get("/actions/chat/conversations/" + conversation)
	return events
}
