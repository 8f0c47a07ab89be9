package manager

import (
	"fmt"
	"time"

	"tasks/internal/run"
	"tasks/internal/task"
)

// slots counts what is on.
type slots struct {
	s       *scene
	all     int
	streams map[string]int
	owners  map[string]int
	states  map[task.Status]int
	touches []touched
}

type touched struct {
	slug  string
	globs []string
}

// share is what a run takes a slot of.
func (s *scene) share(r *run.Run) (stream, owner string, globs []string) {
	t := s.taskOf(r)
	if t == nil {
		t = &task.Task{Workstream: r.Workstream, Owner: r.Owner}
	}
	who, _ := s.person(t.Owner)
	return t.Workstream, who, t.Touches
}

func (c *slots) take(r *run.Run) {
	stream, owner, globs := c.s.share(r)
	c.states[c.s.status(r)]++
	c.all++
	c.streams[stream]++
	c.owners[owner]++
	if len(globs) > 0 {
		c.touches = append(c.touches, touched{r.Slug, globs})
	}
}

// full says why there is no slot for the run, nil where there is one. The words hold
// nothing that changes from beat to beat.
func (c *slots) full(r *run.Run) *run.Reason {
	stream, owner, globs := c.s.share(r)
	l := c.s.Limits
	text := ""
	switch {
	case l.Runs > 0 && c.all >= l.Runs:
		text = fmt.Sprintf("as many runs are on as may be (%d)", l.Runs)
	case l.Workstream > 0 && stream != "" && c.streams[stream] >= l.Workstream:
		text = fmt.Sprintf("as many runs of the workstream %s are on as may be (%d)", stream, l.Workstream)
	case l.PerOwner > 0 && owner != "" && c.owners[owner] >= l.PerOwner:
		text = fmt.Sprintf("as many runs of %s's tasks are on as may be (%d)", owner, l.PerOwner)
	case c.s.crowded(r, c.states):
		text = fmt.Sprintf("as many runs of tasks that are %s are on as may be (%d)", c.s.status(r), c.s.Flow.Config.ByState[c.s.status(r)])
	default:
		for _, t := range c.touches {
			if glob, both := overlap(globs, t.globs); both && len(globs) > 0 {
				text = fmt.Sprintf("%s is on, and both touch %s", t.slug, glob)
				break
			}
		}
	}
	if text == "" {
		return nil
	}
	return &run.Reason{Code: run.Limit, Text: text}
}

// queue plans what begins and what waits.
func (p *planner) queue(runs []*run.Run) {
	if p.Unreadable != "" {
		return
	}
	c := &slots{s: p.scene, streams: map[string]int{}, owners: map[string]int{}, states: map[task.Status]int{}}
	for _, r := range runs {
		if r.State.Leased() && !p.gone[r.ID] {
			c.take(r)
		}
	}
	for _, r := range runs {
		if p.gone[r.ID] || !r.State.Waiting() && r.State != run.Retrying {
			continue
		}
		due := !p.At.Before(r.RetryAt) || setBack(r, p.At)
		why := p.objection(r)
		if why == nil && due {
			why = c.full(r)
		}
		switch {
		case why != nil && (due || r.State.Waiting()):
			p.hold(r, why)
		case why != nil:
		default:
			if r.State == run.Blocked {
				p.add(Release, Action{r: r, Reason: "it need not wait any more"})
			}
			if due {
				p.begin(r)
				if p.Starts {
					c.take(r)
				}
			}
		}
	}
}

// setBack tells that the clock was set back since the run's last attempt, so that the time
// of its next one, which that attempt wrote, may be far off. What is ahead by less than a
// minute is only newer than the look at the world.
func setBack(r *run.Run, now time.Time) bool {
	return r.EventAt.After(now.Add(time.Minute))
}

// hold plans that a run waits. What is to be tried again stays so.
func (p *planner) hold(r *run.Run, why *run.Reason) {
	if sameReason(r.Reason, why) && r.State != run.Queued {
		return
	}
	p.add(Hold, Action{Key: "hold:" + r.ID + ":" + why.Code, r: r, Reason: why.Text, why: why})
}

func (p *planner) begin(r *run.Run) {
	verb, reason := Dispatch, "it is next, and a slot is free"
	if r.State == run.Retrying {
		verb, reason = Retry, "its next attempt is due"
	}
	p.add(verb, Action{Key: fmt.Sprintf("%s:%s:%d", verb, r.ID, r.Attempt+1), r: r, Reason: reason})
}
