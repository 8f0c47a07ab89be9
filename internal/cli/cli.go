// Package cli is the command line: one file a command.
//
// A command is made by a function newX(*app) *cobra.Command in its own file; flags
// fill an options struct, run does the work with it. Data goes to standard output,
// words for people to standard error; one place prints errors and makes the exit
// status of their code.
package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"tasks/internal/process"
)

// Version is set by the linker for releases.
var Version = "0.1.0-dev"

// app is one invocation: its streams, its environment, its common flags.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) (string, bool)
	dir            string // -C
	json           bool
	noColor        bool
}

// Main runs the program and returns its exit status.
func Main() int {
	if process.Guardian() {
		return 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.LookupEnv}
	return a.run(ctx, os.Args)
}

// run parses args (args[0] is the name it was called by) and runs the command.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root(args)
	root.SetArgs(args[1:])
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	return a.fail(root.ExecuteContext(ctx))
}

// root is the command table, in the order of the help.
func (a *app) root(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:           "tasks",
		Short:         "Plans in your repository, and agents that carry them out",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	f := root.PersistentFlags()
	f.StringVarP(&a.dir, "directory", "C", "", "run as if started in `DIR`")
	f.BoolVar(&a.noColor, "no-color", false, "print without colour (also NO_COLOR)")
	for _, add := range commands {
		root.AddCommand(add(a))
	}
	return root
}

// commands is every command; each file adds its own in init-free style here.
var commands = []func(*app) *cobra.Command{newKickoff, newUnqueue, newServe, newStatus}
