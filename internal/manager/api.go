package manager

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
	"tasks/internal/runlog"
	"tasks/internal/task"
)

// The JSON of the Symphony specification's section 13.7: the same projection as Status,
// in its words. What is not known is null. Keys beside the specification's are ours.

// Snapshot is GET /api/v1/state.
type Snapshot struct {
	At         time.Time      `json:"generated_at"`
	Counts     map[string]int `json:"counts"`
	Running    []Session      `json:"running"`
	Retrying   []Waiting      `json:"retrying"`
	Blocked    []Waiting      `json:"blocked"`
	Totals     SnapshotTotals `json:"codex_totals"`
	RateLimits any            `json:"rate_limits"` // no agent of ours tells them: null
	Generation int64          `json:"generation"`
}

// SnapshotTotals is what all runs used.
type SnapshotTotals struct {
	Tokens
	Seconds float64 `json:"seconds_running"`
	CostUSD float64 `json:"cost_usd"`
}

// Tokens is what was used.
type Tokens struct {
	Input  int64 `json:"input_tokens"`
	Output int64 `json:"output_tokens"`
	Total  int64 `json:"total_tokens"`
}

// Named is which task a row is about.
type Named struct {
	ID         string  `json:"issue_id"`
	Identifier string  `json:"issue_identifier"`
	URL        *string `json:"issue_url"`
}

// Session is a run that an agent is at.
type Session struct {
	Named
	State       string     `json:"state"` // of the task
	RunState    run.State  `json:"run_state"`
	Phase       *string    `json:"phase"`
	Run         string     `json:"run"`
	Attempt     int        `json:"attempt"`
	Worker      *string    `json:"worker"`
	SessionID   *string    `json:"session_id"`
	Turns       int        `json:"turn_count"`
	LastEvent   *string    `json:"last_event"`
	LastMessage string     `json:"last_message"`
	StartedAt   *time.Time `json:"started_at"`
	LastEventAt *time.Time `json:"last_event_at"`
	Tokens      Tokens     `json:"tokens"`
	CostUSD     *float64   `json:"cost_usd"`
}

// Waiting is a run that waits: for its next attempt, or for what blocks it.
type Waiting struct {
	Named
	Attempt int        `json:"attempt"`
	DueAt   *time.Time `json:"due_at"`
	Error   *string    `json:"error"`
	Code    *string    `json:"reason"`
}

// Issue is GET /api/v1/<id>.
type Issue struct {
	Identifier string         `json:"issue_identifier"`
	ID         string         `json:"issue_id"`
	URL        *string        `json:"issue_url"`
	Status     string         `json:"status"` // of the run; unclaimed where there is none
	Workspace  *IssuePath     `json:"workspace"`
	Attempts   IssueAttempts  `json:"attempts"`
	Running    *Session       `json:"running"`
	Retry      *Waiting       `json:"retry"`
	Logs       IssueLogs      `json:"logs"`
	Recent     []IssueEvent   `json:"recent_events"`
	LastError  *string        `json:"last_error"`
	Tracked    map[string]any `json:"tracked"`
}

// IssuePath is a path.
type IssuePath struct {
	Path string `json:"path"`
}

// IssueAttempts counts attempts.
type IssueAttempts struct {
	Restarts int  `json:"restart_count"`
	Retry    *int `json:"current_retry_attempt"`
}

// IssueLogs are the files with what the agent said.
type IssueLogs struct {
	Sessions []IssueLog `json:"codex_session_logs"`
}

// IssueLog is one of them.
type IssueLog struct {
	Label string  `json:"label"`
	Path  string  `json:"path"`
	URL   *string `json:"url"`
}

// IssueEvent is something that happened in the run.
type IssueEvent struct {
	At      time.Time `json:"at"`
	Event   string    `json:"event"`
	Message string    `json:"message"`
}

// Snapshot is the state of all runs that are on. site is the site's address without a
// closing slash, "" for none: with it tasks have one.
func (m *Manager) Snapshot(ctx context.Context, site string) (*Snapshot, error) {
	w, err := m.see(ctx)
	if err != nil {
		return nil, err
	}
	st := Project(w)
	totals, err := m.Runs.Totals(ctx, w.At)
	if err != nil {
		return nil, err
	}
	out := &Snapshot{
		At: w.At.UTC(), Running: []Session{}, Retrying: []Waiting{}, Blocked: []Waiting{}, Generation: m.count(st),
		Totals: SnapshotTotals{tokens(totals.InputTokens, totals.OutputTokens), math.Round(totals.Seconds*10) / 10, totals.CostUSD},
	}
	s := set(w)
	for _, r := range w.Runs {
		r = s.settled(r)
		switch t := s.taskOf(r); {
		case r.State.Leased():
			out.Running = append(out.Running, m.session(t, r, site))
		case r.State == run.Retrying:
			out.Retrying = append(out.Retrying, waiting(t, r, site))
		case r.State == run.Blocked:
			out.Blocked = append(out.Blocked, waiting(t, r, site))
		}
	}
	slices.SortFunc(out.Running, func(a, b Session) int { return cmp.Compare(a.Identifier, b.Identifier) })
	byName := func(a, b Waiting) int { return cmp.Compare(a.Identifier, b.Identifier) }
	slices.SortFunc(out.Retrying, byName)
	slices.SortFunc(out.Blocked, byName)
	out.Counts = map[string]int{
		"running": len(out.Running), "retrying": len(out.Retrying), "blocked": len(out.Blocked),
		"queued": st.Counts["run_queued"], "review": st.Counts["run_review"],
	}
	return out, nil
}

