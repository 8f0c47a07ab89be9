// Package forge is pull requests and their checks: pushing a run's branch to a remote
// that its user has named, and asking the forge behind it by its own program, gh.
//
// Nothing leaves this machine before the user has confirmed the remote's address for this
// root; the confirmation is kept in the user's own state folder, by root, name and
// address, so that another address is asked about again. A push reads nothing of
// the repository's own configuration but that address: which program reaches it, and
// with which credentials, is the user's and the machine's. No hook runs.
//
// Where there is no gh, or the remote is no forge that it knows, everything here answers
// Unavailable with "no forge", and all else works without.
package forge

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/process"
)

// Forge works for one checkout. Safe for concurrent use.
type Forge struct {
	Git *git.Checkout
	// StateDir is the user's own folder of this program's state (UserState), "" where the
	// environment names none; nothing can be confirmed then.
	StateDir string
	Getenv   func(string) (string, bool)
}

// UserState is the user's state folder of this program, "" where the environment names
// none.
func UserState(getenv func(string) (string, bool)) string {
	dir, _ := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		home, _ := getenv("HOME")
		if !filepath.IsAbs(home) {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "tasks")
}

// The bounds of one call of a program.
const (
	askTime   = 60 * time.Second
	pushTime  = 5 * time.Minute
	maxAnswer = 4 << 20
)

// NoForge is the error of everything that needs a forge where there is none: why says
// what is missing.
func NoForge(format string, args ...any) error {
	return fault.New(fault.Unavailable, "there is no forge: "+format, args...).
		WithHint("tasks run diff and tasks run accept work without one")
}

// found is a program's answer.
type found struct {
	out, said string // standard output and standard error
	code      int
}

// run runs a program outside of the repository.
func (f *Forge) run(ctx context.Context, program, dir string, env []string, wall time.Duration, stdin string, args ...string) (found, error) {
	out, said := &text{left: maxAnswer}, &text{left: 64 << 10}
	end, err := process.Run(ctx, process.Spec{
		Path: program, Args: args, Dir: dir, Env: env, Stdin: strings.NewReader(stdin), Stdout: out, Stderr: said,
		Limits: process.Limits{Wall: wall},
	})
	name := filepath.Base(program) + " " + args[0]
	switch {
	case err != nil:
		return found{}, err
	case ctx.Err() != nil:
		return found{}, ctx.Err()
	case end.Cause == process.TimedOut:
		return found{}, fault.New(fault.Unavailable, "%s took longer than %s and was ended", name, wall)
	case end.Cause != process.Exited:
		return found{}, fault.New(fault.Unavailable, "%s was ended by %s", name, end.Signal)
	case out.left < 0:
		return found{}, fault.New(fault.Unavailable, "%s said more than %d MB", name, maxAnswer>>20)
	}
	return found{out.String(), said.String(), end.Code}, nil
}

// text keeps what fits.
type text struct {
	strings.Builder
	left int
}

func (t *text) Write(p []byte) (int, error) {
	t.Builder.Write(p[:max(0, min(len(p), t.left))])
	t.left -= len(p)
	return len(p), nil
}

// env is the environment of git and gh: the user's own, without what would have them run
// something of the repository's or ask somebody.
func (f *Forge) env(more ...string) []string {
	out := append([]string{
		"PATH=" + f.path(), "GIT_TERMINAL_PROMPT=0", "GCM_INTERACTIVE=never", "NO_COLOR=1", "LC_ALL=C",
		"GH_PROMPT_DISABLED=1", "GH_NO_UPDATE_NOTIFIER=1", "GH_PAGER=cat", "GH_NO_EXTENSION_UPDATE_NOTIFIER=1",
	}, more...)
	for _, key := range []string{
		"HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "TMPDIR",
		"SSH_AUTH_SOCK", "SSH_AGENT_PID", "DBUS_SESSION_BUS_ADDRESS", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
		"GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_HOST", "GH_CONFIG_DIR",
	} {
		if v, ok := f.Getenv(key); ok {
			out = append(out, key+"="+v)
		}
	}
	return out
}

// path is the PATH without what lies inside the repository: package runners put its
// folders in front.
func (f *Forge) path() string {
	all, _ := f.Getenv("PATH")
	var out []string
	for _, dir := range filepath.SplitList(all) {
		if real, err := filepath.EvalSymlinks(dir); filepath.IsAbs(dir) && err == nil && !within(dir, f.Git.Root) && !within(real, f.Git.Root) {
			out = append(out, dir)
		}
	}
	if len(out) == 0 {
		out = []string{"/usr/bin", "/bin"}
	}
	return strings.Join(out, string(os.PathListSeparator))
}

func (f *Forge) look(name string) (string, error) { return process.LookIn(f.path(), name, f.Git.Root) }

func within(name, root string) bool {
	if r, err := filepath.EvalSymlinks(root); err == nil {
		root = r
	}
	rel, err := filepath.Rel(root, name)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(os.PathSeparator))
}

// oneLine is what a program said last, in one line and without what cannot be seen.
func oneLine(s string) string {
	s = strings.TrimSpace(s)
	s = s[strings.LastIndexByte(s, '\n')+1:]
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	if r := []rune(s); len(r) > 300 {
		s = string(r[:299]) + "…"
	}
	return s
}
