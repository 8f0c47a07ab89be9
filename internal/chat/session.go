package chat

import (
	"bytes"
	"path/filepath"
	"sync"
	"unicode/utf8"

	"tasks/internal/tool"
)

// session is what the tools know of the conversation.
type session struct {
	t     *turn
	mu    sync.Mutex
	doc   string            // the open page's file, behind links
	shown map[string]string // as in the journal, with what is unsaved; a turn is its only writer
	fresh map[string]string // what the next entry of the journal takes along
}

var _ tool.Session = (*session)(nil)

func (s *session) ID() string { return s.t.conv.id }

func (s *session) Doc() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doc
}

// open says which file the open page shows, and with which bytes.
func (s *session) open(path, hash string) {
	s.mu.Lock()
	s.doc = path
	s.mu.Unlock()
	s.SetShown(path, hash)
}

func (s *session) Shown(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if hash, ok := s.shown[path]; ok {
		return hash
	}
	hash, err := s.t.s.journal.shown(s.t.conv.id, path)
	if err != nil {
		// As if it never was shown: an edit is refused until the file is read again.
		s.t.log.Error("cannot read what was shown", "path", path, "err", err)
		return ""
	}
	s.shown[path] = hash
	return hash
}

func (s *session) SetShown(path, hash string) {
	if s.Shown(path) == hash {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown[path] = hash
	if s.fresh == nil {
		s.fresh = map[string]string{}
	}
	s.fresh[path] = hash
}

// unsaved is what was shown since it was last asked for. It waits for the turn's
// next entry: a crash before that leaves a file as if it never was shown.
func (s *session) unsaved() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.fresh
	s.fresh = nil
	return fresh
}

func (s *Service) repoName() string { return filepath.Base(s.cfg.Repo.Root()) }

// isText tells whether data can be shown as text.
func isText(data []byte) bool {
	return utf8.Valid(data) && bytes.IndexByte(data, 0) < 0
}