// Issue is all that is known of one task and its latest run. NotFound where there is no
// such task.
func (m *Manager) Issue(ctx context.Context, id, site string) (*Issue, error) {
	w, err := m.see(ctx)
	if err != nil {
		return nil, err
	}
	s := set(w)
	t, r := s.known[id], (*run.Run)(nil)
	for _, one := range w.Tasks {
		if t == nil && one.ID == id {
			t = one
		}
	}
	if t != nil {
		r = s.settled(s.runOf(t))
	} else if r = s.settled(w.Runs[id]); r == nil || !r.State.Active() { // its file is gone, and its run is not
		return nil, fault.New(fault.NotFound, "there is no task %s", word(id))
	}
	n := named(t, r, site)
	out := &Issue{
		Identifier: n.Identifier, ID: n.ID, URL: n.URL, Status: "unclaimed",
		Logs: IssueLogs{[]IssueLog{}}, Recent: []IssueEvent{}, Tracked: map[string]any{"run": r.JSON()},
	}
	for _, g := range Project(w).Signals {
		if g.Slug == n.Identifier {
			list, _ := out.Tracked["signals"].([]Signal)
			out.Tracked["signals"] = append(list, g)
		}
	}
	if r == nil {
		return out, nil
	}
	out.Status = string(r.State)
	out.Attempts.Restarts = max(r.Attempt-1, 0)
	if r.Worktree != "" {
		out.Workspace = &IssuePath{r.Worktree}
	}
	if r.State.Leased() {
		on := m.session(t, r, site)
		out.Running = &on
	}
	if r.State == run.Retrying {
		on := waiting(t, r, site)
		out.Retry, out.Attempts.Retry = &on, &on.Attempt
	}
	if r.Reason != nil && (r.State == run.Retrying || r.State == run.Failed || r.State == run.Blocked) {
		out.LastError = &r.Reason.Text
	}
	if r.Attempt > 0 {
		out.Logs.Sessions = append(out.Logs.Sessions, IssueLog{
			"latest", filepath.Join(run.Dir(m.StateDir, r.ID), fmt.Sprintf("raw-%d.log", r.Attempt)), address(site, "/runs/"+r.Slug),
		})
	}
	out.Recent = m.recent(r.ID)
	return out, nil
}

// Refresh makes the loop look at once. It tells whether it was going to already.
func (m *Manager) Refresh() (coalesced bool) {
	coalesced = len(m.wake) > 0
	m.kick()
	return coalesced
}

func named(t *task.Task, r *run.Run, site string) Named {
	n := Named{}
	if r != nil {
		n.ID, n.Identifier = r.Slug, r.Slug
	}
	if t != nil {
		n.ID, n.Identifier = t.ID, t.Slug
	}
	n.URL = address(site, "/tasks/"+n.Identifier)
	return n
}

func address(site, path string) *string {
	if site == "" {
		return nil
	}
	path = site + path
	return &path
}

func tokens(in, out int64) Tokens { return Tokens{in, out, in + out} }

func (m *Manager) session(t *task.Task, r *run.Run, site string) Session {
	status := task.NotStarted
	if t != nil && t.Status != "" {
		status = t.Status
	}
	j := r.JSON()
	s := Session{
		Named: named(t, r, site), State: string(status), RunState: r.State, Run: r.ID, Attempt: r.Attempt, Worker: j.Worker,
		SessionID: j.Session, Turns: r.Turns, StartedAt: j.StartedAt, LastEventAt: moment(r.EventAt), Phase: words(string(r.Phase)),
		LastMessage: m.LastWords(r.ID), Tokens: tokens(r.InputTokens, r.OutputTokens), CostUSD: r.CostUSD,
	}
	if all := m.recent(r.ID); len(all) > 0 {
		s.LastEvent = &all[len(all)-1].Event
	}
	return s
}

func waiting(t *task.Task, r *run.Run, site string) Waiting {
	w := Waiting{Named: named(t, r, site), Attempt: r.Attempt, DueAt: moment(r.RetryAt)}
	if r.Reason != nil {
		w.Error, w.Code = words(r.Reason.Text), words(r.Reason.Code)
	}
	return w
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func words(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// shownEvents is how many of a run's newest events are told.
const shownEvents = 20

// recent are the newest events of a run, each in one line.
func (m *Manager) recent(id string) []IssueEvent {
	out := []IssueEvent{}
	err := runlog.Tail(run.Dir(m.StateDir, id), 64<<10, func(e runlog.Event) {
		said := strings.Join(strings.Fields(cmp.Or(e.Title, e.Text, e.Output, e.Name, e.Status)), " ")
		if r := []rune(said); len(r) > 200 {
			said = string(r[:199]) + "…"
		}
		out = append(out, IssueEvent{e.At.UTC(), string(e.Type), said})
		if len(out) > shownEvents {
			out = out[1:]
		}
	})
	if err != nil {
		m.Log.Warn("the log of a run cannot be read", "run", id, "err", err)
	}
	return out
}
