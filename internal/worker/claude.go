package worker

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/lazy"
	"tasks/internal/process"
)

func init() { known["claude"] = newClaude }

// claude is Claude Code, spoken to by its stream of JSON events.
type claude struct {
	path string
	o    Options
}

func newClaude(o Options) (Agent, error) {
	name := o.Claude
	if name == "" {
		name = "claude"
	}
	path, err := o.look(name)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "there is no Claude Code to run: %w", err).
			WithHint("install it outside the repository (npm install -g @anthropic-ai/claude-code), or name it in TASKS_CLAUDE")
	}
	return &claude{path, o}, nil
}

func (c *claude) Name() string { return "claude" }

// claudeFlags are those without which a run cannot be held. Three that it has as well are
// not in its own help: a version without them says so when it is started.
var claudeFlags = []string{
	"--output-format", "--verbose", "--session-id", "--resume", "--permission-mode", "--allowedTools", "--disallowedTools",
	"--mcp-config", "--strict-mcp-config", "--setting-sources", "--settings", "--max-budget-usd",
}

// Probe asks the program for its version and for the flags that Command gives it.
func (c *claude) Probe(ctx context.Context) (Version, error) {
	v, err := askVersion(ctx, c.path, c.o)
	if err != nil {
		return v, err
	}
	help, err := say(ctx, c.path, c.o, "--help")
	if err != nil {
		return v, err
	}
	for _, flag := range claudeFlags {
		if !strings.Contains(help, flag) {
			return v, fault.New(fault.Unavailable, "Claude Code %s is too old for a run: it does not know %s", v.Text, flag).
				WithHint("update it: npm install -g @anthropic-ai/claude-code")
		}
	}
	return v, nil
}

// Command gives the prompt by standard input, where no list of processes shows it.
func (c *claude) Command(s Spec) (Command, error) {
	env, secrets := c.login()
	tmp := s.TmpDir
	if tmp == "" {
		tmp = os.TempDir()
	}
	cmd := Command{Path: c.path, Secrets: secrets, Stdin: s.Prompt, Env: append(env,
		"CLAUDE_CODE_TMPDIR="+tmp, "CLAUDE_CODE_MAX_RETRIES=2", "DISABLE_TELEMETRY=1", "DISABLE_AUTOUPDATER=1", "DISABLE_ERROR_REPORTING=1",
		"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
		// A turn has one end, and nothing goes on behind it.
		"CLAUDE_CODE_DISABLE_BACKGROUND_TASKS=1", "CLAUDE_CODE_DISABLE_CRON=1",
		"MCP_TIMEOUT=30000", "MCP_TOOL_TIMEOUT=86400000", // a question waits for a person
	)}
	cmd.Writable = c.folders(s.Env)
	cmd.Args = []string{
		"-p", "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits", "--strict-mcp-config",
		// The user's own settings hold their login and model. A repository's would let it choose
		// the model server that gets the user's key; its instructions come with the prompt instead.
		"--setting-sources", "user", "--settings", `{"disableAllHooks":true}`,
		"--allowedTools", strings.Join(claudeMay(s), ","), "--disallowedTools", strings.Join(claudeMustNot, ","),
	}
	if strings.HasPrefix(strings.TrimSpace(s.Prompt), "/") {
		cmd.Stdin = "The message is:\n\n" + s.Prompt // not a command of the program
	}
	if s.Resume && s.Session != "" {
		cmd.Args = append(cmd.Args, "--resume", s.Session)
	} else {
		cmd.Args = append(cmd.Args, "--session-id", newUUID())
		cmd.Stdin = withInstructions(s)
	}
	if s.Turns > 0 {
		cmd.Args = append(cmd.Args, "--max-turns", strconv.Itoa(s.Turns))
	}
	if s.BudgetUSD > 0 {
		cmd.Args = append(cmd.Args, "--max-budget-usd", strconv.FormatFloat(max(s.BudgetUSD, 0.0001), 'f', 4, 64))
	}
	return cmd, nil
}

// claudeMay are the tools that need no question. Commands are among them only where the
// system itself holds what they can do; elsewhere a person is asked for each.
func claudeMay(s Spec) []string {
	may := []string{"Read", "Glob", "Grep", "LS", "Edit", "MultiEdit", "Write", "NotebookEdit", "TodoWrite", "Task", "Agent", "ToolSearch", "WebSearch"}
	if s.Sandbox != nil && !s.Sandbox.Whole && process.Protection() == "bubblewrap" {
		may = append(may, "Bash", "BashOutput", "KillShell", "KillBash")
	}
	return may
}

// claudeMustNot are tools that have no sense in a run, or that reach out of it: the worktree
// is the manager's, and nothing may be planned for after its end.
var claudeMustNot = []string{
	"EnterWorktree", "ExitWorktree", "SendMessage", "ListAgents", "Monitor", "CronCreate", "CronDelete", "CronList", "ScheduleWakeup", "RemoteTrigger", "PushNotification", "EnterPlanMode", "ExitPlanMode", "AskUserQuestion",
}

