package manager

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tasks/internal/run"
	"tasks/internal/store"
	"tasks/internal/task"
)

// A model of the world about a manager: tasks, a clock, supervisors and their agents,
// which die, sleep and come too late. The queue is the real one over a real database,
// and what is done is what the real Plan says.
type model struct {
	t     *testing.T
	rng   *rand.Rand
	m     [2]*Manager // a server and a command
	runs  *run.Store
	now   time.Time
	tasks map[string]*task.Task
	gone  map[string]bool // their files are not there
	procs map[int]*proc
	pid   int
	trees map[string]bool // worktrees by slug
	merge map[string]bool // runs whose branch was merged by hand
	land  map[string]bool // landings cut off, by run
	away  bool            // another branch is checked out at the root
	blind bool            // the tasks cannot be read
	trust bool
	limit Limits
	log   []string
	over  map[string]bool // runs that were seen to have ended for good
	calls []string        // runs begun in this beat
}

// proc is a supervisor with its agent.
type proc struct {
	pid        int
	run, token string
	slug       string
	alive      bool // the supervisor
	held       bool // it has taken its lease
	agent      bool // its agent is alive
	asleep     bool // it renews nothing
	r          *run.Run
}

func (x *model) say(format string, args ...any) {
	x.log = append(x.log, fmt.Sprintf(format, args...))
	if len(x.log) > 60 {
		x.log = x.log[1:]
	}
}

func (x *model) fail(format string, args ...any) {
	x.t.Helper()
	x.t.Fatalf("%s\nthe last steps:\n  %s", fmt.Sprintf(format, args...), strings.Join(x.log, "\n  "))
}

func (x *model) must(err error) {
	x.t.Helper()
	if err != nil {
		x.fail("%v", err)
	}
}

func newModel(t *testing.T, s uint64) *model {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tasks"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	x := &model{
		t: t, rng: rand.New(rand.NewPCG(s, 7)), runs: run.New(db), now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		tasks: map[string]*task.Task{}, gone: map[string]bool{}, procs: map[int]*proc{}, pid: 100, trees: map[string]bool{},
		merge: map[string]bool{}, land: map[string]bool{}, trust: true, limit: Limits{Runs: 3, Workstream: 2}, over: map[string]bool{},
	}
	for i := range 12 {
		slug := "t" + strconv.Itoa(i)
		x.tasks[slug] = &task.Task{
			Slug: slug, ID: slug, Path: "tasks/" + slug + ".md", Status: task.NotStarted, Hash: slug + "-0",
			Priority: []string{"", "p0", "p1", "p3"}[x.rng.IntN(4)], Workstream: []string{"", "a", "b"}[x.rng.IntN(3)],
			Touches: [][]string{nil, nil, {"internal/a/**"}, {"internal/*/x.go"}}[x.rng.IntN(4)],
		}
		if i > 0 && x.rng.IntN(3) == 0 {
			x.tasks[slug].DependsOn = []string{"t" + strconv.Itoa(x.rng.IntN(i))}
		}
	}
	dir := filepath.Join(t.TempDir(), "state")
	for i := range x.m {
		x.m[i] = New(Config{
			Runs: x.runs, StateDir: dir, Now: func() time.Time { return x.now },
			Spawn: x.spawn, Trees: treesOf{x}, Landing: landingOf{x}, Kill: x.kill,
		})
		x.m[i].see = func(ctx context.Context) (World, error) { return x.world(x.m[i]) }
		x.m[i].alive = func(pid int, _ string) bool { return x.procs[pid] != nil && x.procs[pid].alive }
	}
	return x
}

