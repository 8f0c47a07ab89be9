package web

import (
	"tasks/internal/repo"
	"tasks/internal/watch"
)

// hashLimit is the largest changed file whose hash goes into its event.
const hashLimit = 16 << 20

// pageEvent is the event of a changed file; false for one that has no page: what
// the path policy refuses is not spoken of either.
func (s *Server) pageEvent(c watch.Change) (pageEvent, bool) {
	ev := pageEvent{Path: c.Path, Change: string(c.Op)}
	if c.Op == watch.Removed {
		_, err := repo.Clean(c.Path)
		return ev, err == nil
	}
	info, err := s.Repo.Stat(c.Path)
	if err != nil || info.Dir {
		return ev, false
	}
	f, err := s.Repo.ReadFile(c.Path, hashLimit)
	if err != nil {
		return ev, false
	}
	if f.Hash != "" {
		ev.Hash = &f.Hash
	}
	return ev, true
}
