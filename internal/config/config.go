// Package config is the one table of settings: key, variable, default, whether
// it is secret, and whether a repository's own files may set it.
//
// A value is the first found of: command flag, environment, user configuration
// ($XDG_CONFIG_HOME/tasks/config.toml), tasks.toml at the root, default. What
// guards the user (address, token, edit prefixes, approvals, endpoints,
// programs, worker) the root's files can narrow but never widen. From .env at
// the root only the variables named OPENAI_*, ANTHROPIC_*, TASK_MANAGER_OWNER and
// TASKS_SERVER_DISPATCH_TOKEN of the table are read, never over the environment,
// and an endpoint (a *_BASE_URL) only together with a key from the same file; a
// .env that git tracks is ignored with a warning. Nothing is ever put into this
// process's environment.
package config

import "time"

// Endpoint is a model server and the right to use it.
type Endpoint struct {
	Key     string // secret; empty is allowed for a loopback BaseURL
	Model   string
	BaseURL string // with the /v1 of Chat Completions; no trailing slash
	Source  string // where the key (or the URL) came from, for people: "environment", ".env"
}

// Limits bound one turn of the assistant.
type Limits struct {
	ModelCalls int           // default 24
	ToolCalls  int           // default 64
	Turn       time.Duration // default 15m, waiting for approval aside
	ToolBytes  int           // default 2 MB of tool output
	Subagent   time.Duration // default 120s
}

// Timeouts bound one model call. Each has its own message when it ends.
type Timeouts struct {
	Connect    time.Duration // default 10s
	Headers    time.Duration // default 60s
	FirstToken time.Duration // default 120s
	Idle       time.Duration // default 60s between bytes
}

// Manager bounds the runs. A zero is no limit, unless it says otherwise.
type Manager struct {
	Beat        time.Duration // default 30s
	Runs        int           // agents at once; default 4
	Workstream  int           // of one workstream at once
	PerOwner    int           // of one owner at once
	Attempts    int           // of a run, until it is failed; default 3
	Wall        time.Duration // one attempt; default 2h
	Stall       time.Duration // without an event; default 5m
	Answer      time.Duration // how long a question waits until it counts as no; default 10m
	Turns       int           // of an agent, in one attempt; default 200
	BudgetCents int           // money of one run, in cents of a dollar
	RetryDelay  time.Duration // before the second attempt, then twice as long each time; default 10s
	RetryMax    time.Duration // the longest wait between attempts; default 5m
	Hook        time.Duration // one hook; default 60s
	Verify      time.Duration // one command of verify; default 15m
}

// Settings are the values in force for one root.
type Settings struct {
	Root      string
	OpenAI    Endpoint
	Anthropic Endpoint
	Provider  string   // TASKS_CHAT_PROVIDER: "", "openai", "anthropic"
	Approve   string   // TASKS_CHAT_APPROVE: "ask", "all", "readonly", "none"
	Token     string   // TASKS_SERVER_DISPATCH_TOKEN; secret
	Owner     string   // TASK_MANAGER_OWNER
	Worker    string   // TASKS_WORKER
	Claude    string   // TASKS_CLAUDE
	Editor    string   // TASKS_EDITOR: an address with {path} and {line}; "" where none is known
	Addr      string   // default 127.0.0.1:8005
	Edit      []string // prefixes that edit_file may write under: tasks, docs, ai_notes
	Manager   Manager
	Limits    Limits
	Timeouts  Timeouts
	Warnings  []string // what was ignored and why; one line each, without secrets
}
