package worker

import (
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/process"
	"tasks/internal/runlog"
)

// Steering are the files and folders of the home folder that steer coding agents: hooks,
// servers to start, instructions. What ran in a sandbox must not leave word there for the
// agent that its user starts outside of one.
var Steering = []string{
	".claude.json", ".claude/settings.json", ".claude/settings.local.json", ".claude/CLAUDE.md", ".claude/commands", ".claude/agents", ".claude/skills", ".claude/hooks",
	".claude/output-styles", ".claude/plugins/installed_plugins.json", ".claude/plugins/known_marketplaces.json",
	".codex/config.toml", ".codex/hooks.json", ".codex/AGENTS.md", ".codex/AGENTS.override.md", ".codex/rules", ".codex/prompts", ".agents",
	".config/opencode/opencode.json", ".config/opencode/opencode.jsonc", ".config/opencode/config.json", ".config/opencode/AGENTS.md",
	".config/opencode/plugin", ".config/opencode/plugins", ".config/opencode/command", ".config/opencode/commands", ".config/opencode/agent", ".config/opencode/agents",
	".config/opencode/tool", ".config/opencode/tools", ".config/opencode/skill", ".config/opencode/skills",
}

// absent are the steering files that are not there, and so could not be protected.
func absent(s Spec) []string {
	home := ""
	for _, e := range s.Env {
		if v, ok := strings.CutPrefix(e, "HOME="); ok {
			home = v
		}
	}
	if s.Sandbox == nil || s.Sandbox.Whole || !filepath.IsAbs(home) {
		return nil
	}
	var out []string
	for _, name := range Steering {
		path := filepath.Join(home, name)
		if _, err := os.Lstat(path); os.IsNotExist(err) && name != ".claude.json" { // that one its own program makes
			out = append(out, path)
		}
	}
	return out
}

// appeared tells of those that are there after the turn.
func appeared(before []string, tell func(runlog.Event)) {
	for _, path := range before {
		if _, err := os.Lstat(path); err == nil {
			tell(runlog.Event{Type: runlog.Notice, Status: "bad", Text: path + " appeared while the agent ran: look at it before you start an agent of your own, which will follow it"})
		}
	}
}

// withFolders is the sandbox in which the agent's own folders can be written.
func withFolders(s *process.Sandbox, folders []string) *process.Sandbox {
	if s == nil || s.Whole {
		return s
	}
	box := *s
	for _, dir := range folders {
		// What can be written anyway is left as it is, with what is protected in it.
		if os.MkdirAll(dir, 0o700) == nil && !(below(dir, s.Writable) && !below(dir, s.Protect)) {
			box.Again = append(box.Again[:len(box.Again):len(box.Again)], dir)
		}
	}
	return &box
}

// below tells whether dir is one of the folders or lies in one.
func below(dir string, folders []string) bool {
	for _, f := range folders {
		if rel, err := filepath.Rel(f, dir); err == nil && (rel == "." || filepath.IsLocal(rel)) {
			return true
		}
	}
	return false
}
