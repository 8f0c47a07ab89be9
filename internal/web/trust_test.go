package web_test

import (
	"strings"
	"testing"
)

func TestTheFirstClickTrustsAndSaysSo(t *testing.T) {
	full := strings.Repeat("word ", 20)
	sheet := "---\ntype: task\nstatus: not_started\nverify: [go test ./...]\n---\n\n## Problem\n\n" + full + "\n\n## Context\n\n" + full + "\n\n## Possible Solutions\n\n1. " + full + " (Chosen)\n\n## Plan\n\n- [ ] " + full +
		"\n\n## Implementation Progress\n\n## QA Exploration\n\n- [ ] QA done\n\n## Review Feedback\n\n- [ ] Review cleared\n"
	s := newSite(t, options{files: map[string]string{"tasks/a.md": sheet, "tasks/b.md": sheet, "tasks/thin.md": "---\nstatus: not_started\n---\n"}})
	if got := s.post(t, "/actions/kickoff", `{"slug":"thin"}`); got.StatusCode != 422 || strings.Contains(got.body, "trusted") {
		t.Errorf("a refused kickoff: %d %s", got.StatusCode, got.body)
	}
	got := s.post(t, "/actions/set-status", `{"slug":"a","status":"ready"}`)
	if got.StatusCode != 200 || !strings.Contains(got.body, `"trusted":["go test ./..."]`) || !strings.Contains(got.body, `"warning":"this first kickoff lets`) || !strings.Contains(got.body, `"state":"queued"`) {
		t.Errorf("the first: %d %s", got.StatusCode, got.body)
	}
	got = s.post(t, "/actions/kickoff", `{"slug":"b"}`)
	if got.StatusCode != 200 || strings.Contains(got.body, "trusted") || !strings.Contains(got.body, `"state":"queued"`) {
		t.Errorf("the second: %d %s", got.StatusCode, got.body)
	}
}
