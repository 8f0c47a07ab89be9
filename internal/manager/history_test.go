package manager

import (
	"context"
	"errors"
	"flag"
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

var (
	long = flag.Bool("long", false, "random histories of many thousand steps")
	seed = flag.Uint64("seed", 0, "the one random history with this seed")
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

// beat does one beat, and holds what must be so after it.
func (x *model) beat() {
	m := x.m[x.rng.IntN(2)]
	x.calls = nil
	b, err := m.beatOf(x.t.Context(), BeatOptions{Dispatch: true}, func(string) bool { return true }, nil)
	x.must(err)
	keys, broken := map[string]bool{}, false
	for _, d := range b.Actions {
		x.say("beat: %s %s (%s) %s", d.Verb, d.Slug, d.Reason, d.Result)
		if keys[d.Key] {
			x.fail("two actions with the key %s", d.Key)
		}
		keys[d.Key] = true
		broken = broken || d.Result == Failed
		if d.Result == Failed && d.Verb != Dispatch && d.Verb != Retry {
			x.fail("%s: %s", d.Key, *d.Error)
		}
	}
	if !broken { // one that could not be started gives its slot to another, in a second round
		x.inOrder()
	}
	w, err := x.world(m)
	x.must(err)
	w.Starts = true
	if rest := Plan(w); len(rest) > 0 && !broken { // a slot that no supervisor came for is free again
		x.fail("after a beat there is still something to do: %+v", rest)
	}
	for _, r := range w.Runs {
		t := x.tasks[r.Slug]
		finished := t.Status == task.Completed || t.Status == task.Cancelled
		if !x.away && !x.blind && !x.gone[r.Slug] && finished && r.State.Active() && r.Stop == "" {
			x.fail("%s is %s, and its run is %s", r.Slug, t.Status, r.State)
		}
	}
	st := Project(w)
	for _, row := range st.Tasks {
		if j := active(row); j != nil && (*row.Status == "completed" || *row.Status == "cancelled") && !x.away && w.Runs[row.Slug].Stop == "" {
			x.fail("%s is shown as active", row.Slug)
		}
	}
}

// inOrder holds that nothing began before one that could have begun and stands before it.
func (x *model) inOrder() {
	all, err := x.runs.LatestAll(x.t.Context())
	x.must(err)
	for i, slug := range x.calls {
		if i > 0 && before(all[x.calls[i-1]], all[slug]) > 0 {
			x.fail("%s began before %s", x.calls[i-1], slug)
		}
		for _, o := range all {
			if o.State == run.Queued && o.RetryAt.IsZero() && before(o, all[slug]) < 0 {
				x.fail("%s began, and %s was before it", slug, o.Slug)
			}
		}
	}
}

// always holds what must be so at any moment.
func (x *model) always() {
	agents := map[string]int{}
	for _, p := range x.procs {
		if p.agent {
			agents[p.slug]++
		}
	}
	for slug, n := range agents {
		if n > 1 {
			x.fail("%d agents work on %s", n, slug)
		}
	}
	all, err := x.runs.All(x.t.Context(), false, 10000)
	x.must(err)
	for _, r := range all {
		switch {
		case (!r.State.Active() || r.State == run.Review || r.State == run.Blocked) && r.Reason == nil:
			x.fail("the run of %s is %s without a reason", r.Slug, r.State)
		case !r.State.Active() && r.EndedAt.IsZero():
			x.fail("the run of %s has ended at no time", r.Slug)
		case r.Crashes > maxCrashes:
			x.fail("the run of %s crashed %d times", r.Slug, r.Crashes)
		case x.over[r.ID] && r.State.Active():
			x.fail("the run of %s was over and is %s", r.Slug, r.State)
		}
		if r.State == run.Accepted || r.State == run.Rejected {
			x.over[r.ID] = true
		}
	}
}

// step does one thing that can happen.
func (x *model) step() {
	ctx := x.t.Context()
	slug := "t" + strconv.Itoa(x.rng.IntN(len(x.tasks)))
	t := x.tasks[slug]
	latest, err := x.runs.Latest(ctx, slug)
	x.must(err)
	move := func(to run.State, code string, from ...run.State) {
		if latest == nil {
			return
		}
		ok, err := x.runs.Move(ctx, latest.ID, from, to, &run.Reason{Code: code, Text: "by hand"}, x.now, x.now)
		if err == nil && ok {
			x.say("%s goes to %s by hand", slug, to)
		}
	}
	switch n := x.rng.IntN(100); {
	case n < 22:
		x.now = x.now.Add(time.Second)
		x.tick()
	case n < 40:
		x.beat()
	case n < 55:
		if x.gone[slug] || t.Status == task.Completed || t.Status == task.Cancelled {
			return
		}
		_, fresh, err := x.runs.Enqueue(ctx, run.Run{Slug: slug, Path: t.Path, Base: "main", Hash: t.Hash, Priority: t.Priority, QueuedAt: x.now, Workstream: t.Workstream})
		x.must(err)
		if fresh {
			x.say("kickoff of %s", slug)
		}
	case n < 62:
		copied := *t
		copied.Hash = slug + "-" + strconv.Itoa(x.rng.IntN(3))
		if x.rng.IntN(4) == 0 {
			copied.Hash += "!"
		}
		copied.Status = []task.Status{task.NotStarted, task.NotStarted, task.Ready, task.Completed, task.Completed, task.Cancelled, task.Blocked}[x.rng.IntN(7)]
		x.tasks[slug] = &copied
		x.say("%s is edited: %s %s", slug, copied.Status, copied.Hash)
	case n < 64:
		x.gone[slug] = !x.gone[slug]
		x.say("the file of %s is gone: %v", slug, x.gone[slug])
	case n < 72:
		for _, pid := range slices.Sorted(mapKeys(x.procs)) {
			if p := x.procs[pid]; p.alive && p.held && !p.asleep {
				x.end(p)
				break
			}
		}
	case n < 80:
		for _, pid := range slices.Sorted(mapKeys(x.procs)) {
			if p := x.procs[pid]; p.alive && x.rng.IntN(2) == 0 {
				p.alive = false
				p.agent = p.agent && x.rng.IntN(2) == 0 // it may outlive its supervisor
				x.say("supervisor %d of %s dies, its agent lives: %v", pid, p.slug, p.agent)
				break
			}
		}
	case n < 82:
		for _, p := range x.procs {
			p.asleep = !p.asleep && x.rng.IntN(3) == 0
		}
	case n < 85:
		x.now = x.now.Add([]time.Duration{11 * time.Second, time.Minute, 9 * time.Hour, -time.Minute, -time.Hour}[x.rng.IntN(5)])
		x.say("the clock says %s", x.now.Format(time.DateTime))
	case n < 87:
		move(run.Accepted, run.Landed, run.Review)
	case n < 88:
		move(run.Rejected, run.Declined, run.Review)
	case n < 90:
		move(run.Retrying, run.Messaged, run.Review, run.Failed, run.Interrupted)
	case n < 91:
		move(run.Interrupted, run.Stopped, run.Queued, run.Blocked, run.Retrying, run.Review)
	case n < 93:
		if latest != nil && latest.State == run.Review {
			x.merge[latest.ID] = true
			x.say("the branch of %s is merged by hand", slug)
		}
	case n < 94:
		if latest != nil && latest.State == run.Review {
			x.land[latest.ID] = true
			x.say("the landing of %s is cut off", slug)
		}
	case n < 95:
		x.away = !x.away
	case n < 96:
		x.blind = !x.blind
	case n < 97:
		x.trust = !x.trust
	case n < 98:
		x.limit.Runs = 1 + x.rng.IntN(4)
	case n < 99:
		if latest != nil {
			x.runs.AskStop(ctx, latest.ID, "by hand")
		}
	default:
		x.runs.Unqueue(ctx, slug)
	}
}

// settle lets everything come to rest, and holds that it does.
func (x *model) settle() {
	x.away, x.blind, x.trust = false, false, true
	for _, t := range x.tasks {
		copied := *t
		copied.Status = task.Completed
		x.tasks[t.Slug] = &copied
	}
	clear(x.gone)
	for range 40 {
		x.now = x.now.Add(5 * time.Second)
		for _, p := range x.procs {
			p.asleep = false
		}
		x.tick()
		x.beat()
		x.always()
	}
	all, err := x.runs.LatestAll(x.t.Context())
	x.must(err)
	for _, r := range all {
		if r.State.Active() || r.Worktree != "" {
			x.fail("all is completed, and the run of %s is %s in %q", r.Slug, r.State, r.Worktree)
		}
	}
	if len(x.trees) > 0 {
		x.fail("worktrees are left: %v", x.trees)
	}
	for _, p := range x.procs {
		if p.agent {
			x.fail("an agent of %s is left", p.slug)
		}
	}
}

func TestRandomHistories(t *testing.T) {
	seeds, steps := 4, 500
	if *long {
		seeds, steps = 40, 5000
	}
	base := uint64(time.Now().UnixNano()) % 1e9
	for i := range seeds {
		s := base + uint64(i)
		if i < 2 {
			s = uint64(i) // these two always
		}
		if *seed != 0 {
			s = *seed
		}
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			t.Logf("again with: go test ./internal/manager -run TestRandomHistories -seed %d", s)
			x := newModel(t, s)
			for range steps {
				x.step()
				x.always()
			}
			x.settle()
		})
		if *seed != 0 {
			return
		}
	}
}
