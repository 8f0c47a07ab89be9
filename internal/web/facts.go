package web

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"tasks/internal/task"
)

// factsAge is how old the frame of a page (branch, counts, navigation) may be: short
// where nobody tells of changes. The page's own content is never older than the
// request.
func (s *Server) factsAge() time.Duration {
	if s.watching.Load() {
		return 15 * time.Second // for what the watcher does not see: the branch
	}
	return 2 * time.Second
}

// facts are what every page's frame says: branch and counts. They take reading
// every task, so that no page waits for them: the first page goes out without
// counts, and its open stream tells it when there are some.
type facts struct {
	epoch   atomic.Int64 // grows with every change, so that older frames are out of date
	current atomic.Pointer[frameFacts]
	busy    atomic.Bool
}

// frameFacts are the facts as read at one time.
type frameFacts struct {
	branch string
	counts map[string]int
	epoch  int64
	at     time.Time
}

// stale says that something changed.
func (f *facts) stale() { f.epoch.Add(1) }

// frame is the newest facts, and has them read again where they are out of date. The first
// page has the branch, which is one file, and no counts.
func (s *Server) frame(ctx context.Context) *frameFacts {
	now := s.facts.current.Load()
	if now == nil || now.epoch != s.facts.epoch.Load() || time.Since(now.at) > s.factsAge() {
		s.refreshFacts()
	}
	if now == nil {
		branch, err := s.Git.Branch(ctx)
		if err != nil {
			s.Log.Warn("the branch cannot be read", "err", err)
		}
		return &frameFacts{branch: branch}
	}
	return now
}

// refreshFacts reads them beside the requests, one reading at a time.
func (s *Server) refreshFacts() {
	if !s.facts.busy.CompareAndSwap(false, true) {
		return
	}
	s.background(func(ctx context.Context) {
		defer s.facts.busy.Store(false)
		s.awaitFirst(ctx)
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		now, err := s.readFacts(ctx)
		if err != nil {
			if s.ctx.Err() == nil {
				s.Log.Warn("branch and counts cannot be read", "err", err)
			}
			return
		}
		s.facts.put(now)
	})
}

// awaitFirst waits until the first answer is out: what git and the tasks have to
// say would only slow it down, and it does not wait for them.
func (s *Server) awaitFirst(ctx context.Context) {
	select {
	case <-s.served:
	case <-ctx.Done():
	}
}

// put makes facts the current ones. Where they say something new, pages that went
// out with the old ones are out of date.
func (f *facts) put(now *frameFacts) {
	before := f.current.Load()
	if before != nil && before.branch == now.branch && maps.Equal(before.counts, now.counts) {
		f.current.Store(now)
		return
	}
	read := now.epoch
	now.epoch = read + 1
	f.current.Store(now) // before the epoch grows: who sees the new epoch sees these facts
	if !f.epoch.CompareAndSwap(read, read+1) {
		f.stale() // something changed while they were read: they are out of date already
	}
}

// readFacts reads branch, tasks and queue.
func (s *Server) readFacts(ctx context.Context) (*frameFacts, error) {
	now := &frameFacts{epoch: s.facts.epoch.Load(), at: time.Now()}
	var err error
	if now.branch, err = s.Git.Branch(ctx); err != nil {
		return nil, err
	}
	st, _, err := s.project(ctx)
	if err != nil {
		return nil, err
	}
	now.counts = st.Counts
	now.counts["open"] = st.Counts["total"] - st.Counts[string(task.Completed)] - st.Counts[string(task.Cancelled)]
	now.counts["queued"] = st.Counts["run_queued"] + st.Counts["run_blocked"]
	return now, nil
}

// authors remembers who changed a file last, by its bytes: asking git costs a
// process, and on a long history a while.
type authors struct {
	mu    sync.Mutex
	known map[string]*authorship // by path and hash
}

// authorship is the newest commit of a file, read once.
type authorship struct {
	done chan struct{}
	who  string
	when time.Time
}

// authorPatience is how long a page waits for git before it goes out without the
// author; the next one has it. The first page after the start does not wait at all.
const authorPatience = 4 * time.Millisecond

// lastChange is who changed the file last and when, "" where that is not known
// (yet).
func (s *Server) lastChange(ctx context.Context, path, hash string) (string, time.Time) {
	key := path + "\x00" + hash
	s.authors.mu.Lock()
	a := s.authors.known[key]
	if a == nil {
		if len(s.authors.known) > 4096 || s.authors.known == nil {
			s.authors.known = map[string]*authorship{}
		}
		a = &authorship{done: make(chan struct{})}
		s.authors.known[key] = a
		s.background(func(ctx context.Context) { s.readAuthor(ctx, a, path) })
	}
	s.authors.mu.Unlock()
	select {
	case <-s.served:
	default:
		return "", time.Time{}
	}
	wait := time.NewTimer(authorPatience)
	defer wait.Stop()
	select {
	case <-a.done:
		return a.who, a.when
	case <-wait.C:
	case <-ctx.Done():
	}
	return "", time.Time{}
}

// readAuthor asks git.
func (s *Server) readAuthor(ctx context.Context, a *authorship, path string) {
	defer close(a.done)
	s.awaitFirst(ctx)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := s.Git.LastCommit(ctx, path)
	if err != nil {
		s.Log.Debug("the last commit of a file cannot be read", "path", path, "err", err)
		return
	}
	if c != nil {
		a.who, a.when = c.Author, c.When
	}
	s.facts.stale() // a page may have gone out without it
}
