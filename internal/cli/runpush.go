package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/forge"
	"tasks/internal/manager"
	"tasks/internal/run"
)

// forge is how work leaves this machine, by the user's own programs.
func (a *app) forge(h *house) *forge.Forge {
	return &forge.Forge{Git: h.git, StateDir: forge.UserState(a.getenv), Getenv: a.getenv}
}

func newRunPush(a *app) *cobra.Command {
	var remote string
	var confirm bool
	return a.runOp("push SLUG [--remote NAME] [--confirm] [--json]", "Push the branch of a run", `Push the branch of a run to a remote. The first time the remote's address is shown and
nothing is pushed: --confirm lets this repository's work be pushed to that address from
then on. A branch there is replaced only where it is what was pushed before.`,
		remoteFlags(&remote, &confirm),
		func(ctx context.Context, m *manager.Manager, slug string) (run.Run, string, error) {
			p, err := m.Push(ctx, slug, remote, consent(confirm))
			return p.Run, fmt.Sprintf("pushed %s at %.12s to %s (%s)", p.Run.Branch, p.Commit, p.Remote.Name, p.Remote.Shown()), firstPush(err, slug)
		})
}

func newRunPR(a *app) *cobra.Command {
	var remote string
	var confirm, merge, squash bool
	return a.runOp("pr SLUG [--remote NAME] [--confirm] [--merge|--squash] [--json]", "Make or merge the pull request of a run", `Push the branch of a run and make a pull request of it by gh, or find the one that it
has. A running server then shows its checks and conflicts, and ends the run when it is
merged. With --merge or --squash the pull request is merged, where it stands at the work
that is under review. Without gh, or a forge that it knows, diff and accept do all this
locally.`,
		func(cmd *cobra.Command) {
			remoteFlags(&remote, &confirm)(cmd)
			cmd.Flags().BoolVar(&merge, "merge", false, "merge the pull request, with a merge commit")
			cmd.Flags().BoolVar(&squash, "squash", false, "merge the pull request, as one commit")
		},
		func(ctx context.Context, m *manager.Manager, slug string) (run.Run, string, error) {
			var p *forge.Pull
			words, err := "", error(nil)
			if merge && squash {
				return run.Run{}, "", fault.New(fault.Usage, "--merge and --squash are two ways to merge: take one")
			}
			if merge || squash {
				words = "merged"
				if p, err = m.MergePull(ctx, slug, squash); err == nil {
					// The run is over now; where another beat is on, that one sees it.
					if _, err = m.Reconcile(ctx, false); fault.CodeOf(err) == fault.Conflict {
						err = nil
					}
				}
			} else {
				made := false
				p, made, err = m.OpenPull(ctx, slug, remote, consent(confirm))
				if words = "it has"; made {
					words = "made"
				}
			}
			if err != nil {
				return run.Run{}, "", firstPush(err, slug)
			}
			r, err := m.RunOf(ctx, slug, "")
			if err != nil {
				return run.Run{}, "", err
			}
			return *r, words + " " + p.URL, nil
		})
}

func remoteFlags(remote *string, confirm *bool) func(*cobra.Command) {
	return func(cmd *cobra.Command) {
		cmd.Flags().StringVar(remote, "remote", "", "the `name` of the remote; else the one that the base is pulled from")
		cmd.Flags().BoolVar(confirm, "confirm", false, "let this repository's work be pushed to that remote's address")
	}
}

// consent is the word that --confirm gives: to whatever address the remote has.
func consent(given bool) manager.Consent {
	if !given {
		return nil
	}
	return func(forge.Remote) error { return nil }
}

// firstPush puts the task's name into the hint of a remote that is not confirmed.
func firstPush(err error, slug string) error {
	if fault.CodeOf(err) != fault.Forbidden {
		return err
	}
	return forge.Naming(err, slug)
}
