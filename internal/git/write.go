package git

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
)

// writeTimeout bounds one call that writes where the caller's context does not: a large
// tree takes its time to be checked out.
const writeTimeout = 10 * time.Minute

// writing stands before every command that writes, after what stands before all: nothing
// is signed, packed or recursed into behind our back, and objects are on the disk before
// a ref names them.
var writing = []string{
	"-c", "commit.gpgSign=false",
	"-c", "core.editor=false",
	"-c", "sequence.editor=false",
	"-c", "gc.auto=0",
	"-c", "maintenance.auto=false",
	"-c", "submodule.recurse=false",
	"-c", "merge.renormalize=false",
	"-c", "merge.directoryRenames=false",
	"-c", "core.safecrlf=false",
	"-c", "core.ignoreStat=false",
	"-c", "core.untrackedCache=false",
	"-c", "core.fsync=committed",
	"-c", "core.fsyncMethod=batch",
	"-c", "core.logAllRefUpdates=true",
	"-c", "worktree.useRelativePaths=false",
	"-c", "advice.addEmbeddedRepo=false",
}

// Writer runs the commands of git that change objects, refs, an index or a work tree, and
// those that compare one. Beside what holds for every call, no filter and no merge driver
// of the repository's own configuration runs: a file goes in and out as if there were none,
// a merge driver is a conflict. Those of the user's own configuration (git-lfs) run.
//
// Commits bear the user's name and address where git knows them, else tasks@localhost.
type Writer struct {
	c      *Checkout
	tree   string
	gitDir string // "" for the checkout's own
	index  string // "" for the tree's own
	extra  []string
}

// Writer is one for the checkout itself. It holds for one operation: the configuration is
// read here.
func (c *Checkout) Writer(ctx context.Context) (*Writer, error) {
	w := &Writer{c: c, tree: c.Root}
	return w, w.configure(ctx)
}

// WriterAt is one for another work tree of the repository, whose own git folder is given:
// neither the tree's .git file nor its commondir is asked, which an agent can write.
func (c *Checkout) WriterAt(ctx context.Context, tree, gitDir string) (*Writer, error) {
	w := &Writer{c: c, tree: tree, gitDir: gitDir}
	return w, w.configure(ctx)
}

// Index is w with another index file.
func (w *Writer) Index(file string) *Writer {
	other := *w
	other.index = file
	return &other
}

// Tree is the work tree that w works in.
func (w *Writer) Tree() string { return w.tree }

// Run runs git and returns its standard output.
func (w *Writer) Run(ctx context.Context, args ...string) ([]byte, error) {
	return w.Feed(ctx, nil, args...)
}

// Line is Run for an answer of one line.
func (w *Writer) Line(ctx context.Context, args ...string) (string, error) {
	out, err := w.Feed(ctx, nil, args...)
	return strings.TrimRight(string(out), "\n"), err
}

// Feed is Run with a standard input.
func (w *Writer) Feed(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	stdout := limited{left: maxOutput}
	err := w.Pour(ctx, stdin, &stdout, args...)
	if err == nil && stdout.left < 0 {
		err = fault.New(fault.Internal, "git %s: said more than %d MB", args[0], maxOutput>>20)
	}
	return stdout.Bytes(), err
}

// Pour is Feed whose answer goes to out as it comes; an error of out ends git.
func (w *Writer) Pour(ctx context.Context, stdin []byte, out io.Writer, args ...string) error {
	how := call{tree: w.tree, env: w.environment(), limit: writeTimeout, before: slices.Concat(hardening, writing)}
	if stdin != nil {
		how.stdin = bytes.NewReader(stdin)
	}
	return w.c.exec(ctx, how, out, args)
}

// environment is that of every call, with the user's PATH as far as it is absolute and
// leads outside the root (the user's own filters are found there), the place, and what
// configure found.
func (w *Writer) environment() []string {
	env := environment(w.c.program, userConfig)
	dirs := []string{filepath.Dir(w.c.program)}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if real, err := filepath.EvalSymlinks(dir); err == nil && filepath.IsAbs(dir) && !within(real, w.c.Root) && !within(real, w.tree) {
			dirs = append(dirs, dir)
		}
	}
	env[0] = "PATH=" + strings.Join(append(dirs, "/usr/bin", "/bin"), string(os.PathListSeparator))
	if w.gitDir != "" {
		env = append(env, "GIT_DIR="+w.gitDir, "GIT_COMMON_DIR="+w.c.CommonDir)
	}
	if w.index != "" {
		env = append(env, "GIT_INDEX_FILE="+w.index)
	}
	return append(env, w.extra...)
}

