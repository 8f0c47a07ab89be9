package web

import (
	"crypto/subtle"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// maxBody is the largest body of an action.
const maxBody = 256 << 10

// names are the Host values that lead to this server, in the exact form in which
// browsers send them.
type names map[string]bool

// ownNames are the names of a listener at addr ("127.0.0.1:8005"): the loopback
// ones and the address itself, each with the port.
func ownNames(addr string) names {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return names{}
	}
	own := names{}
	for _, h := range []string{"localhost", "127.0.0.1", "::1", host} {
		if h == "" {
			continue
		}
		own[net.JoinHostPort(h, port)] = true
		if port == "80" { // browsers leave the default port out
			own[strings.TrimSuffix(net.JoinHostPort(h, port), ":80")] = true
		}
	}
	return own
}

// origin tells whether an Origin value is one of ours. Browsers write it in one
// way only: scheme and host with port.
func (n names) origin(value string) bool {
	host, ok := strings.CutPrefix(value, "http://")
	return ok && n[host]
}

// referer tells whether a Referer value is a page of ours. It is taken apart,
// because http://127.0.0.1:8005.evil.example has our origin as its prefix.
func (n names) referer(value string) bool {
	u, err := url.Parse(value)
	return err == nil && u.Scheme == "http" && u.User == nil && u.Opaque == "" && n[u.Host]
}

// guard is what stands before every action and every event stream. Its checks
// read headers only; nothing is read from the body, run or spent before them.
type guard struct {
	own   names
	token string // "" where none is set
	login string // value of the login cookie, "" where no token is set
	// loginCookie is the name of the login cookie.
	loginCookie string
}

// check returns nil where r may pass.
func (g *guard) check(r *http.Request) *refusal {
	if !loopback(r.RemoteAddr) {
		return refuse(http.StatusForbidden, "only this computer may act here: the request came from another one")
	}
	if ref := g.provenance(r); ref != nil {
		return ref
	}
	if g.token != "" && !g.authorised(r) {
		return refuse(http.StatusUnauthorized, "a token is set for this server, and the request holds no right one").
			withHint("open the login address that tasks serve printed, or send Authorization: Bearer with TASKS_SERVER_DISPATCH_TOKEN")
	}
	return nil
}

// provenance tells whether the request comes from one of our own pages, as far as
// browsers say where requests come from.
func (g *guard) provenance(r *http.Request) *refusal {
	origin, referer, site := r.Header["Origin"], r.Header["Referer"], r.Header["Sec-Fetch-Site"]
	for _, values := range [][]string{origin, referer, site} {
		if len(values) > 1 {
			return refuse(http.StatusForbidden, "the request says twice where it comes from")
		}
	}
	switch {
	case len(origin) == 1:
		if !g.own.origin(origin[0]) {
			return refuse(http.StatusForbidden, "the request comes from another site: its Origin is not this server's")
		}
	case len(referer) == 1:
		if !g.own.referer(referer[0]) {
			return refuse(http.StatusForbidden, "the request comes from another site: its Referer is not this server's")
		}
	case len(site) == 1:
		if r.Method != http.MethodGet || site[0] != "same-origin" {
			return refuse(http.StatusForbidden, "the request does not say which page it comes from")
		}
	case g.token == "" || !g.authorised(r):
		return refuse(http.StatusForbidden, "the request does not say where it comes from").
			withHint("a program sends Origin: http://HOST:PORT of this server, or its token where one is set")
	}
	if len(site) == 1 && site[0] != "same-origin" && site[0] != "none" {
		return refuse(http.StatusForbidden, "the request comes from another site")
	}
	return nil
}

// authorised tells whether r holds the token, in a header or by the login cookie.
func (g *guard) authorised(r *http.Request) bool {
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "bearer") && same(strings.TrimSpace(bearer), g.token) {
		return true
	}
	if same(r.Header.Get("X-Tasks-Token"), g.token) {
		return true
	}
	return g.loggedIn(r)
}

// loggedIn tells whether the browser has been at the login address.
func (g *guard) loggedIn(r *http.Request) bool {
	for _, c := range r.CookiesNamed(g.loginCookie) {
		if same(c.Value, g.login) {
			return true
		}
	}
	return false
}

// checkBody looks at what the headers say of a body: it must be JSON and small.
func checkBody(r *http.Request) *refusal {
	types := r.Header["Content-Type"]
	if len(types) != 1 {
		return refuse(http.StatusUnsupportedMediaType, "the body's type must be application/json")
	}
	if t, _, err := mime.ParseMediaType(types[0]); err != nil || t != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "the body's type must be application/json")
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return refuse(http.StatusUnsupportedMediaType, "a compressed body is not read")
	}
	if r.ContentLength > maxBody {
		return tooLarge()
	}
	return nil
}

func tooLarge() *refusal {
	return refuse(http.StatusRequestEntityTooLarge, "the body is larger than 256 KB")
}

// readable is the check of reading requests: another site may link to a page, and
// may not load one as a part of its own (image, script, frame, fetch).
func readable(r *http.Request) *refusal {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		dest := r.Header.Get("Sec-Fetch-Dest")
		if r.Header.Get("Sec-Fetch-Mode") != "navigate" || (dest != "" && dest != "document") {
			return refuse(http.StatusForbidden, "another site may link to this page, not load it into its own")
		}
	}
	return nil
}

// loopback tells whether a RemoteAddr is this computer. Headers never count.
func loopback(remote string) bool {
	ap, err := netip.ParseAddrPort(remote)
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// same compares secrets in constant time; nothing is the same as an empty one.
func same(got, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}
