package manager

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"tasks/internal/run"
)

// The verbs of actions, in the order in which a beat does them.
const (
	Recover  = "recover"  // a landing that a process died in is ended
	Reap     = "reap"     // a lapsed lease: what is left of it is killed, the run is tried again or failed
	Unclaim  = "unclaim"  // a claim that no supervisor took is given back
	StopRun  = "stop"     // its task is over: the agent is asked to end, a run that waits is ended
	Close    = "close"    // its work is on the base already
	Hold     = "hold"     // it has to wait, for the reason
	Release  = "release"  // it need not wait any more
	Dispatch = "dispatch" // its first attempt begins
	Retry    = "retry"    // its next attempt begins
	Clean    = "clean"    // the worktree of a run that is over
	Prune    = "prune"    // git's record of a worktree whose folder is gone
	Branch   = "branch"   // the branch of a run that is over; in gc only
)

var verbs = []string{Recover, Reap, Unclaim, StopRun, Close, Hold, Release, Dispatch, Retry, Clean, Prune, Branch}

// Action is one thing that a beat does. Key names it: the same world gives the same
// keys, and no two actions of a plan have one.
type Action struct {
	Key    string `json:"key"`
	Verb   string `json:"verb"`
	Slug   string `json:"slug"`
	Run    string `json:"run"`
	Reason string `json:"reason"`

	r   *run.Run
	why *run.Reason // what the run gets
	to  run.State   // where it goes
	at  time.Time   // when it is due again

	head string // of the branch
}

// maxCrashes is how many supervisors of a run may be lost in a row until it is failed.
const maxCrashes = 5

// crashDelay is how soon a run whose supervisor was lost is tried again.
const crashDelay = time.Second

// Plan says what there is to do in a world: what is broken is mended first, then the
// queue is gone through by priority, age and slug. It is pure, and where its actions
// are done and nothing else has changed the next plan is empty.
func Plan(w World) []Action {
	p := &planner{scene: set(w), gone: map[string]bool{}}
	runs := make([]*run.Run, 0, len(w.Runs))
	for _, r := range w.Runs {
		runs = append(runs, r)
	}
	slices.SortFunc(runs, before)
	for _, r := range runs {
		p.mend(r)
	}
	p.queue(runs)
	for name, tree := range w.Trees {
		if tree.Missing {
			p.add(Prune, Action{Key: "prune:" + name, Reason: "the folder " + name + " is gone, and git still lists it"})
		}
	}
	rank := func(a Action) int { return slices.Index(verbs, a.Verb) }
	slices.SortStableFunc(p.out, func(a, b Action) int {
		// The queue keeps its own order, in which a run is released and then begins.
		x, y := rank(a), rank(b)
		if queued(a.Verb) && queued(b.Verb) {
			return 0
		}
		return cmp.Or(cmp.Compare(x, y), order(a.r, b.r), cmp.Compare(a.Key, b.Key))
	})
	return p.out
}

func queued(verb string) bool {
	return verb == Hold || verb == Release || verb == Dispatch || verb == Retry
}

type planner struct {
	*scene
	out  []Action
	gone map[string]bool // runs of which the mending has said what is to be said
}

func (p *planner) add(verb string, a Action) {
	a.Verb = verb
	if a.r != nil {
		a.Slug, a.Run = a.r.Slug, a.r.ID
		if a.Key == "" {
			a.Key = verb + ":" + a.r.ID
		}
	}
	p.out = append(p.out, a)
}

// before is the order of the queue: priority, age, slug.
func before(a, b *run.Run) int {
	return cmp.Or(cmp.Compare(cmp.Or(a.Priority, "p2"), cmp.Or(b.Priority, "p2")), a.QueuedAt.Compare(b.QueuedAt),
		cmp.Compare(a.Slug, b.Slug), cmp.Compare(a.ID, b.ID))
}

func order(a, b *run.Run) int {
	if a == nil || b == nil {
		return 0
	}
	return before(a, b)
}

