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
	Addr      string   // default 127.0.0.1:8005
	Edit      []string // prefixes that edit_file may write under: tasks, docs, ai_notes
	Limits    Limits
	Timeouts  Timeouts
	Warnings  []string // what was ignored and why; one line each, without secrets
}
