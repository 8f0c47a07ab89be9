package git

import (
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

// Branch is the branch checked out, or "" where HEAD is detached. It is known
// before the first commit as well. Every page asks, so that the file HEAD is read
// and git is run only where it says nothing plain.
func (c *Checkout) Branch(ctx context.Context) (string, error) {
	if name, ok := c.headBranch(); ok {
		return name, nil
	}
	out, err := c.Output(ctx, "symbolic-ref", "--quiet", "--short", "HEAD")
	if exitStatus(err) == 1 {
		return "", nil
	}
	return strings.TrimSpace(string(out)), err
}

// headBranch reads HEAD as git writes it: "ref: refs/heads/NAME". A commit's hash,
// a link, and what another store of refs leaves there (refs/heads/.invalid) are
// git's own to say.
func (c *Checkout) headBranch() (string, bool) {
	file := filepath.Join(c.Dir, "HEAD")
	if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() || info.Size() > 4096 {
		return "", false
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", false
	}
	name, ok := strings.CutPrefix(strings.TrimSuffix(string(data), "\n"), "ref: refs/heads/")
	return name, ok && name != "" && name[0] != '.' && !strings.ContainsAny(name, " \t\r\n\x00")
}

// Tracked tells whether the index holds name.
func (c *Checkout) Tracked(ctx context.Context, name string) (bool, error) {
	out, err := c.Output(ctx, "ls-files", "-z", "--cached", "--", name)
	if err != nil {
		return false, err
	}
	for _, n := range splitNul(out) {
		if n == name { // a folder's name lists what is in it
			return true, nil
		}
	}
	return false, nil
}

// TrackedIgnored lists the tracked files that an ignore rule matches.
func (c *Checkout) TrackedIgnored(ctx context.Context) ([]string, error) {
	out, err := c.Output(ctx, "ls-files", "-z", "--cached", "--ignored", "--exclude-standard")
	if err != nil {
		return nil, err
	}
	return splitNul(out), nil
}

// Commit is one entry of the history.
type Commit struct {
	Hash, Author, Subject string
	When                  time.Time
}

// LastCommit is the newest commit that changed name, nil where none did.
func (c *Checkout) LastCommit(ctx context.Context, name string) (*Commit, error) {
	out, err := c.Output(ctx, "log", "-1", "--no-ext-diff", "--no-textconv", "--no-show-signature",
		"--format=%H%x00%an%x00%ct%x00%s", "--end-of-options", "HEAD", "--", name)
	if err != nil {
		if exitStatus(err) == 128 && c.unborn(ctx) {
			return nil, nil
		}
		return nil, err
	}
	list, err := readCommits(strings.SplitN(strings.TrimSuffix(string(out), "\n"), "\x00", 4))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// readCommits takes fields in groups of four (hash, author, time, subject), newest first,
// and answers with the oldest first.
func readCommits(fields []string) ([]Commit, error) {
	var list []Commit
	for i := len(fields) - len(fields)%4 - 4; i >= 0; i -= 4 {
		at, err := strconv.ParseInt(fields[i+2], 10, 64)
		if err != nil {
			return nil, fault.New(fault.Internal, "git log: %q is not a time", fields[i+2])
		}
		list = append(list, Commit{Hash: fields[i], Author: fields[i+1], When: time.Unix(at, 0), Subject: fields[i+3]})
	}
	return list, nil
}

// unborn tells whether there is no commit yet.
func (c *Checkout) unborn(ctx context.Context) bool {
	_, err := c.Output(ctx, "rev-parse", "--quiet", "--verify", "--end-of-options", "HEAD")
	return exitStatus(err) == 1
}

func splitNul(out []byte) []string {
	s := strings.TrimSuffix(string(out), "\x00")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\x00")
}

// Ignored tells whether a rule ignores name, which need not be there. Name is without
// characters that mean something in a pattern.
func (c *Checkout) Ignored(ctx context.Context, name string) (bool, error) {
	before := slices.DeleteFunc(slices.Clone(hardening), func(s string) bool { return s == "--literal-pathspecs" }) // which this command refuses
	err := c.exec(ctx, call{tree: c.Root, env: environment(c.program, userConfig), limit: timeout, before: before}, io.Discard,
		[]string{"check-ignore", "-q", "--no-index", "--", name})
	if exitStatus(err) == 1 {
		return false, nil
	}
	return err == nil, err
}
