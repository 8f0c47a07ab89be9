package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tasks/internal/demo"
	"tasks/internal/fault"
)

// newDemoAgent is the demo's scripted agent, which a run of the demo starts.
func newDemoAgent(a *app) *cobra.Command {
	var pace time.Duration
	cmd := &cobra.Command{
		Use:    "demo-agent",
		Short:  "Work on a task of the demo by a script (started by the demo's runs)",
		Hidden: true,
		Args:   nothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			slug, ok := a.getenv("TASKS_SLUG")
			if !ok {
				return fault.New(fault.Usage, "the demo's agent is started by a run").WithHint("tasks demo")
			}
			dir, err := os.Getwd()
			if err != nil {
				return err
			}
			return demo.Agent(cmd.Context(), dir, slug, a.stdin, a.stdout, pace)
		},
	}
	cmd.Flags().DurationVar(&pace, "pace", 0, "how long each line takes")
	return cmd
}

// demoPace is how long the demo's agent takes for a line: long enough to be watched, short
// enough to be waited for.
const demoPace = 2500 * time.Millisecond

// writeDemoAgent makes the program that the demo's runs start, and returns its path.
func writeDemoAgent(dir string, pace time.Duration) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fault.New(fault.Unavailable, "the demo's agent cannot be made: %w", err)
	}
	name := filepath.Join(dir, "scripted-agent")
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' demo-agent --pace %s\n", strings.ReplaceAll(self, "'", `'\''`), pace)
	if err := os.WriteFile(name, []byte(script), 0o755); err != nil {
		return "", fault.New(fault.Unavailable, "the demo's agent cannot be made: %w", err)
	}
	return name, nil
}
