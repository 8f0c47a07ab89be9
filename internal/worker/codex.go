package worker

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/process"
)

func init() { known["codex"] = newCodex }

// codex is Codex, spoken to by the JSON lines of codex exec.
type codex struct {
	path string
	o    Options
}

func newCodex(o Options) (Agent, error) {
	path, err := o.look("codex")
	if err != nil {
		return nil, fault.New(fault.Unavailable, "there is no Codex to run: %w", err).
			WithHint("install it outside the repository: npm install -g @openai/codex")
	}
	return &codex{path, o}, nil
}

func (c *codex) Name() string { return "codex" }

func (c *codex) Probe(ctx context.Context) (Version, error) {
	v, err := askVersion(ctx, c.path, c.o)
	if err != nil {
		return v, err
	}
	help, err := say(ctx, c.path, c.o, "exec", "--help")
	if err != nil {
		return v, err
	}
	for _, flag := range []string{"--json", "--sandbox", "--cd", "--skip-git-repo-check", "resume"} {
		if !strings.Contains(help, flag) {
			return v, fault.New(fault.Unavailable, "Codex %s is too old for a run: it does not know %s", v.Text, flag).
				WithHint("update it: npm install -g @openai/codex")
		}
	}
	return v, nil
}

// Command gives the prompt by standard input. Where bubblewrap holds the agent, its own
// sandbox is left out: it would keep the worktree's git folder from it.
func (c *codex) Command(s Spec) (Command, error) {
	env, secrets, base := c.login(s.Env)
	held := "workspace-write"
	if s.Sandbox != nil && !s.Sandbox.Whole && process.Protection() == "bubblewrap" {
		held = "danger-full-access"
	}
	cmd := Command{Path: c.path, Env: env, Secrets: secrets, Stdin: s.Prompt}
	cmd.Args = []string{
		"exec", "--json", "--skip-git-repo-check", "--color", "never", "-C", s.Dir, "-s", held,
		"-c", `approval_policy="never"`, // nobody is there to be asked
		"-c", "shell_environment_policy.ignore_default_excludes=false", // no key for what it runs
		"-c", "features.hooks=false", "-c", "check_for_update_on_startup=false", "-c", "analytics.enabled=false",
	}
	if base != "" {
		cmd.Args = append(cmd.Args, "-c", "openai_base_url="+strconv.Quote(base))
	}
	if s.Resume && s.Session != "" {
		cmd.Args = append(cmd.Args, "resume", s.Session)
	}
	cmd.Args = append(cmd.Args, "-")
	if dir := c.home(s.Env); dir != "" {
		cmd.Writable = []string{dir}
	}
	return cmd, nil
}

// home is the program's own folder, "" where there is no home.
func (c *codex) home(env []string) string {
	if dir := c.o.value(env, "CODEX_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	if home := c.o.value(env, "HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".codex")
	}
	return ""
}

// login is the user's own, and where there is none the key that the settings give.
func (c *codex) login(in []string) (env, secrets []string, base string) {
	env, secrets = c.o.pass([]string{"CODEX_API_KEY", "CODEX_ACCESS_TOKEN"}, []string{"CODEX_HOME"})
	if len(secrets) > 0 {
		return env, secrets, c.base("OPENAI_BASE_URL")
	}
	if _, err := os.Stat(filepath.Join(c.home(in), "auth.json")); err == nil {
		return env, nil, ""
	}
	key := c.o.value(nil, "OPENAI_API_KEY")
	if key == "" {
		key = c.o.OpenAI.Key
	}
	if key == "" {
		return env, nil, c.base("OPENAI_BASE_URL")
	}
	return append(env, "CODEX_API_KEY="+key), []string{key}, c.o.OpenAI.BaseURL
}

func (c *codex) base(key string) string { return c.o.value(nil, key) }

func (c *codex) Decoder(s Spec) Decoder { return newCodexStream(s) }
