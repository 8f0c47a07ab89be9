// Package web is the site: routes, guard, pages, actions, event streams.
//
// Every page is rendered into a buffer and then written; the error page is one of
// them. Handlers return errors; one place turns them into answers. Before every
// action and event stream stands one guard. Nothing is read, run or spent before
// it has passed.
package web

import (
	"context"
	"log/slog"
	"net/http"

	"tasks/internal/chat"
	"tasks/internal/config"
	"tasks/internal/docs"
	"tasks/internal/git"
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
	Runs     *run.Store
	Manager  *manager.Manager
	Chat     *chat.Service
	Log      *slog.Logger
	Version  string
	Dev      bool   // assets and templates from disk, not cached
	Scripted bool   // the model is the demo's
	LoginKey string // one-use key of the login URL, where a token is set
}

// Server is the site's handler and its live events.
type Server struct{}

// New makes a server.
func New(c Config) (*Server, error) { panic("skeleton") }

// Handler answers for the listener at addr ("127.0.0.1:8005"), whose port and
// loopback names are the only hosts it answers to.
func (s *Server) Handler(addr string) http.Handler { panic("skeleton") }

// Changed tells open pages of changed files.
func (s *Server) Changed(changes []watch.Change) { panic("skeleton") }

// StatusChanged tells open pages that queue or runs changed.
func (s *Server) StatusChanged(generation int64) { panic("skeleton") }

// Close ends the event streams.
func (s *Server) Close(ctx context.Context) error { panic("skeleton") }
