package manager

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/task"
)

// memory is what a manager remembers from beat to beat, so that a beat without change
// costs little. All of it can be found out again.
type memory struct {
	seen     sync.Mutex
	edits    map[string]edited // by run
	silent   map[string]silence
	absent   map[string]time.Time // since when a run's file was seen missing
	told     bool                 // the loop is on: what takes git to find out it has found out
	deep     bool                 // a beat looks, not a page
	fits     map[string]fit
	agent    agentSeen
	pulls    pullBook
	refusals map[string]refusal // by key
	work     bool               // a run is on or waits
	next     time.Time          // when the loop beats again; zero where it does not run here
}

type edited struct {
	hash string // of the file
	edit Edit
}

type silence struct {
	until time.Time // the lapsed lease
	since time.Time
}

// observe reads all that is planned and shown with.
func (m *Manager) observe(ctx context.Context) (World, error) {
	tasks, err := m.Tracker.All(ctx)
	unreadable := ""
	if err != nil {
		if fault.Canceled(err) {
			return World{}, err
		}
		unreadable = err.Error() // what is on goes on
	}
	runs, err := m.Runs.LatestAll(ctx)
	if err != nil {
		return World{}, err
	}
	w, err := m.world(ctx, tasks, runs)
	if err != nil {
		return World{}, err
	}
	w.Unreadable = unreadable
	m.deepen(ctx, &w)
	w.Health = m.health(ctx, &w)
	return w, nil
}

// Project is the one projection of tasks and runs that were read already: without the
// lines about health, and without what takes other programs to find out.
func (m *Manager) Project(ctx context.Context, tasks []*task.Task, runs map[string]*run.Run) (*Status, error) {
	w, err := m.world(ctx, tasks, runs)
	if err != nil {
		return nil, err
	}
	return Project(w), nil
}

// world is the part of a world that files and settings tell.
func (m *Manager) world(ctx context.Context, tasks []*task.Task, runs map[string]*run.Run) (World, error) {
	w := World{Root: m.Git.Root, At: m.Now(), Tasks: tasks, Runs: runs, Limits: m.limits(), Flow: m.flow()}
	var err error
	if w.Branch, err = m.Git.Branch(ctx); err != nil {
		w.Branch = "" // git's health says so
	}
	if w.Team, err = m.Tracker.Team(); err != nil {
		return World{}, err
	}
	w.Owner, _ = w.person(m.owner())
	w.Untrusted = m.untrusted(tasks)
	w.Edits, err = m.editsOf(ctx, w)
	return w, err
}

func (m *Manager) limits() Limits {
	l := Limits{Beat: m.every()}
	if m.Settings != nil {
		c, _ := m.flow().Limits(m.Settings.Manager)
		l.Runs, l.Workstream, l.PerOwner, l.Stall = c.Runs, c.Workstream, c.PerOwner, c.Stall
	}
	return l
}

// every is the longest time between two beats of the loop.
func (m *Manager) every() time.Duration {
	if m.Settings == nil {
		return 30 * time.Second
	}
	if c, _ := m.flow().Limits(m.Settings.Manager); c.Beat > 0 {
		return c.Beat
	}
	return 30 * time.Second
}

// editsOf compares the files of active runs with what was kicked off. Only those whose
// hash is another are read, and each text once.
func (m *Manager) editsOf(ctx context.Context, w World) (map[string]Edit, error) {
	s := set(w)
	out := map[string]Edit{}
	var check []string // paths of those that wait
	m.seen.Lock()
	defer m.seen.Unlock()
	now := map[string]edited{}
	for _, r := range w.Runs {
		t := s.taskOf(r)
		if !r.State.Active() || t == nil || t.Broken != nil || t.Hash == "" || r.Hash == "" || t.Hash == r.Hash || r.ID == "" {
			continue
		}
		e, ok := m.edits[r.ID]
		if !ok || e.hash != t.Hash {
			was, err := m.Runs.ByID(ctx, r.ID)
			if err != nil {
				return nil, err
			}
			file, src, err := m.Tracker.Read(ctx, t.Path)
			if err != nil || was == nil {
				continue // it is looked at again
			}
			old := task.Parse(r.Path, was.Worksheet)
			e = edited{file.Hash, Edit{What: different(old, was.Worksheet, file, src), Was: old.Status}}
		}
		now[r.ID] = e
		out[r.ID] = e.edit
		if !r.State.Leased() && r.Attempt == 0 && e.edit.What != "" {
			check = append(check, t.Path)
		}
	}
	m.edits = now
	if len(check) == 0 {
		return out, nil
	}
	found, err := m.Tracker.Validate(ctx, check, true)
	if err != nil {
		return nil, err
	}
	for _, r := range w.Runs {
		t := s.taskOf(r)
		e, ok := out[r.ID]
		if !ok || t == nil {
			continue
		}
		if i := slices.IndexFunc(found, func(f task.Finding) bool { return f.Path == t.Path }); i >= 0 && slices.Contains(check, t.Path) {
			e.Invalid = "it no longer passes the strict check: " + found[i].String()
			out[r.ID] = e
		}
	}
	return out, nil
}

