package worker

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
)

// titleOf says in one line what a tool is used for.
func titleOf(tool string, input json.RawMessage, dir string) string {
	var in map[string]json.RawMessage
	if json.Unmarshal(input, &in) != nil {
		return ""
	}
	for _, key := range []string{"command", "file_path", "filePath", "notebook_path", "path", "pattern", "url", "query", "description", "prompt", "subject", "title"} {
		if key == "path" && in["pattern"] != nil {
			continue // of a search, what is looked for says more
		}
		var text string
		if raw, ok := in[key]; !ok || json.Unmarshal(raw, &text) != nil || strings.TrimSpace(text) == "" {
			continue
		}
		if filepath.IsAbs(text) && key != "command" {
			if rel, err := filepath.Rel(dir, text); dir != "" && err == nil && filepath.IsLocal(rel) {
				text = rel
			}
		}
		return oneLine(text, 200)
	}
	if done, all, ok := todos(in["todos"]); ok {
		return strconv.Itoa(done) + " of " + strconv.Itoa(all) + " done"
	}
	return ""
}

// todos counts the entries of a list of what is to be done.
func todos(raw json.RawMessage) (done, all int, ok bool) {
	var list []struct{ Status string }
	if len(raw) == 0 || json.Unmarshal(raw, &list) != nil {
		return 0, 0, false
	}
	for _, t := range list {
		if t.Status == "completed" {
			done++
		}
	}
	return done, len(list), true
}

// oneLine is the first line of text that says something, at most n characters of it.
func oneLine(text string, n int) string {
	line, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	line = strings.TrimSpace(strings.ToValidUTF8(line, "\uFFFD"))
	if r := []rune(line); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	if strings.TrimSpace(rest) != "" {
		return line + " …"
	}
	return line
}
