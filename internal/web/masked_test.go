package web_test

import (
	"html"
	"strings"
	"testing"
)

// A key that somebody left in a file reaches the browser by no page, source or hit.
func TestNoAnswerCarriesAKey(t *testing.T) {
	const key = "s3cret+0123456789<&>"
	s := newSite(t, options{token: key, files: map[string]string{
		"README.md":     "# Home\n\nThe key is " + key + " here.\n",
		"docs/leak.md":  "# Title " + key + "\n\n`" + key + "` and\n\n```\n" + key + "\n```\n",
		"docs/leak.txt": key + "\n",
		"tasks/leak.md": "---\ntype: task\ntitle: " + `"` + key + `"` + "\nstatus: ready\n---\n\n## Problem\n\n" + key + "\n",
	}})
	for _, path := range []string{"/", "/browse/docs/leak.md", "/browse/docs/leak.md", "/browse/docs/leak.md?raw", "/browse/docs/leak.txt", "/browse/docs/leak.txt?raw",
		"/browse/docs", "/tasks/leak", "/tasks", "/tasks.json", "/status", "/search?q=0123", "/search.json?q=0123", "/browse/docs/leak"} {
		got := s.ask(t, "GET", path, "")
		plain := html.UnescapeString(strings.NewReplacer("<mark>", "", "</mark>", "", `\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(got.body))
		if strings.Contains(plain, key) {
			t.Errorf("%s has the key: %s", path, head(got.body))
		}
		if strings.Contains(path, "leak.") && !strings.Contains(got.body, "[redacted]") {
			t.Errorf("%s: %s", path, head(got.body))
		}
	}
}
