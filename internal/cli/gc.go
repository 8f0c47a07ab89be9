package cli

import (
	"context"

	"github.com/spf13/cobra"

	"tasks/internal/manager"
)

func newGC(a *app) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "gc [--dry-run] [--json]",
		Short: "Clear away the worktrees and branches of runs that are over",
		Long: `Remove the worktrees and branches of runs that are over, a line for each with its reason.
Nothing uncommitted or unmerged is deleted: it is kept under refs/tasks/kept/ first, and
its line says where. What a run may still go on with stays.`,
		Example: `  tasks gc --dry-run
  git for-each-ref refs/tasks/kept/     # what was kept`,
		Args: nothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.beat(cmd.Context(), "nothing is to be cleared away", func(ctx context.Context, m *manager.Manager) (*manager.Beat, error) {
				return m.GC(ctx, dry)
			})
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would be done")
	a.jsonFlag(cmd)
	return cmd
}
