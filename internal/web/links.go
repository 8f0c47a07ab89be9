package web

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"tasks/internal/docs"
)

// linkings remembers what refers to each page: to find it out may take reading every
// document, and no page waits for that.
type linkings struct {
	mu    sync.Mutex
	known map[string]*linking // by path
}

// linking is one answer, found beside the requests.
type linking struct {
	epoch  int64
	at     time.Time
	done   chan struct{} // closed when refs are there
	refs   []docs.Ref
	before []docs.Ref // what pages show until then
}

// linkPatience is how long a page waits for who refers to it; else it shows who did
// when it was last asked, and the next page has the rest.
const linkPatience = 3 * time.Millisecond

// linksHere are the documents that refer to a file or folder.
func (s *Server) linksHere(ctx context.Context, path string) []docs.Ref {
	a := s.linking(path)
	select {
	case <-s.served:
	default:
		return a.before // the first page waits for nothing
	}
	wait := time.NewTimer(linkPatience)
	defer wait.Stop()
	select {
	case <-a.done:
		return a.refs
	case <-wait.C:
	case <-ctx.Done():
	}
	return a.before
}

// linking is the newest answer, or one that is being found.
func (s *Server) linking(path string) *linking {
	epoch := s.facts.epoch.Load()
	s.linked.mu.Lock()
	defer s.linked.mu.Unlock()
	old := s.linked.known[path]
	a := &linking{epoch: epoch, at: time.Now(), done: make(chan struct{})}
	if old != nil {
		select {
		case <-old.done:
			if old.epoch == epoch && time.Since(old.at) < s.factsAge() {
				return old
			}
			a.before = old.refs
		default:
			return old
		}
	}
	if s.linked.known == nil || len(s.linked.known) > 4096 {
		s.linked.known = map[string]*linking{}
	}
	s.linked.known[path] = a
	s.background(func(ctx context.Context) { s.findLinks(ctx, a, path) })
	return a
}

func (s *Server) findLinks(ctx context.Context, a *linking, path string) {
	defer close(a.done)
	a.refs = a.before
	s.awaitFirst(ctx)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	refs, err := s.Docs.Backlinks(ctx, path)
	if err != nil {
		s.Log.Debug("what refers to a page cannot be found", "path", path, "err", err)
		return
	}
	if a.refs = refs; !slices.Equal(refs, a.before) {
		s.facts.stale() // a page may have gone out without it
	}
}

// links is /links: what leads nowhere.
func (s *Server) links(w http.ResponseWriter, r *request) error {
	report, err := s.Docs.BrokenLinks(r.Context())
	if err != nil {
		return err
	}
	p := LinksPage{Base: s.base(r, "folder", "Broken links", ""), Total: report.Total, Listed: len(report.Broken), Documents: report.Documents, Links: report.Links}
	p.Crumbs = []Crumb{{Name: "Broken links"}}
	for _, b := range report.Broken {
		if n := len(p.Files); n == 0 || p.Files[n-1].Path != b.Path {
			p.Files = append(p.Files, BrokenFile{Path: b.Path, Href: b.Href, Source: docs.Href(b.Path) + "?source"})
		}
		f := &p.Files[len(p.Files)-1]
		f.Links = append(f.Links, b)
	}
	return s.page(w, r, http.StatusOK, "links", p)
}

// linksJSON is the same for programs.
func (s *Server) linksJSON(w http.ResponseWriter, r *request) error {
	report, err := s.Docs.BrokenLinks(r.Context())
	if err != nil {
		return err
	}
	list := make([]map[string]any, len(report.Broken))
	for i, b := range report.Broken {
		list[i] = map[string]any{"path": b.Path, "line": b.Line, "target": b.Target, "reason": b.Reason, "near": orNull(b.Near)}
	}
	return sendJSON(w, r, http.StatusOK, envelope("links", map[string]any{
		"broken": list, "total": report.Total, "documents": report.Documents, "links": report.Links,
		"truncated": report.Total > len(report.Broken),
	}))
}
