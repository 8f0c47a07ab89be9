package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/markdown"
	"tasks/internal/run"
)

// othersShown is how many runs of a task its run page lists.
const othersShown = 20

// run is /runs/<slug>: the latest run of a task, or with ?run= another one.
func (s *Server) run(w http.ResponseWriter, r *request) error {
	if len(r.rest) != 1 || r.slash {
		return fault.New(fault.NotFound, "there is no page at this address")
	}
	ctx, q := r.Context(), r.URL.Query()
	v, err := s.Manager.View(ctx, r.rest[0], q.Get("run"))
	if fault.CodeOf(err) == fault.NotFound && q.Get("run") == "" {
		return s.noRun(w, r, r.rest[0])
	}
	if err != nil {
		return err
	}
	on := v.Run
	p := RunPage{V: v, Slug: on.Slug, Light: q.Get("part") == "light", Run: runView(on.JSON())}
	p.Base = s.base(r, "run", cmp.Or(on.Title, on.Slug), "")
	if t := v.Task; t != nil {
		p.TaskHref, p.Title = taskHref(t), t.Name()
	}
	p.Stream = on.Workstream
	p.Run.Note = on.Note
	p.Crumbs = []Crumb{{"Tasks", "/tasks"}, {on.Slug, cmp.Or(p.TaskHref, "/tasks")}, {Name: "Run"}}
	p.AtWork, p.Attempts = atWork(on), s.attemptLimit()
	if d := s.Settings.Manager.Answer; d > 0 {
		p.AnswerIn = span(d)
	}
	if err := s.runOthers(r, &p); err != nil {
		return err
	}
	p.addresses(q)
	p.facts()
	for _, b := range v.Progress.Boxes {
		p.Plan = append(p.Plan, PlanBox{markdown.PlainText(b.Text), b.Done})
	}
	for _, e := range v.Evidence { // of the newest attempt that came so far
		if len(p.Verified) > 0 && p.Verified[0].Attempt != e.Attempt {
			p.Verified = nil
		}
		p.Verified = append(p.Verified, e)
	}
	for _, c := range v.Comments {
		if !c.Sent {
			p.Drafts++
		}
	}
	if err := s.runStory(r, &p); err != nil {
		return err
	}
	s.runDiff(ctx, &p)
	p.Acts = p.acts()
	if p.Acts.Accept {
		if clean, paths := s.fits(ctx, on); !clean {
			p.Acts.conflict(on, paths)
		} else if n := s.Manager.Behind(ctx, on); n > 0 {
			p.Acts.behind(on, n, len(p.Verified) > 0)
		}
	}
	if p.Latest {
		ways, err := s.Manager.Ways(ctx, on)
		if err != nil {
			s.Log.Warn("the remotes cannot be told", "err", err)
		}
		p.Acts.Push, p.Acts.Pull = len(ways) > 0, on.PRURL != ""
	}
	return s.page(w, r, http.StatusOK, "run", p)
}

// noRun is the page of a task that was never handed over.
func (s *Server) noRun(w http.ResponseWriter, r *request, slug string) error {
	t, err := s.Tracker.Find(r.Context(), slug)
	if err != nil {
		return err
	}
	p := RunPage{Base: s.base(r, "run", t.Name(), ""), Slug: t.Slug, TaskHref: taskHref(t), Stream: t.Workstream}
	p.Acts.Kickoff = queueable(t, nil)
	p.Crumbs = []Crumb{{"Tasks", "/tasks"}, {t.Slug, p.TaskHref}, {Name: "Run"}}
	return s.page(w, r, http.StatusOK, "run", p)
}

// addresses are those that the page's script asks.
func (p *RunPage) addresses(q url.Values) {
	own := url.Values{"part": {"light"}}
	events := url.Values{"slug": {p.Slug}, "run": {p.V.Run.ID}}
	for _, key := range []string{"run", "before"} {
		if q.Get(key) != "" {
			own.Set(key, q.Get(key))
		}
	}
	p.Refresh = "/runs/" + p.Slug + "?" + own.Encode()
	p.Events = "/actions/run/events?" + events.Encode()
}

// runOthers lists the task's runs, and tells whether this is the latest.
func (s *Server) runOthers(r *request, p *RunPage) error {
	all, err := s.Runs.OfSlug(r.Context(), p.Slug, othersShown)
	if err != nil {
		return err
	}
	p.Latest = len(all) == 0 || all[0].ID == p.V.Run.ID
	if len(all) < 2 {
		return nil
	}
	for i, o := range all {
		href := "/runs/" + p.Slug
		if i > 0 {
			href += "?run=" + o.ID
		}
		p.Others = append(p.Others, OtherRun{Href: href, State: o.State, When: o.QueuedAt, On: o.ID == p.V.Run.ID, Cost: money(o.CostUSD)})
	}
	return nil
}

// runStory reads the part of the story that is asked for.
func (s *Server) runStory(r *request, p *RunPage) error {
	on := p.V.Run
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	if p.Light {
		return nil
	}
	var err error
	if before > 0 {
		p.Story, err = storyBefore(run.Dir(s.Manager.StateDir, on.ID), on.Worktree, before)
		p.Later = p.href("")
	} else {
		p.Story, err = s.stories.of(s.Manager.StateDir, on).read(on.Worktree)
	}
	if err != nil {
		return err
	}
	if p.Story.Earlier > 0 && len(p.Story.Steps) > 0 {
		p.Earlier = p.href(strconv.FormatInt(p.Story.Steps[0].Seq, 10))
	}
	if len(p.Story.Steps) == 0 {
		p.Empty = emptyStory(on)
	}
	return nil
}

