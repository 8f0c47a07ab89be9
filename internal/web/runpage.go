package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

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
		if _, now, err := s.Manager.Span(ctx, on); err == nil && now != on.Head {
			p.Acts.moved(on)
		} else if clean, paths := s.fits(ctx, on); !clean {
			p.Acts.conflict(on, paths)
		} else if n := s.Manager.Behind(ctx, on); n > 0 {
			p.Acts.behind(on, n, len(p.Verified) > 0)
		}
	}
	if p.Latest {
		p.Acts.Push, p.Acts.Pull = s.Manager.Leaves(ctx, on), on.PRURL != ""
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

// attemptLimit is how many attempts a run has before it is failed.
func (s *Server) attemptLimit() int { return s.Settings.Manager.Attempts }