// mend plans what is wrong with one run.
func (p *planner) mend(r *run.Run) {
	if alive, landing := p.Landings[r.ID]; landing {
		p.gone[r.ID] = true
		if !alive {
			p.add(Recover, Action{r: r, Reason: "its landing was cut off"})
		}
		return
	}
	switch {
	case r.State.Leased():
		p.leased(r)
	case p.landed(r):
	case r.State.Active():
		p.resting(r)
	default:
		p.ended(r)
	}
}

// leased plans for a run that a supervisor holds, or should.
func (p *planner) leased(r *run.Run) {
	// A lease that ends later than any can was given before the clock was set back.
	if p.At.After(r.LeaseUntil) || r.LeaseUntil.Sub(p.At) > 3*run.LeaseTime {
		switch life := p.Lives[r.ID]; {
		case r.State == run.Dispatching && r.PID == 0:
			p.unclaim(r)
			return
		case !life.Alive:
			p.reap(r, "its supervisor is gone")
			return
		case life.Silent > run.LeaseTime:
			p.reap(r, "its supervisor no longer renews its lease")
			return
		}
	}
	if why, _ := p.over(r); why != "" && r.Stop == "" {
		p.add(StopRun, Action{r: r, Reason: why, why: &run.Reason{Code: run.TaskOver, Text: why}, to: run.Interrupted})
	}
}

func (p *planner) unclaim(r *run.Run) {
	p.gone[r.ID] = true
	why := &run.Reason{Code: run.Crashed, Text: "no supervisor took it when it was to begin"}
	p.add(Unclaim, Action{r: r, Reason: why.Text, why: why, at: p.At.Add(unclaimDelay)})
}

// unclaimDelay is how long a run waits whose supervisor did not come up.
const unclaimDelay = 10 * time.Second

// reap plans the end of a lost supervisor: another attempt, or none where it was asked
// to end, or too many were lost.
func (p *planner) reap(r *run.Run, seen string) {
	p.gone[r.ID] = true
	a := Action{Key: fmt.Sprintf("reap:%s:%d", r.ID, r.Attempt), r: r, to: run.Retrying, at: p.At.Add(crashDelay)}
	a.why = &run.Reason{Code: run.Crashed, Text: seen + " in attempt " + fmt.Sprint(r.Attempt)}
	final, _ := p.over(r)
	switch {
	case r.Stop != "":
		a.to, a.why = run.Interrupted, &run.Reason{Code: run.Stopped, Text: r.Stop}
	case final != "":
		a.to, a.why = run.Interrupted, &run.Reason{Code: run.TaskOver, Text: final}
	case r.Crashes+1 >= maxCrashes:
		a.to = run.Failed
		a.why.Text = fmt.Sprintf("%s, the %dth time in a row", a.why.Text, r.Crashes+1)
	}
	if a.to != run.Retrying {
		a.at = time.Time{}
	}
	a.Reason = seen
	p.add(Reap, a)
}

// landed plans the end of a run whose work is on its base, and tells whether it did.
func (p *planner) landed(r *run.Run) bool {
	how := p.Merged[r.ID]
	if how == "" || r.State.Waiting() || r.State == run.Accepted || r.State == run.Rejected {
		return false
	}
	p.gone[r.ID] = true
	p.add(Close, Action{r: r, Reason: how, why: &run.Reason{Code: run.Landed, Text: how}, to: run.Accepted})
	return true
}

// resting plans for an active run that nobody holds.
func (p *planner) resting(r *run.Run) {
	why, final := p.over(r)
	if why == "" || !final && r.State != run.Retrying {
		return
	}
	p.gone[r.ID] = true
	p.add(StopRun, Action{r: r, Reason: why, why: &run.Reason{Code: run.TaskOver, Text: why}, to: run.Interrupted})
}

// ended plans the removal of the worktree of a run that is over for good. One that
// failed or was stopped keeps it: it may be tried again.
func (p *planner) ended(r *run.Run) {
	if _, there := p.Trees[filepath.Join(p.Root, ".worktrees", r.Slug)]; r.Worktree == "" && !there {
		return // there may be one of an older run
	}
	why := "its run is " + string(r.State)
	if r.State != run.Accepted && r.State != run.Rejected {
		over, final := p.over(r)
		if !final {
			return
		}
		why = over
	}
	p.add(Clean, Action{r: r, Reason: why})
}