// href is an address of this page's run.
func (p *RunPage) href(before string) string {
	q := url.Values{}
	if !p.Latest {
		q.Set("run", p.V.Run.ID)
	}
	if before != "" {
		q.Set("before", before)
	}
	if len(q) == 0 {
		return "/runs/" + p.Slug
	}
	return "/runs/" + p.Slug + "?" + q.Encode()
}

func emptyStory(r *run.Run) string {
	switch r.State {
	case run.Queued, run.Blocked:
		return "The story begins when an agent takes the task."
	case run.Dispatching:
		return "A supervisor is being started."
	case run.Running, run.Verifying:
		return "The agent has not said anything yet."
	}
	return "Nothing was written down of this run."
}

// acts is what can be done now.
func (p *RunPage) acts() RunActs {
	r := p.V.Run
	a := RunActs{Base: cmp.Or(r.Base, "the base branch")}
	if !p.Latest {
		a.Why = "This is an earlier run of the task; only the latest can be acted on."
		return a
	}
	switch r.State {
	case run.Queued, run.Blocked:
		a.Unqueue, a.Start = true, true
		a.Why = "Accept and reject come with the review."
	case run.Dispatching, run.Running, run.Verifying:
		a.Stop = true
		a.Why = "Accept and reject come with the review."
	case run.Retrying:
		a.Stop, a.Retry, a.Reject = true, true, r.Branch != ""
		a.Why = "Accept and reject come with the review."
	case run.Review:
		a.Accept, a.Reject, a.Retry = true, true, true
		if p.Diff != nil && len(p.Diff.Files) == 0 {
			a.Accept, a.Why = false, "There is nothing to accept: the work changes no file."
		}
	case run.Failed, run.Interrupted:
		a.Retry, a.Reject = true, r.Branch != ""
		a.Why = "Accept comes with the review: the run did not get there."
	case run.Accepted, run.Rejected:
		a.Kickoff = p.V.Task != nil && queueable(p.V.Task, p.Run)
	}
	return a
}

// conflict says that the work does not merge, and what to tell the agent about it.
func (a *RunActs) conflict(r *run.Run, paths []string) {
	list := strings.Join(paths[:min(len(paths), 20)], ", ")
	a.Accept, a.Why = false, fmt.Sprintf("It does not merge onto %s any more: both changed %s.", r.Base, list)
	a.Conflicts = fmt.Sprintf("Your branch %s does not merge onto %s any more. Both sides changed: %s. Merge %s into your branch, settle the conflicts so that both changes keep their meaning, run the checks again and commit.", r.Branch, r.Base, list, r.Base)
}

// behind says that the base has moved, and what that means for what verify said.
func (a *RunActs) behind(r *run.Run, n int, verified bool) {
	a.Rebase = true
	a.Why = fmt.Sprintf("%s has %s that this work does not stand on.", r.Base, plural(n, "newer commit", "newer commits"))
	if verified {
		a.Why += " What verify said is of the work without them; rebased, it is verified again."
	}
}

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

// runAdvice says what to do about where a run stands, "" where there is nothing to do.
func runAdvice(r *run.Run) string {
	code := ""
	if r.Reason != nil {
		code = r.Reason.Code
	}
	switch r.State {
	case run.Blocked:
		switch code {
		case run.Dependency:
			return "It starts by itself when what it waits for is completed."
		case run.Untrusted:
			return "Read the repository's own commands, then let them run with tasks trust."
		case run.Invalid:
			return "Mend the worksheet, take the task out of the queue and hand it over again."
		case run.Changed:
			return "Take it out of the queue and hand it over again, so that the agent gets the worksheet as it is now."
		case run.Owner:
			return "Start it now, or change the task's owner."
		case run.Limit:
			return "It starts by itself when another run is over; start it now to skip the limit."
		}
	case run.Review:
		return "Read the changes below, then accept them, send them back with comments, or reject them."
	case run.Retrying:
		switch code {
		case run.Messaged:
			return ""
		case run.Rebased:
			return "The agent is not asked again unless verify fails."
		}
		return "The next attempt begins by itself. A message helps it to do better."
	case run.Failed, run.Interrupted:
		return failedAdvice(code)
	}
	return ""
}

func failedAdvice(code string) string {
	switch code {
	case run.Login:
		return "Log the worker's program in on this computer, then try again."
	case run.Program:
		return "Install the worker's program, or set another one, then try again."
	case run.Budget:
		return "It spent what it may. Raise the budget, or send a message that makes the work smaller."
	case run.Model:
		return "The model could not be reached. Try again later."
	case run.VerifyFails:
		return "The evidence says which command failed. Send a message, or try again."
	case run.HookFailed:
		return "Mend the hook, then try again."
	case run.Workspace:
		return "Look at the worktree; tasks reconcile says what is wrong with it."
	case run.TaskOver:
		return ""
	case run.Stopped:
		return "Nothing is lost: it goes on where it was with a message or another attempt."
	}
	return "Send a message that helps, try again, or reject it; the work so far stays on its branch."
}

// attemptLimit is how many attempts a run has before it is failed.
func (s *Server) attemptLimit() int { return s.Settings.Manager.Attempts }
