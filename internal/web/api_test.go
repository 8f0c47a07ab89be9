package web_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tasks/internal/run"
	"tasks/internal/runlog"
)

// object is the body of a reply as JSON.
func object(t *testing.T, r reply) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal([]byte(r.body), &out); err != nil {
		t.Fatalf("%d: %v in %s", r.StatusCode, err, r.body)
	}
	return out
}

// dig goes into an object by keys and numbers.
func dig(t *testing.T, v any, keys ...any) any {
	t.Helper()
	for _, k := range keys {
		switch k := k.(type) {
		case string:
			m, ok := v.(map[string]any)
			if _, has := m[k]; !ok || !has {
				t.Fatalf("no %v in %v", k, v)
			}
			v = m[k]
		case int:
			list, ok := v.([]any)
			if !ok || k >= len(list) {
				t.Fatalf("no item %d in %v", k, v)
			}
			v = list[k]
		}
	}
	return v
}

func same(t *testing.T, v any, want any, keys ...any) {
	t.Helper()
	if got := dig(t, v, keys...); got != want {
		t.Errorf("%v is %v, want %v", keys, got, want)
	}
}

func TestSymphonyStateShowsWhatIsOn(t *testing.T) {
	s := newSite(t, options{})
	state := object(t, s.get(t, "/api/v1/state"))
	same(t, state, nil, "rate_limits")
	same(t, state, 0.0, "counts", "running")
	same(t, state, 0.0, "codex_totals", "total_tokens")
	for _, key := range []string{"running", "retrying"} {
		if list, ok := dig(t, state, key).([]any); !ok || len(list) != 0 {
			t.Errorf("%s is %v", key, dig(t, state, key))
		}
	}

	w := s.begin(t, "fly")
	w.say(runlog.Event{Type: runlog.Session, Name: "claude"}, runlog.Event{Type: runlog.Text, Text: "Working on\ntests"})
	w.r.Session, w.r.Turns, w.r.InputTokens, w.r.OutputTokens, w.r.EventAt = "s-1", 7, 1200, 800, time.Now()
	must(t, s.Runs.Save(context.Background(), w.r, w.token))
	state = object(t, s.get(t, "/api/v1/state"))
	same(t, state, 1.0, "counts", "running")
	row := dig(t, state, "running", 0)
	for key, want := range map[string]any{
		"issue_id": "fly", "issue_identifier": "fly", "issue_url": s.url + "/tasks/fly", "state": "not_started", "run_state": "running",
		"session_id": "s-1", "turn_count": 7.0, "last_event": "text", "last_message": "Working on tests", "attempt": 1.0,
	} {
		same(t, row, want, key)
	}
	same(t, row, 1200.0, "tokens", "input_tokens")
	same(t, row, 2000.0, "tokens", "total_tokens")
	same(t, state, 2000.0, "codex_totals", "total_tokens")
	for _, key := range []string{"started_at", "last_event_at"} {
		if _, err := time.Parse(time.RFC3339, dig(t, row, key).(string)); err != nil {
			t.Error(err)
		}
	}

	issue := object(t, s.get(t, "/api/v1/fly"))
	for key, want := range map[string]any{"issue_identifier": "fly", "issue_id": "fly", "status": "running", "retry": nil, "last_error": nil, "workspace": nil} {
		same(t, issue, want, key)
	}
	same(t, issue, "s-1", "running", "session_id")
	same(t, issue, 0.0, "attempts", "restart_count")
	same(t, issue, s.url+"/runs/fly", "logs", "codex_session_logs", 0, "url")
	same(t, issue, "text", "recent_events", 1, "event")
	same(t, issue, "Working on tests", "recent_events", 1, "message")
	same(t, issue, "running", "tracked", "run", "state")

	due := time.Now().Add(time.Hour)
	w.r.RetryAt = due
	w.end(run.Retrying, run.Stalled, "no word of it for 5m")
	state = object(t, s.get(t, "/api/v1/state"))
	same(t, state, 0.0, "counts", "running")
	same(t, state, 1.0, "counts", "retrying")
	same(t, state, "fly", "retrying", 0, "issue_identifier")
	same(t, state, 1.0, "retrying", 0, "attempt")
	same(t, state, "no word of it for 5m", "retrying", 0, "error")
	if at, err := time.Parse(time.RFC3339, dig(t, state, "retrying", 0, "due_at").(string)); err != nil || at.Sub(due).Abs() > time.Second {
		t.Errorf("due at %v, %v", at, err)
	}
	same(t, state, 2000.0, "codex_totals", "total_tokens") // of runs that are not on, too
	issue = object(t, s.get(t, "/api/v1/fly"))
	same(t, issue, "retrying", "status")
	same(t, issue, nil, "running")
	same(t, issue, 1.0, "attempts", "current_retry_attempt")
	same(t, issue, "no word of it for 5m", "last_error")
	same(t, issue, "no word of it for 5m", "retry", "error")
}

