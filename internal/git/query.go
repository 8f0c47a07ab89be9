package git

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
)

// Branch is the branch checked out, or "" where HEAD is detached. It is known
// before the first commit as well.
func (c *Checkout) Branch(ctx context.Context) (string, error) {
	out, err := c.Output(ctx, "symbolic-ref", "--quiet", "--short", "HEAD")
	if exitStatus(err) == 1 {
		return "", nil
	}
	return strings.TrimSpace(string(out)), err
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
	parts := strings.SplitN(strings.TrimSuffix(string(out), "\n"), "\x00", 4)
	if len(parts) < 4 {
		return nil, nil
	}
	at, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return nil, fault.New(fault.Internal, "git log: %q is not a time", parts[2])
	}
	return &Commit{Hash: parts[0], Author: parts[1], When: time.Unix(at, 0), Subject: parts[3]}, nil
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
