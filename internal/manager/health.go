package manager

import (
	"context"
	"net/url"

	"tasks/internal/fault"
	"tasks/internal/process"
)

// health is a line for each thing this program leans on. The texts hold nothing
// that changes by itself, because each change of the status makes a generation.
func (m *Manager) health(ctx context.Context) []Health {
	out := []Health{m.gitHealth(ctx)}
	out = append(out, Health{"database", "ok", "state folder " + m.StateDir})
	if !m.Runs.Ready() {
		out[len(out)-1].Text += ", no database yet: the first kickoff or conversation makes it"
	}
	out = append(out, m.modelHealth(), m.claudeHealth())
	out = append(out, Health{"dispatch", "warn", "this version queues tasks and starts no agent: queued tasks wait"})
	if m.Settings != nil {
		for _, w := range m.Settings.Warnings {
			out = append(out, Health{"settings", "warn", w})
		}
	}
	return out
}

func (m *Manager) gitHealth(ctx context.Context) Health {
	switch branch, err := m.Git.Branch(ctx); {
	case err != nil:
		return Health{"git", "bad", "git does not answer: " + err.Error()}
	case branch == "":
		return Health{"git", "warn", "no branch is checked out: a kickoff needs one as the base of the work"}
	default:
		return Health{"git", "ok", "branch " + branch}
	}
}

func (m *Manager) modelHealth() Health {
	if m.Settings == nil {
		return Health{"model", "warn", "the settings were not read"}
	}
	provider, e, err := m.Settings.Assistant()
	if err != nil {
		text := err.Error()
		if hint := fault.HintOf(err); hint != "" {
			text += ": " + hint
		}
		return Health{"model", "warn", text}
	}
	model := e.Model
	if model == "" {
		model = "the endpoint's default"
	}
	text := model
	if u, err := url.Parse(e.BaseURL); err == nil { // the host alone: an address may hold a password
		text += " at " + u.Host
	}
	if e.Source != "" {
		text += " (" + provider + ", set in: " + e.Source + ")"
	}
	return Health{"model", "ok", text}
}

func (m *Manager) claudeHealth() Health {
	name := "claude"
	if m.Settings != nil && m.Settings.Claude != "" {
		name = m.Settings.Claude
	}
	path, err := process.Look(name, m.Git.Root)
	if err != nil {
		return Health{"claude", "warn", "the assistant has no sub-agent: " + err.Error()}
	}
	return Health{"claude", "ok", "Claude Code at " + path}
}