// login is the user's own, and where there is none the key that the settings give.
func (c *claude) login() (env, secrets []string) {
	env, secrets = c.o.pass([]string{"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"},
		[]string{"ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "ANTHROPIC_SMALL_FAST_MODEL", "ANTHROPIC_CUSTOM_HEADERS", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"})
	key := c.o.Anthropic.Key
	if len(secrets) > 0 || key == "" || c.loggedIn() {
		return env, secrets
	}
	env = append(env, "ANTHROPIC_API_KEY="+key)
	if base := strings.TrimSuffix(c.o.Anthropic.BaseURL, "/v1"); base != "" {
		env = append(env, "ANTHROPIC_BASE_URL="+base)
	}
	return env, []string{key}
}

// loggedIn tells whether the program seems to have a login of its own.
func (c *claude) loggedIn() bool {
	dir := c.config(nil)
	if dir == "" {
		return false
	}
	if _, err := os.Stat(filepath.Join(dir, ".credentials.json")); err == nil {
		return true
	}
	data, err := os.ReadFile(filepath.Join(filepath.Dir(dir), ".claude.json"))
	return err == nil && bytes.Contains(data, []byte(`"oauthAccount"`))
}

// config is the program's own folder, "" where there is no home.
func (c *claude) config(env []string) string {
	if dir := c.o.value(env, "CLAUDE_CONFIG_DIR"); filepath.IsAbs(dir) {
		return dir
	}
	if home := c.o.value(env, "HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".claude")
	}
	return ""
}

func (c *claude) folders(env []string) []string {
	if dir := c.config(env); dir != "" {
		return []string{dir}
	}
	return nil
}

func (c *claude) Decoder(s Spec) Decoder {
	d := &claudeStream{dir: s.Dir}
	if s.RunDir != "" {
		d.bill = filepath.Join(s.RunDir, "claude.json")
	}
	return d
}

// newUUID is a random one, as --session-id wants it.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Serve opens the way by which the agent's questions come.
func (c *claude) Serve(ctx context.Context, s Spec, cmd *Command, ask asker) (func(), error) {
	desk, err := openDesk(ctx, s.TmpDir, ask)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err == nil {
		_, err = os.Stat(self)
	}
	if err != nil {
		desk.close()
		return nil, fault.New(fault.Unavailable, "this program's own file is gone: %w", err)
	}
	config, err := json.Marshal(map[string]any{"mcpServers": map[string]any{"tasks": map[string]any{"type": "stdio", "command": self, "args": []string{bridgeName, desk.dir}}}})
	if err != nil {
		desk.close()
		return nil, err
	}
	cmd.Args = append(cmd.Args, "--mcp-config", string(config), "--permission-prompt-tool", "mcp__tasks__approve")
	return desk.close, nil
}

var versionNumber = lazy.Regexp(`\b\d+\.\d+\.\d+[\w.-]*`)

// askVersion runs a program for its version.
func askVersion(ctx context.Context, path string, o Options) (Version, error) {
	v := Version{Path: path}
	out, err := say(ctx, path, o, "--version")
	if err != nil {
		return v, err
	}
	first, _, _ := strings.Cut(out, "\n")
	if len(first) < 200 {
		v.Text = versionNumber().FindString(first)
	}
	return v, nil
}

// say runs a program in an empty folder, where no repository can meddle,
// and returns what it prints. Unavailable where it fails.
func say(ctx context.Context, path string, o Options, args ...string) (string, error) {
	tmp, err := os.MkdirTemp("", "tasks-probe-")
	if err != nil {
		return "", fault.New(fault.Unavailable, "there is no folder for temporary files: %w", err)
	}
	defer os.RemoveAll(tmp)
	env, _ := o.pass(nil, []string{"PATH", "HOME", "USER", "LANG", "CLAUDE_CONFIG_DIR", "CODEX_HOME"})
	var out bytes.Buffer
	end, err := process.Run(ctx, process.Spec{
		Path: path, Args: args, Dir: tmp, Env: append(env, "TMPDIR="+tmp, "TERM=dumb", "NO_COLOR=1", "DISABLE_AUTOUPDATER=1", "OPENCODE_DISABLE_AUTOUPDATE=1"),
		Stdin: strings.NewReader(""), Stdout: &out, Limits: process.Limits{Wall: 30 * time.Second, MaxOutput: 1 << 20},
	})
	if err != nil {
		return "", err
	}
	if end.Cause != process.Exited || end.Code != 0 {
		return "", fault.New(fault.Unavailable, "%s %s does not work: %s", filepath.Base(path), strings.Join(args, " "), howEnded(end, end.LastWords)).
			WithHint("run it by hand in a terminal and see")
	}
	return out.String(), nil
}
