package manager

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/runlog"
)

// Diffstat is how much of which file a run changed.
type Diffstat struct {
	Files   []FileStat `json:"files"`
	Added   int        `json:"added"`
	Removed int        `json:"removed"`
}

// FileStat is how much of one file was changed; nothing is counted of a binary one.
type FileStat struct {
	Path    string `json:"path"`
	Added   int    `json:"added"`
	Removed int    `json:"removed"`
	Binary  bool   `json:"binary"`
}

// Words are the sums for people.
func (d *Diffstat) Words() string {
	files := "1 file"
	if len(d.Files) != 1 {
		files = fmt.Sprintf("%d files", len(d.Files))
	}
	return fmt.Sprintf("%s, +%d -%d", files, d.Added, d.Removed)
}

// span is what a run changed: from where its branch began to where it is, and while its
// agent is at work with what that has not committed.
func (m *Manager) span(ctx context.Context, r *run.Run) (from, to string, err error) {
	if r.Begin == "" {
		return "", "", nil
	}
	to = r.Head
	if r.Branch != "" && r.State.Active() { // the record may be behind a running agent
		if now, err := m.Git.Resolve(ctx, "refs/heads/"+r.Branch); err != nil {
			return "", "", err
		} else if now != "" {
			to = now
		}
	}
	return r.Begin, m.glance(ctx, r, to), nil
}

// glanceFor is how long a look at a tree that is being worked in is told again, where the agent
// has said nothing since.
const glanceFor = time.Second

// glanced is such a look: the tree at a time, with the head it had and as much as the run's
// log held before it. What an agent did before it said so is seen by who looks after that.
type glanced struct {
	at         time.Time
	log        int64
	head, seen string
}

// glance is what a run that is at work has made until now, with what is not committed; head
// where that cannot be seen.
func (m *Manager) glance(ctx context.Context, r *run.Run, head string) string {
	trees, ok := m.Trees.(glancer)
	if !ok || !r.State.Leased() || r.Worktree == "" || head == "" {
		m.glances.Delete(r.ID)
		return head
	}
	size := runlog.Size(run.Dir(m.StateDir, r.ID))
	if known, ok := m.glances.Load(r.ID); ok {
		if g := known.(glanced); g.head == head && g.log == size && time.Since(g.at) < glanceFor {
			return g.seen
		}
	}
	seen, err := trees.Glance(ctx, r.Slug, r.ID)
	if err != nil && fault.CodeOf(err) != fault.Unavailable { // a file came or went meanwhile
		seen, err = trees.Glance(ctx, r.Slug, r.ID)
	}
	if err != nil { // it was removed, or is being changed, or holds too much
		m.Log.Debug("the tree of a run cannot be looked at", "run", r.ID, "err", err)
		seen = head
	}
	m.glances.Store(r.ID, glanced{time.Now(), size, head, seen})
	return seen
}

// Span is the two commits between which the run changed things, "" where it has made none
// yet. While its agent is at work the second may be one that no branch holds.
func (m *Manager) Span(ctx context.Context, r *run.Run) (from, to string, err error) {
	return m.span(ctx, r)
}

// Diffstat is how much the run changed, nil where there is nothing to compare.
func (m *Manager) Diffstat(ctx context.Context, r *run.Run) *Diffstat {
	from, to, err := m.span(ctx, r)
	if err != nil || from == "" || to == "" {
		return nil
	}
	out, err := m.Git.Output(ctx, "diff-tree", "-r", "-z", "--no-renames", "--numstat", "--no-ext-diff", "--no-textconv", "--end-of-options", from, to)
	if err != nil {
		m.Log.Warn("what a run changed cannot be read", "run", r.ID, "err", err)
		return nil
	}
	d := &Diffstat{Files: []FileStat{}}
	for _, line := range strings.Split(string(out), "\x00") {
		p := strings.SplitN(line, "\t", 3)
		if len(p) < 3 {
			continue
		}
		f := FileStat{Path: p[2], Binary: p[0] == "-"}
		f.Added, _ = strconv.Atoi(p[0]) // "-" of a binary file is nothing
		f.Removed, _ = strconv.Atoi(p[1])
		d.Added += f.Added
		d.Removed += f.Removed
		d.Files = append(d.Files, f)
	}
	return d
}

// Patch is what the run changed, as a patch. NotFound where it has made nothing yet.
func (m *Manager) Patch(ctx context.Context, r *run.Run) (string, error) {
	from, to, err := m.span(ctx, r)
	if err != nil {
		return "", err
	}
	if from == "" || to == "" {
		return "", fault.New(fault.NotFound, "the run of %s has made nothing yet: it is %s", r.Slug, r.State)
	}
	out, err := m.Git.Output(ctx, "diff-tree", "-r", "-p", "-M", "--no-ext-diff", "--no-textconv", "--end-of-options", from, to)
	return string(out), err
}