// within tells whether name is dir or lies below it; both are clean.
func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}

// configure reads who the user is, and outdoes the programs that the repository's own
// configuration names with the user's own or with none.
func (w *Writer) configure(ctx context.Context) error {
	w.extra = nil
	out, err := w.Run(ctx, "config", "-z", "--show-scope", "--get-regexp",
		`^(filter\..*\.(clean|smudge|process|required)|merge\..*\.driver|(user|author|committer)\.(name|email))$`)
	if err != nil && exitStatus(err) != 1 { // 1: there is none of these
		return err
	}
	users, local := map[string]string{}, map[string]bool{}
	fields := splitNul(out)
	for i := 0; i+1 < len(fields); i += 2 {
		key, value, _ := strings.Cut(fields[i+1], "\n")
		if mine := fields[i] == "system" || fields[i] == "global"; mine || !program(key) {
			users[key] = value
		} else {
			local[key] = true
		}
	}
	w.extra = append(overrides(users, local), identity(users)...)
	return nil
}

// program tells whether the key names a program, or says that it must not fail.
func program(key string) bool {
	return strings.HasPrefix(key, "filter.") || strings.HasPrefix(key, "merge.")
}

// overrides is configuration, in the environment, that stands for the keys local by what
// users says of them. The environment takes any name of a filter, which -c does not.
func overrides(users map[string]string, local map[string]bool) []string {
	set := map[string]string{}
	for key := range local {
		name := key[:strings.LastIndexByte(key, '.')]
		value, own := users[key]
		switch {
		case strings.HasSuffix(key, ".required") && !own:
			value = "false"
		case strings.HasSuffix(key, ".driver") && !own:
			value = "false" // the program: every file is a conflict
		}
		set[key] = value
		if need := name + ".required"; strings.HasPrefix(key, "filter.") && users[need] == "" {
			set[need] = "false" // a filter that is gone has not failed
		}
	}
	env := []string{"GIT_CONFIG_COUNT=" + strconv.Itoa(len(set))}
	i := 0
	for key, value := range set {
		n := strconv.Itoa(i)
		env = append(env, "GIT_CONFIG_KEY_"+n+"="+key, "GIT_CONFIG_VALUE_"+n+"="+value)
		i++
	}
	return env
}

// identity names us where the user has not told git a name or an address.
func identity(users map[string]string) []string {
	var env []string
	for _, who := range []string{"author", "committer"} {
		for what, ours := range map[string]string{"name": "tasks", "email": "tasks@localhost"} {
			if users["user."+what] == "" && users[who+"."+what] == "" {
				env = append(env, "GIT_"+strings.ToUpper(who)+"_"+strings.ToUpper(what)+"="+ours)
			}
		}
	}
	return env
}

// Identity is the environment that names an author where the user has not told git one,
// for programs that commit beside us; empty where they have.
func (c *Checkout) Identity(ctx context.Context) ([]string, error) {
	w, err := c.Writer(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(w.extra), func(v string) bool {
		return !strings.HasPrefix(v, "GIT_AUTHOR_") && !strings.HasPrefix(v, "GIT_COMMITTER_")
	}), nil
}

// Call is one call of git that may write. Args begin with the command.
type Call struct {
	Args  []string
	Stdin io.Reader
	Index string // another index file, "" for the work tree's own
}

// Write is one call of a Writer of the checkout; its answer is without the last line feed.
func (c *Checkout) Write(ctx context.Context, call Call) (string, error) {
	w, err := c.Writer(ctx)
	if err != nil {
		return "", err
	}
	var stdin []byte
	if call.Stdin != nil {
		if stdin, err = io.ReadAll(call.Stdin); err != nil {
			return "", err
		}
	}
	out, err := w.Index(call.Index).Feed(ctx, stdin, call.Args...)
	return strings.TrimSuffix(string(out), "\n"), err
}
