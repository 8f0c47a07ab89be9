package workflow

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"tasks/internal/task"
)

// reader takes the keys of one file's front matter.
type reader struct {
	part *part
	dir  string
}

// limitKeys are the whole numbers, and whether zero or less is of the form.
var limitKeys = map[string]bool{
	"polling.interval_ms":         false,
	"hooks.timeout_ms":            false,
	"agent.max_concurrent_agents": false,
	"agent.max_turns":             false,
	"agent.max_retry_backoff_ms":  false,
	"codex.turn_timeout_ms":       false,
	"codex.stall_timeout_ms":      true,
}

// programs are the keys that would choose how a program is started: that is the user's,
// in config.toml and the environment.
var programs = []string{"command", "approval_policy", "thread_sandbox", "turn_sandbox_policy", "read_timeout_ms"}

func (r *reader) warn(format string, args ...any) {
	r.part.warnings = append(r.part.warnings, r.part.name+": "+fmt.Sprintf(format, args...))
}

func (r *reader) bad(n *yaml.Node, format string, args ...any) error {
	// The first line of the front matter is the second of the file.
	return fail(ParseError, r.part.name, "line %d: %s", n.Line+1, fmt.Sprintf(format, args...))
}

func (r *reader) top(top *yaml.Node) error {
	return r.each(top, "", func(key string, n *yaml.Node) error {
		switch key {
		case "tracker":
			return r.each(n, key, r.tracker)
		case "workspace":
			return r.each(n, key, r.workspace)
		case "hooks":
			return r.each(n, key, r.hook)
		case "polling", "agent", "codex":
			return r.each(n, key, func(k string, n *yaml.Node) error { return r.number(key, k, n) })
		}
		return nil // unknown keys are somebody else's
	})
}

// each calls take for each key of a map; a null is an empty one.
func (r *reader) each(n *yaml.Node, what string, take func(string, *yaml.Node) error) error {
	n = target(n)
	if n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return r.bad(n, "%s is no map of keys", what)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if err := take(n.Content[i].Value, target(n.Content[i+1])); err != nil {
			return err
		}
	}
	return nil
}

// target is the node that an alias stands for.
func target(n *yaml.Node) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.AliasNode && i < 8; i++ {
		n = n.Alias
	}
	return n
}

func null(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func (r *reader) tracker(key string, n *yaml.Node) (err error) {
	f := &r.part.front
	switch key {
	case "kind":
		var kind string
		if n.Kind != yaml.ScalarNode || n.Decode(&kind) != nil {
			return r.bad(n, "tracker.kind is no word")
		}
		if k := strings.ToLower(strings.TrimSpace(kind)); k != "" && k != "markdown" {
			return fail(Unsupported, r.part.name, "line %d: the tracker %q is not one of ours: tasks are markdown files, kind: markdown", n.Line+1, kind)
		}
	case "provider":
		if null(n) {
			return nil
		}
		if n.Kind != yaml.MappingNode || n.Decode(&f.provider) != nil {
			return r.bad(n, "tracker.provider is no map of keys")
		}
		if len(f.provider) > 0 {
			r.warn("tracker.provider is kept and means nothing: markdown tasks need no address and no key")
		}
	case "required_labels":
		var labels []string
		if labels, err = r.words("tracker."+key, n); err == nil {
			for _, l := range labels {
				f.labels = append(f.labels, normal(l))
			}
		}
	case "active_states":
		f.active, err = r.words("tracker."+key, n)
	case "terminal_states":
		f.terminal, err = r.words("tracker."+key, n)
	}
	return err
}

// words reads a list of words; a null is none, and then not said.
func (r *reader) words(key string, n *yaml.Node) ([]string, error) {
	if null(n) {
		return nil, nil
	}
	out := []string{}
	if n.Kind != yaml.SequenceNode || n.Decode(&out) != nil {
		return nil, r.bad(n, "%s is no list of words", key)
	}
	return out, nil
}

func (r *reader) hook(key string, n *yaml.Node) error {
	if key == "timeout_ms" {
		return r.number("hooks", key, n)
	}
	if !slices.Contains(hookNames, key) || null(n) {
		return nil
	}
	var script string
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" || n.Decode(&script) != nil {
		return r.bad(n, "hooks.%s is no script", key)
	}
	if strings.ContainsRune(script, 0) {
		return r.bad(n, "hooks.%s holds a zero byte", key)
	}
	if r.part.front.hooks == nil {
		r.part.front.hooks = map[string]string{}
	}
	r.part.front.hooks[key] = strings.TrimSpace(script)
	return nil
}