// world is what a manager sees.
func (x *model) world(m *Manager) (World, error) {
	w := World{Root: "/r", Trees: map[string]Tree{}, Branch: "main", At: x.now, Limits: x.limit, Edits: map[string]Edit{}, Missing: map[string]time.Duration{}, Lives: map[string]Life{}, Merged: map[string]string{}, Landings: map[string]bool{}}
	for slug := range x.trees {
		w.Trees["/r/.worktrees/"+slug] = Tree{Branch: "task/" + slug}
	}
	if x.away {
		w.Branch = "other"
	}
	if !x.trust {
		w.Untrusted = &run.Reason{Code: run.Untrusted, Text: "not trusted"}
	}
	if x.blind {
		w.Unreadable = "the disk does not answer"
	} else {
		for _, t := range x.tasks {
			if !x.gone[t.Slug] {
				w.Tasks = append(w.Tasks, t)
			}
		}
	}
	slices.SortFunc(w.Tasks, func(a, b *task.Task) int { return strings.Compare(a.Path, b.Path) })
	var err error
	if w.Runs, err = x.runs.LatestAll(x.t.Context()); err != nil {
		return w, err
	}
	quiet := map[string]silence{}
	for _, r := range w.Runs {
		if r.State.Leased() {
			w.Lives[r.ID] = m.life(r, x.now, quiet)
		}
		if t := x.tasks[r.Slug]; r.State.Active() && t.Hash != r.Hash {
			w.Edits[r.ID] = Edit{What: map[bool]string{true: "Plan"}[strings.Contains(t.Hash, "!")], Was: task.NotStarted}
		}
		if x.gone[r.Slug] {
			w.Missing[r.ID] = 2 * goneAfter
		}
		if x.merge[r.ID] {
			w.Merged[r.ID] = "merged by hand"
		}
		if x.land[r.ID] {
			w.Landings[r.ID] = false
		}
	}
	m.silent = quiet
	return w, nil
}

type treesOf struct{ x *model }

func (t treesOf) Remove(ctx context.Context, slug, id string) (string, error) {
	r, err := t.x.runs.ByID(ctx, id)
	t.x.must(err)
	if r.State.Active() {
		t.x.fail("the worktree of %s is removed while its run is %s", slug, r.State)
	}
	for _, p := range t.x.procs {
		if p.slug == slug && p.agent {
			t.x.fail("the worktree of %s is removed under its agent", slug)
		}
	}
	delete(t.x.trees, slug)
	return "", nil
}

func (t treesOf) Prune(context.Context) error { return nil }

type landingOf struct{ x *model }

func (l landingOf) Pending(context.Context) (map[string]bool, error) { return nil, nil }

func (l landingOf) Predict(context.Context, *run.Run) (bool, []string, error) { return true, nil, nil }

func (l landingOf) Recover(ctx context.Context) ([]string, error) {
	for id := range l.x.land {
		_, err := l.x.runs.Move(ctx, id, []run.State{run.Review}, run.Accepted, &run.Reason{Code: run.Landed, Text: "recovered"}, time.Time{}, l.x.now)
		l.x.must(err)
	}
	clear(l.x.land)
	return nil, nil
}

// spawn makes a supervisor, which may fail to start, never come, or come late.
func (x *model) spawn(ctx context.Context, id, token string) (int, error) {
	r, err := x.runs.ByID(ctx, id)
	x.must(err)
	if x.rng.IntN(12) == 0 {
		x.say("no supervisor for %s", r.Slug)
		return 0, errors.New("fork failed")
	}
	x.mayBegin(r)
	x.calls = append(x.calls, r.Slug)
	x.pid++
	p := &proc{pid: x.pid, run: id, token: token, slug: r.Slug, alive: true}
	x.procs[p.pid] = p
	x.say("supervisor %d of %s", p.pid, r.Slug)
	if x.rng.IntN(5) > 0 {
		x.take(p)
	}
	return p.pid, nil
}

