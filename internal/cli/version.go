package cli

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionJSON says what this program was built from.
type versionJSON struct {
	Version string  `json:"version"`
	Commit  *string `json:"commit"`
	Go      string  `json:"go"`
	System  string  `json:"system"`
}

func newVersion(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version [--json]",
		Short:   "Print the version",
		Example: "  tasks version\n  tasks version --json",
		Args:    nothing,
		RunE: func(*cobra.Command, []string) error {
			v := versionJSON{Version: Version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						v.Commit = &s.Value
					}
				}
			}
			if a.json {
				return a.emit("version", v)
			}
			return a.write(func(w io.Writer) {
				fmt.Fprintf(w, "tasks %s (%s, %s)\n", v.Version, v.Go, v.System)
			})
		},
	}
	a.jsonFlag(cmd)
	return cmd
}