func (r *reader) number(group, key string, n *yaml.Node) error {
	full := group + "." + key
	if full == "agent.max_concurrent_agents_by_state" {
		return r.byState(n)
	}
	anyInt, known := limitKeys[full]
	switch {
	case group == "codex" && slices.Contains(programs, key):
		r.warn("%s does not count: which program runs and how is the user's, in TASKS_WORKER and config.toml", full)
		return nil
	case !known || null(n):
		return nil
	}
	var v int64
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || n.Decode(&v) != nil {
		return r.bad(n, "%s is no whole number", full)
	}
	if v < 1 && !anyInt {
		return r.bad(n, "%s is less than 1", full)
	}
	if v > math.MaxInt64/int64(1e6) { // milliseconds must fit a time
		return r.bad(n, "%s is too large", full)
	}
	if r.part.front.limits == nil {
		r.part.front.limits = map[string]int64{}
	}
	r.part.front.limits[full] = v
	return nil
}

// byState reads the agents at once by state; an entry that is no number from 1 is
// passed over, as the specification asks.
func (r *reader) byState(n *yaml.Node) error {
	return r.each(n, "agent.max_concurrent_agents_by_state", func(state string, n *yaml.Node) error {
		var v int
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || n.Decode(&v) != nil || v < 1 {
			r.warn("agent.max_concurrent_agents_by_state: %s does not count: it is no number from 1", state)
			return nil
		}
		if _, ok := task.ParseStatus(state); !ok {
			r.warn("agent.max_concurrent_agents_by_state: %s is no status of a task", state)
			return nil
		}
		if r.part.front.byState == nil {
			r.part.front.byState = map[string]int{}
		}
		st, _ := task.ParseStatus(state)
		if had, ok := r.part.front.byState[string(st)]; !ok || v < had {
			r.part.front.byState[string(st)] = v
		}
		return nil
	})
}

// workspace looks at where worktrees are to be. They are in .worktrees of the root; the
// value is only compared with that, and never shown expanded.
func (r *reader) workspace(key string, n *yaml.Node) error {
	if key != "root" || null(n) {
		return nil
	}
	var text string
	if n.Kind != yaml.ScalarNode || n.Decode(&text) != nil {
		return r.bad(n, "workspace.root is no path")
	}
	dir := expand(text)
	if dir == "" {
		return nil
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(r.dir, dir)
	}
	if filepath.Base(filepath.Clean(dir)) != ".worktrees" || !r.part.own && filepath.Clean(dir) != filepath.Join(r.dir, ".worktrees") {
		r.warn("workspace.root does not count: worktrees are in .worktrees of the repository")
	}
	return nil
}

// expand is a path with ~ and $VAR at its beginning replaced.
func expand(text string) string {
	text = strings.TrimSpace(text)
	head, rest, _ := strings.Cut(text, "/")
	switch name, isVar := strings.CutPrefix(head, "$"); {
	case head == "~":
		home, err := os.UserHomeDir()
		if err != nil {
			return text
		}
		return filepath.Join(home, rest)
	case isVar:
		name = strings.TrimSuffix(strings.TrimPrefix(name, "{"), "}")
		return filepath.Join(os.Getenv(name), rest)
	}
	return text
}

func normal(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