// mayBegin holds what no run may ever be begun without.
func (x *model) mayBegin(r *run.Run) {
	t := x.tasks[r.Slug]
	switch {
	case x.gone[r.Slug] || x.blind:
		x.fail("%s began, and its task is not there", r.Slug)
	case !x.trust:
		x.fail("%s began, and the root is not trusted", r.Slug)
	case !x.away && (t.Status == task.Completed || t.Status == task.Cancelled):
		x.fail("%s began, and is %s", r.Slug, t.Status)
	case r.Attempt == 0 && !x.away && strings.Contains(t.Hash, "!") && t.Hash != r.Hash:
		x.fail("%s began, and was edited since kickoff", r.Slug)
	}
	for _, d := range t.DependsOn {
		if x.gone[d] || x.tasks[d].Status != task.Completed {
			x.fail("%s began, and depends on %s, which is %s", r.Slug, d, x.tasks[d].Status)
		}
	}
	all, err := x.runs.LatestAll(x.t.Context())
	x.must(err)
	on, stream := 0, 0
	for _, o := range all {
		if !o.State.Leased() {
			continue
		}
		on++
		if x.tasks[o.Slug].Workstream == t.Workstream {
			stream++
		}
		if _, both := overlap(x.tasks[o.Slug].Touches, t.Touches); both && o.Slug != r.Slug && !x.gone[o.Slug] {
			x.fail("%s began beside %s, and both touch the same", r.Slug, o.Slug)
		}
	}
	if on > x.limit.Runs || t.Workstream != "" && stream > x.limit.Workstream {
		x.fail("%s began as one of %d, %d of its workstream", r.Slug, on, stream)
	}
}

// take is what a supervisor does first. The lock of the slug, which the kernel holds,
// keeps out one that comes while an older agent is alive.
func (x *model) take(p *proc) {
	for _, o := range x.procs {
		if o != p && o.slug == p.slug && (o.agent || o.alive && o.held) {
			x.say("supervisor %d of %s finds the lock held", p.pid, p.slug)
			p.alive = false
			return
		}
	}
	r, err := x.runs.Take(x.t.Context(), p.run, p.token, p.pid, "start", x.now)
	if errors.Is(err, run.ErrLost) {
		x.say("supervisor %d of %s comes too late", p.pid, p.slug)
		p.alive = false
		return
	}
	x.must(err)
	p.held, p.agent, p.r = true, true, r
	r.Branch, r.Worktree = "task/"+p.slug, "/w/"+p.slug
	x.trees[p.slug] = true
	x.must(x.runs.Save(x.t.Context(), r, p.token))
	x.say("supervisor %d of %s has its lease, attempt %d", p.pid, p.slug, r.Attempt)
}

func (x *model) kill(_ context.Context, r *run.Run) ([]int, error) {
	for _, p := range x.procs {
		if p.run == r.ID {
			p.alive, p.agent = false, false
		}
	}
	return nil, nil
}

// end is a supervisor's record of the end of its attempt.
func (x *model) end(p *proc) {
	ends := []run.State{run.Review, run.Review, run.Retrying, run.Failed, run.Interrupted}
	r := *p.r
	r.State = ends[x.rng.IntN(len(ends))]
	r.Reason = &run.Reason{Code: run.AgentFailed, Text: "it ended"}
	switch r.State {
	case run.Review:
		r.Reason.Code = run.Finished
	case run.Retrying:
		r.RetryAt = x.now.Add(10 * time.Second)
	}
	if stop, err := x.runs.Renew(x.t.Context(), p.run, p.token, x.now); err == nil && stop != "" {
		r.State, r.Reason = run.Interrupted, &run.Reason{Code: run.Stopped, Text: stop}
	}
	err := x.runs.Finish(x.t.Context(), &r, p.token, run.Attempt{N: r.Attempt, Outcome: run.Done, Reason: r.Reason}, x.now)
	if err != nil && !errors.Is(err, run.ErrLost) {
		x.must(err)
	}
	x.say("supervisor %d of %s ends: %s %v", p.pid, p.slug, r.State, err)
	p.alive, p.agent = false, false
}

// tick is a second of the supervisors' lives.
func (x *model) tick() {
	for _, pid := range slices.Sorted(mapKeys(x.procs)) {
		p := x.procs[pid]
		switch {
		case !p.alive && !p.agent:
			delete(x.procs, pid)
		case !p.alive || p.asleep:
		case !p.held:
			if x.rng.IntN(3) == 0 {
				x.take(p)
			}
		default:
			stop, err := x.runs.Renew(x.t.Context(), p.run, p.token, x.now)
			if errors.Is(err, run.ErrLost) {
				x.say("supervisor %d of %s has lost its lease and ends its agent", p.pid, p.slug)
				p.alive, p.agent = false, false
				continue
			}
			x.must(err)
			if stop != "" {
				x.end(p)
			}
		}
	}
}

func mapKeys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
