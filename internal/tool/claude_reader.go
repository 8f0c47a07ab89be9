package tool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"tasks/internal/process"
)

// claudeTools is what the first event must list, exactly.
var claudeTools = []string{"Glob", "Grep", "Read"}

// maxAnswer bounds what the sub-agent's answer puts into the conversation, in bytes.
const maxAnswer = 60_000

// claudeEvent is one line of --output-format stream-json, as far as we read it.
type claudeEvent struct {
	Type       string   `json:"type"`
	Subtype    string   `json:"subtype"`
	Tools      []string `json:"tools"`
	MCPServers []any    `json:"mcp_servers"`
	CWD        string   `json:"cwd"`
	Message    struct {
		Content json.RawMessage `json:"content"`
	} `json:"message"`
	Result  string   `json:"result"`
	Errors  []string `json:"errors"`
	IsError bool     `json:"is_error"`
	Turns   int      `json:"num_turns"`
	Cost    float64  `json:"total_cost_usd"`
	Attempt int      `json:"attempt"`
}

// claudeReader reads the events while they come. Its Write is called from one
// goroutine; result is called after that one has ended.
type claudeReader struct {
	mu       sync.Mutex
	progress func(string)
	cancel   func()
	line     []byte
	cwd      string
	started  bool
	refused  string // why the tree is being ended
	steps    int
	final    *claudeEvent
}

func newClaudeReader(progress func(string), cancel func()) *claudeReader {
	if progress == nil {
		progress = func(string) {}
	}
	return &claudeReader{progress: progress, cancel: cancel}
}

func (r *claudeReader) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line = append(r.line, p...)
	rest := r.line
	for {
		line, more, whole := bytes.Cut(rest, []byte{'\n'})
		if !whole {
			break
		}
		r.event(line)
		rest = more
	}
	r.line = append(r.line[:0], rest...) // once a write: a flood of short lines is not moved for each
	return len(p), nil
}

func (r *claudeReader) event(line []byte) {
	var e claudeEvent
	if r.refused != "" || !bytes.HasPrefix(line, []byte{'{'}) || json.Unmarshal(line, &e) != nil {
		return
	}
	switch {
	case e.Type == "system" && e.Subtype == "init":
		slices.Sort(e.Tools)
		switch {
		case !slices.Equal(e.Tools, claudeTools):
			r.refuse("it came up with other tools than Read, Grep and Glob: " + strings.Join(e.Tools, ", "))
		case len(e.MCPServers) > 0:
			r.refuse("it came up with MCP servers")
		default:
			r.started, r.cwd = true, e.CWD
			r.progress("Claude Code is reading")
		}
	case e.Type == "system" && e.Subtype == "api_retry":
		r.progress(fmt.Sprintf("its model did not answer, attempt %d", e.Attempt))
	case e.Type == "system":
	case !r.started:
		r.refuse("it began without saying which tools it has")
	case e.Type == "assistant":
		r.assistant(e.Message.Content)
	case e.Type == "result":
		r.final = &e
	}
}

// refuse ends the tree.
func (r *claudeReader) refuse(why string) {
	r.refused = why
	r.cancel()
}

func (r *claudeReader) assistant(content json.RawMessage) {
	var blocks []struct {
		Type, Name string
		Input      struct{ File_path, Pattern, Path string }
	}
	if json.Unmarshal(content, &blocks) != nil {
		return
	}
	for _, b := range blocks {
		if b.Type != "tool_use" {
			continue
		}
		if !slices.Contains(claudeTools, b.Name) {
			r.refuse("it used the tool " + b.Name)
			return
		}
		r.steps++
		object := b.Input.Pattern
		if b.Name == "Read" {
			object = b.Input.File_path
			if rel, err := filepath.Rel(r.cwd, object); err == nil && filepath.IsLocal(rel) {
				object = rel
			}
		}
		r.progress(b.Name + " " + cutText(object, 120))
	}
}

// result tells how it went; end is the end of the process tree.
func (r *claudeReader) result(end process.End, limit time.Duration) Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := end.Protected
	if held == "" {
		held = "no system protection"
	}
	switch {
	case r.refused != "":
		return failed(Error, "Claude Code was ended: "+r.refused, "Claude Code was ended at once: "+r.refused)
	case end.Cause == process.Canceled:
		return failed(Cancelled, "Claude Code was stopped", "The sub-agent was stopped by the user.")
	case end.Cause == process.TimedOut:
		return failed(Timeout, fmt.Sprintf("Claude Code was ended after %s", limit), fmt.Sprintf("The sub-agent did not finish within %s and was ended; it made %d steps. Ask a smaller question.", limit, r.steps))
	case end.Cause == process.TooMuch || end.Cause == process.TooLarge || end.Cause == process.TooMany:
		return failed(Error, "Claude Code was ended: over its limit of "+string(end.Cause), "The sub-agent was ended because it went over its limit of "+string(end.Cause)+".")
	case strings.Contains(end.LastWords, "unknown option"):
		return failed(Error, "Claude Code is too old to be held to reading", "Claude Code refused an option: "+cutText(strings.TrimSpace(end.LastWords), 300)+". The user must update it: npm install -g @anthropic-ai/claude-code")
	case r.final == nil:
		return failed(Error, "Claude Code ended without an answer", fmt.Sprintf("The sub-agent ended without an answer (exit status %d). Its last words: %s", end.Code, cutText(strings.TrimSpace(end.LastWords), 500)))
	case r.final.IsError || r.final.Subtype != "success":
		why := r.final.Result
		if why == "" {
			why = strings.Join(append(r.final.Errors, r.final.Subtype), "; ")
		}
		return failed(Error, "Claude Code failed: "+cutText(why, 160), "The sub-agent failed: "+cutText(why, 1000))
	}
	answer, cut := r.final.Result, false
	if len(answer) > maxAnswer {
		answer, cut = strings.ToValidUTF8(answer[:maxAnswer], "")+"\n[the answer was longer and is cut here]", true
	}
	summary := fmt.Sprintf("Claude Code, %s, %s", held, plural(r.steps, "step"))
	if r.final.Cost > 0 {
		summary += fmt.Sprintf(", $%.2f", r.final.Cost)
	}
	return Result{Status: OK, Summary: summary, Content: answer, Truncated: cut, Taints: true}
}

// cutText shortens s to at most n bytes, at a rune's border.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
