package config

import (
	"net"
	"net/url"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
)

// rootRule says what a repository's own tasks.toml may do to a setting.
type rootRule int

const (
	never  rootRule = iota // ignored there, with a warning
	narrow                 // only to less; the setting's own rule decides what is less
	free                   // as it likes
)

// option is one row of the table.
type option struct {
	key    string // in config.toml and tasks.toml; "" where it has no place there
	env    string
	dotenv bool // may stand in the root's .env
	secret bool
	root   rootRule
	def    string
	set    func(s *Settings, value string) error
	// less tells whether next allows no more than now; for narrow rows only.
	less func(now, next string) bool
}

// options is every setting there is.
func options() []option {
	text := func(at func(*Settings) *string) func(*Settings, string) error {
		return func(s *Settings, v string) error { *at(s) = v; return nil }
	}
	return []option{
		{key: "addr", env: "TASKS_ADDR", root: never, def: "127.0.0.1:8005", set: text(func(s *Settings) *string { return &s.Addr })},
		{env: "OPENAI_API_KEY", dotenv: true, secret: true, set: text(func(s *Settings) *string { return &s.OpenAI.Key })},
		{key: "openai.model", env: "OPENAI_MODEL", dotenv: true, root: never, set: text(func(s *Settings) *string { return &s.OpenAI.Model })},
		{key: "openai.base_url", env: "OPENAI_BASE_URL", dotenv: true, root: never, set: setURL(func(s *Settings) *string { return &s.OpenAI.BaseURL })},
		{env: "ANTHROPIC_API_KEY", dotenv: true, secret: true, set: text(func(s *Settings) *string { return &s.Anthropic.Key })},
		{key: "anthropic.model", env: "ANTHROPIC_MODEL", dotenv: true, root: never, set: text(func(s *Settings) *string { return &s.Anthropic.Model })},
		{key: "anthropic.base_url", env: "ANTHROPIC_BASE_URL", dotenv: true, root: never, set: setURL(func(s *Settings) *string { return &s.Anthropic.BaseURL })},
		{key: "chat.provider", env: "TASKS_CHAT_PROVIDER", root: never, set: setOneOf(func(s *Settings) *string { return &s.Provider }, "openai", "anthropic")},
		{key: "chat.approve", env: "TASKS_CHAT_APPROVE", root: narrow, def: "ask", less: lessApproval, set: setOneOf(func(s *Settings) *string { return &s.Approve }, "ask", "all", "readonly", "none")},
		{key: "chat.edit_prefixes", env: "TASKS_EDIT_PREFIXES", root: narrow, def: "tasks,docs,ai_notes", less: lessPrefixes, set: setPrefixes},
		{key: "chat.model_calls", env: "TASKS_CHAT_MODEL_CALLS", root: narrow, def: "24", less: lessNumber, set: setInt(func(s *Settings) *int { return &s.Limits.ModelCalls })},
		{key: "chat.tool_calls", env: "TASKS_CHAT_TOOL_CALLS", root: narrow, def: "64", less: lessNumber, set: setInt(func(s *Settings) *int { return &s.Limits.ToolCalls })},
		{key: "chat.tool_bytes", env: "TASKS_CHAT_TOOL_BYTES", root: narrow, def: "2000000", less: lessNumber, set: setInt(func(s *Settings) *int { return &s.Limits.ToolBytes })},
		{key: "chat.turn", env: "TASKS_CHAT_TURN", root: narrow, def: "15m", less: lessDuration, set: setDuration(func(s *Settings) *time.Duration { return &s.Limits.Turn })},
		{key: "chat.subagent", env: "TASKS_CHAT_SUBAGENT", root: narrow, def: "120s", less: lessDuration, set: setDuration(func(s *Settings) *time.Duration { return &s.Limits.Subagent })},
		{key: "model.connect", env: "TASKS_MODEL_CONNECT", root: never, def: "10s", set: setDuration(func(s *Settings) *time.Duration { return &s.Timeouts.Connect })},
		{key: "model.headers", env: "TASKS_MODEL_HEADERS", root: never, def: "60s", set: setDuration(func(s *Settings) *time.Duration { return &s.Timeouts.Headers })},
		{key: "model.first_token", env: "TASKS_MODEL_FIRST_TOKEN", root: never, def: "120s", set: setDuration(func(s *Settings) *time.Duration { return &s.Timeouts.FirstToken })},
		{key: "model.idle", env: "TASKS_MODEL_IDLE", root: never, def: "60s", set: setDuration(func(s *Settings) *time.Duration { return &s.Timeouts.Idle })},
		{env: "TASKS_SERVER_DISPATCH_TOKEN", dotenv: true, secret: true, set: text(func(s *Settings) *string { return &s.Token })},
		{key: "manager.owner", env: "TASK_MANAGER_OWNER", dotenv: true, root: free, set: text(func(s *Settings) *string { return &s.Owner })},
		{key: "manager.worker", env: "TASKS_WORKER", root: never, def: "claude", set: text(func(s *Settings) *string { return &s.Worker })},
		{key: "manager.beat", env: "TASKS_MANAGER_BEAT", root: narrow, def: "30s", less: lessDuration, set: setDuration(func(s *Settings) *time.Duration { return &s.Manager.Beat })},
		{key: "manager.runs", env: "TASKS_MANAGER_RUNS", root: narrow, def: "4", less: lessNumber, set: setInt(func(s *Settings) *int { return &s.Manager.Runs })},
		{key: "manager.workstream", env: "TASKS_MANAGER_PER_WORKSTREAM", root: narrow, less: lessNumber, set: setInt(func(s *Settings) *int { return &s.Manager.Workstream })},
		{key: "manager.per_owner", env: "TASKS_MANAGER_PER_OWNER", root: narrow, less: lessNumber, set: setInt(func(s *Settings) *int { return &s.Manager.PerOwner })},
		{key: "manager.attempts", env: "TASKS_MANAGER_ATTEMPTS", root: narrow, def: "3", less: lessNumber, set: setInt(func(s *Settings) *int { return &s.Manager.Attempts })},
		{key: "manager.wall", env: "TASKS_MANAGER_WALL", root: narrow, def: "2h", less: lessDuration, set: setDuration(func(s *Settings) *time.Duration { return &s.Manager.Wall })},
		{key: "manager.stall", env: "TASKS_MANAGER_STALL", root: narrow, def: "5m", less: lessDuration, set: setDuration(func(s *Settings) *time.Duration { return &s.Manager.Stall })},
		{key: "manager.answer", env: "TASKS_MANAGER_ANSWER", root: narrow, def: "10m", less: lessDuration, set: setDuration(func(s *Settings) *time.Duration { return &s.Manager.Answer })},
		{key: "manager.turns", env: "TASKS_MANAGER_TURNS", root: narrow, def: "200", less: lessNumber, set: setInt(func(s *Settings) *int { return &s.Manager.Turns })},
		{key: "manager.budget_cents", env: "TASKS_MANAGER_BUDGET_CENTS", root: narrow, less: lessNumber, set: setInt(func(s *Settings) *int { return &s.Manager.BudgetCents })},
		{key: "manager.retry_delay", env: "TASKS_MANAGER_RETRY_DELAY", root: never, def: "10s", set: setDuration(func(s *Settings) *time.Duration { return &s.Manager.RetryDelay })},
		{key: "manager.retry_max", env: "TASKS_MANAGER_RETRY_MAX", root: free, def: "5m", set: setDuration(func(s *Settings) *time.Duration { return &s.Manager.RetryMax })},
		{key: "manager.hook", env: "TASKS_MANAGER_HOOK", root: narrow, def: "60s", less: lessDuration, set: setDuration(func(s *Settings) *time.Duration { return &s.Manager.Hook })},
		{key: "manager.verify", env: "TASKS_MANAGER_VERIFY", root: narrow, def: "15m", less: lessDuration, set: setDuration(func(s *Settings) *time.Duration { return &s.Manager.Verify })},
		{key: "editor", env: "TASKS_EDITOR", root: never, set: setEditor},
		{key: "claude", env: "TASKS_CLAUDE", root: never, def: "claude", set: text(func(s *Settings) *string { return &s.Claude })},
	}
}

