package web

import (
	"context"
	"slices"
	"time"

	"tasks/internal/history"
	"tasks/internal/run"
)

const (
	// runsRead is how many of the newest runs are looked through for times.
	runsRead = 500
	// runsShown is how many of them are listed.
	runsShown = 20
)

// runTimes are the runs that were handed over in the window, with how long they waited
// and worked, and what they cost.
func (s *Server) runTimes(ctx context.Context, win *history.Window, n *namer) ([]RunTime, RunTimes, error) {
	all, err := s.Runs.All(ctx, false, runsRead)
	if err != nil {
		return nil, RunTimes{}, err
	}
	var list []RunTime
	var sum RunTimes
	var waits, works []time.Duration
	var cost float64
	for _, r := range all {
		if r.QueuedAt.Before(win.From) || r.QueuedAt.After(win.To) {
			continue
		}
		sum.All++
		wait, work := runSpans(r)
		if wait >= 0 {
			waits = append(waits, wait)
		}
		if work >= 0 {
			works = append(works, work)
		}
		if r.CostUSD != nil {
			cost += *r.CostUSD
			sum.Cost = money(&cost)
		}
		if len(list) < runsShown {
			list = append(list, n.runTime(r, wait, work))
		}
	}
	sum.Waited, sum.Worked = median(waits), median(works)
	return list, sum, nil
}

// runSpans are how long a run waited for its first attempt, and how long it was from there
// to review or end; negative where that is not over.
func runSpans(r *run.Run) (wait, work time.Duration) {
	wait, work = -1, -1
	if !r.StartedAt.IsZero() {
		wait = max(r.StartedAt.Sub(r.QueuedAt), 0)
		if !r.EndedAt.IsZero() {
			work = max(r.EndedAt.Sub(r.StartedAt), 0)
		}
	}
	return wait, work
}

func (n *namer) runTime(r *run.Run, wait, work time.Duration) RunTime {
	t := RunTime{Title: r.Slug, Href: "/runs/" + r.Slug + "?run=" + r.ID, Run: runView(r.JSON()), When: r.QueuedAt, Attempts: r.Attempt, Cost: money(r.CostUSD)}
	if row, ok := n.slugs[r.Slug]; ok {
		t.Title = row.Name()
	} else if r.Title != "" {
		t.Title = r.Title
	}
	if wait >= 0 {
		t.Waited = lasted(wait)
	}
	if work >= 0 {
		t.Worked = lasted(work)
	}
	return t
}

// median is the time that half of them did not exceed, "" of none.
func median(of []time.Duration) string {
	if len(of) == 0 {
		return ""
	}
	slices.Sort(of)
	return lasted(of[(len(of)-1)/2])
}
