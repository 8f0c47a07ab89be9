package web_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
)

// Whichever page comes first, the browser has its cookie from there on, and what is
// locked says so there as well.
func TestEveryPageSetsTheBrowsersCookie(t *testing.T) {
	s := newSite(t, options{token: "s3cret-token"})
	_, port, err := net.SplitHostPort(s.host)
	must(t, err)
	for _, path := range []string{"/", "/browse/docs/guide.md", "/browse/none.md", "/tasks/none", "/status", "/nowhere", "/browse/a%2fb"} {
		got := s.get(t, path)
		cookies := got.Cookies()
		if len(cookies) != 1 {
			t.Errorf("%s (%d): cookies %v", path, got.StatusCode, cookies)
			continue
		}
		c := cookies[0]
		if c.Name != "tasks_"+port || len(c.Value) != 32 || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%s: cookie %v", path, c)
		}
		if again := s.get(t, path, "Cookie", c.Name+"="+c.Value); len(again.Cookies()) != 0 {
			t.Errorf("%s: another cookie for a browser that has one", path)
		}
		if !strings.Contains(got.body, `data-need-token="true"`) {
			t.Errorf("%s does not say that a token is needed", path)
		}
	}
	for _, path := range []string{"/tasks-assets/tasks_chat.js", "/favicon.ico"} {
		if got := s.get(t, path); len(got.Cookies()) != 0 {
			t.Errorf("%s sets a cookie", path)
		}
	}
}
