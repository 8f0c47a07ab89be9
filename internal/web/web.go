// Package web is the site: routes, guard, pages, actions, event streams.
//
// Every request comes through one door (door.go): the Host must be one of ours,
// the route is looked up in one table (routes.go), and before every action and
// event stream stands one guard (guard.go). Nothing is read, run or spent before
// it has passed.
//
// Every page is one struct (page.go), rendered into a buffer and then written; the
// error page is one of them. Handlers return errors; one place (fail) turns them
// into answers. Pages read without scripts; actions need them.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"

	"tasks/internal/chat"
	"tasks/internal/config"
	"tasks/internal/docs"
	"tasks/internal/edit"
	"tasks/internal/git"
	"tasks/internal/history"
	"tasks/internal/index"
	"tasks/internal/manager"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/tracker"
	"tasks/internal/watch"
)

// Config is what a server is made of, in the order in which it is built.
type Config struct {
	Settings *config.Settings
	Git      *git.Checkout
	Repo     *repo.Repo
	Tracker  *tracker.Tracker
	Docs     *docs.Library
	Index    *index.Index // nil searches without one
	Editor   *edit.Editor
	Runs     *run.Store
	Manager  *manager.Manager
	Chat     *chat.Service
	Log      *slog.Logger
	Version  string
	Dev      bool     // assets and templates from disk, not cached
	Scripted bool     // the model is the demo's
	Starters []string // questions that the drawer offers; nil: each page's own
	LoginKey string   // one-use key of the login URL, where a token is set
}

// Server is the site's handler and its live events.
type Server struct {
	Config
	repoName string
	keys     [][]byte // the user's, in each form in which one may stand in an answer

	assets    *assets
	templates *templates
	pages     pageCache
	facts     facts
	authors   authors
	history   *history.Reader
	linked    linkings
	hub       *hub
	streams   limiter // of the assistant's and the runs' event streams
	stories   stories
	diffs     diffs
	merges    sync.Map // whether the work of runs merges, by run and commits

	first     sync.Once
	served    chan struct{} // closed when the first request was answered
	loginUsed atomic.Bool
	watching  atomic.Bool // Changed is told of every change
	stop      context.CancelFunc
	ctx       context.Context // ends with Close

	closing sync.Mutex // between background and Close
	work    sync.WaitGroup
}

// New makes a server.
func New(c Config) (*Server, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Index == nil {
		c.Index = index.New(index.Config{Repo: c.Repo, Tracker: c.Tracker, Log: c.Log, Off: true})
	}
	files, err := openFiles(c.Dev)
	if err != nil {
		return nil, err
	}
	s := &Server{Config: c, repoName: filepath.Base(c.Repo.Root()), served: make(chan struct{})}
	s.keys = keyForms(c.Settings.Secrets())
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.assets = newAssets(files, c.Dev)
	if s.templates, err = newTemplates(files, c.Dev); err != nil {
		return nil, err
	}
	s.streams = limiter{perOwner: 32, inAll: 512}
	s.hub = newHub(hubLimits{perOwner: 64, inAll: 8192})
	s.history = history.New(history.Config{Git: c.Git, Runs: c.Runs, Spawn: s.background, Changed: s.historyChanged})
	s.background(func(context.Context) { s.hub.run() })
	return s, nil
}

// Served is closed when the first request has been answered: what would only slow
// the first page down waits for it.
func (s *Server) Served() <-chan struct{} { return s.served }

// Watching says whether every change of a file is told by Changed from now on.
func (s *Server) Watching(on bool) { s.watching.Store(on) }

// Changed tells open pages of changed files.
func (s *Server) Changed(changes []watch.Change) {
	paths := make([]string, len(changes))
	for i, c := range changes {
		paths[i] = c.Path
	}
	s.Docs.Invalidate(paths...)
	s.facts.stale()
	for _, c := range changes {
		if ev, ok := s.pageEvent(c); ok {
			s.hub.page(ev)
		}
	}
}

// StatusChanged tells open pages that queue or runs changed.
func (s *Server) StatusChanged(generation int64) {
	s.facts.stale()
	s.hub.status(generation)
}

// ChatChanged tells the open pages of one browser that a conversation of theirs
// has new events.
func (s *Server) ChatChanged(owner, conversation, turn string, lastID int64) {
	s.hub.chat(owner, chatEvent{conversation, turn, lastID})
}

// Close ends the event streams and what the server does in the background, and
// waits for it until ctx ends.
func (s *Server) Close(ctx context.Context) error {
	s.closing.Lock()
	s.stop()
	s.closing.Unlock()
	s.hub.close()
	done := make(chan struct{})
	go func() { s.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// background runs fn beside the requests. After Close it is called with a context
// that has ended, in the caller's own time.
func (s *Server) background(fn func(context.Context)) {
	s.closing.Lock()
	if s.ctx.Err() == nil {
		s.work.Go(func() { fn(s.ctx) })
		s.closing.Unlock()
		return
	}
	s.closing.Unlock()
	fn(s.ctx)
}

// healthz answers a probe.
func (s *Server) healthz(w http.ResponseWriter, r *request) error {
	return send(w, r, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
}
