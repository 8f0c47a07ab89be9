package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"

	"tasks/internal/runlog"
)

// toolLine is one line about a call.
type toolLine struct {
	kind, icon, verb, object string
	doing                    string // the verb while it goes on
	parts                    []StepPart
}

// toolWords says in a verb and an object what a call does, whichever agent makes it. A
// tool that is not known is named as it is.
func (f *fold) toolWords(e runlog.Event) toolLine {
	var in map[string]any
	json.Unmarshal(e.Input, &in) // what is no object has no keys
	get := func(keys ...string) string {
		for _, k := range keys {
			switch v := in[k].(type) {
			case string:
				if v != "" {
					return v
				}
			case []any: // a command in words
				var words []string
				for _, w := range v {
					if s, ok := w.(string); ok {
						words = append(words, s)
					}
				}
				if len(words) > 0 {
					return strings.Join(words, " ")
				}
			}
		}
		return ""
	}
	file := f.inTree(get("file_path", "filePath", "path", "notebook_path"))
	l := toolLine{kind: "tool", icon: "wrench", verb: e.Name, object: e.Title, parts: inputParts(e.Input)}
	switch strings.ToLower(e.Name) {
	case "read", "view", "read_file":
		l.kind, l.icon, l.verb, l.object = "reads", "file-text", "Read", cmp.Or(file, e.Title)
	case "write", "write_file", "create":
		l.icon, l.verb, l.doing, l.object = "file-plus", "Wrote", "Writing", cmp.Or(file, e.Title)
	case "edit", "multiedit", "patch", "apply_patch", "edit_file", "file_change", "notebookedit":
		l.icon, l.verb, l.doing, l.object = "pencil", "Edited", "Editing", cmp.Or(file, e.Title)
		l.parts = editParts(in, l.parts)
	case "bash", "shell", "command_execution", "local_shell", "exec", "exec_command":
		command := cmp.Or(get("command", "cmd"), e.Title)
		l.kind, l.icon, l.verb, l.doing, l.object = "command", "terminal", "Ran", "Running", firstLine(command)
		l.parts = []StepPart{{"Command", command}}
	case "grep", "search", "search_files":
		l.icon, l.verb, l.doing, l.object = "search", "Searched for", "Searching for", cmp.Or(get("pattern", "query"), e.Title)
	case "glob", "ls", "list":
		l.icon, l.verb, l.doing, l.object = "folder", "Listed", "Listing", cmp.Or(get("pattern"), file, e.Title)
	case "webfetch", "web_fetch":
		l.icon, l.verb, l.doing, l.object = "external-link", "Fetched", "Fetching", cmp.Or(get("url"), e.Title)
	case "websearch", "web_search":
		l.icon, l.verb, l.doing, l.object = "search", "Searched the web for", "Searching the web for", cmp.Or(get("query"), e.Title)
	case "task", "agent":
		l.icon, l.verb, l.doing, l.object = "bot", "Asked a sub-agent", "A sub-agent works on", cmp.Or(get("description", "prompt"), e.Title)
	case "todowrite", "todo_list", "update_plan":
		l.icon, l.verb, l.doing, l.object = "list-checks", "Updated its list", "Updating its list", ""
	}
	return l
}

// inTree is a path within the worktree.
func (f *fold) inTree(name string) string {
	if f.worktree != "" && filepath.IsAbs(name) {
		if rel, err := filepath.Rel(f.worktree, name); err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
			return rel
		}
	}
	return name
}

// inputParts are the arguments of a call as they are.
func inputParts(raw json.RawMessage) []StepPart {
	if len(raw) == 0 || string(raw) == "{}" || string(raw) == "null" {
		return nil
	}
	return []StepPart{{"Arguments", prettyJSON(raw)}}
}

// editParts shows an edit as what was and what is.
func editParts(in map[string]any, otherwise []StepPart) []StepPart {
	before, ok1 := in["old_string"].(string)
	after, ok2 := in["new_string"].(string)
	if !ok1 {
		before, ok1 = in["oldString"].(string)
		after, ok2 = in["newString"].(string)
	}
	if !ok1 || !ok2 {
		return otherwise
	}
	return []StepPart{{"Before", before}, {"After", after}}
}

// prettyJSON is an object as people read it; what is none stands as it is. Characters that
// the encoder wrote as numbers only for the sake of HTML stand as themselves; those that
// nobody sees stand as numbers.
func prettyJSON(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return unhidden(string(raw))
	}
	return unhidden(plainEscapes(b.String()))
}

// plainEscapes writes <, > and & of a JSON text as themselves.
func plainEscapes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		if i+6 <= len(s) {
			switch strings.ToLower(s[i : i+6]) {
			case `\u0026`:
				b.WriteByte('&')
				i += 5
				continue
			case `\u003c`:
				b.WriteByte('<')
				i += 5
				continue
			case `\u003e`:
				b.WriteByte('>')
				i += 5
				continue
			}
		}
		b.WriteString(s[i : i+2]) // an escape is passed as one, so that \\u0026 stays
		i++
	}
	return b.String()
}

// unhidden is a text in which what nobody sees is seen: controls, marks that turn the
// direction of writing, joiners.
func unhidden(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)) {
			fmt.Fprintf(&b, "\\u{%04x}", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// askParts is what an agent asks to do, value by value and exactly: a text stands as the
// lines that it is, anything else as JSON.
func askParts(raw json.RawMessage) []StepPart {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return []StepPart{{"Arguments", prettyJSON(raw)}}
	}
	var out []StepPart
	for dec.More() {
		key, err := dec.Token()
		var value json.RawMessage
		if err == nil {
			err = dec.Decode(&value)
		}
		if err != nil {
			return []StepPart{{"Arguments", prettyJSON(raw)}}
		}
		name, _ := key.(string)
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = prettyJSON(value)
		}
		out = append(out, StepPart{unhidden(name), unhidden(text)})
	}
	return out
}
