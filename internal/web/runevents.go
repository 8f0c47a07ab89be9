package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"tasks/internal/run"
)

const (
	// storyTick is how often a stream looks where no change was told.
	storyTick = time.Second
	// storyPause is the least time between two looks: words that come in pieces are
	// sent together.
	storyPause = 80 * time.Millisecond
)

// runEvents is GET /actions/run/events: the steps of a run's story that changed after
// event N, rendered, live until the run rests. 204 where it rests and nothing is newer.
func (s *Server) runEvents(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	if err := required("slug", q.Get("slug")); err != nil {
		return err
	}
	on, err := s.Manager.RunOf(r.Context(), q.Get("slug"), q.Get("run"))
	if err != nil {
		return err
	}
	leave, err := s.streams.enter(r.owner)
	if err != nil {
		return err
	}
	defer leave()
	es := newEventStream(w, r)
	defer es.close()
	f := &storyFollower{s: s, es: es, id: on.ID, tree: on.Worktree, sent: after(r), story: s.stories.of(s.Manager.StateDir, on), resting: !on.State.Leased()}
	if _, err := f.look(); err != nil {
		return err
	}
	if f.resting && !es.started() {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	es.start()
	s.watchEnded(r, f.follow(r.Context()))
	return nil
}

// storyFollower sends one reader what is new in a story.
type storyFollower struct {
	s       *Server
	es      *eventStream
	id      string
	tree    string
	story   *tale
	sent    int64 // the newest event that the reader has
	resting bool  // no agent is at work
}

// follow looks again whenever the log grows, until the run rests or the reader leaves.
func (f *storyFollower) follow(ctx context.Context) error {
	var changed <-chan fsnotify.Event
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		defer watcher.Close()
	}
	watch := func() {
		if watcher == nil || changed != nil {
			return
		}
		if _, err := os.Stat(f.story.dir); err == nil && watcher.Add(f.story.dir) == nil {
			changed = watcher.Events
		}
	}
	tick := time.NewTicker(storyTick)
	defer tick.Stop()
	for !f.resting {
		watch()
		select {
		case <-ctx.Done():
			return nil
		case <-f.s.ctx.Done():
			return nil
		case <-changed:
			if !pause(ctx, storyPause) {
				return nil
			}
			drain(changed)
		case <-tick.C:
			now, err := f.s.Runs.ByID(ctx, f.id)
			if err != nil {
				return err
			}
			f.resting = now == nil || !now.State.Leased()
			if now != nil {
				f.tree = now.Worktree
			}
		}
		if _, err := f.look(); err != nil {
			return err
		}
	}
	return f.es.send(-1, "rest", json.RawMessage(`{}`))
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func drain(c <-chan fsnotify.Event) {
	for {
		select {
		case <-c:
		default:
			return
		}
	}
}

// stepEvent is one step as it is now.
type stepEvent struct {
	Key  string `json:"key"`
	Seq  int64  `json:"seq"`
	HTML string `json:"html"`
}

// look sends the steps that changed since the reader's last one, in the order of their
// changes. Where some of them are no longer kept, it tells the reader to load anew.
func (f *storyFollower) look() (int, error) {
	v, err := f.story.read(f.tree)
	if err != nil {
		return 0, err
	}
	if v.Seq <= f.sent {
		if f.sent > v.Seq && v.Seq > 0 {
			f.sent = v.Seq
			return 1, f.es.send(v.Seq, "reset", json.RawMessage(`{}`))
		}
		return 0, nil
	}
	if v.Earlier > 0 && len(v.Steps) > 0 && v.Steps[0].Seq > f.sent+1 {
		f.sent = v.Seq
		return 1, f.es.send(v.Seq, "reset", json.RawMessage(`{}`))
	}
	var news []*Step
	for _, step := range v.Steps {
		if step.Touched > f.sent {
			news = append(news, step)
		}
	}
	slices.SortStableFunc(news, func(a, b *Step) int { return int(a.Touched - b.Touched) })
	for _, step := range news {
		html, err := f.s.templates.part("runStep", step)
		if err != nil {
			return 0, err
		}
		data, err := json.Marshal(stepEvent{step.Key, step.Seq, string(f.s.masked(bytes.TrimSpace(html)))})
		if err != nil {
			return 0, err
		}
		if err := f.es.send(step.Touched, "step", data); err != nil {
			return 0, err
		}
	}
	if v.facts > f.sent {
		if err := f.es.send(v.Seq, "facts", json.RawMessage(`{}`)); err != nil {
			return 0, err
		}
	}
	f.sent = v.Seq
	return len(news), nil
}

// atWork tells whether an agent of the run may be writing its log.
func atWork(r *run.Run) bool { return r != nil && r.State.Leased() }
