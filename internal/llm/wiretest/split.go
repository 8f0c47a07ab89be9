package wiretest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

// A Canned is a transport that answers every request with one body, in two reads.
// The HTTP around it is left out for speed.
type Canned struct {
	Body []byte
	Cut  int // where the second read begins
}

// RoundTrip is http.RoundTripper.
func (c *Canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	in := io.MultiReader(bytes.NewReader(c.Body[:c.Cut]), bytes.NewReader(c.Body[c.Cut:]))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(in), Request: r}, nil
}

// client makes a client whose server is c.
func (a API) client(t T, c *Canned, key string) llm.Service {
	t.Helper()
	m, err := a.New(wire.Config{BaseURL: "http://127.0.0.1:1" + a.Base, Key: key, Model: "m", Transport: c,
		Sleep: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return m
}

// Bodies are the first replies of the fixtures that are sent as they stand and are of
// a size to be cut everywhere.
func Bodies(t T) map[string][]byte {
	t.Helper()
	bodies := map[string][]byte{}
	for _, file := range files(t) {
		f := read(t, file)
		if len(f.replies) == 0 {
			continue
		}
		r := f.replies[0]
		if r.status == http.StatusOK && !r.gzip && !r.hang && r.cut == "" && len(r.body) < 4000 && !bytes.Contains(r.body, []byte("%pause")) && r.header.Get("Content-Encoding") == "" {
			bodies[name(file)] = r.body
		}
	}
	return bodies
}

// EverySplitPoint reads the body of each fixture in two reads, cut at every byte, and
// wants the same answer from all.
func EverySplitPoint(t T, api API) {
	t.Helper()
	bodies := Bodies(t)
	if len(bodies) < 30 {
		t.Errorf("only %d fixtures", len(bodies))
	}
	for name, body := range bodies {
		c := &Canned{Body: body, Cut: len(body)}
		m := api.client(t, c, "")
		want := outcome(m)
		for i := range body {
			c.Cut = i
			if got := outcome(m); got != want {
				t.Fatalf("%s: cut at %d\ngot  %s\nwant %s", name, i, got, want)
			}
		}
	}
}

// outcome is what came of an answer, ids that were made up left out.
func outcome(m llm.Service) string {
	tr := &Transcript{}
	resp, err := m.Stream(context.Background(), Question(), tr.Event)
	if resp != nil {
		for i := range resp.Message.Calls {
			if id := resp.Message.Calls[i].ID; len(id) == 9 && id[0] == 'c' {
				resp.Message.Calls[i].ID = "made"
			}
		}
	}
	tr.Result(resp, err)
	return tr.String()
}

// CheckAnswer reads anything as the body of a 200. Whatever it is: no panic, text is
// UTF-8 and the sum of its events, an error leaves no calls, calls have names, and
// the answer can go back.
func CheckAnswer(t T, api API, body []byte) {
	t.Helper()
	const key = "sk-0123456789abcdef"
	m := api.client(t, &Canned{Body: body, Cut: len(body)}, key)
	told := ""
	note := func(e llm.Event) {
		if e.Kind == llm.Text {
			told += e.Text
		}
		if !utf8.ValidString(e.Text) {
			t.Errorf("%s: not UTF-8: %q", e.Kind, e.Text)
		}
	}
	req := &llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "Hello?"}}, Tools: []llm.Tool{{Name: "f"}}}
	r, err := m.Stream(context.Background(), req, note)
	if r == nil {
		return
	}
	if r.Message.Text != told || bytes.Contains(fmt.Appendf(nil, "%+v", r.Message), []byte(key)) {
		t.Errorf("text %q, told %q, message %+v", r.Message.Text, told, r.Message)
	}
	for _, call := range r.Message.Calls {
		if err != nil || call.ID == "" || call.Arguments == "" {
			t.Errorf("failed %v with call %+v", err, call)
		}
	}
	req.Messages = append(req.Messages, r.Message)
	if again, err2 := m.Stream(context.Background(), req, Ignore); err == nil && (err2 != nil || again == nil) {
		t.Errorf("the answer cannot go back: %v", err2)
	}
}
