package tool

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/lazy"
	"tasks/internal/process"
)

// claudeProgram is the Claude Code found on this machine.
type claudeProgram struct {
	path    string // absolute, links resolved
	link    string // absolute, as found
	version string // as it says, or ""
}

func (p claudeProgram) shown() string {
	if p.version == "" {
		return ""
	}
	return " " + p.version
}

// oldestClaude is the first major version with the flags that hold it to reading.
const oldestClaude = 2

var versionNumber = lazy.Regexp(`\b(\d+)\.\d+\.\d+\b`)

// findClaude finds the program and asks its version. One inside the root is never
// run: the repository put it there.
func findClaude(c SubagentConfig) (claudeProgram, error) {
	p, err := LocateClaude(c.Program, c.Root, c.Getenv)
	if err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	tmp, err := os.MkdirTemp("", "tasks-subagent-")
	if err != nil {
		return p, err
	}
	defer os.RemoveAll(tmp)
	var out bytes.Buffer
	// In an empty folder: even for its version it must not see the repository.
	_, err = process.Run(ctx, process.Spec{Path: p.path, Args: []string{"--version"}, Dir: tmp, Env: claudeEnv(c.Getenv, tmp), Stdout: &out,
		Limits: process.Limits{Wall: 30 * time.Second, MaxOutput: 1 << 16}})
	if err != nil {
		return p, err
	}
	first, _, _ := strings.Cut(out.String(), "\n")
	if m := versionNumber().FindStringSubmatch(first); m != nil && len(first) < 200 {
		p.version = m[0]
		if major, _ := strconv.Atoi(m[1]); major < oldestClaude {
			return p, tooOld(p, "--setting-sources")
		}
	}
	return p, nil
}

func tooOld(p claudeProgram, flag string) error {
	return fault.New(fault.Unavailable, "Claude Code%s is too old to be held to reading: it does not know %s", p.shown(), flag).
		WithHint("update it: npm install -g @anthropic-ai/claude-code")
}

// LocateClaude finds the program by name on the PATH of getenv, or by its absolute
// path. Unavailable where there is none that may be run.
func LocateClaude(program, root string, getenv func(string) (string, bool)) (claudeProgram, error) {
	path, _ := getenv("PATH")
	link, err := process.LookIn(path, program, root)
	if err != nil {
		return claudeProgram{}, fault.New(fault.Unavailable, "there is no Claude Code to run: %w", err).
			WithHint("install it outside the repository (npm install -g @anthropic-ai/claude-code), or name it in TASKS_CLAUDE")
	}
	real, err := filepath.EvalSymlinks(link)
	if err != nil {
		return claudeProgram{}, fault.New(fault.Unavailable, "Claude Code cannot be run: %w", err)
	}
	return claudeProgram{path: real, link: link}, nil
}

// sandbox is what the tree may see: the system's programs, its own folders, the root
// without what is denied.
func (p claudeProgram) sandbox(c SubagentConfig, tmp string, deny []string) *process.Sandbox {
	s := &process.Sandbox{
		ReadOnly: []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/nix", "/run/systemd/resolve", "/sys/devices/system/cpu", "/sys/fs/cgroup", c.Root},
		Writable: []string{tmp},
		Deny:     deny,
	}
	s.ReadOnly = append(s.ReadOnly, programFolder(p.path), filepath.Dir(p.link))
	if dir, ok := c.Getenv("CLAUDE_CONFIG_DIR"); ok && filepath.IsAbs(dir) && !within(dir, c.Root) {
		s.Writable = append(s.Writable, dir)
	}
	if home, ok := c.Getenv("HOME"); ok && filepath.IsAbs(home) {
		s.Writable = append(s.Writable, filepath.Join(home, ".claude"), filepath.Join(home, ".claude.json"))
	}
	return s
}

// programFolder is the folder that holds a program's other files: its outermost
// node_modules, where it has one, for a package's binary may lie in a sibling package.
func programFolder(path string) string {
	if i := strings.Index(path, "/node_modules/"); i >= 0 {
		return path[:i] + "/node_modules"
	}
	return filepath.Dir(path)
}

// Path is where the program lies, links resolved.
func (p claudeProgram) Path() string { return p.path }
