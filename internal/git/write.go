package git

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tasks/internal/fault"
)

// writeTimeout bounds one call that writes, a checkout of a large tree above all.
const writeTimeout = 10 * time.Minute

// Call is one call of git that may write. Args begin with the command.
type Call struct {
	Args  []string
	Stdin io.Reader
	Index string   // another index file, "" for the work tree's own
	Env   []string // beside the fixed environment
}

// Write runs git so that it may change the repository: as hardened as Output, with no
// hook, and without the filters that the repository's own configuration defines; those of
// the user's configuration are kept, as git-lfs is one. Commits are the user's where
// git knows their name, else this program's.
func (c *Checkout) Write(ctx context.Context, call Call) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	all := append([]string{"-C", c.Root}, c.where()...)
	all = append(all, hardening...)
	all = append(all, "-c", "commit.gpgSign=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "advice.detachedHead=false")
	filters, err := c.ownFilters(ctx)
	if err != nil {
		return "", err
	}
	all = append(all, filters...)
	if c.foreign {
		all = append(all, "-c", "safe.directory="+c.Root)
	}
	cmd := exec.CommandContext(ctx, c.program, append(all, call.Args...)...)
	cmd.Env = append(environment(c.program, repoConfig), call.Env...)
	if call.Index != "" {
		cmd.Env = append(cmd.Env, "GIT_INDEX_FILE="+call.Index)
	}
	cmd.Env = append(cmd.Env, "GIT_EDITOR=false", "GIT_SEQUENCE_EDITOR=false", "GIT_MERGE_AUTOEDIT=no")
	cmd.Env = append(cmd.Env, c.identity(ctx)...)
	cmd.Stdin = call.Stdin
	cmd.WaitDelay = time.Second
	stdout, stderr := limited{left: maxOutput}, limited{left: 64 << 10}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	switch {
	case err == nil && stdout.left < 0:
		return "", fault.New(fault.Internal, "git %s: said more than %d MB", call.Args[0], maxOutput>>20)
	case err == nil:
		return strings.TrimSuffix(stdout.String(), "\n"), nil
	case ctx.Err() != nil:
		return "", fault.New(fault.Unavailable, "git %s did not end in time: %w", call.Args[0], ctx.Err())
	}
	exit, ok := err.(*exec.ExitError)
	if !ok {
		return "", fault.New(fault.Unavailable, "git could not be run: %w", err)
	}
	// What it said on standard output is given as well: merge-tree tells of conflicts there.
	return stdout.String(), fault.New(fault.Internal, "git %s failed: %s%w", call.Args[0], lastLine(stderr.String()), wrapped{exit})
}

// ExitStatus is the status with which git ended, -1 where err is of another kind.
func ExitStatus(err error) int { return exitStatus(err) }

// Linked is the checkout of a linked work tree of this repository, by its folder and the
// folder that git keeps for it. What the work tree's own .git file says is not asked:
// an agent can write there.
func (c *Checkout) Linked(root, admin string) *Checkout {
	return &Checkout{Root: root, Dir: admin, CommonDir: c.CommonDir, program: c.program, foreign: c.foreign, fixed: true}
}

// where names git folder and work tree.
func (c *Checkout) where() []string {
	if c.fixed {
		return []string{"--git-dir=" + c.Dir, "--work-tree=" + c.Root}
	}
	return []string{"--work-tree=" + c.Root}
}

// ownFilters takes away the filters that the repository's own configuration defines.
func (c *Checkout) ownFilters(ctx context.Context) ([]string, error) {
	out, err := c.Output(ctx, "config", "--local", "--null", "--name-only", "--get-regexp", `^filter\.`)
	if exitStatus(err) == 1 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var args []string
	seen := map[string]bool{}
	for _, key := range splitNul(out) {
		i, j := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
		if i >= j || seen[key[i+1:j]] {
			continue
		}
		name := key[i+1 : j]
		seen[name] = true
		for _, k := range []string{"clean", "smudge", "process"} {
			args = append(args, "-c", "filter."+name+"."+k+"=")
		}
		args = append(args, "-c", "filter."+name+".required=false")
	}
	return args, nil
}

// identity is the environment that names an author where git knows none.
func (c *Checkout) identity(ctx context.Context) []string {
	var env []string
	for key, vars := range map[string][2]string{"user.name": {"NAME", "tasks"}, "user.email": {"EMAIL", "tasks@localhost"}} {
		if out, err := c.Output(ctx, "config", "--get", key); err == nil && len(bytes.TrimSpace(out)) > 0 {
			continue
		}
		env = append(env, "GIT_AUTHOR_"+vars[0]+"="+vars[1], "GIT_COMMITTER_"+vars[0]+"="+vars[1])
	}
	return env
}

// Resolve is the commit that a full ref or a hash names, "" where there is none.
func (c *Checkout) Resolve(ctx context.Context, name string) (string, error) {
	out, err := c.Output(ctx, "rev-parse", "--quiet", "--verify", "--end-of-options", name+"^{commit}")
	if exitStatus(err) == 1 || exitStatus(err) == 128 {
		return "", nil
	}
	return strings.TrimSpace(string(out)), err
}

