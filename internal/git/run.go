package git

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"tasks/internal/fault"
)

// timeout bounds one call of git where the caller's context does not.
const timeout = 30 * time.Second

// maxOutput bounds what one call of git may say; the index of a very large
// repository has some 10 MB.
const maxOutput = 256 << 20

// hardening stands before every command. Each entry takes away one way in which a
// repository's configuration can make git run a program; filters remain, which is
// why nothing here compares the work tree.
var hardening = []string{
	"--no-optional-locks", "--no-pager", "--literal-pathspecs",
	"-c", "core.fsmonitor=false",
	"-c", "core.hooksPath=" + os.DevNull,
	"-c", "core.sshCommand=false",
	"-c", "core.askPass=false",
	"-c", "credential.helper=",
	"-c", "protocol.allow=never",
	"-c", "log.showSignature=false",
	"-c", "gpg.program=false",
	"-c", "safe.bareRepository=explicit",
	"-c", "core.quotePath=false",
	"-c", "color.ui=false",
}

// scope says whose configuration git may read.
type scope int

const (
	repoConfig scope = iota // the user's and the repository's
	userConfig              // the machine's as well
)

// Output runs git with args and returns its standard output. An error holds the
// line of what git said that tells why.
func (c *Checkout) Output(ctx context.Context, args ...string) ([]byte, error) {
	return c.run(ctx, repoConfig, args...)
}

func (c *Checkout) run(ctx context.Context, s scope, args ...string) ([]byte, error) {
	stdout := limited{left: maxOutput}
	if err := c.pour(ctx, s, &stdout, args...); err != nil {
		return nil, err
	}
	if stdout.left < 0 {
		return nil, fault.New(fault.Internal, "git %s: said more than %d MB", args[0], maxOutput>>20)
	}
	return stdout.Bytes(), nil
}

// pour runs git and gives what it says to out as it comes. Where out returns an
// error git is ended, and that error is the answer.
func (c *Checkout) pour(ctx context.Context, s scope, out io.Writer, args ...string) error {
	return c.exec(ctx, call{tree: c.Root, env: environment(c.program, s), limit: timeout, before: hardening}, out, args)
}

// call is how git is called: in the work tree, with these arguments before the
// command's own.
type call struct {
	tree   string
	env    []string
	limit  time.Duration
	before []string
	stdin  io.Reader // nil: empty
}

func (c *Checkout) exec(ctx context.Context, how call, out io.Writer, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, how.limit)
	defer cancel()
	all := append([]string{"-C", how.tree, "--work-tree=" + how.tree}, how.before...)
	if c.foreign {
		all = append(all, "-c", "safe.directory="+c.Root)
	}
	cmd := exec.CommandContext(ctx, c.program, append(all, args...)...)
	cmd.Env, cmd.Stdin = how.env, how.stdin
	cmd.ExtraFiles, _ = ctx.Value(heldOpen{}).([]*os.File)
	// Asked to end, git takes its locks with it; killed, it would leave them in everybody's way.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	stderr := limited{left: 64 << 10}
	drain := &drained{to: out}
	cmd.Stdout, cmd.Stderr = drain, &stderr
	err := cmd.Run()
	switch {
	case drain.failed != nil:
		return drain.failed
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fault.New(fault.Unavailable, "git %s did not end in time: %w", args[0], ctx.Err())
	case ctx.Err() != nil:
		return ctx.Err()
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fault.New(fault.Unavailable, "git could not be run: %w", err)
	}
	return fault.New(fault.Internal, "git %s failed: %s%w", args[0], reason(stderr.String()), wrapped{exit})
}

// heldOpen is the key of the files that HoldOpen put into a context.
type heldOpen struct{}

// HoldOpen is a context in which each git also holds f open. A lock on f so outlasts this
// process where it is killed, until the git that it has started ends: nobody looks at
// what is half done.
func HoldOpen(ctx context.Context, f *os.File) context.Context {
	before, _ := ctx.Value(heldOpen{}).([]*os.File)
	return context.WithValue(ctx, heldOpen{}, append(slices.Clone(before), f))
}

// drained remembers why its writer wanted no more. The pipe is closed then, and git
// ends with its next word.
type drained struct {
	to     io.Writer
	failed error
}

func (d *drained) Write(p []byte) (int, error) {
	n, err := d.to.Write(p)
	if err != nil && d.failed == nil {
		d.failed = err
	}
	return n, err
}

// environment is all that git gets. HOME and XDG_CONFIG_HOME are there so that the
// user's own ignore file and safe.directory count.
func environment(program string, s scope) []string {
	env := []string{
		"PATH=" + strings.Join([]string{filepath.Dir(program), "/usr/bin", "/bin"}, string(os.PathListSeparator)),
		"LC_ALL=C",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_NO_LAZY_FETCH=1",
		// Stronger than protocol.allow, which a repository's protocol.NAME.allow outdoes.
		"GIT_ALLOW_PROTOCOL=none",
	}
	if s == repoConfig {
		env = append(env, "GIT_CONFIG_NOSYSTEM=1")
	}
	for _, key := range []string{"HOME", "XDG_CONFIG_HOME", "SUDO_UID", "TMPDIR", "USERPROFILE", "SYSTEMROOT", "DEVELOPER_DIR"} {
		if v, ok := os.LookupEnv(key); ok {
			env = append(env, key+"="+v)
		}
	}
	return env
}

// ExitStatus is the status with which the git behind err ended, -1 where there was none.
func ExitStatus(err error) int { return exitStatus(err) }

// exitStatus is the status with which git ended, -1 where it did not.
func exitStatus(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// wrapped carries the cause without repeating it in the message.
type wrapped struct{ *exec.ExitError }

func (wrapped) Error() string   { return "" }
func (w wrapped) Unwrap() error { return w.ExitError }

// limited keeps what fits and counts the rest as missing.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := len(p)
	if n > l.left {
		p = p[:max(l.left, 0)]
	}
	l.left -= n
	l.Buffer.Write(p)
	return n, nil
}

// reason is the line of what git said that tells why: the last one that is an error. What
// stands below it is advice, such as to remove a file that it does not name.
func reason(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for _, line := range slices.Backward(lines) {
		if strings.HasPrefix(line, "fatal: ") || strings.HasPrefix(line, "error: ") {
			return line
		}
	}
	return lines[len(lines)-1]
}
