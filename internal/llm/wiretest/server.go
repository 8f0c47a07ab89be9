package wiretest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Reply is one HTTP answer, byte for byte.
//
// Lines that begin with % before the body say how it is sent: %status N, %header
// K: V, %cut rst (the connection is reset) or abort (the body never ends as HTTP
// wants), %hang (nothing more comes), %gzip, %escapes (the body has \x, \r and \n
// escapes and no line ends of its own). In the body a line %pause waits. %before D waits ahead of the headers.
// <<x*1000>> is x a thousand times.
type Reply struct {
	status        int
	header        http.Header
	cut           string
	hang, gzip    bool
	body          []byte
	splitAt       int           // a pause of delay before this byte; 0 for none
	delay, before time.Duration // before: ahead of the headers
}

var fill = regexp.MustCompile(`(?s)<<(.+?)\*(\d+)>>`)

// ParseReply reads a section of a fixture.
func ParseReply(t T, data string) Reply {
	t.Helper()
	r := Reply{status: 200, header: http.Header{}}
	escapes := false
	for strings.HasPrefix(data, "%") && !strings.HasPrefix(data, "%pause") {
		var line string
		line, data, _ = strings.Cut(data, "\n")
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "%status":
			r.status, _ = strconv.Atoi(rest)
		case "%header":
			k, v, _ := strings.Cut(rest, ": ")
			r.header.Set(k, v)
		case "%cut":
			r.cut = rest
		case "%hang":
			r.hang = true
		case "%before":
			r.before, _ = time.ParseDuration(rest)
		case "%gzip":
			r.gzip = true
		case "%escapes":
			escapes = true
		default:
			t.Fatalf("unknown directive %s", line)
		}
	}
	if escapes {
		s, err := strconv.Unquote(`"` + strings.ReplaceAll(strings.ReplaceAll(data, "\n", ""), `"`, `\"`) + `"`)
		if err != nil {
			t.Fatalf("escapes: %v", err)
		}
		data = s
	}
	data = fill.ReplaceAllStringFunc(data, func(m string) string {
		parts := fill.FindStringSubmatch(m)
		n, _ := strconv.Atoi(parts[2])
		return strings.Repeat(parts[1], n)
	})
	r.body = []byte(data)
	if r.gzip {
		r.header.Set("Content-Encoding", "gzip")
	}
	if r.header.Get("Content-Type") == "" {
		r.header.Set("Content-Type", "text/event-stream")
	}
	return r
}

// A Server gives its replies in turn and keeps what was asked.
type Server struct {
	*httptest.Server
	mu      sync.Mutex
	replies []Reply
	Asked   []*http.Request // so far; not to be read while a request runs
	Bodies  []string
	quit    chan struct{}
}

// Serve starts a Server for the time of the test.
func Serve(t T, replies ...Reply) *Server {
	s := &Server{replies: replies, quit: make(chan struct{})}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		close(s.quit)
		s.Close()
	})
	return s
}

// ServeHTTP sends the next reply.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	s.mu.Lock()
	s.Asked, s.Bodies = append(s.Asked, req), append(s.Bodies, string(body))
	if len(s.replies) == 0 {
		s.mu.Unlock()
		http.Error(w, "the fixture has no more replies", http.StatusTeapot)
		return
	}
	r := s.replies[0]
	s.replies = s.replies[1:]
	s.mu.Unlock()
	s.send(w, req, r)
}

// Left is how many replies nobody has asked for.
func (s *Server) Left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.replies)
}

func (s *Server) send(w http.ResponseWriter, req *http.Request, r Reply) {
	wait := func(d time.Duration) {
		select {
		case <-time.After(d):
		case <-req.Context().Done():
		}
	}
	wait(r.before)
	for k, v := range r.header {
		w.Header()[k] = v
	}
	w.WriteHeader(r.status)
	http.NewResponseController(w).Flush()
	out := io.Writer(w)
	flush := func() { http.NewResponseController(w).Flush() }
	if r.gzip {
		z := gzip.NewWriter(w)
		defer z.Close()
		out = z
		flush = func() { z.Flush(); http.NewResponseController(w).Flush() }
	}
	body := r.body
	if r.splitAt > 0 {
		out.Write(body[:r.splitAt])
		flush()
		wait(r.delay)
		body = body[r.splitAt:]
	}
	for line := range bytes.Lines(body) {
		if d, ok := bytes.CutPrefix(line, []byte("%pause ")); ok {
			flush()
			pause, _ := time.ParseDuration(strings.TrimSpace(string(d)))
			wait(pause)
			continue
		}
		out.Write(line)
	}
	flush()
	switch {
	case r.hang:
		select {
		case <-req.Context().Done():
		case <-s.quit:
		}
	case r.cut == "abort":
		panic(http.ErrAbortHandler)
	case r.cut == "rst":
		conn, _, _ := http.NewResponseController(w).Hijack()
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
}
