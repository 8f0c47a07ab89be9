package landing

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/process"
	"tasks/internal/run"
	"tasks/internal/worktree"
)

// move is a ref's way to another commit, together with the trees that have it checked out.
type move struct {
	journal
	l       *Lander
	gw      *git.Writer
	changes []change
	trees   []tree
}

// change is one path in which the two commits differ. A mode is "" where there is no file.
type change struct {
	path             string
	oldMode, newMode string
	oldBlob, newBlob string
}

const link = "160000" // mode of a submodule's commit

// tree is a work tree that has the ref checked out.
type tree struct {
	dir, admin string
	gw         *git.Writer
}

// alsoClean has the bytes of the worksheet as kicked off count as unchanged: it lies so,
// uncommitted, in most roots.
func (m *move) alsoClean(ctx context.Context, gw *git.Writer, r *run.Run) error {
	if r.Worksheet == nil {
		return nil
	}
	m.Also = map[string][]string{}
	for _, how := range []string{"--path=" + r.Path, "--no-filters"} {
		out, err := gw.Feed(ctx, r.Worksheet, "hash-object", "--stdin", how)
		if err != nil {
			return err
		}
		m.Also[r.Path] = append(m.Also[r.Path], strings.TrimSpace(string(out)))
	}
	return nil
}

// do makes the move: looks, writes it down, moves the ref, and has the trees follow.
// Conflict, with nothing changed, where something is in the way.
func (m *move) do(ctx context.Context, why string) error {
	if err := m.find(ctx); err != nil {
		return err
	}
	for _, c := range m.changes {
		if first, _, _ := strings.Cut(c.path, "/"); strings.EqualFold(first, worktree.Folder) {
			return inTheWay(m.Slug, "it writes into the folder of worktrees", []string{c.path})
		}
	}
	for _, t := range m.trees {
		if err := m.free(ctx, t); err != nil {
			return err
		}
	}
	m.PID = os.Getpid()
	m.Start, _ = process.StartTime(m.PID) // "" counts as not alive
	if err := m.l.writeJournal(&m.journal); err != nil {
		return err
	}
	step("written down")
	if err := m.gw.MoveRef(ctx, m.Ref, m.New, m.Old, why); err != nil {
		return errors.Join(err, m.l.dropJournal(m.Run))
	}
	step("ref moved")
	// From here on it has happened: not even the end of the caller keeps the trees behind.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Minute)
	defer cancel()
	return m.follow(ctx)
}

// find finds out what changes and whose trees are concerned.
func (m *move) find(ctx context.Context) (err error) {
	if m.gw, err = m.l.Git.Writer(ctx); err != nil {
		return err
	}
	old := m.Old
	if old == "" {
		if old, err = m.gw.Line(ctx, "hash-object", "-t", "tree", "-w", "--stdin"); err != nil {
			return err
		}
	}
	out, err := m.gw.Run(ctx, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--no-relative", old, m.New)
	if err != nil {
		return err
	}
	for f := fields(out); len(f) > 1; f = f[2:] {
		w := strings.Fields(strings.TrimPrefix(f[0], ":"))
		if len(w) != 5 {
			return fault.New(fault.Internal, "git diff-tree: an answer that is not understood")
		}
		m.changes = append(m.changes, change{path: f[1], oldMode: mode(w[0]), newMode: mode(w[1]), oldBlob: w[2], newBlob: w[3]})
	}
	for name := range m.Also { // the worksheet that was kicked off uncommitted, and lies elsewhere now
		here := slices.ContainsFunc(m.changes, func(c change) bool { return c.path == name })
		if out, err := m.gw.Run(ctx, "ls-tree", m.New, "--", name); err != nil {
			return err
		} else if len(out) == 0 && !here {
			m.changes = append(m.changes, change{path: name, newBlob: strings.Repeat("0", len(m.New))})
		}
	}
	all, err := m.l.Git.WorkTrees(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if w.Branch != m.Ref || w.Missing {
			continue
		}
		t := tree{dir: w.Dir, admin: w.Admin}
		if t.admin == "" {
			t.admin = m.l.Git.CommonDir
		}
		if t.gw, err = m.l.Git.WriterAt(ctx, t.dir, t.admin); err != nil {
			return err
		}
		m.trees = append(m.trees, t)
	}
	return nil
}

// free makes sure that a tree can follow. Conflict, naming what is in the way.
func (m *move) free(ctx context.Context, t tree) error {
	if busy := worktree.Unfinished(t.admin); busy != "" {
		return fault.New(fault.Conflict, "%s cannot land: a %s is going on in %s", m.Slug, busy, t.dir).
			WithHint("finish it there first: git status says how")
	}
	if _, err := os.Lstat(filepath.Join(t.admin, "index.lock")); !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Conflict, "%s cannot land: git is at work in %s", m.Slug, t.dir).
			WithHint("try again when it has ended")
	}
	s, err := m.look(ctx, t)
	if err != nil {
		return err
	}
	var dirty []string
	for _, c := range m.changes {
		if s.index[c.path] == bad || s.file[c.path] == bad {
			dirty = append(dirty, c.path)
		}
	}
	if len(dirty) > 0 {
		slices.Sort(dirty)
		return inTheWay(m.Slug, t.dir+" has changes of its own in what the work touches", dirty).
			WithHint("commit them, then try again")
	}
	return nil
}

// follow brings the trees to the new commit, as far as nothing of anybody else's is in
// the way: what was changed there since stays, and shows as a change. It can be done again.
func (m *move) follow(ctx context.Context) error {
	for _, t := range m.trees {
		s, err := m.look(ctx, t)
		if err != nil {
			return err
		}
		if err := m.followIndex(ctx, t, s); err != nil {
			return err
		}
		step("index moved")
		if err := m.followFiles(ctx, t, s); err != nil {
			return err
		}
		step("files moved")
		if _, err := t.gw.Run(ctx, "update-index", "-q", "--refresh"); err != nil && git.ExitStatus(err) != 1 { // 1: there are changes
			return err
		}
	}
	return nil
}

// followIndex brings the entries of the changed paths to the new commit's. Where git is at
// work there it waits a little.
func (m *move) followIndex(ctx context.Context, t tree, s *sight) error {
	var feed, hidden strings.Builder
	for _, gone := range []bool{true, false} { // a file makes room for a folder first
		for _, c := range m.changes {
			if s.index[c.path] != old || gone != (c.newMode == "") {
				continue
			}
			if gone {
				feed.WriteString("0 " + strings.Repeat("0", len(c.newBlob)) + "\t" + c.path + "\x00")
				continue
			}
			feed.WriteString(c.newMode + " " + c.newBlob + " 0\t" + c.path + "\x00")
			if s.hidden[c.path] {
				hidden.WriteString(c.path + "\x00")
			}
		}
	}
	if feed.Len() == 0 {
		return nil
	}
	for began := time.Now(); ; {
		_, err := t.gw.Feed(ctx, []byte(feed.String()), "update-index", "-z", "--index-info")
		if err == nil {
			break
		}
		if !strings.Contains(err.Error(), "index.lock") {
			return err
		}
		if time.Since(began) > 5*time.Second {
			return fault.New(fault.Conflict, "%s has landed as %.12s, but git is at work in %s, which is still behind: %w", m.Slug, m.New, t.dir, err).
				WithHint("it follows with the next beat: tasks heartbeat")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	if hidden.Len() > 0 {
		_, err := t.gw.Feed(ctx, []byte(hidden.String()), "update-index", "-z", "--skip-worktree", "--stdin")
		return err
	}
	return nil
}
