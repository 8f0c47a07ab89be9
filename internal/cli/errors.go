package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tasks/internal/fault"
	"tasks/internal/tracker"
)

// interrupted is the exit status after a signal, as shells have it.
const interrupted = 130

// fail prints err as the contract has it and returns the exit status.
func (a *app) fail(err error) int {
	if err == nil {
		return 0
	}
	if q, ok := err.(quiet); ok {
		return q.status
	}
	code := fault.CodeOf(err)
	if code == fault.Internal && fault.Canceled(err) {
		fmt.Fprintln(a.stderr, "tasks: interrupted")
		return interrupted
	}
	message := oneLine(err.Error())
	hint := oneLine(fault.HintOf(err))
	if a.json {
		a.stderr.Write(errorJSON(code, message, hint))
		return code.ExitStatus()
	}
	fmt.Fprintf(a.stderr, "tasks: %s\n", message)
	if hint != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", hint)
	}
	return code.ExitStatus()
}

func errorJSON(code fault.Code, message, hint string) []byte {
	var said struct {
		Error struct {
			Code    fault.Code `json:"code"`
			Message string     `json:"message"`
			Hint    *string    `json:"hint"`
		} `json:"error"`
	}
	said.Error.Code, said.Error.Message = code, message
	if hint != "" {
		said.Error.Hint = &hint
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(said) // a struct of strings
	return b.Bytes()
}

// flagError makes wrong flags wrong usage, with the flag that was perhaps meant.
func flagError(cmd *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	var bare *pflag.ValueRequiredError
	if errors.As(err, &value) {
		f := value.GetFlag()
		return fault.New(fault.Usage, "--%s %q is not a value of it: it takes a %s", f.Name, value.GetValue(), kindOf(f)).
			WithHint("%s --help shows the flags", cmd.CommandPath())
	}
	if errors.As(err, &bare) {
		given := "--" + bare.GetSpecifiedName()
		if short := bare.GetSpecifiedShortnames(); short != "" {
			given = "-" + short
		}
		return fault.New(fault.Usage, "%s needs a value: nothing stands behind it", given).
			WithHint("%s --help shows the flags", cmd.CommandPath())
	}
	if !errors.As(err, &unknown) {
		return fault.New(fault.Usage, "%s: %w", cmd.Name(), err).
			WithHint("%s --help shows the flags", cmd.CommandPath())
	}
	if first := cmd.Flags().Args(); !cmd.HasParent() && len(first) > 0 {
		return noSuchCommand(cmd, first[0]) // its flags are not what is wrong
	}
	given := "--" + unknown.GetSpecifiedName()
	if short := unknown.GetSpecifiedShortnames(); short != "" {
		given = "-" + short
	}
	fail := fault.New(fault.Usage, "%s has no flag %s", cmd.CommandPath(), given)
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := tracker.Near(unknown.GetSpecifiedName(), names); len(near) > 0 {
		return fail.WithHint("did you mean: --%s", strings.Join(near, ", --"))
	}
	return fail.WithHint("%s --help shows the flags", cmd.CommandPath())
}

// kindOf is what a flag takes, in words.
func kindOf(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int", "uint":
		return "whole number"
	case "bool":
		return "true or a false"
	case "duration":
		return "time such as 90s or 15m"
	}
	return f.Value.Type()
}

// asUsage makes what check refuses wrong usage, also where it is one of cobra's own.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil || fault.CodeOf(err) != fault.Internal {
			return err
		}
		return fault.New(fault.Usage, "%s: %w", cmd.CommandPath(), err).
			WithHint("it is called as: %s", cmd.UseLine())
	}
}

// nothing is the argument check of a command without arguments.
func nothing(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fault.New(fault.Usage, "%s takes no arguments: %q is one too many", cmd.CommandPath(), args[0]).
		WithHint("%s --help shows how it is called", cmd.CommandPath())
}

// slugAndMessage is the argument check of a command that says something to a task's agent.
func slugAndMessage(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return one("SLUG")(cmd, args)
	case 1:
		return fault.New(fault.Usage, "%s needs a MESSAGE behind %q", cmd.CommandPath(), args[0]).
			WithHint("it is called as: %s", cmd.UseLine())
	case 2:
		return nil
	}
	return fault.New(fault.Usage, "%s takes one MESSAGE: %q is one too many", cmd.CommandPath(), args[2]).
		WithHint("put quotes round a message of several words")
}

// one is the argument check of a command with exactly one argument, named what.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fault.New(fault.Usage, "%s needs a %s", cmd.CommandPath(), what).
				WithHint("it is called as: %s", cmd.UseLine())
		case 1:
			return nil
		}
		err := fault.New(fault.Usage, "%s takes one %s: %q is one too many", cmd.CommandPath(), what, args[1])
		if what == "TITLE" {
			return err.WithHint("put quotes round a title of several words")
		}
		return err.WithHint("it is called as: %s", cmd.UseLine())
	}
}
