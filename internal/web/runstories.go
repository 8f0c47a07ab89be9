package web

import (
	"sync"

	"tasks/internal/run"
	"tasks/internal/runlog"
)

const (
	// storySteps is how many steps of a run a page shows at once.
	storySteps = 300
	// storiesKept is how many runs' newest steps are remembered.
	storiesKept = 16
)

// stories remembers the newest steps of the runs that were looked at, so that only
// what was appended to a log is read again.
type stories struct {
	mu   sync.Mutex
	runs map[string]*tale
	used []string // ids, the newest used last
}

// tale is the newest steps of one run.
type tale struct {
	mu   sync.Mutex
	dir  string
	at   int64 // bytes of the log that were read
	tree string
	fold *fold
}

// of is the story of a run.
func (st *stories) of(stateDir string, r *run.Run) *tale {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.runs == nil {
		st.runs = map[string]*tale{}
	}
	s := st.runs[r.ID]
	if s == nil {
		s = &tale{dir: run.Dir(stateDir, r.ID)}
		st.runs[r.ID] = s
	}
	for i, id := range st.used {
		if id == r.ID {
			st.used = append(st.used[:i], st.used[i+1:]...)
			break
		}
	}
	if st.used = append(st.used, r.ID); len(st.used) > storiesKept {
		delete(st.runs, st.used[0])
		st.used = st.used[1:]
	}
	return s
}

// read takes in what was appended, and gives copies of the newest steps: a copy does not
// change while it is shown.
func (s *tale) read(worktree string) (storyView, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fold == nil || s.tree == "" && worktree != "" {
		s.fold, s.at, s.tree = newFold(storySteps, 0, worktree), 0, worktree
	}
	next, restarted, err := runlog.From(s.dir, s.at, func(e runlog.Event) bool { s.fold.add(e); return true })
	if restarted {
		s.fold = newFold(storySteps, 0, worktree)
		next, _, err = runlog.From(s.dir, 0, func(e runlog.Event) bool { s.fold.add(e); return true })
	}
	s.at = next
	return s.fold.view(), err
}

// storyView is a story as it is at one moment.
type storyView struct {
	Steps   []*Step
	Earlier int   // steps before these
	Seq     int64 // the newest event
	facts   int64
}

func (f *fold) view() storyView {
	kept, earlier := f.kept()
	v := storyView{Earlier: earlier, Seq: f.seq, facts: f.facts, Steps: make([]*Step, len(kept))}
	for i, s := range kept {
		c := *s
		c.Items = append([]StepItem(nil), s.Items...)
		c.Parts = append([]StepPart(nil), s.Parts...)
		v.Steps[i] = &c
	}
	return v
}

// storyBefore is the steps of a run that begin before an event, as many as a page shows.
func storyBefore(dir, worktree string, before int64) (storyView, error) {
	f := newFold(storySteps, before, worktree)
	_, _, err := runlog.From(dir, 0, func(e runlog.Event) bool { f.add(e); return true })
	return f.view(), err
}
