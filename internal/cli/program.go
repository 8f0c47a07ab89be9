package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"tasks/internal/chat"
	"tasks/internal/config"
	"tasks/internal/docs"
	"tasks/internal/edit"
	"tasks/internal/fault"
	"tasks/internal/index"
	"tasks/internal/llm"
	"tasks/internal/llm/anthropic"
	"tasks/internal/llm/openai"
	"tasks/internal/llm/wire"
	"tasks/internal/manager"
	"tasks/internal/markdown"
	"tasks/internal/redact"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/store"
	"tasks/internal/tool"
	"tasks/internal/watch"
	"tasks/internal/web"
)

// program is a running server: its services in the order in which they are built.
type program struct {
	log      *slog.Logger
	repo     *repo.Repo
	docs     *docs.Library
	index    *index.Index
	manager  *manager.Manager
	beat     bool // the manager's loop runs
	chat     *chat.Service
	web      *web.Server
	loginKey string
}

// build makes the services. Nothing is scanned here: the first page must not wait.
func (a *app) build(ctx context.Context, h *house, db *store.DB, o serveOptions) (*program, error) {
	s := h.settings
	p := &program{repo: h.repo, beat: !o.noManager, log: slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	p.docs = docs.New(h.repo)
	p.index = index.New(index.Config{Repo: h.repo, Tracker: h.tracker, Dir: filepath.Join(h.git.StateDir(), "index"), Log: p.log})
	runs := run.New(db)
	p.manager = manager.New(manager.Config{
		Git: h.git, Repo: h.repo, Tracker: h.tracker, Runs: runs, Settings: s, Trust: h.trust, Workflow: h.flow, StateDir: db.Dir, Log: p.log,
		Spawn: a.spawn(h.git.Root, db.Dir), BeforeRemove: a.beforeRemove(h, runs), Forge: a.forge(h),
		Changed: func(generation int64) { p.web.StatusChanged(generation) },
	})
	editor := edit.New(h.repo, db, s.Edit)
	if err := editor.Recover(ctx); err != nil {
		return nil, err
	}
	tools := tool.New(tool.Deps{
		Repo: h.repo, Tracker: h.tracker, Editor: editor, Manager: p.manager, Runs: runs, Secrets: s.Secrets(),
		Agent: tool.NewSubagent(tool.SubagentConfig{
			Program: s.Claude, Root: h.git.Root, Timeout: s.Limits.Subagent, Getenv: a.getenv, Deny: h.repo.Outside,
		}),
	})
	p.chat = chat.New(chat.Config{
		DB: db, Repo: h.repo, Editor: editor, Tools: tools,
		Model:    modelOf(s),
		PageKind: web.PageKind(h.repo),
		Links:    func(doc string) markdown.Links { return p.docs.Links(doc) },
		Limits:   s.Limits, Approve: s.Approve, Redact: redact.Func(s.Secrets()), Secrets: s.Secrets(),
		Changed: func(owner, conversation, turn string, last int64) { p.web.ChatChanged(owner, conversation, turn, last) },
		Log:     p.log,
	})
	if s.Token != "" {
		p.loginKey = rand.Text()
	}
	var err error
	p.web, err = web.New(web.Config{
		Settings: s, Git: h.git, Repo: h.repo, Tracker: h.tracker, Docs: p.docs, Index: p.index, Editor: editor, Runs: runs, Manager: p.manager, Chat: p.chat,
		Log: p.log, Version: Version, Dev: o.dev, Scripted: o.scripted, Starters: o.starters, LoginKey: p.loginKey,
	})
	if err != nil {
		p.chat.Close()
		return nil, err
	}
	if err := p.chat.Recover(ctx); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// modelOf gives the one client of the configured endpoint, made when first asked
// for. It keeps what it has learned of the server.
func modelOf(s *config.Settings) func() (llm.Service, error) {
	return sync.OnceValues(func() (llm.Service, error) {
		provider, e, err := s.Assistant()
		if err != nil {
			return nil, err
		}
		cfg := wire.Config{
			BaseURL: e.BaseURL, Key: e.Key, Model: e.Model,
			Timeouts: s.Timeouts, Redact: redact.Func(s.Secrets()), UserAgent: "tasks/" + Version,
		}
		var client llm.Service
		if provider == "anthropic" {
			client, err = anthropic.New(cfg)
		} else {
			client, err = openai.New(cfg)
		}
		if err != nil { // whatever is wrong with its settings, to the drawer there is no model
			return nil, fault.New(fault.Unavailable, "no model can be asked: %w", err).WithHint("%s", fault.HintOf(err))
		}
		return client, nil
	})
}

// shutdownTime is how long the program takes to end what runs.
const shutdownTime = 1800 * time.Millisecond

// run serves until ctx ends, then ends everything within two seconds.
func (p *program) run(ctx context.Context, ln net.Listener) error {
	server := web.HTTPServer(p.web.Handler(ln.Addr().String()), p.log)
	var services sync.WaitGroup
	ctx, stop := context.WithCancel(ctx)
	failed := make(chan error, 1)
	services.Go(func() {
		if err := server.Serve(web.Listener(ln)); !errors.Is(err, http.ErrServerClosed) {
			failed <- fault.New(fault.Internal, "the server stopped: %w", err)
			stop()
		}
	})
	services.Go(func() {
		p.awaitFirstPage(ctx)
		services.Go(func() { p.watch(ctx) })
		services.Go(func() {
			p.warm(ctx)
			p.index.Run(ctx)
		})
		if p.beat {
			services.Go(func() { p.manage(ctx) })
		}
	})
	<-ctx.Done()
	stop()

	end, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	ended := make(chan struct{})
	go func() { // given up after shutdownTime, with the process
		defer close(ended)
		p.chat.Close() // turns are closed honestly; the streams that watch them end with them
		p.web.Close(end)
		server.Shutdown(end)
		services.Wait()
	}()
	select {
	case <-ended:
	case <-end.Done():
		server.Close()
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// awaitFirstPage waits until a request was answered, or nobody seems to come: what
// scans the checkout would only slow the first page down.
func (p *program) awaitFirstPage(ctx context.Context) {
	select {
	case <-p.web.Served():
	case <-time.After(500 * time.Millisecond):
	case <-ctx.Done():
	}
}

// warm makes the index of documents, and has pages made with it from then on.
func (p *program) warm(ctx context.Context) {
	p.docs.Warm(ctx)
	p.web.Changed(nil)
}

// manage runs the manager's loop.
func (p *program) manage(ctx context.Context) {
	if err := p.manager.Run(ctx); err != nil {
		p.log.Error("the manager stopped", "err", err)
	}
}

// watch tells open pages of changed files. Without it pages still show what is
// true when they are asked for.
func (p *program) watch(ctx context.Context) {
	skip := func(dir string) bool {
		_, err := p.repo.Stat(dir)
		return err != nil
	}
	tell := func(changes []watch.Change) {
		p.web.Changed(changes)
		p.manager.TasksChanged()
	}
	defer p.web.Watching(false)
	if err := watch.Run(ctx, p.repo.Root(), skip, func() { p.web.Watching(true) }, tell); err != nil {
		p.log.Warn("changed files are not noticed by themselves; reload a page to see them", "err", err)
	}
}

// close ends what build began.
func (p *program) close() {
	p.chat.Close()
	end, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	p.web.Close(end)
}
