package openai

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"

	"tasks/internal/config"
	"tasks/internal/llm"
)

// TestEverySplitPoint reads the body of each fixture in two reads, cut at every
// byte, and wants the same answer from all. The HTTP around it is left out here for
// speed; TestOddStreamsSplitInTwo has it.
func TestEverySplitPoint(t *testing.T) {
	files, _ := filepath.Glob("testdata/odd/*.txtar")
	c, err := New(Config{BaseURL: "http://127.0.0.1:1/v1", Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		body, ok := plainBody(a)
		if !ok {
			continue
		}
		ran++
		want := read(c, body, len(body))
		for i := range body {
			if got := read(c, body, i); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: cut at %d\ngot  %+v\nwant %+v", file, i, got, want)
			}
		}
	}
	if ran < 40 {
		t.Errorf("only %d fixtures", ran)
	}
}

// plainBody is the first reply's body, if it is sent without directives and is of
// a size to be cut everywhere.
func plainBody(a *txtar.Archive) ([]byte, bool) {
	for _, f := range a.Files {
		if f.Name == "reply" {
			body := f.Data
			escaped, ok := bytes.CutPrefix(body, []byte("%escapes\n"))
			if ok {
				body = []byte(strings.NewReplacer("\n", "", `\n`, "\n", `\r`, "\r", `\xe2\x82`, "\xe2\x82", `\xac`, "\xac", `\xef\xbb\xbf`, "\ufeff",
					`\xf0\x9f`, "\xf0\x9f", `\x98\x80`, "\x98\x80", `\xff\xfe`, "\xff\xfe", `\\`, `\`).Replace(string(escaped)))
			}
			return body, len(body) < 4000 && !bytes.HasPrefix(body, []byte("%")) && !bytes.Contains(body, []byte("<<")) && !bytes.Contains(body, []byte("%pause"))
		}
	}
	return nil, false
}

// FuzzAnswer reads anything as the body of a 200. Whatever it is: no panic, text is
// UTF-8 and the sum of its events, an error leaves no calls, calls have names.
func FuzzAnswer(f *testing.F) {
	files, _ := filepath.Glob("testdata/odd/*.txtar")
	for _, file := range files {
		if a, err := txtar.ParseFile(file); err == nil {
			if body, ok := plainBody(a); ok {
				f.Add(body)
			}
		}
	}
	c, err := New(Config{BaseURL: "http://127.0.0.1:1/v1", Key: "sk-0123456789abcdef", Model: "m"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		told := ""
		a := newAnswer(c.secrets, &llm.Request{Tools: []llm.Tool{{Name: "f"}}}, func(e llm.Event) {
			if e.Kind == llm.Text {
				told += e.Text
			}
			if !utf8.ValidString(e.Text) {
				t.Errorf("%s: not UTF-8: %q", e.Kind, e.Text)
			}
		})
		failed := exchange(c, a, bytes.NewReader(body))
		r := a.partial()
		if failed == nil {
			r = a.result()
		}
		if r == nil {
			return
		}
		if r.Message.Text != told || strings.Contains(told, "sk-0123456789abcdef") {
			t.Errorf("text %q, told %q", r.Message.Text, told)
		}
		for _, call := range r.Message.Calls {
			if failed != nil || call.ID == "" || call.Arguments == "" {
				t.Errorf("failed %v with call %+v", failed, call)
			}
		}
		if _, err := encode("m", &llm.Request{Messages: []llm.Message{r.Message}}, quirks{reasoning: true}); err != nil {
			t.Errorf("the answer cannot go back: %v", err)
		}
	})
}

// exchange reads a body as the response of a server.
func exchange(c *Client, a *answer, body io.Reader) *failure {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	limit := newLimiter(config.Timeouts{Connect: time.Minute, Headers: time.Minute, FirstToken: time.Minute, Idle: time.Minute}, "h", cancel)
	defer limit.stop()
	return c.respond(ctx, a, &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body)}, limit)
}

// outcome is what came of an answer, ids that were made up left out.
type outcome struct {
	events  string
	message string
	calls   string
	rest    string
}

func read(c *Client, body []byte, cut int) outcome {
	var o outcome
	var last llm.EventKind
	req := &llm.Request{Tools: []llm.Tool{{Name: "read_file"}, {Name: "list"}}}
	a := newAnswer(c.secrets, req, func(e llm.Event) {
		if e.Kind != last || e.Kind == llm.CallBegin {
			o.events += fmt.Sprintf("\n%s: ", e.Kind)
		}
		o.events += e.Text
		last = e.Kind
	})
	f := exchange(c, a, io.MultiReader(bytes.NewReader(body[:cut]), bytes.NewReader(body[cut:])))
	r := a.partial()
	if f == nil {
		r = a.result()
	} else {
		o.rest = f.err.Error()
	}
	if r != nil {
		for _, call := range r.Message.Calls {
			o.calls += fmt.Sprintf("%s %s %s\n", call.Name, call.Arguments, call.Extra)
		}
		r.Message.Calls = nil
		o.message = fmt.Sprintf("%+v %+v %s %s", r.Message, r.Usage.Input+r.Usage.Output, r.Finish, r.Model)
	}
	return o
}