func setOneOf(at func(*Settings) *string, allowed ...string) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		for _, a := range allowed {
			if v == a {
				*at(s) = v
				return nil
			}
		}
		return fault.New(fault.Usage, "%q is none of %s", v, strings.Join(allowed, ", "))
	}
}

func setInt(at func(*Settings) *int) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return fault.New(fault.Usage, "%q is not a whole number from 1", v)
		}
		*at(s) = n
		return nil
	}
}

func setDuration(at func(*Settings) *time.Duration) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			return fault.New(fault.Usage, "%q is not a length of time such as 90s or 15m", v)
		}
		*at(s) = d
		return nil
	}
}

func setURL(at func(*Settings) *string) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		u, err := url.Parse(v)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			// The value is not repeated: an address may hold a password.
			return fault.New(fault.Usage, "it is not an http or https address")
		}
		*at(s) = strings.TrimRight(v, "/")
		return nil
	}
}

func setPrefixes(s *Settings, v string) error {
	s.Edit = nil
	for _, p := range splitList(v) {
		p = path.Clean(strings.Trim(p, "/"))
		if p == "." || !filepath.IsLocal(p) || strings.HasPrefix(p, ".") {
			return fault.New(fault.Usage, "%q is not a folder below the root", p)
		}
		s.Edit = append(s.Edit, p)
	}
	return nil
}

func splitList(v string) []string {
	var out []string
	for _, p := range strings.Split(v, ",") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// lessApproval orders the modes by what the model may do unasked.
func lessApproval(now, next string) bool {
	rank := map[string]int{"readonly": 0, "all": 1, "ask": 2, "none": 3}
	r, ok := rank[next]
	return ok && r <= rank[now]
}

func lessPrefixes(now, next string) bool {
	for _, n := range splitList(next) {
		n = path.Clean(strings.Trim(n, "/"))
		inside := false
		for _, p := range splitList(now) {
			inside = inside || n == p || strings.HasPrefix(n, p+"/")
		}
		if !inside {
			return false
		}
	}
	return true
}

func lessNumber(now, next string) bool {
	b, err2 := strconv.Atoi(next)
	if now == "" { // no limit yet: any is less
		return err2 == nil
	}
	a, err1 := strconv.Atoi(now)
	return err1 == nil && err2 == nil && b <= a
}

func lessDuration(now, next string) bool {
	a, err1 := time.ParseDuration(now)
	b, err2 := time.ParseDuration(next)
	return err1 == nil && err2 == nil && b <= a
}

// Loopback tells whether an address's host is this machine by number or by the
// name localhost. Other names are never looked up.
func Loopback(rawURL string) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
