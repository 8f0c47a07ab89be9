package worker

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/process"
)

func init() { known["opencode"] = newOpencode }

// opencode is opencode, spoken to by the JSON lines of opencode run. Nobody can be asked
// while it runs: what it may not do is refused.
type opencode struct {
	path string
	o    Options
}

func newOpencode(o Options) (Agent, error) {
	path, err := o.look("opencode")
	if err != nil {
		return nil, fault.New(fault.Unavailable, "there is no opencode to run: %w", err).
			WithHint("install it outside the repository: npm install -g opencode-ai")
	}
	return &opencode{path, o}, nil
}

func (c *opencode) Name() string { return "opencode" }

func (c *opencode) Probe(ctx context.Context) (Version, error) {
	v, err := askVersion(ctx, c.path, c.o)
	if err == nil && strings.HasPrefix(v.Text, "0.") {
		err = fault.New(fault.Unavailable, "opencode %s is too old for a run", v.Text).WithHint("update it: npm install -g opencode-ai")
	}
	return v, err
}

// Command gives the prompt by standard input.
func (c *opencode) Command(s Spec) (Command, error) {
	env, secrets, config := c.login(s.Env)
	config["permission"] = c.permission(s)
	config["share"], config["autoupdate"] = "disabled", false
	content, err := json.Marshal(config)
	if err != nil {
		return Command{}, fault.New(fault.Internal, "the settings of opencode have no JSON form: %w", err)
	}
	cmd := Command{Path: c.path, Secrets: secrets, Stdin: s.Prompt, Env: append(env,
		"OPENCODE_CONFIG_CONTENT="+string(content), "OPENCODE_DISABLE_AUTOUPDATE=1", "OPENCODE_DISABLE_MODELS_FETCH=1", "OPENCODE_DISABLE_LSP_DOWNLOAD=1",
		"OPENCODE_DISABLE_SHARE=1", "OPENCODE_DISABLE_TERMINAL_TITLE=1",
		// A repository's own settings name servers to send keys to, and programs to start.
		"OPENCODE_DISABLE_PROJECT_CONFIG=1",
	)}
	cmd.Args = []string{"run", "--format", "json", "--dir", s.Dir, "--pure"}
	if s.Resume && s.Session != "" {
		cmd.Args = append(cmd.Args, "--session", s.Session)
	} else {
		cmd.Stdin = withInstructions(s)
		if slug := c.o.value(s.Env, "TASKS_SLUG"); slug != "" {
			cmd.Args = append(cmd.Args, "--title="+slug)
		}
	}
	if home := c.o.value(s.Env, "HOME"); filepath.IsAbs(home) {
		for _, dir := range []string{".local/share/opencode", ".local/state/opencode", ".cache/opencode"} {
			cmd.Writable = append(cmd.Writable, filepath.Join(home, dir))
		}
	}
	return cmd, nil
}

// permission lets it run commands only where the system holds what they can do.
func (c *opencode) permission(s Spec) map[string]string {
	p := map[string]string{"edit": "allow", "bash": "deny", "webfetch": "deny", "external_directory": "deny"}
	if mayRun(s) {
		p["bash"], p["webfetch"], p["external_directory"] = "allow", "allow", "allow"
	}
	return p
}

func mayRun(s Spec) bool { return s.Sandbox != nil && !s.Sandbox.Whole && process.Protection() != "" }

// login is the user's own, and where there is none the endpoint that the settings give. A
// key for a server of the user's is not given to it by the name by which it would take it
// to another one.
func (c *opencode) login(in []string) (env, secrets []string, config map[string]any) {
	config = map[string]any{}
	e := c.o.OpenAI
	elsewhere := e.BaseURL != "" && !strings.HasPrefix(e.BaseURL, "https://api.openai.com/")
	keys := []string{"ANTHROPIC_API_KEY", "OPENCODE_API_KEY", "OPENROUTER_API_KEY", "GEMINI_API_KEY"}
	if !elsewhere {
		keys = append(keys, "OPENAI_API_KEY")
	}
	env, secrets = c.o.pass(keys, []string{"OPENCODE_CONFIG", "OPENCODE_CONFIG_DIR"})
	auth := filepath.Join(c.o.value(in, "HOME"), ".local/share/opencode/auth.json")
	if _, err := os.Stat(auth); err == nil || len(secrets) > 0 {
		return env, secrets, config
	}
	if !e.Usable() || e.BaseURL == "" || e.Model == "" {
		return env, secrets, config
	}
	if !elsewhere {
		config["model"] = "openai/" + e.Model
		return append(env, "OPENAI_API_KEY="+e.Key), []string{e.Key}, config
	}
	options := map[string]any{"baseURL": e.BaseURL}
	if e.Key != "" {
		env, secrets = append(env, "TASKS_MODEL_KEY="+e.Key), []string{e.Key}
		options["apiKey"] = "{env:TASKS_MODEL_KEY}"
	}
	config["model"] = "tasks/" + e.Model
	config["provider"] = map[string]any{"tasks": map[string]any{
		"npm": "@ai-sdk/openai-compatible", "options": options, "models": map[string]any{e.Model: map[string]any{}},
	}}
	return env, secrets, config
}

func (c *opencode) Decoder(s Spec) Decoder {
	return &opencodeStream{dir: s.Dir, held: mayRun(s)}
}