// different says in words what an agent would be told otherwise now, "" where nothing.
// What people keep in the front matter (status, priority, owner, dates) is none of it.
func different(old *task.Task, before []byte, now *task.Task, after []byte) string {
	var what []string
	add := func(name string, same bool) {
		if !same {
			what = append(what, name)
		}
	}
	add("title", old.Title == now.Title)
	add("description", old.Description == now.Description)
	add("verify", slices.Equal(old.Verify, now.Verify))
	add("touches", slices.Equal(old.Touches, now.Touches))
	if body := after[now.Body:]; !bytes.Equal(before[old.Body:], body) {
		texts := map[string]string{}
		for _, s := range task.Sections(before) {
			texts[s.Name] += s.Text
		}
		n := len(what)
		for _, s := range task.Sections(after) {
			add(s.Name, texts[s.Name] == s.Text)
		}
		add("text", len(what) > n)
	}
	return strings.Join(what[:min(len(what), 5)], ", ")
}

// deepen adds what processes, git's files and other programs tell.
func (m *Manager) deepen(ctx context.Context, w *World) {
	var review, open []*run.Run
	w.Lives, w.Missing = map[string]Life{}, map[string]time.Duration{}
	s := set(*w)
	m.seen.Lock()
	quiet, absent := map[string]silence{}, map[string]time.Time{}
	for _, r := range w.Runs {
		if r.State.Active() && w.Unreadable == "" && s.taskOf(r) == nil {
			since, ok := m.absent[r.ID]
			if !ok {
				since = w.At
			}
			absent[r.ID], w.Missing[r.ID] = since, w.At.Sub(since)
		}
		switch {
		case r.State.Leased():
			w.Lives[r.ID] = m.life(r, w.At, quiet)
		case r.State == run.Review:
			review = append(review, r)
		}
		if !r.State.Waiting() && r.State != run.Accepted && r.State != run.Rejected && r.Branch != "" {
			open = append(open, r)
		}
	}
	m.silent, m.absent = quiet, absent
	known := m.told && !m.deep
	m.seen.Unlock()
	if l, ok := m.Landing.(pending); ok {
		var err error
		if w.Landings, err = l.Pending(ctx); err != nil {
			m.Log.Error("the journal of landings cannot be read", "err", err)
		}
	}
	m.wantPulls(open)
	m.base(ctx, w, open, known)
	w.Trees = linked(m.Git.CommonDir, filepath.Join(m.Git.Root, ".worktrees"))
	w.Held = m.noAgent()
	if err := m.Workflow.Problem(); err != nil && w.Held == "" {
		w.Held = err.Error()
	}
}

// life looks whether a run's supervisor is alive. That one with a lapsed lease is, is
// remembered from when it was first seen: after a sleep of the machine every lease has
// lapsed, and every supervisor is about to renew its own.
func (m *Manager) life(r *run.Run, now time.Time, quiet map[string]silence) Life {
	l := Life{Alive: m.alive(r.PID, r.PIDStart)}
	if !l.Alive || !now.After(r.LeaseUntil) && r.LeaseUntil.Sub(now) <= 3*run.LeaseTime {
		return l
	}
	s, ok := m.silent[r.ID]
	if !ok || !s.until.Equal(r.LeaseUntil) {
		s = silence{r.LeaseUntil, now}
	}
	quiet[r.ID] = s
	l.Silent = now.Sub(s.since)
	return l
}

// linked reads git's own files about the linked worktrees below dir.
func linked(common, dir string) map[string]Tree {
	entries, err := os.ReadDir(filepath.Join(common, "worktrees"))
	if err != nil {
		return nil
	}
	out := map[string]Tree{}
	for _, e := range entries {
		admin := filepath.Join(common, "worktrees", e.Name())
		to, err := os.ReadFile(filepath.Join(admin, "gitdir"))
		if err != nil {
			continue
		}
		file := strings.TrimSpace(string(to))
		tree := filepath.Dir(file)
		if filepath.Dir(tree) != dir {
			continue // somebody else's
		}
		var t Tree
		if _, err := os.Lstat(filepath.Join(admin, "locked")); err != nil {
			_, err := os.Lstat(file)
			t.Missing = os.IsNotExist(err)
		}
		if head, err := os.ReadFile(filepath.Join(admin, "HEAD")); err == nil {
			name, on := strings.CutPrefix(strings.TrimSpace(string(head)), "ref: refs/heads/")
			if on {
				t.Branch = name
			}
		}
		out[tree] = t
	}
	return out
}
