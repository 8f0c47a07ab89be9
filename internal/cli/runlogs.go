package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/runlog"
)

func newRunLogs(a *app) *cobra.Command {
	var (
		id          string
		follow, raw bool
	)
	cmd := &cobra.Command{
		Use:   "logs SLUG [--follow] [--raw] [--run ID] [--json]",
		Short: "Show what the agent of a run said and did",
		Long: `Show what the agent of a run was told, said and did. With --json one JSON object a line;
with --raw what the program printed, as it came; with --follow until the run comes to a
rest.`,
		Example: `  tasks run logs retry-failed-uploads --follow`,
		Args:    one("SLUG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if raw && a.json {
				return fault.New(fault.Usage, "--raw and --json are two forms of the same").WithHint("give one of them")
			}
			return a.onRun(cmd.Context(), func(ctx context.Context, h *house, m *manager.Manager) error {
				r, err := m.RunOf(ctx, h.name(args[0]), id)
				if err != nil {
					return err
				}
				if raw {
					return a.rawLog(ctx, m, r, follow)
				}
				return a.runLog(ctx, m, r, follow)
			})
		},
	}
	runFlag(cmd, &id)
	cmd.Flags().BoolVar(&follow, "follow", false, "go on until the run comes to a rest")
	cmd.Flags().BoolVar(&raw, "raw", false, "print the agent's output as it came")
	cmd.Flags().BoolVar(&a.json, "json", false, "print one JSON object a line")
	return cmd
}

// runLog prints the events of a run.
func (a *app) runLog(ctx context.Context, m *manager.Manager, r *run.Run, follow bool) error {
	dir := run.Dir(m.StateDir, r.ID)
	var failed error
	show := func(e runlog.Event) bool {
		failed = a.write(func(w io.Writer) {
			if a.json {
				enc := json.NewEncoder(w)
				enc.SetEscapeHTML(false)
				enc.Encode(e)
				return
			}
			printEvent(w, e)
		})
		return failed == nil
	}
	if !follow || atRest(r) {
		err := runlog.Read(dir, 0, show)
		return errors.Join(err, failed)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil { // a queued run has none yet
		return fault.New(fault.Unavailable, "the folder of the run cannot be made: %w", err)
	}
	follows, stop := context.WithCancel(ctx)
	defer stop()
	go a.untilRest(follows, stop, m, r)
	var last int64
	err := runlog.Follow(follows, dir, 0, func(e runlog.Event) bool { last = e.Seq; return show(e) })
	if err == nil && failed == nil && ctx.Err() == nil { // what came between the last look and the rest
		err = runlog.Read(dir, last, show)
	}
	return errors.Join(err, failed)
}

// untilRest calls stop when the run has come to a rest.
func (a *app) untilRest(ctx context.Context, stop func(), m *manager.Manager, r *run.Run) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if now, err := m.Runs.ByID(ctx, r.ID); ctx.Err() != nil || err == nil && (now == nil || atRest(now)) {
			stop()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// atRest tells whether nothing of the run happens by itself.
func atRest(r *run.Run) bool { return r.State == run.Review || !r.State.Active() }

// rawLog prints what the agent's program printed, attempt after attempt.
func (a *app) rawLog(ctx context.Context, m *manager.Manager, r *run.Run, follow bool) error {
	at := int64(0)
	for n := 1; ; {
		now, err := m.Runs.ByID(ctx, r.ID)
		if err != nil {
			return err
		}
		name := filepath.Join(run.Dir(m.StateDir, r.ID), fmt.Sprintf("raw-%d.log", n))
		read, err := a.copyFrom(name, at)
		if err != nil {
			return err
		}
		at += read
		switch {
		case read > 0:
		case now != nil && n < now.Attempt:
			n, at = n+1, 0
		case !follow || ctx.Err() != nil || now == nil || atRest(now):
			return nil
		default:
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(lookEvery):
			}
		}
	}
}

// copyFrom prints a file from an offset on, and tells how much it was. No file is an empty one. On
// a terminal what would steer it is taken out.
func (a *app) copyFrom(name string, at int64) (int64, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fault.New(fault.Unavailable, "the agent's output cannot be read: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return 0, fault.New(fault.Unavailable, "the agent's output cannot be read: %w", err)
	}
	if !a.terminal() {
		n, err := io.Copy(a.stdout, f)
		return n, err
	}
	var n int64
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadString('\n')
		n += int64(len(line))
		if _, werr := io.WriteString(a.stdout, printable(line)); werr != nil {
			return n, werr
		}
		if err != nil {
			return n, nil
		}
	}
}

// splitLines is s by lines, without an empty last one.
func splitLines(s string) []string {
	s = strings.TrimRight(s, "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}
