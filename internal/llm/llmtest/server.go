package llmtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Server plays a script. It is safe for concurrent use.
type Server struct {
	listener net.Listener
	http     *http.Server
	quit     chan struct{} // closed by Close: what hangs goes on

	mu       sync.Mutex
	script   Script
	used     []int
	requests []Request
	errs     []error
	calls    int // made-up ids so far
}

// Start listens on a port of 127.0.0.1 and plays script until Close.
func Start(script Script) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the scripted model cannot listen: %w", err)
	}
	s := &Server{listener: l, script: slices.Clone(script), used: make([]int, len(script)), quit: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.completions)
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"object":"list","data":[{"id":"scripted","object":"model"}]}`)
	})
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go s.http.Serve(l) // ended by Close
	return s, nil
}

// URL is the base URL to configure, with the /v1.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() + "/v1" }

// Close ends the server and every answer that still runs.
func (s *Server) Close() {
	select {
	case <-s.quit:
	default:
		close(s.quit)
	}
	s.http.Close()
}

// Add puts more steps at the end of the script.
func (s *Server) Add(steps ...Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, steps...)
	s.used = append(s.used, make([]int, len(steps))...)
}

// Requests are the requests so far, in the order they came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Err is every request that was not of the right form or that no step fitted, and
// every template that failed; nil where there was none.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.errs...)
}

// Unused names the steps that were not used as often as they may be.
func (s *Server) Unused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for i := range s.script {
		if s.script[i].Times != Forever && s.used[i] < max(s.script[i].Times, 1) {
			names = append(names, s.name(i))
		}
	}
	return names
}

func (s *Server) name(i int) string {
	if n := s.script[i].Name; n != "" {
		return n
	}
	return fmt.Sprintf("step %d (user %q, %d results)", i, s.script[i].User, s.script[i].Results)
}

func (s *Server) completions(w http.ResponseWriter, hr *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, hr.Body, 64<<20))
	if err != nil {
		return
	}
	r, err := parse(hr.Header, body)
	s.mu.Lock()
	s.requests = append(s.requests, *r)
	s.mu.Unlock()
	if err != nil {
		s.fail(w, err)
		return
	}
	step, err := s.take(r)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.play(w, hr, r, step)
}

// take finds the step for r, with its templates filled in and ids made.
func (s *Server) take(r *Request) (*Step, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.script {
		step := s.script[i]
		if step.Times != Forever && s.used[i] >= max(step.Times, 1) || !step.fits(r) {
			continue
		}
		s.used[i]++
		if err := step.fill(r); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name(i), err)
		}
		for k := range step.Calls {
			if step.Calls[k].ID == "" {
				s.calls++
				step.Calls[k].ID = "call_" + strconv.Itoa(s.calls)
			}
		}
		return &step, nil
	}
	var results []string
	for _, res := range r.Results {
		results = append(results, res.Name)
	}
	return nil, fmt.Errorf("no step of the script fits: the user said %q, results since then: %d (%s), tools offered: %s",
		clip(r.User), len(results), strings.Join(results, ", "), strings.Join(r.Tools, ", "))
}

// fail answers a request that the script did not foresee.
func (s *Server) fail(w http.ResponseWriter, err error) {
	s.mu.Lock()
	s.errs = append(s.errs, err)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Should-Retry", "false")
	w.WriteHeader(http.StatusInternalServerError)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"message": "llmtest: " + err.Error(), "type": "script_error"}})
}

func clip(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}
