package chat

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tasks/internal/config"
	"tasks/internal/edit"
	"tasks/internal/fault"
	"tasks/internal/llm"
	"tasks/internal/markdown"
	"tasks/internal/repo"
	"tasks/internal/store"
	"tasks/internal/tool"
)

// Tools is what the service needs of the tools; *tool.Set is one.
type Tools interface {
	All() []tool.Tool
	Find(name string) tool.Tool
}

// Config is what a Service is made of.
type Config struct {
	DB     *store.DB
	Repo   *repo.Repo
	Editor *edit.Editor // for Undo
	Tools  Tools
	// Model gives the model for a turn; Unavailable, with words on how to configure
	// one, where there is none.
	Model func() (llm.Service, error)
	// PageKind names the kind of the page at a URL path that no file stands behind;
	// nil, or "" from it, is "page".
	PageKind func(page string) string
	// Links resolves the links of answers as if they stood in the file doc ("" for
	// pages without one); nil leaves relative links inert.
	Links   func(doc string) markdown.Links
	Limits  config.Limits // a zero one is its default
	Approve string        // ask, all, readonly, none; anything else is ask
	// Redact hides secret values in whatever goes to the model, the journal and the
	// browser; nil hides none. Applying it twice must be the same as once.
	Redact func(string) string
	// Secrets are values that Redact hides. They let one be caught that arrives in
	// pieces; they are not kept anywhere else.
	Secrets []string
	// Changed is told when a turn begins, waits for an approval, or ends, with the
	// number of the newest event. It must not block. nil: nobody is told.
	Changed func(owner, conversation, turn string, lastID int64)
	Log     *slog.Logger // nil: nothing is logged
}

// Times of the service; tests make them shorter.
const (
	coalesce    = 50 * time.Millisecond // pieces of an answer are joined this long
	approvalTTL = 30 * time.Minute
	// stopGrace is how long a model or tool that was told to stop may take before the
	// turn ends without it; with what else a stop takes it must stay within 2 s.
	stopGrace = 1500 * time.Millisecond
)

// Service runs the turns of one server. It is safe for concurrent use.
type Service struct {
	cfg         Config
	journal     *journal
	coalesce    time.Duration
	approvalTTL time.Duration
	stopGrace   time.Duration

	ctx  context.Context // ends with Close
	stop context.CancelCauseFunc

	starting sync.Mutex // held while a turn is begun or a dead one closed

	mu      sync.Mutex
	running map[string]*turn // by conversation
	runner  *runner          // made with the first turn
	closed  bool
	turns   sync.WaitGroup
}

// Why a turn's context ended.
var (
	errStopped = errors.New("stopped by the user")
	errClosing = errors.New("the program is ending")
	errTime    = errors.New("the turn's time is over")
	errTooLong = errors.New("the answer is too long")
)

// New makes a service. Call Recover before the first turn.
func New(c Config) *Service {
	l := &c.Limits
	l.ModelCalls = orElse(l.ModelCalls, 24)
	l.ToolCalls = orElse(l.ToolCalls, 64)
	l.Turn = orElse(l.Turn, 15*time.Minute)
	l.ToolBytes = orElse(l.ToolBytes, 2<<20)
	if c.Redact == nil {
		c.Redact = func(s string) string { return s }
	}
	if c.Changed == nil {
		c.Changed = func(_, _, _ string, _ int64) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: c, journal: &journal{db: c.DB}, running: map[string]*turn{},
		coalesce: coalesce, approvalTTL: approvalTTL, stopGrace: stopGrace}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	return s
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Close ends all turns and waits for them. Start is Unavailable from then on.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop(errClosing)
	s.turns.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runner != nil {
		s.runner.close()
		s.runner = nil
	}
}

// Stop ends the running turn and every process of it within 2 s, and returns when
// it has ended; nothing to do is not an error. NotFound for another browser's
// conversation.
func (s *Service) Stop(ctx context.Context, owner, conversation string) error {
	if _, err := s.journal.conversation(ctx, owner, conversation); err != nil {
		return err
	}
	t := s.turnOf(conversation)
	if t == nil {
		return nil
	}
	t.cancel(errStopped)
	select {
	case <-t.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Undo takes an edit of this conversation back. Errors as edit.Editor.Undo, and
// NotFound for another browser's conversation.
func (s *Service) Undo(ctx context.Context, owner, conversation, editID string) (edit.Record, error) {
	if _, err := s.journal.conversation(ctx, owner, conversation); err != nil {
		return edit.Record{}, err
	}
	return s.cfg.Editor.Undo(ctx, conversation, editID)
}

// turnOf is the running turn of a conversation, or nil.
func (s *Service) turnOf(conversation string) *turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[conversation]
}

// newID makes an id that nobody can guess.
func newID(kind string) string {
	return kind + "-" + strings.ToLower(rand.Text()[:20])
}

// errUnknown is the one answer for a conversation that is not there and for one that
// belongs to another browser.
func errUnknown() error {
	return fault.New(fault.NotFound, "there is no such conversation").
		WithHint("list this page's conversations, or begin a new one")
}
