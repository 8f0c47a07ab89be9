package worker

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tasks/internal/process"
)

// asker puts a question to a person and waits.
type asker func(context.Context, Question) Decision

// look finds a program on the user's PATH, outside the checkout.
func (o Options) look(name string) (string, error) {
	return process.LookIn(o.value(nil, "PATH"), name, o.Root)
}

// value is a variable of env, or else of the user's own environment; "" where it is in neither.
func (o Options) value(env []string, key string) string {
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, key+"="); ok {
			return v
		}
	}
	if o.Getenv == nil {
		return ""
	}
	v, _ := o.Getenv(key)
	return v
}

// network are the variables by which a program finds its way out.
var network = []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"}

// pass is what of the user's environment an agent's own program gets: values that are
// secret, which are returned by themselves too, others, and the network.
func (o Options) pass(secret, open []string) (env, secrets []string) {
	for i, key := range slices.Concat(secret, open, network) {
		if v := o.value(nil, key); v != "" {
			env = append(env, key+"="+v)
			if i < len(secret) {
				secrets = append(secrets, v)
			}
		}
	}
	return env, secrets
}

// maxInstructions bounds a project's instructions, in bytes.
const maxInstructions = 64 << 10

// withInstructions is the prompt, with the project's own instructions for agents before it.
func withInstructions(s Spec) string {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return s.Prompt
	}
	defer root.Close()
	for _, name := range []string{"CLAUDE.md", "AGENTS.md"} {
		f, err := root.Open(name) // a link that leads out of the worktree is refused
		if err != nil {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(f, maxInstructions))
		f.Close()
		if text := strings.TrimSpace(strings.ToValidUTF8(string(data), "\uFFFD")); err == nil && text != "" {
			return "The project's instructions for agents, from " + filepath.Base(name) + ":\n\n<instructions>\n" + text + "\n</instructions>\n\n" + s.Prompt
		}
	}
	return s.Prompt
}