// Zero is the old value of a ref that is not to be there yet.
const Zero = "0000000000000000000000000000000000000000"

// MoveRef moves a ref from old to new; an empty new deletes it. Conflict where it is
// not at old any more.
func (c *Checkout) MoveRef(ctx context.Context, ref, new, old, why string) error {
	args := []string{"update-ref", "-m", "tasks: " + why, "--no-deref", ref, new, old}
	if new == "" {
		args = []string{"update-ref", "-m", "tasks: " + why, "--no-deref", "-d", ref, old}
	}
	_, err := c.Write(ctx, Call{Args: args})
	if err == nil {
		return nil
	}
	now, lookErr := c.Resolve(ctx, ref)
	if want := old; lookErr == nil && now != want && !(want == Zero && now == "") {
		return fault.New(fault.Conflict, "%s has moved meanwhile: it is at %.12s", ref, now)
	}
	return err
}

// HasAncestor tells whether the commit old is new itself or before it.
func (c *Checkout) HasAncestor(ctx context.Context, old, new string) (bool, error) {
	_, err := c.Output(ctx, "merge-base", "--is-ancestor", old, new)
	if exitStatus(err) == 1 {
		return false, nil
	}
	return err == nil, err
}

// Range is the commits from (not included) to to, oldest first, at most limit.
func (c *Checkout) Range(ctx context.Context, from, to string, limit int) ([]Commit, error) {
	spec := to
	if from != "" {
		spec = from + ".." + to
	}
	out, err := c.Output(ctx, "log", "--reverse", "--no-ext-diff", "--no-textconv", "--no-show-signature", "-z",
		"--format=%H%x01%an%x01%ct%x01%s", "--end-of-options", spec)
	if err != nil {
		return nil, err
	}
	var list []Commit
	for _, line := range splitNul(out) {
		p := strings.SplitN(strings.TrimSpace(line), "\x01", 4)
		if len(p) < 4 {
			continue
		}
		var sec int64
		for _, d := range p[2] {
			sec = sec*10 + int64(d-'0')
		}
		list = append(list, Commit{Hash: p[0], Author: p[1], When: time.Unix(sec, 0), Subject: p[3]})
		if len(list) == limit {
			break
		}
	}
	return list, nil
}

// WorkTree is one work tree of the repository, as git's own records tell.
type WorkTree struct {
	Dir     string // its folder
	Admin   string // git's folder for it; "" for the main one
	Branch  string // full ref, "" where HEAD is detached
	Head    string // commit, "" where there is none yet
	Locked  bool
	Missing bool // its folder is not there
}

// WorkTrees lists all of them, the main one first.
func (c *Checkout) WorkTrees(ctx context.Context) ([]WorkTree, error) {
	out, err := c.Output(ctx, "worktree", "list", "--porcelain", "-z")
	if err != nil {
		return nil, err
	}
	admins := c.admins()
	var list []WorkTree
	for _, line := range strings.Split(string(out), "\x00") {
		key, value, _ := strings.Cut(line, " ")
		if key == "worktree" {
			w := WorkTree{Dir: value, Admin: admins[value]}
			if _, err := os.Lstat(value); err != nil {
				w.Missing = true
			}
			list = append(list, w)
			continue
		}
		if len(list) == 0 {
			continue
		}
		w := &list[len(list)-1]
		switch key {
		case "HEAD":
			if strings.Trim(value, "0") != "" {
				w.Head = value
			}
		case "branch":
			w.Branch = value
		case "locked":
			w.Locked = true
		}
	}
	return list, nil
}

// admins are git's folders of the linked work trees, by the folder of each tree.
func (c *Checkout) admins() map[string]string {
	out := map[string]string{}
	entries, err := os.ReadDir(filepath.Join(c.CommonDir, "worktrees"))
	if err != nil {
		return out
	}
	for _, e := range entries {
		admin := filepath.Join(c.CommonDir, "worktrees", e.Name())
		text, err := readSmall(filepath.Join(admin, "gitdir"))
		if err == nil && text != "" {
			out[filepath.Dir(text)] = admin
		}
	}
	return out
}

// WithBlob is the tree of the commit with one more file, or another content of it. index
// is a name for a temporary index file, which the caller removes.
func (c *Checkout) WithBlob(ctx context.Context, index, commit, path, blob string) (string, error) {
	if _, err := c.Write(ctx, Call{Index: index, Args: []string{"read-tree", commit}}); err != nil {
		return "", err
	}
	mode := "100644"
	if out, err := c.Output(ctx, "ls-tree", "-z", commit, "--", path); err == nil && strings.HasPrefix(string(out), "100755") {
		mode = "100755"
	}
	if _, err := c.Write(ctx, Call{Index: index, Args: []string{"update-index", "--add", "--cacheinfo", mode + "," + blob + "," + path}}); err != nil {
		return "", err
	}
	return c.Write(ctx, Call{Index: index, Args: []string{"write-tree"}})
}
