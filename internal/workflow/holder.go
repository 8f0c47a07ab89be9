package workflow

import (
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Holder keeps the workflow of a root as the files are now. Safe for concurrent use; it
// looks at the files when it is asked, and has no goroutine.
type Holder struct {
	root, userDir string

	mu      sync.Mutex
	seen    [2]stamp
	at      time.Time // of the newest reading
	good    *Workflow
	problem error
}

// NewHolder holds the workflow of a root; nothing is read yet.
func NewHolder(root, userDir string) *Holder { return &Holder{root: root, userDir: userDir} }

// stamp is what of a file tells that it has changed.
type stamp struct {
	there       bool
	mode        uint32
	size        int64
	mod, change int64
	ino         uint64
}

// settle is how old a file must be for its times to tell it from a later version.
const settle = 2 * time.Second

// Get is the workflow in force: that of the files as they are, or the last good one while
// they cannot be read; Problem then says why. The error is that of Load, where there has
// been no good one yet.
func (h *Holder) Get() (*Workflow, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.look()
	if h.good == nil {
		return nil, h.problem
	}
	return h.good, nil
}

// Problem is why the files as they are do not count, nil where they do. While there is
// one nothing new is to be started.
func (h *Holder) Problem() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.look()
	return h.problem
}

func (h *Holder) look() {
	// Before the reading: what changes after it is seen at the next look.
	now := [2]stamp{stat(filepath.Join(h.root, File), unix.Lstat)}
	if h.userDir != "" {
		now[1] = stat(filepath.Join(h.userDir, "workflow.md"), unix.Stat)
	}
	if !h.at.IsZero() && now == h.seen && !h.fresh(now) {
		return
	}
	h.seen, h.at = now, time.Now()
	w, err := Load(h.root, h.userDir)
	if h.problem = err; err == nil {
		h.good = w
	}
}

// fresh tells whether a file was written so shortly before it was read that a later
// version could bear the same times.
func (h *Holder) fresh(now [2]stamp) bool {
	for _, s := range now {
		if s.there && h.at.UnixNano()-max(s.mod, s.change) < int64(settle) {
			return true
		}
	}
	return false
}

func stat(name string, look func(string, *unix.Stat_t) error) stamp {
	var st unix.Stat_t
	if err := look(name, &st); err != nil {
		return stamp{}
	}
	return stamp{true, uint32(st.Mode), st.Size, st.Mtim.Nano(), st.Ctim.Nano(), st.Ino}
}
