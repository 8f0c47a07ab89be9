package web_test

import (
	"strings"
	"testing"
)

var aParagraph = strings.Repeat("word ", 20)

// worksheetWithVerify passes the strict check and has a command of its own.
var worksheetWithVerify = "---\ntype: task\nstatus: not_started\nverify: [go test ./...]\n---\n\n## Problem\n\n" + aParagraph + "\n\n## Context\n\n" + aParagraph + "\n\n## Possible Solutions\n\n1. " + aParagraph + " (Chosen)\n\n## Plan\n\n- [ ] " + aParagraph +
	"\n\n## Implementation Progress\n\n## QA Exploration\n\n- [ ] QA done\n\n## Review Feedback\n\n- [ ] Review cleared\n"

func TestTheFirstClickTrustsAndSaysSo(t *testing.T) {
	s := newSite(t, options{files: map[string]string{"tasks/a.md": worksheetWithVerify, "tasks/b.md": worksheetWithVerify, "tasks/thin.md": "---\nstatus: not_started\n---\n"}})
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

// A program that comes with the token and from no page is nobody's click.
func TestAKickoffWithTheTokenAloneTrustsNothing(t *testing.T) {
	s := newSite(t, options{token: "s3cret", files: map[string]string{"tasks/a.md": worksheetWithVerify, "tasks/b.md": worksheetWithVerify}})
	alone := []string{"Authorization", "Bearer s3cret", "Content-Type", "application/json"}
	for action, body := range map[string]string{"kickoff": `{"slug":"a"}`, "set-status": `{"slug":"b","status":"ready"}`} {
		got := s.ask(t, "POST", "/actions/"+action, body, alone...)
		if got.StatusCode != 200 || strings.Contains(got.body, `"trusted"`) || !strings.Contains(got.body, `"code":"untrusted"`) {
			t.Errorf("%s: %d %s", action, got.StatusCode, got.body)
		}
	}
	if got := s.ask(t, "POST", "/actions/dispatch", `{"slug":"a"}`, alone...); got.StatusCode == 200 || strings.Contains(got.body, `"trusted"`) {
		t.Errorf("dispatch: %d %s", got.StatusCode, got.body)
	}
}
