package workflow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tasks/internal/config"
	"tasks/internal/task"
)

// Config is what the files say beside hooks and template. The zero value says nothing.
type Config struct {
	Provider map[string]any // tracker.provider as found; it means nothing for markdown
	Labels   []string       // a task needs all of them; normalised
	// ByState is how many agents may be on at once for tasks of a status.
	ByState map[task.Status]int

	active   [][]task.Status // a task's status is to be in each of them
	terminal []task.Status   // beside completed and cancelled
	limits   []limits
}

// limits are the numbers of one file.
type limits struct {
	name string
	own  bool
	said map[string]int64
}

// add takes a file's word.
func (c *Config) add(p *part) {
	f := &p.front
	if f.provider != nil && c.Provider == nil {
		c.Provider = f.provider
	}
	for _, l := range f.labels {
		if !slices.Contains(c.Labels, l) {
			c.Labels = append(c.Labels, l)
		}
	}
	if f.active != nil {
		c.active = append(c.active, p.states("active_states", f.active))
	}
	c.terminal = append(c.terminal, p.states("terminal_states", f.terminal)...)
	for state, n := range f.byState {
		st := task.Status(state)
		if had, ok := c.ByState[st]; !ok || n < had {
			if c.ByState == nil {
				c.ByState = map[task.Status]int{}
			}
			c.ByState[st] = n
		}
	}
	if len(f.limits) > 0 {
		c.limits = append(c.limits, limits{p.name, p.own, f.limits})
	}
}

// states are the statuses that the words mean; a word that is none is said.
func (p *part) states(key string, words []string) []task.Status {
	out := []task.Status{}
	for _, w := range words {
		if st, ok := task.ParseStatus(w); ok {
			out = append(out, st)
		} else {
			p.warnings = append(p.warnings, fmt.Sprintf("%s: tracker.%s: %q is no status of a task", p.name, key, w))
		}
	}
	return out
}

// Terminal tells whether a task of the status is over.
func (c Config) Terminal(s task.Status) bool {
	return s == task.Completed || s == task.Cancelled || slices.Contains(c.terminal, s)
}

// Active tells whether a task of the status may be worked on. Without a word of the
// files every status may that is not terminal: what puts a task into the queue is its
// kickoff.
func (c Config) Active(s task.Status) bool {
	if s == "" {
		s = task.NotStarted
	}
	for _, list := range c.active {
		if !slices.Contains(list, s) {
			return false
		}
	}
	return !c.Terminal(s)
}

// Routable tells whether the task has the labels that are asked for; missing names the
// first that it lacks. A blank label is one that no task has.
func (c Config) Routable(t *task.Task) (ok bool, missing string) {
	for _, want := range c.Labels {
		if want == "" || !slices.ContainsFunc(t.Labels, func(l string) bool { return normal(l) == want }) {
			return false, want
		}
	}
	return true, ""
}

// Why says why the task may not be worked on by what the files say, "" where it may.
func (w *Workflow) Why(t *task.Task) string {
	if w == nil {
		return ""
	}
	if !w.Config.Active(t.Status) {
		return fmt.Sprintf("its status %s is none that is worked on by %s", strings.ReplaceAll(string(t.Status), "_", " "), strings.Join(w.Files, " and "))
	}
	if ok, missing := w.Config.Routable(t); !ok {
		return fmt.Sprintf("it lacks the label %q, which is asked for by %s", missing, strings.Join(w.Files, " and "))
	}
	return ""
}

// minBeat is the least time between two beats that a root may ask for.
const minBeat = time.Second

// Limits are the manager's settings with the files' word: the user's file sets, the
// root's makes less. What a root's file may not is in the warnings, one line each.
func (w *Workflow) Limits(m config.Manager) (config.Manager, []string) {
	var warnings []string
	if w == nil {
		return m, nil
	}
	for _, l := range w.Config.limits {
		for _, key := range slices.Sorted(mapKeys(l.said)) {
			if !l.apply(&m, key, l.said[key]) {
				warnings = append(warnings, fmt.Sprintf("%s: %s is ignored: a repository may not widen it", l.name, key))
			}
		}
	}
	return m, warnings
}

func mapKeys(m map[string]int64) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// apply sets one value, and tells whether it may.
func (l limits) apply(m *config.Manager, key string, v int64) bool {
	ms := time.Duration(v) * time.Millisecond
	switch key {
	case "polling.interval_ms":
		if !l.own {
			ms = max(ms, minBeat)
		}
		return less(&m.Beat, ms, l.own)
	case "hooks.timeout_ms":
		return less(&m.Hook, ms, l.own)
	case "agent.max_concurrent_agents":
		return less(&m.Runs, int(v), l.own)
	case "agent.max_turns":
		return less(&m.Turns, int(v), l.own)
	case "agent.max_retry_backoff_ms":
		return less(&m.RetryMax, ms, l.own)
	case "codex.turn_timeout_ms":
		return less(&m.Wall, ms, l.own)
	case "codex.stall_timeout_ms":
		return less(&m.Stall, max(ms, 0), l.own) // zero or less: no limit
	}
	return true
}

// less sets at where own, or where v is no more than what is in force. Zero is no limit.
func less[T ~int | ~int64](at *T, v T, own bool) bool {
	if !own && (v == 0 && *at != 0 || *at != 0 && v > *at) {
		return false
	}
	*at = v
	return true
}

// hookTimeout is what the files say of hooks' time, 0 for nothing.
func (c Config) hookTimeout() time.Duration {
	m := config.Manager{}
	for _, l := range c.limits {
		if v, ok := l.said["hooks.timeout_ms"]; ok {
			l.apply(&m, "hooks.timeout_ms", v)
		}
	}
	return m.Hook
}
