package cli

import (
	"io"
	"testing"

	"tasks/internal/fault"
)

// TestEveryCommandExplainsItself: a sentence, an example that begins with the program,
// and an argument check of ours, whose errors are wrong usage.
func TestEveryCommandExplainsItself(t *testing.T) {
	root := (&app{name: "tasks"}).root()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" || cmd.Hidden {
			continue
		}
		if cmd.Short == "" || cmd.Example == "" {
			t.Errorf("%s has no sentence or no example", cmd.Name())
		}
		code := (&app{stdout: io.Discard, stderr: io.Discard, getenv: func(string) (string, bool) { return "", false }}).
			run(t.Context(), []string{"tasks", cmd.Name(), "--no-such-flag"})
		if code != 2 {
			t.Errorf("%s with a flag that it does not have ends with %d, want 2", cmd.Name(), code)
		}
		if cmd.Args != nil {
			if err := cmd.Args(cmd, []string{"a", "b", "c"}); fault.CodeOf(err) != fault.Usage {
				t.Errorf("%s with three arguments: %v", cmd.Name(), err)
			}
		}
	}
}
