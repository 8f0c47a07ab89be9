package web

import (
	"fmt"
	"strings"
	"time"

	"tasks/internal/run"
)

// facts fills what stands beside the story.
func (p *RunPage) facts() {
	r := p.V.Run
	add := func(f RunFact) {
		if f.Text != "" || !f.When.IsZero() {
			p.Facts = append(p.Facts, f)
		}
	}
	add(RunFact{Label: "Queued", When: r.QueuedAt})
	add(RunFact{Label: "Started", When: r.StartedAt})
	if r.State == run.Retrying {
		add(RunFact{Label: "Next attempt", When: r.RetryAt, Until: true})
	}
	if r.State.Leased() {
		add(RunFact{Label: "Newest word", When: r.EventAt})
	}
	add(RunFact{Label: "Ended", When: r.EndedAt})
	add(RunFact{Label: "Took", Text: p.worked()})
	add(RunFact{Label: "Worker", Text: r.Worker})
	add(RunFact{Label: "Session", Text: r.Session, Copy: r.Session, Code: true})
	add(RunFact{Label: "Cost", Text: money(r.CostUSD)})
	if r.InputTokens+r.OutputTokens > 0 {
		add(RunFact{Label: "Tokens", Text: fmt.Sprintf("%s in, %s out", short(r.InputTokens), short(r.OutputTokens))})
	}
	if r.Turns > 0 {
		add(RunFact{Label: "Turns", Text: num(r.Turns)})
	}
	add(RunFact{Label: "Branch", Text: r.Branch, Copy: r.Branch, Code: true})
	add(RunFact{Label: "Base", Text: r.Base, Code: true})
	add(RunFact{Label: "Worktree", Text: r.Worktree, Copy: r.Worktree, Code: true})
	if r.Port > 0 {
		add(RunFact{Label: "Ports", Text: fmt.Sprintf("%d to %d", r.Port, r.Port+run.Ports-1), Code: true})
	}
	add(RunFact{Label: "Landed as", Text: r.LandedAs[:min(len(r.LandedAs), 10)], Copy: r.LandedAs, Code: true})
	if strings.HasPrefix(r.PRURL, "https://") {
		add(RunFact{Label: "Pull request", Text: strings.TrimPrefix(r.PRURL, "https://"), Href: r.PRURL, Note: pullWords(r.Pull)})
	}
	add(RunFact{Label: "Run", Text: r.ID, Copy: r.ID, Code: true})
	p.Advice = runAdvice(r)
}

// worked is how long agents were at it, over all attempts.
func (p *RunPage) worked() string {
	var sum time.Duration
	for _, a := range p.V.Attempts {
		end := a.EndedAt
		if end.IsZero() {
			end = p.V.At
		}
		if d := end.Sub(a.StartedAt); d > 0 {
			sum += d
		}
	}
	if sum == 0 || atWork(p.V.Run) {
		return ""
	}
	return lasted(sum)
}

// span is a set length of time in words.
func span(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return plural(int(d/time.Hour), "hour", "hours")
	case d >= time.Minute && d%time.Minute == 0:
		return plural(int(d/time.Minute), "minute", "minutes")
	}
	return lasted(d)
}

// lasted is a duration in words of at most two units.
func lasted(d time.Duration) string {
	switch {
	case d < time.Minute:
		return took(d)
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// money is a cost in dollars, "" where nobody said it.
func money(usd *float64) string {
	switch {
	case usd == nil:
		return ""
	case *usd > 0 && *usd < 0.01:
		return fmt.Sprintf("$%.4f", *usd)
	}
	return fmt.Sprintf("$%.2f", *usd)
}

// short is a count of tokens.
func short(n int64) string {
	switch {
	case n < 10_000:
		return num(int(n))
	case n < 1_000_000:
		return fmt.Sprintf("%dk", (n+500)/1000)
	}
	return fmt.Sprintf("%.1fM", float64(n)/1e6)
}