func TestSymphonyIssue(t *testing.T) {
	s := newSite(t, options{})
	same(t, object(t, s.get(t, "/api/v1/pack")), "unclaimed", "status")
	for _, path := range []string{"/api/v1/nowhere", "/api/v1/fly/more", "/api/v1/"} {
		got := s.get(t, path)
		if got.StatusCode != 404 || !strings.HasPrefix(got.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
		}
	}
	got := s.get(t, "/api/v1/nowhere")
	same(t, object(t, got), "issue_not_found", "error", "code")
	if dig(t, object(t, got), "error", "message") == "" {
		t.Error("no message")
	}
}

func TestSymphonyRefresh(t *testing.T) {
	s := newSite(t, options{})
	for _, body := range []string{"", "{}"} {
		got := s.post(t, "/api/v1/refresh", body)
		if got.StatusCode != 202 {
			t.Fatalf("%q: %d %s", body, got.StatusCode, got.body)
		}
		answer := object(t, got)
		same(t, answer, true, "queued")
		same(t, answer, "reconcile", "operations", 1)
		if _, err := time.Parse(time.RFC3339, dig(t, answer, "requested_at").(string)); err != nil {
			t.Error(err)
		}
	}
	// No loop has looked since, so the second was one with the first.
	same(t, object(t, s.post(t, "/api/v1/refresh", "{}")), true, "coalesced")
	if got := s.post(t, "/api/v1/refresh", "[]"); got.StatusCode != 400 {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

// Other methods are told so, other sites are not let in, and a token counts.
func TestSymphonyStandsBehindTheGuard(t *testing.T) {
	s := newSite(t, options{})
	for _, c := range []struct {
		method, path string
		headers      []string
		want         int
	}{
		{"POST", "/api/v1/state", s.own(), 405},
		{"DELETE", "/api/v1/fly", s.own(), 405},
		{"GET", "/api/v1/refresh", nil, 405},
		{"PUT", "/api/v1/refresh", s.own(), 405},
		{"POST", "/api/v1/refresh", nil, 403},
		{"POST", "/api/v1/refresh", []string{"Origin", "http://evil.example", "Content-Type", "application/json"}, 403},
		{"POST", "/api/v1/refresh", []string{"Origin", s.url, "Content-Type", "text/plain"}, 415},
		{"GET", "/api/v1/state", []string{"Host", "evil.example"}, 421},
		{"GET", "/api/v1/state", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors"}, 403},
		{"GET", "/api/v1/fly", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, 403},
		{"HEAD", "/api/v1/state", nil, 200},
	} {
		got := s.ask(t, c.method, c.path, "", c.headers...)
		if got.StatusCode != c.want {
			t.Errorf("%s %s %v: %d, want %d: %s", c.method, c.path, c.headers, got.StatusCode, c.want, got.body)
		}
		if c.want == 405 {
			if got.Header.Get("Allow") == "" || dig(t, object(t, got), "error", "message") == "" {
				t.Errorf("%s %s: %v %s", c.method, c.path, got.Header, got.body)
			}
		}
	}
	locked := newSite(t, options{token: "a token for the test"})
	if got := locked.post(t, "/api/v1/refresh", "{}"); got.StatusCode != 401 {
		t.Errorf("without the token: %d", got.StatusCode)
	}
	got := locked.ask(t, "POST", "/api/v1/refresh", "{}", "Authorization", "Bearer a token for the test", "Content-Type", "application/json")
	if got.StatusCode != 202 {
		t.Errorf("with the token: %d %s", got.StatusCode, got.body)
	}
}
