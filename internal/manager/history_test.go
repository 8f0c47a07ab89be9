package manager

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"tasks/internal/run"
	"tasks/internal/task"
)

var (
	long = flag.Bool("long", false, "random histories of many thousand steps")
	seed = flag.Uint64("seed", 0, "the one random history with this seed")
)

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
		for _, pid := range slices.Sorted(mapKeys(x.procs)) { // in one order, for the seed to mean one history
			p := x.procs[pid]
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
