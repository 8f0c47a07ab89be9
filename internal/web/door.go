package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"tasks/internal/fault"
)

// door is what every request comes through: names, headers, routes, guard, the
// browser's cookie. It belongs to one listener.
type door struct {
	s      *Server
	guard  guard
	cookie string // name of the browser's cookie
}

// request is a request that has come through the door.
type request struct {
	*http.Request
	door  *door
	owner string   // the browser: a hash of its cookie
	rest  []string // path segments after the route's prefix, decoded
	slash bool     // the path ends in a slash
	needs bool     // a token is set and this browser has not shown it
	// streaming tells that an event stream has begun: no other answer can follow.
	streaming bool
}

// Handler answers for the listener at addr ("127.0.0.1:8005"), whose port and
// loopback names are the only hosts it answers to.
func (s *Server) Handler(addr string) http.Handler {
	_, port, _ := net.SplitHostPort(addr)
	d := &door{s: s, cookie: "tasks_" + port}
	d.guard = guard{own: ownNames(addr), token: s.Settings.Token, loginCookie: "tasks_login_" + port}
	if d.guard.token != "" {
		mac := hmac.New(sha256.New, []byte(d.guard.token))
		mac.Write([]byte("login cookie of tasks"))
		d.guard.login = hex.EncodeToString(mac.Sum(nil))
	}
	return d
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer d.s.first.Do(func() { close(d.s.served) })
	secure(w.Header())
	req := &request{Request: r, door: d}
	rt := (*route)(nil)
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			d.s.Log.Error("a handler failed", "path", r.URL.Path, "err", p, "stack", string(debug.Stack()))
			if req.streaming {
				panic(http.ErrAbortHandler)
			}
			d.s.fail(w, req, rt, fault.New(fault.Internal, "the page could not be made: an error of our own, which is in the server's log"))
		}
	}()
	if !d.guard.own[r.Host] {
		d.misdirected(w, r)
		return
	}
	var err error
	if rt, err = find(req); err == nil {
		err = d.admit(w, req, rt)
	} else if rt == nil || rt.class == page { // its error is a page like any other
		d.identify(w, req)
	}
	if err == nil {
		err = rt.handle(d.s, w, req)
	}
	if err != nil {
		d.s.fail(w, req, rt, err)
	}
}

// misdirected answers a request for a name that is not ours. It says nothing
// about the repository, because a page of another site may be reading it.
func (d *door) misdirected(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusMisdirectedRequest)
	if r.Method != http.MethodHead {
		fmt.Fprintln(w, "This server does not answer to that name. Open it by the address that tasks serve printed.")
	}
}

// admit lets the request in, or says why not.
func (d *door) admit(w http.ResponseWriter, r *request, rt *route) error {
	if rt.class == asset {
		if ref := readable(r.Request); ref != nil {
			return ref
		}
		return allow(w, r, http.MethodGet, http.MethodHead)
	}
	if rt.class == trigger {
		if err := allow(w, r, http.MethodPost); err != nil {
			return err
		}
	}
	switch rt.class {
	case action, stream, trigger:
		if ref := d.guard.check(r.Request); ref != nil {
			return ref
		}
		method := http.MethodGet
		if rt.class != stream {
			method = http.MethodPost
		}
		if rt.handle == nil {
			return fault.New(fault.NotFound, "there is no such action: %s", r.URL.Path)
		}
		if err := allow(w, r, method); err != nil {
			return err
		}
		if rt.class != stream {
			if ref := checkBody(r.Request); ref != nil {
				return ref
			}
		}
	default:
		if ref := readable(r.Request); ref != nil {
			return ref
		}
		if err := allow(w, r, http.MethodGet, http.MethodHead); err != nil {
			return err
		}
	}
	d.identify(w, r)
	return nil
}

// allow answers 405 for other methods.
func allow(w http.ResponseWriter, r *request, methods ...string) error {
	for _, m := range methods {
		if r.Method == m {
			return nil
		}
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	return refuse(http.StatusMethodNotAllowed, "%s cannot be used here, only %s", r.Method, strings.Join(methods, " and "))
}

// identify finds out which browser asks, by a random cookie that it gets with its
// first page. The cookie tells browsers apart; it is no right to anything.
func (d *door) identify(w http.ResponseWriter, r *request) {
	r.needs = d.guard.token != "" && !d.guard.loggedIn(r.Request)
	for _, c := range r.CookiesNamed(d.cookie) {
		if b, err := hex.DecodeString(c.Value); err == nil && len(b) == 16 {
			r.owner = ownerOf(c.Value)
			return
		}
	}
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	value := hex.EncodeToString(b[:])
	r.owner = ownerOf(value)
	http.SetCookie(w, &http.Cookie{
		Name: d.cookie, Value: value, Path: "/", MaxAge: int((400 * 24 * time.Hour).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// ownerOf is what the cookie's holder is called in the database: what stands there
// must not be enough to be that browser.
func ownerOf(cookie string) string {
	sum := sha256.Sum256([]byte("browser " + cookie))
	return hex.EncodeToString(sum[:16])
}

// HTTPServer is an HTTP server for h with the limits that keep one bad client
// from holding the others up. It serves a Listener.
func HTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // event streams set their own for each frame
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		// OPTIONS * is answered by us as well, with our headers.
		DisableGeneralOptionsHandler: true,
	}
	watchConns(server)
	return server
}
