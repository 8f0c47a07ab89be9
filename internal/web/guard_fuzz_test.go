package web

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzProvenance: whatever stands in the headers, a request that may act either
// begins with one of our origins, spelt as browsers spell it, or it may not act.
// The oracle compares strings and knows nothing of the guard's parser.
func FuzzProvenance(f *testing.F) {
	own := ownNames("127.0.0.1:8005")
	for _, v := range []string{
		"http://127.0.0.1:8005", "http://localhost:8005/x?y#z", "http://[::1]:8005/", "http://127.0.0.1:8005.evil.com", "http://127.0.0.1:8005@evil.com/",
		"null", "", "http:127.0.0.1:8005", "http:///127.0.0.1:8005", "HTTP://127.0.0.1:8005/", "http://127.0.0.1:8005\\.evil.com/", "http://%31%32%37.0.0.1:8005/",
	} {
		f.Add(v, true, "")
		f.Add(v, false, "same-origin")
	}
	f.Fuzz(func(t *testing.T, value string, asOrigin bool, site string) {
		r := httptest.NewRequest("POST", "http://127.0.0.1:8005/actions/kickoff", nil)
		name := "Referer"
		if asOrigin {
			name = "Origin"
		}
		r.Header[name] = []string{value}
		if site != "" {
			r.Header["Sec-Fetch-Site"] = []string{site}
		}
		g := guard{own: own}
		if g.provenance(r) != nil {
			return
		}
		ours := false
		for host := range own {
			rest, ok := strings.CutPrefix(strings.ToLower(value), "http://"+host)
			ours = ours || ok && (rest == "" || !asOrigin && strings.ContainsAny(rest[:1], "/?#"))
		}
		if !ours {
			t.Errorf("%s: %q passes", name, value)
		}
		if site != "" && site != "same-origin" && site != "none" {
			t.Errorf("Sec-Fetch-Site %q passes", site)
		}
	})
}
