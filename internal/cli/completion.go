package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/task"
)

func newCompletion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of bash, zsh or fish",
		Long: `Print the completion script of bash, zsh or fish. It completes commands, flags, and
the slugs of this repository's tasks with their titles.`,
		Example: `  tasks completion bash > ~/.local/share/bash-completion/completions/tasks
  tasks completion zsh > "${fpath[1]}/_tasks"
  tasks completion fish > ~/.config/fish/completions/tasks.fish`,
		Args:      one("SHELL"),
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			}
			return fault.New(fault.Usage, "there is no completion for %q", args[0]).WithHint("the shells are bash, zsh and fish")
		},
	}
}

// completer offers words for what is typed; each may have a description behind a tab.
type completer = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

// slugs offers the tasks by slug with their titles, once.
func (a *app) slugs(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.moreSlugs(cmd, args, typed)
}

// moreSlugs offers the tasks again and again.
func (a *app) moreSlugs(cmd *cobra.Command, given []string, typed string) ([]string, cobra.ShellCompDirective) {
	sign := ""
	if strings.HasPrefix(typed, "+") || strings.HasPrefix(typed, "-") {
		sign = typed[:1] // --depends-on +SLUG
	}
	return a.offer(cmd, func(h *house) (out []string) {
		all, _ := h.tracker.All(cmd.Context())
		for _, t := range all {
			if strings.HasPrefix(sign+t.Slug, typed) && !slices.Contains(given, t.Slug) {
				out = append(out, sign+t.Slug+"\t"+oneLine(t.Name()))
			}
		}
		return out
	})
}

// values offers what the tasks and folders hold for a field.
func (a *app) values(of func(*task.Task) string) completer {
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return a.offer(cmd, func(h *house) (out []string) {
			all, _ := h.tracker.All(cmd.Context())
			for _, t := range all {
				if v := oneLine(of(t)); v != "" && strings.HasPrefix(v, typed) && !slices.Contains(out, v) {
					out = append(out, v)
				}
			}
			return out
		})
	}
}

// fixed offers words that are always the same.
func fixed[S ~string](words ...S) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var out []string
		for _, w := range words {
			out = append(out, string(w))
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// offer asks fn, and is silent where there is no checkout.
func (a *app) offer(cmd *cobra.Command, fn func(*house) []string) ([]string, cobra.ShellCompDirective) {
	h, err := a.open(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer h.close()
	return fn(h), cobra.ShellCompDirectiveNoFileComp
}

// complete sets the completers of flags. A flag that is not there is our mistake.
func complete(cmd *cobra.Command, flags map[string]completer) {
	for name, fn := range flags {
		if err := cmd.RegisterFlagCompletionFunc(name, fn); err != nil {
			panic(err)
		}
	}
}
