package manager

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tasks/internal/run"
	"tasks/internal/runlog"
	"tasks/internal/task"
)

// RunView is all that is told about one run, for page, command and tool alike.
type RunView struct {
	Run      *run.Run
	Attempts []run.Attempt
	Evidence []run.Evidence
	Asks     []run.Ask
	Open     []run.Ask // those that wait for an answer
	Messages []run.Message
	Comments []run.Comment
	Progress Progress
	At       time.Time
	// Last is the newest words of the agent, "" for none.
	Last string
	// Task is the task as it is at the root; nil where its file is gone.
	Task *task.Task
	// Edited tells that the root's file is not the one that was kicked off.
	Edited bool
}

// Progress is how far the worksheet of the run says the work is: as it is in the worktree,
// or, where a view is made of a run that is over, in the last commit of its work.
type Progress struct {
	Boxes []task.Box // of Plan, in the order of the file
	Done  int
}

// View is what there is to tell about the latest run of the task, or about the one
// with the id.
func (m *Manager) View(ctx context.Context, slug, id string) (*RunView, error) {
	r, err := m.RunOf(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	v := &RunView{Run: r, At: m.Now()}
	if v.Attempts, err = m.Runs.Attempts(ctx, r.ID); err != nil {
		return nil, err
	}
	if v.Evidence, err = m.Runs.EvidenceOf(ctx, r.ID); err != nil {
		return nil, err
	}
	if v.Asks, err = m.Runs.Asks(ctx, r.ID); err != nil {
		return nil, err
	}
	for _, a := range v.Asks {
		if a.State == run.Open {
			v.Open = append(v.Open, a)
		}
	}
	if v.Messages, err = m.Runs.Messages(ctx, r.ID, false); err != nil {
		return nil, err
	}
	if v.Comments, err = m.Runs.Comments(ctx, r.ID); err != nil {
		return nil, err
	}
	v.Progress = m.progress(r)
	if r.Worktree == "" && r.Head != "" { // over: what the work came to is in its last commit
		if src, err := m.Git.Output(ctx, "cat-file", "blob", r.Head+":"+r.Path); err == nil {
			v.Progress = progressIn(src)
		}
	}
	v.Last = m.LastWords(r.ID)
	if t, err := m.Tracker.Find(ctx, r.Slug); err == nil {
		v.Task = t
		on, err := m.Git.Branch(ctx)
		away := err == nil && r.Base != "" && on != r.Base // another branch's file is no edit
		v.Edited = r.State.Active() && t.Hash != r.Hash && !away
	}
	return v, nil
}

// maxSheet bounds a worksheet that is read from a worktree, in bytes.
const maxSheet = 4 << 20

// ProgressOf is how far the worksheet of a run says the work is.
func (m *Manager) ProgressOf(r *run.Run) Progress { return m.progress(r) }

// progress reads the boxes of the worksheet where the agent works on it, or as it was
// kicked off where there is no worktree.
func (m *Manager) progress(r *run.Run) Progress {
	src := r.Worksheet
	if r.Worktree != "" {
		name := filepath.Join(r.Worktree, filepath.FromSlash(r.Path))
		if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() && info.Size() <= maxSheet {
			if data, err := os.ReadFile(name); err == nil {
				src = data
			}
		}
	}
	return progressIn(src)
}

func progressIn(src []byte) (p Progress) {
	for _, b := range task.PlanBoxes(src) {
		p.Boxes = append(p.Boxes, b)
		if b.Done {
			p.Done++
		}
	}
	return p
}

// LastWords is the newest thing that the agent of a run said, one line, "" for none.
func (m *Manager) LastWords(id string) string {
	last := ""
	err := runlog.Tail(run.Dir(m.StateDir, id), 64<<10, func(e runlog.Event) {
		said := ""
		switch e.Type {
		case runlog.Text:
			said = e.Text
		case runlog.Output: // of a program's lines the last one
			said = strings.TrimSpace(e.Text)
			said = said[strings.LastIndexByte(said, '\n')+1:]
		}
		if s := strings.Join(strings.Fields(said), " "); s != "" {
			last = s
		}
	})
	if err != nil {
		m.Log.Warn("the log of a run cannot be read", "run", id, "err", err)
	}
	if r := []rune(last); len(r) > 200 {
		last = string(r[:199]) + "…"
	}
	return last
}
