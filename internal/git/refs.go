package git

import (
	"context"
	"strconv"
	"strings"

	"tasks/internal/fault"
)

const (
	// Nothing stands for "no commit" where a ref is moved.
	Nothing = ""
	// Zero is Nothing as git writes it.
	Zero = "0000000000000000000000000000000000000000"
)

// MoveRef is that of a Writer of the checkout.
func (c *Checkout) MoveRef(ctx context.Context, ref, to, old, why string) error {
	w, err := c.Writer(ctx)
	if err != nil {
		return err
	}
	return w.MoveRef(ctx, ref, to, old, why)
}

// Resolve is the commit that a ref, by its full name, or a commit's hash stands for; ""
// where there is none.
func (c *Checkout) Resolve(ctx context.Context, name string) (string, error) {
	out, err := c.Output(ctx, "rev-parse", "--quiet", "--verify", "--end-of-options", name+"^{commit}")
	if s := exitStatus(err); s == 1 || s == 128 {
		return "", nil
	}
	return strings.TrimSpace(string(out)), err
}

// HasAncestor tells whether commit a is b or comes before it. Not where one of them is gone.
func (c *Checkout) HasAncestor(ctx context.Context, a, b string) (bool, error) {
	if !isHash(a) || !isHash(b) {
		return false, nil
	}
	_, err := c.Output(ctx, "merge-base", "--is-ancestor", a, b)
	if s := exitStatus(err); s == 1 || s == 128 {
		return false, nil
	}
	return err == nil, err
}

// MoveRef moves a ref from one commit to another; Nothing as old: it is not there yet, as
// new: it goes. Conflict where it is not at old, or its name is taken by another's. What has
// begun is ended even where ctx is over: the lock of a ref that is cut off stays.
func (w *Writer) MoveRef(ctx context.Context, ref, to, old, why string) error {
	if strings.Trim(old, "0") == "" {
		old = Nothing
	}
	args := []string{"update-ref", "--no-deref", "-m", "tasks: " + why, ref, to, old}
	if to == Nothing && old == Nothing {
		return nil
	}
	if to == Nothing {
		args = []string{"update-ref", "--no-deref", "-m", "tasks: " + why, "-d", ref, old}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, err := w.Run(context.WithoutCancel(ctx), args...)
	if exitStatus(err) > 0 {
		return fault.New(fault.Conflict, "%s was not moved: it is not where it was expected, or its name is taken: %w", ref, err).
			WithHint("look at it with: git show-ref")
	}
	return err
}

// RefsTo lists the refs below prefix with their commits, in the order of their names.
func (c *Checkout) RefsTo(ctx context.Context, prefix string) ([]Ref, error) {
	out, err := c.Output(ctx, "for-each-ref", "--format=%(refname)%00%(objectname)", "--", prefix)
	if err != nil {
		return nil, err
	}
	var list []Ref
	for _, line := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		if f := strings.Split(line, "\x00"); len(f) == 2 {
			list = append(list, Ref{Name: f[0], Hash: f[1]})
		}
	}
	return list, nil
}

// Ref is a name and what it stands at.
type Ref struct{ Name, Hash string }

// Range is the commits of to that are not of from, oldest first: the newest limit of them.
func (c *Checkout) Range(ctx context.Context, from, to string, limit int) ([]Commit, error) {
	if !isHash(from) || !isHash(to) {
		return nil, fault.New(fault.NotFound, "no such commits: %q to %q", from, to)
	}
	out, err := c.Output(ctx, "log", "-z", "-n", strconv.Itoa(limit), "--no-show-signature", "--format=%H%x00%an%x00%ct%x00%s", "--end-of-options", from+".."+to, "--")
	if err != nil {
		return nil, err
	}
	return readCommits(splitNul(out))
}
