package wiretest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"tasks/internal/config"
	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

// A fixture is one file.
type fixture struct {
	archive *txtar.Archive
	replies []Reply
	again   int // how often the first question is asked once more
	limits  config.Timeouts
}

// read reads a fixture.
func read(t T, file string) *fixture {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatalf("%v", err)
	}
	f := &fixture{archive: a, limits: config.Timeouts{Connect: 10 * time.Second, Headers: 10 * time.Second, FirstToken: 10 * time.Second, Idle: 10 * time.Second}}
	for _, section := range a.Files {
		switch section.Name {
		case "reply":
			f.replies = append(f.replies, ParseReply(t, string(section.Data)))
		case "again":
			f.again, _ = strconv.Atoi(strings.TrimSpace(string(section.Data)))
		case "limits":
			for _, word := range strings.Fields(string(section.Data)) {
				k, v, _ := strings.Cut(word, "=")
				d, _ := time.ParseDuration(v)
				*map[string]*time.Duration{"headers": &f.limits.Headers, "first": &f.limits.FirstToken, "idle": &f.limits.Idle}[k] = d
			}
		case "want":
		default:
			t.Fatalf("unknown section %s", section.Name)
		}
	}
	return f
}

// want is the section with the transcript.
func (f *fixture) want() *txtar.File {
	for i := range f.archive.Files {
		if f.archive.Files[i].Name == "want" {
			return &f.archive.Files[i]
		}
	}
	f.archive.Files = append(f.archive.Files, txtar.File{Name: "want"})
	return &f.archive.Files[len(f.archive.Files)-1]
}

// play runs the fixture against replies, which mostly are its own, and returns what
// came out.
func (f *fixture) play(t T, api API, replies []Reply) string {
	t.Helper()
	srv := Serve(t, replies...)
	tr := &Transcript{}
	now := time.Now()
	client, err := api.New(wire.Config{BaseURL: srv.URL + api.Base, Key: Canary, Model: "test-model", Timeouts: f.limits,
		Sleep: func(_ context.Context, d time.Duration) error {
			tr.add("wait: %d s", d/time.Second)
			now = now.Add(d)
			return nil
		},
		Now: func() time.Time { return now }})
	if err != nil {
		t.Fatalf("%v", err)
	}
	if c, ok := client.(interface{ Close() }); ok {
		defer c.Close()
	}
	for range f.again + 1 {
		f.talk(client, srv, tr)
	}
	if n := srv.Left(); n > 0 {
		tr.add("%d replies were not asked for", n)
	}
	for i := range tr.lines {
		tr.lines[i] = oneLine(tr.lines[i])
	}
	out := strings.Join(tr.lines, "\n") + "\n" + srv.sent(api)
	host := strings.TrimPrefix(srv.URL, "http://")
	return madeIDs(f, strings.ReplaceAll(out, host, "HOST"))
}

// talk asks, and answers the calls, as long as there are replies.
func (f *fixture) talk(client llm.Service, srv *Server, tr *Transcript) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req := Question()
	for {
		resp, err := client.Stream(ctx, req, tr.Event)
		tr.Result(resp, err)
		if err != nil || len(resp.Message.Calls) == 0 || srv.Left() == 0 {
			return
		}
		req.Messages = append(req.Messages, resp.Message)
		for _, c := range resp.Message.Calls {
			req.Messages = append(req.Messages, llm.Message{Role: llm.ToolRole, CallID: c.ID, Text: "result of " + c.Name})
		}
	}
}

// sent shows what of later requests differs from the first: the parameters, and
// the messages after the question.
func (s *Server) sent(api API) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out strings.Builder
	for i, b := range s.Bodies[1:] {
		var body struct{ Messages []json.RawMessage }
		var params map[string]json.RawMessage
		json.Unmarshal([]byte(b), &body)
		json.Unmarshal([]byte(b), &params)
		fmt.Fprintf(&out, "> request %d:", i+2)
		for _, k := range api.Params {
			if params[k] != nil {
				fmt.Fprintf(&out, " %s=%s", k, params[k])
			}
		}
		out.WriteString("\n")
		for _, m := range body.Messages {
			if !slices.Contains(api.Known, string(m)) {
				fmt.Fprintf(&out, "> %s\n", m)
			}
		}
	}
	return out.String()
}

// madeIDs gives ids that were made up names that stay the same.
func madeIDs(f *fixture, s string) string {
	seen := map[string]string{}
	return regexp.MustCompile(`\bc[a-z2-7]{8}\b`).ReplaceAllStringFunc(s, func(id string) string {
		for _, r := range f.replies {
			if bytes.Contains(r.body, []byte(id)) {
				return id
			}
		}
		if id == "canceled" || id == "candidate" || id == "cancelled" || id == "cannot" || id == "character" {
			return id
		}
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("MADE%d", len(seen)+1)
		}
		return seen[id]
	})
}
