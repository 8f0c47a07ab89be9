package manager

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"time"

	"tasks/internal/fault"
	"tasks/internal/process"
	"tasks/internal/worker"
)

// health is a line for each thing this program leans on. The texts hold nothing
// that changes by itself, because each change of the status makes a generation.
func (m *Manager) health(ctx context.Context, w *World) []Health {
	out := []Health{m.gitHealth(ctx)}
	out = append(out, Health{"database", "ok", "state folder " + m.StateDir})
	if !m.Runs.Ready() {
		out[len(out)-1].Text += ", no database yet: the first kickoff or conversation makes it"
	}
	out = append(out, m.modelHealth(), m.claudeHealth())
	out = append(out, m.agentHealth(w), m.dispatchHealth(w))
	if m.Settings != nil {
		for _, text := range m.Settings.Warnings {
			out = append(out, Health{"settings", "warn", text})
		}
	}
	out = append(out, m.flowHealth()...)
	if w.Untrusted != nil {
		out = append(out, Health{"trust", "warn", w.Untrusted.Text})
	}
	if w.Unreadable != "" {
		out = append(out, Health{"tasks", "bad", "the tasks cannot be read, and what is on goes on: " + w.Unreadable})
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

// agentSeen is what was last found out about the agents' program.
type agentSeen struct {
	version string    // "" while nobody has asked
	fail    string    // why it cannot be used, "" where it can
	at      time.Time // when it was asked
}

// probeAgain is how long the word of a program that cannot be used is believed.
const probeAgain = time.Minute

// worker is the agent's name or path.
func (m *Manager) worker() string {
	if m.Settings == nil || m.Settings.Worker == "" {
		return "claude"
	}
	return m.Settings.Worker
}

// findAgent looks for the agent's program; nothing is started.
func (m *Manager) findAgent() (worker.Agent, error) {
	o := worker.Options{Root: m.Git.Root, Getenv: os.LookupEnv}
	if m.Settings != nil {
		o.Claude, o.Anthropic, o.OpenAI = m.Settings.Claude, m.Settings.Anthropic, m.Settings.OpenAI
	}
	return worker.Find(m.worker(), o)
}

// noAgent says why no agent can be started, "" where one can.
func (m *Manager) noAgent() string {
	if _, err := m.findAgent(); err != nil {
		return err.Error()
	}
	m.seen.Lock()
	defer m.seen.Unlock()
	return m.agent.fail
}

// toProbe tells whether the agent's program is to be asked for its version: there is work
// for it, and it was not asked, or not lately while it could not be used.
func (m *Manager) toProbe() bool {
	m.seen.Lock()
	defer m.seen.Unlock()
	return m.work && (m.agent.at.IsZero() || m.agent.fail != "" && m.Now().Sub(m.agent.at).Abs() > probeAgain)
}

// probe asks the agent's program for its version. A beat never waits for it.
func (m *Manager) probe(ctx context.Context) {
	agent, err := m.findAgent()
	if err != nil {
		return // each look finds out anew
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	v, err := agent.Probe(ctx)
	if ctx.Err() != nil {
		return // a slow machine says nothing of the program
	}
	now := agentSeen{version: v.Text, at: m.Now()}
	if err != nil {
		now.fail = err.Error()
	}
	m.seen.Lock()
	seen := m.agent
	m.agent = now
	m.seen.Unlock()
	if now.fail != seen.fail || now.version != seen.version {
		m.TasksChanged()
	}
}

func (m *Manager) agentHealth(w *World) Health {
	if w.Held != "" {
		return Health{"agent", "bad", "no run can begin: " + w.Held}
	}
	m.seen.Lock()
	version := m.agent.version
	m.seen.Unlock()
	text := m.worker()
	if version != "" {
		text += ", version " + version
	}
	return Health{"agent", "ok", text}
}

// dispatchHealth tells who takes queued tasks, and how many slots are in use.
func (m *Manager) dispatchHealth(w *World) Health {
	used, waiting := 0, 0
	for _, r := range w.Runs {
		switch {
		case r.State.Leased():
			used++
		case r.State.Waiting():
			waiting++
		}
	}
	text := strconv.Itoa(used) + " runs are on"
	if w.Limits.Runs > 0 {
		text = fmt.Sprintf("%d of %d slots are in use", used, w.Limits.Runs)
	}
	if w.Owner != "" {
		text += ", the tasks of " + w.Owner + " are taken"
	}
	pid, on := m.looped()
	switch {
	case on:
		return Health{"dispatch", "ok", fmt.Sprintf("%s; process %d looks at the queue at least every %s", text, pid, w.Limits.Beat)}
	case waiting > 0:
		return Health{"dispatch", "warn", text + "; nobody looks at the queue: tasks serve does, or once tasks heartbeat --dispatch"}
	}
	return Health{"dispatch", "ok", text + "; nobody looks at the queue, which is empty"}
}
