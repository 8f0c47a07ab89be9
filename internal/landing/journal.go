package landing

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/process"
)

// The kinds of a journal.
const (
	landed  = "accept"
	rebased = "rebase"
)

// journal is what is written down of a move before it is made.
type journal struct {
	Kind  string              `json:"kind"`
	Run   string              `json:"run"`
	Slug  string              `json:"slug"`
	Ref   string              `json:"ref"`
	Old   string              `json:"old"`
	New   string              `json:"new"`
	Head  string              `json:"head,omitempty"`  // of the run's branch, of a landing
	Begin string              `json:"begin,omitempty"` // of a rebase: where the branch begins now
	First string              `json:"first,omitempty"` // and with which commit
	Also  map[string][]string `json:"also,omitempty"`  // by path: blobs that count as unchanged
	PID   int                 `json:"pid"`
	Start string              `json:"start"` // of that process
	Done  bool                `json:"done"`
}

// journalFile is where it is written. What is done lies apart: every beat looks at what
// is not.
func (l *Lander) journalFile(run string, done bool) string {
	if done {
		return filepath.Join(l.StateDir, "landing", "done", run+".json")
	}
	return filepath.Join(l.StateDir, "landing", run+".json")
}

// readJournal is that of a run, nil where there is none.
func (l *Lander) readJournal(run string) (*journal, error) {
	if run == "" || strings.ContainsAny(run, `/\`) || run[0] == '.' {
		return nil, fault.New(fault.Usage, "%q is no run", run)
	}
	text, err := os.ReadFile(l.journalFile(run, false))
	if errors.Is(err, fs.ErrNotExist) {
		text, err = os.ReadFile(l.journalFile(run, true))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var j journal
	if err == nil {
		err = json.Unmarshal(text, &j)
	}
	if err != nil {
		return nil, fault.New(fault.Internal, "what was written down of the landing of run %s cannot be read: %w", run, err)
	}
	return &j, nil
}

// writeJournal has it on the disk when it returns. One that is done is no longer among
// what is not.
func (l *Lander) writeJournal(j *journal) error {
	name := l.journalFile(j.Run, j.Done)
	text, err := json.Marshal(j)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o700)
	}
	if err == nil {
		err = writeWhole(name, append(text, '\n'))
	}
	if err == nil && j.Done {
		return l.dropJournal(j.Run)
	}
	if err != nil {
		return fault.New(fault.Unavailable, "the landing cannot be written down: %w", err)
	}
	return nil
}

func writeWhole(name string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (l *Lander) dropJournal(run string) error {
	err := os.Remove(l.journalFile(run, false))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Unavailable, "what was written down of a landing cannot be removed: %w", err)
	}
	return nil
}

// open are the journals of what was begun and has not ended.
func (l *Lander) open() ([]*journal, error) {
	names, err := os.ReadDir(filepath.Join(l.StateDir, "landing"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the landings cannot be read: %w", err)
	}
	var list []*journal
	for _, n := range names {
		run, is := strings.CutSuffix(n.Name(), ".json")
		if !is || run == "" || run[0] == '.' {
			continue
		}
		j, err := l.readJournal(run)
		if err != nil {
			return nil, err
		}
		if j != nil && !j.Done {
			list = append(list, j)
		}
	}
	return list, nil
}

// Pending is the runs whose landing or rebase has begun and not ended, and whether the
// process that does it is alive.
func (l *Lander) Pending(ctx context.Context) (map[string]bool, error) {
	list, err := l.open()
	out := map[string]bool{}
	for _, j := range list {
		out[j.Run] = process.Alive(j.PID, j.Start)
	}
	return out, err
}

// Recover ends what a killed process began: where the ref has moved the trees follow it,
// where it has not nothing has happened, and that is written down.
func (l *Lander) Recover(ctx context.Context) error {
	ctx, unlock, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	list, err := l.open()
	for _, j := range list {
		err = errors.Join(err, l.recoverOne(ctx, j))
	}
	return err
}

// recoverOne is Recover of one, under the lock.
func (l *Lander) recoverOne(ctx context.Context, j *journal) error {
	if j.Done {
		return nil
	}
	now, err := l.Git.Resolve(ctx, j.Ref)
	if err != nil {
		return err
	}
	moved, err := l.Git.HasAncestor(ctx, j.New, now)
	if err != nil {
		return err
	}
	if !moved {
		return l.dropJournal(j.Run)
	}
	if now == j.New { // else somebody has gone on from there: the tree is theirs
		m := &move{l: l, journal: *j}
		if err := m.find(ctx); err != nil {
			return err
		}
		if err := m.follow(ctx); err != nil {
			return err
		}
	}
	if j.Kind == rebased {
		return l.afterRebase(ctx, j)
	}
	return l.afterLanding(ctx, j)
}
