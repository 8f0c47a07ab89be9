// Package cli is the command line: one file a command.
//
// A command is made by a function newX(*app) *cobra.Command in its own file; flags
// fill an options struct, run does the work with it. Data goes to standard output,
// words for people to standard error; one place prints errors and makes the exit
// status of their code. What files hold is made printable before it is shown, so
// that no text of a repository can steer a terminal.
package cli

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/process"
	"tasks/internal/tracker"
	"tasks/internal/worker"
)

// Version is set by the linker for releases.
var Version = "0.1.0-dev"

// app is one invocation: its streams, its environment, its common flags.
type app struct {
	name           string // what it was called by: tasks or task
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) (string, bool)
	dir            string // -C
	json           bool
	noColor        bool
	spawnEnv       []string // what supervisors get for their environment; nil: this process's own
}

// Main runs the program and returns its exit status.
func Main() int {
	if process.Guardian() || worker.Bridge() {
		return 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.LookupEnv}
	return a.run(ctx, os.Args)
}

// run parses args (args[0] is the name it was called by) and runs the command.
func (a *app) run(ctx context.Context, args []string) int {
	a.name = "tasks"
	if strings.TrimSuffix(filepath.Base(args[0]), ".exe") == "task" {
		a.name = "task"
	}
	root := a.root()
	// An error in the flags themselves is to be told in the form that was asked for.
	flags := args[1:]
	if end := slices.Index(flags, "--"); end >= 0 {
		flags = flags[:end]
	}
	a.json = slices.Contains(flags, "--json")
	root.SetArgs(jsonLast(args[1:]))
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	return a.fail(root.ExecuteContext(ctx))
}

// jsonLast moves a --json that stands before the command to its end: it belongs to the
// command, but people put it there.
func jsonLast(args []string) []string {
	command := 0
	for command < len(args) && strings.HasPrefix(args[command], "-") && args[command] != "--" {
		if args[command] == "-C" || args[command] == "--directory" {
			command++ // its folder
		}
		command++
	}
	if command >= len(args) || args[command] == "--" {
		return args
	}
	first := slices.DeleteFunc(slices.Clone(args[:command]), func(s string) bool { return s == "--json" })
	if len(first) == command {
		return args
	}
	rest := args[command:]
	end := slices.Index(rest, "--")
	if end < 0 {
		end = len(rest)
	}
	return slices.Concat(first, rest[:end], []string{"--json"}, rest[end:])
}

// root is the command table, in the order of the help.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   a.name + " COMMAND",
		Short: "Plans in your repository, and agents that carry them out",
		Long: `Plans in your repository, and agents that carry them out.

Tasks are markdown files below tasks/, kept by git beside the code. These commands
read and change them; serve shows them, and the documents, as a local website.`,
		Example: `  tasks new "Retry failed uploads" --workstream sync
  tasks list --status ready
  tasks update retry-failed-uploads --priority p1
  tasks serve`,
		Version:           Version,
		Args:              a.noSuchCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.DisableFlagsInUseLine = true
	root.SetUsageTemplate(usageText)
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(a.help())
	cobra.EnableCommandSorting = false
	f := root.PersistentFlags()
	f.SortFlags = false
	f.StringVarP(&a.dir, "directory", "C", "", "run as if started in `DIR`")
	f.BoolVar(&a.noColor, "no-color", false, "print without colour (also NO_COLOR)")
	for _, add := range commands {
		cmd := add(a)
		cmd.DisableFlagsInUseLine = true
		if cmd.Args != nil {
			cmd.Args = asUsage(cmd.Args)
		}
		completeRest(cmd)
		root.AddCommand(cmd)
	}
	if err := root.MarkPersistentFlagDirname("directory"); err != nil {
		panic(err)
	}
	if a.name != "tasks" {
		for _, cmd := range append(root.Commands(), root) {
			cmd.Example = strings.ReplaceAll(cmd.Example, "  tasks ", "  "+a.name+" ")
		}
	}
	return root
}

// commands is every command, in the order of the help; each file adds its own here.
var commands = []func(*app) *cobra.Command{
	newInit,
	newNew,
	newList,
	newShow,
	newUpdate,
	newCheck,
	newValidate,
	newImport,
	newNext,
	newSearch,
	newGraph,
	newWorkstream,
	newMilestone,
	newTeam,
	newKickoff,
	newUnqueue,
	newHeartbeat,
	newDispatch,
	newRuns,
	newRun,
	newReconcile,
	newGC,
	newTrust,
	newStatus,
	newServe,
	newDoctor,
	newDemo,
	newSupervise,
	newDemoAgent,
	newVersion,
	newCompletion,
}

// help is `tasks help COMMAND`, which is wrong usage for a command that is not there.
func (a *app) help() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return a.noSuchCommand(found, rest)
			}
			return found.Help()
		},
	}
}

// noSuchCommand is the argument check of the root: what is left there is a command
// that is not known.
func (a *app) noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return noSuchCommand(cmd, args[0])
}

// noSuchCommand is the error for a command that root does not have.
func noSuchCommand(root *cobra.Command, given string) error {
	err := fault.New(fault.Usage, "there is no command %q: %s does not have it", given, root.CommandPath())
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
		if slices.Contains(c.SuggestFor, given) {
			return err.WithHint("did you mean: %s %s", root.CommandPath(), c.Name())
		}
	}
	if near := tracker.Near(given, names); len(near) > 0 {
		return err.WithHint("did you mean: %s %s", root.CommandPath(), strings.Join(near, ", "))
	}
	if root.HasParent() {
		return err.WithHint("%s --help shows its commands", root.CommandPath())
	}
	return err.WithHint("%s help shows all commands", root.Name())
}

// write collects what fn prints and sends it to standard output. An output that
// cannot be written is an error, so that a full disk does not look like success.
func (a *app) write(fn func(w io.Writer)) error {
	w := bufio.NewWriterSize(a.stdout, 64<<10)
	fn(w)
	if err := w.Flush(); err != nil {
		return fault.New(fault.Internal, "the output could not be written: %w", err)
	}
	return nil
}
