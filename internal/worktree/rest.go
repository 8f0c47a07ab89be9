package worktree

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/git"
)

// CommitRest commits all that is uncommitted in the tree, untracked files included and
// ignored ones not, as one commit on its branch, and lists its files. No commit ("") where
// there is nothing. Repositories nested in the tree are left out; the message names them.
// Conflict, with nothing committed, where the tree is not as Check wants it or a rebase,
// merge or the like is going on in it.
func (t *Trees) CommitRest(ctx context.Context, k Tree, subject string) (commit string, files []string, err error) {
	ctx, unlock, err := t.lock(ctx)
	if err != nil {
		return "", nil, err
	}
	defer unlock()
	p, err := t.mine(k)
	if err != nil {
		return "", nil, err
	}
	head, err := t.onBranch(ctx, k, p)
	if err != nil {
		return "", nil, err
	}
	if busy := Unfinished(p.admin); busy != "" {
		return "", nil, fault.New(fault.Conflict, "a %s is going on in the worktree of %s: what is uncommitted was left as it is", busy, k.slug()).
			WithHint("in %s: git status says how to finish it", p.dir)
	}
	if err := t.unstick(ctx, p); err != nil {
		return "", nil, err
	}
	gw, err := t.Git.WriterAt(ctx, p.dir, p.admin)
	if err != nil {
		return "", nil, err
	}
	nested, err := gather(ctx, gw)
	if err != nil {
		return "", nil, err
	}
	tree, err := gw.Line(ctx, "write-tree")
	if err != nil {
		return "", nil, err
	}
	if files, err = changedIn(ctx, gw, head, tree); err != nil || len(files) == 0 {
		return "", nil, err
	}
	msg := oneLine(subject) + said(nested) + "\n\nTask: " + k.slug() + "\nRun: " + p.mark.Run + "\n"
	out, err := gw.Feed(ctx, []byte(msg), "commit-tree", "-p", head, tree)
	if err != nil {
		return "", nil, err
	}
	commit = strings.TrimSpace(string(out))
	return commit, files, gw.MoveRef(ctx, "refs/heads/"+k.Branch, commit, head, oneLine(subject))
}

func oneLine(s string) string {
	if s = strings.Join(strings.Fields(s), " "); s == "" {
		return "what was left uncommitted"
	}
	return s
}

// said names what could not be committed.
func said(nested []string) string {
	if len(nested) == 0 {
		return ""
	}
	return "\n\nNot in this commit, repositories of their own: " + strings.Join(nested, ", ")
}

// changedIn lists the files in which tree differs from commit.
func changedIn(ctx context.Context, gw *git.Writer, commit, tree string) ([]string, error) {
	out, err := gw.Run(ctx, "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", commit, tree)
	return fields(out), err
}

// gather brings all of the tree into its index: what differs and what is new, as far as no
// rule ignores it. It returns the nested repositories that it left out. No program runs
// for a nested repository: git's own add would, by that repository's configuration.
func gather(ctx context.Context, gw *git.Writer) (nested []string, err error) {
	names, nested, err := differing(ctx, gw)
	if err != nil {
		return nil, err
	}
	return nested, takeIn(ctx, gw, names)
}

// differing lists the files of the tree that are not as its index has them, and apart the
// nested repositories.
func differing(ctx context.Context, gw *git.Writer) (names, nested []string, err error) {
	if err := unhide(ctx, gw); err != nil {
		return nil, nil, err
	}
	out, err := gw.Run(ctx, "diff-files", "-z", "--name-only", "--ignore-submodules=dirty")
	if err != nil {
		return nil, nil, err
	}
	names = fields(out)
	if out, err = gw.Run(ctx, "ls-files", "-z", "--others", "--exclude-standard"); err != nil {
		return nil, nil, err
	}
	for _, name := range fields(out) {
		if dir, is := strings.CutSuffix(name, "/"); is {
			nested = append(nested, dir)
		} else {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nested, nil
}

// takeIn brings files into the index as they are now.
func takeIn(ctx context.Context, gw *git.Writer, names []string) error {
	if len(names) == 0 {
		return nil
	}
	_, err := gw.Feed(ctx, []byte(strings.Join(names, "\x00")+"\x00"), "update-index", "-z", "--add", "--remove", "--replace", "--stdin")
	return err
}

// unhide takes the marks from files that make git pass over their changes, unless the
// tree is a sparse one, which is made of them.
func unhide(ctx context.Context, gw *git.Writer) error {
	if sparse, err := gw.Line(ctx, "config", "--type=bool", "--get", "core.sparseCheckout"); err == nil && sparse == "true" {
		return nil
	}
	out, err := gw.Run(ctx, "ls-files", "-z", "-v")
	if err != nil {
		return err
	}
	var hidden bytes.Buffer
	for _, line := range fields(out) {
		if len(line) > 2 && (line[0] == 'S' || line[0] >= 'a' && line[0] <= 'z') {
			hidden.WriteString(line[2:] + "\x00")
		}
	}
	for _, flag := range []string{"--no-skip-worktree", "--no-assume-unchanged"} {
		if hidden.Len() > 0 && err == nil {
			_, err = gw.Feed(ctx, hidden.Bytes(), "update-index", flag, "-z", "--stdin")
		}
	}
	return err
}

func fields(out []byte) []string {
	s := strings.TrimSuffix(string(out), "\x00")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\x00")
}

// Clean tells what is uncommitted in the tree, ignored files aside.
func (t *Trees) Clean(ctx context.Context, k Tree) (changed []string, err error) {
	ctx, unlock, err := t.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	p, err := t.mine(k)
	if err != nil {
		return nil, err
	}
	head, err := t.onBranch(ctx, k, p)
	if err != nil {
		return nil, err
	}
	gw, err := t.Git.WriterAt(ctx, p.dir, p.admin)
	if err != nil {
		return nil, err
	}
	commit, _, err := t.snapshot(ctx, gw, p, head, p.mark.Run)
	if err != nil || commit == "" {
		return nil, err
	}
	if changed, err = changedIn(ctx, gw, head, commit); len(changed) == 0 && err == nil {
		changed = []string{"the index"}
	}
	return changed, err
}
