package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
)

// TestSandbox: the frame that draws may do nothing but draw, and only our pages hold it.
func TestSandbox(t *testing.T) {
	s := newSite(t, options{})
	page := s.get(t, "/browse/docs/guide.md")
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-src 'self';") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("a page's policy: %s", policy)
	}
	base := regexp.MustCompile(`data-assets="([^"]+)"`).FindStringSubmatch(page.body)[1]
	got := s.get(t, base+"frame/diagram.html", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe")
	policy := got.Header.Get("Content-Security-Policy")
	if got.StatusCode != 200 || len(got.body) < 3_000_000 || got.Header.Get("X-Frame-Options") != "SAMEORIGIN" {
		t.Fatalf("the frame: %d, %d bytes, %v", got.StatusCode, len(got.body), got.Header)
	}
	for _, want := range []string{"default-src 'none'", "connect-src 'none'", "frame-ancestors 'self'", "form-action 'none'", "base-uri 'none'", "sandbox allow-scripts"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the frame's policy lacks %s: %s", want, policy)
		}
	}
	if regexp.MustCompile(`unsafe|'self'|https?:|\*|allow-same-origin`).MatchString(strings.ReplaceAll(policy, "frame-ancestors 'self'", "")) {
		t.Errorf("the frame's policy is wider than needed: %s", policy)
	}
	for _, m := range regexp.MustCompile(`(?s)<(?:script|style)>(.*?)</(?:script|style)>`).FindAllStringSubmatch(got.body, -1) {
		sum := sha256.Sum256([]byte(m[1]))
		if !strings.Contains(policy, base64.StdEncoding.EncodeToString(sum[:])) {
			t.Errorf("the policy does not allow %.60q", m[1])
		}
	}
	if z := s.get(t, base+"frame/diagram.html", "Accept-Encoding", "gzip"); z.Header.Get("Content-Encoding") != "gzip" {
		t.Error("the frame is sent uncompressed")
	}
	for _, path := range []string{"vendor/mermaid/mermaid.min.js.gz", "vendor/mermaid/mermaid.min.js", "frame/none.html", "frame/"} {
		if got := s.get(t, base+path); got.StatusCode != 404 {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
	for _, site := range []string{"cross-site", "same-site"} {
		if got := s.get(t, base+"frame/diagram.html", "Sec-Fetch-Site", site, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"); got.StatusCode != 403 {
			t.Errorf("the frame in a page of another site: %d", got.StatusCode)
		}
	}
}
