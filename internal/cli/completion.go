package cli

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tasks/internal/fault"
	"tasks/internal/tracker"
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
				return bashCompletion(root, a.stdout)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			}
			return fault.New(fault.Usage, "there is no completion for %q", args[0]).WithHint("the shells are bash, zsh and fish")
		},
	}
}

// bashCompletion is the script for bash. The library's leans on the package
// bash-completion for the words of the line; without it, it would complain into the
// line that is being typed, so the words are then taken from the line itself.
func bashCompletion(root *cobra.Command, w io.Writer) error {
	var script bytes.Buffer
	if err := root.GenBashCompletionV2(&script, true); err != nil {
		return err
	}
	const needs = `    _get_comp_words_by_ref "$@" cur prev words cword
`
	text := strings.Replace(script.String(), needs, `    if declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
    `+needs+`        return
    fi
    local line=${COMP_LINE:0:COMP_POINT}
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]} prev=${words[cword > 0 ? cword - 1 : 0]}
`, 1)
	_, err := io.WriteString(w, text)
	return err
}

// completer offers words for what is typed; each may have a description behind a tab.
type completer = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

// slugs offers the tasks by slug with their titles, once.
func (a *app) slugs(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if strings.Contains(typed, "/") { // the path of one
		return nil, cobra.ShellCompDirectiveDefault
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

// fixed offers words that are always the same.
func fixed[S ~string](words ...S) completer {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1] // list takes several, with commas
		if strings.HasPrefix(typed, "-") {                // list --sort=-updated
			before = "-"
		}
		var out []string
		for _, w := range words {
			if strings.HasPrefix(before+string(w), typed) {
				out = append(out, before+string(w))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// offer asks fn, and is silent where there is no checkout. What a shell would read as
// more than a plain word is not offered: the shell puts the common beginning of several
// words into the line as it is, and these words come from files of strangers.
func (a *app) offer(cmd *cobra.Command, fn func(*house) []string) ([]string, cobra.ShellCompDirective) {
	h, err := a.open(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer h.close()
	words := slices.DeleteFunc(fn(h), func(offered string) bool {
		word, _, _ := strings.Cut(offered, "\t")
		return strings.ContainsFunc(word, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("+-_./,", r)
		})
	})
	return words, cobra.ShellCompDirectiveNoFileComp
}

// objects offers what tasks may refer to, with its title: what has a file or folder, and
// what tasks name without one.
func (a *app) objects(of func(*tracker.Objects) []tracker.Object) completer {
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1] // list takes several, with commas
		return a.offer(cmd, func(h *house) (out []string) {
			objects, err := h.tracker.Objects(cmd.Context())
			if err != nil {
				return nil
			}
			for _, o := range of(objects) {
				word := before + o.Name
				if !strings.HasPrefix(word, typed) {
					continue
				}
				if o.Title != o.Name {
					word += "\t" + oneLine(o.Title)
				}
				if !slices.Contains(out, word) {
					out = append(out, word)
				}
			}
			return out
		})
	}
}

func (a *app) owners() completer {
	return a.objects(func(o *tracker.Objects) []tracker.Object { return o.Team })
}

func (a *app) milestones() completer {
	return a.objects(func(o *tracker.Objects) []tracker.Object { return o.Milestones })
}

func (a *app) workstreams() completer {
	return a.objects(func(o *tracker.Objects) []tracker.Object { return o.Workstreams })
}

func (a *app) initiatives() completer {
	return a.objects(func(o *tracker.Objects) []tracker.Object { return o.Initiatives })
}

// nothingOffered is for words that only the user knows: no file names either.
func nothingOffered(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeRest has each argument and flag of a command, and of those below it, offer
// nothing where it does not say what it offers; the shell would offer file names. A flag
// whose value is called a file keeps those.
func completeRest(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 {
		cmd.ValidArgsFunction = nothingOffered
	}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		name, _ := pflag.UnquoteUsage(f)
		_, has := cmd.GetFlagCompletionFunc(f.Name)
		if !has && f.Value.Type() != "bool" && !strings.Contains(strings.ToLower(name), "file") {
			complete(cmd, map[string]completer{f.Name: nothingOffered})
		}
	})
	for _, below := range cmd.Commands() {
		completeRest(below)
	}
}

// complete sets the completers of flags. A flag that is not there is our mistake.
func complete(cmd *cobra.Command, flags map[string]completer) {
	for name, fn := range flags {
		if err := cmd.RegisterFlagCompletionFunc(name, fn); err != nil {
			panic(err)
		}
	}
}
