package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tasks/internal/manager"
)

func newUnqueue(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "unqueue SLUG [--json]",
		Short:             "Take a task out of the queue",
		Long:              `Take a task out of the queue before a run of it has begun. The file is not touched.`,
		Example:           `  tasks unqueue retry-failed-uploads`,
		Args:              one("SLUG"),
		ValidArgsFunction: a.slugs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withManager(cmd.Context(), func(ctx context.Context, h *house, m *manager.Manager) error {
				r, err := m.Unqueue(ctx, h.name(args[0]))
				if err != nil {
					return err
				}
				return a.printRun(r, fmt.Sprintf("%s is out of the queue", r.Slug))
			})
		},
	}
	a.jsonFlag(cmd)
	return cmd
}
