package repo

import "strings"

// steering are the files that coding agents obey, by the name before the first dot:
// CLAUDE.local.md and AGENTS.override.md count as well.
var steering = map[string]bool{
	"agent": true, "agents": true, "claude": true, "copilot-instructions": true, "crush": true,
	"gemini": true, "opencode": true, "qwen": true, "skill": true, "warp": true,
}

// Steers tells whether coding agents take a file of this name for orders, under any
// spelling: a file system may not tell agents.md from AGENTS.md.
func Steers(base string) bool {
	stem := Fold(base)
	if i := strings.IndexAny(stem, ".~"); i >= 0 {
		stem = stem[:i]
	}
	return steering[strings.TrimSpace(stem)]
}
