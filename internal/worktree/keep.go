package worktree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/git"
)

// Keep puts all that the tree holds, what is uncommitted included, under a ref of the run
// and returns it; tree, index and branch stay as they are. "" where other refs have it all.
func (t *Trees) Keep(ctx context.Context, k Tree, run string) (ref string, err error) {
	ctx, unlock, err := t.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	p, err := t.mine(k)
	if err != nil {
		return "", err
	}
	ref, _, err = t.keep(ctx, p, run)
	return ref, err
}

// keep is Keep of a place that is ours, with the nested repositories found in it.
func (t *Trees) keep(ctx context.Context, p place, run string) (ref string, nested []string, err error) {
	gw, err := t.Git.WriterAt(ctx, p.dir, p.admin)
	if err != nil {
		return "", nil, err
	}
	branch, err := t.Git.Resolve(ctx, "refs/heads/"+Branch(p.mark.Slug))
	if err != nil {
		return "", nil, err
	}
	head, err := gw.Line(ctx, "rev-parse", "--quiet", "--verify", "HEAD^{commit}")
	if err != nil {
		head = branch // HEAD is at no commit
	}
	if head == "" {
		head = p.mark.First
	}
	tip, nested, err := t.snapshot(ctx, gw, p, head, run)
	if err != nil {
		return "", nil, err
	}
	if tip == "" {
		tip = head
	}
	if ref, err = t.keepAs(ctx, p.mark.Slug, run, tip); err != nil {
		return "", nil, err
	}
	more := append(t.logged(p.admin, p.mark.Slug), branch, head)
	if out, err := gw.Run(ctx, "for-each-ref", "--format=%(objectname)", "refs/worktree/", "refs/bisect/", "refs/rewritten/"); err == nil {
		more = append(more, strings.Fields(string(out))...)
	}
	return ref, nested, t.keepMore(ctx, p.mark.Slug, run, tip, more)
}

// snapshot is a commit of all that is uncommitted in a tree, "" where there is nothing.
// What is staged and differs from the file is a second parent of it. The tree's own index
// is not touched.
func (t *Trees) snapshot(ctx context.Context, gw *git.Writer, p place, head, run string) (commit string, nested []string, err error) {
	dir, err := os.MkdirTemp("", "tasks-index-")
	if err != nil {
		return "", nil, fault.New(fault.Unavailable, "no place for a temporary index: %w", err)
	}
	defer os.RemoveAll(dir)
	iw := gw.Index(filepath.Join(dir, "index"))
	staged := ""
	err = copyFile(filepath.Join(dir, "index"), filepath.Join(p.admin, "index"))
	if err == nil {
		staged, _ = iw.Line(ctx, "write-tree") // not where it holds a conflict
		nested, err = gather(ctx, iw)
	}
	if err != nil { // missing or broken: from the commit
		os.Remove(filepath.Join(dir, "index"))
		if _, err := iw.Run(ctx, "read-tree", head); err != nil {
			return "", nil, err
		}
		if nested, err = gather(ctx, iw); err != nil {
			return "", nil, err
		}
	}
	tree, err := iw.Line(ctx, "write-tree")
	if err != nil {
		return "", nil, err
	}
	was, err := gw.Line(ctx, "rev-parse", head+"^{tree}")
	if err != nil {
		return "", nil, err
	}
	msg := p.mark.Slug + ": what was not committed" + said(nested) + "\n\nTask: " + p.mark.Slug + "\nRun: " + run + "\n"
	parents := []string{"-p", head}
	if staged != "" && staged != was && staged != tree {
		out, err := gw.Feed(ctx, []byte(p.mark.Slug+": what was staged\n"), "commit-tree", "-p", head, staged)
		if err != nil {
			return "", nil, err
		}
		parents = append(parents, "-p", strings.TrimSpace(string(out)))
	} else if tree == was {
		return "", nested, nil
	}
	out, err := gw.Feed(ctx, []byte(msg), append(append([]string{"commit-tree"}, parents...), tree)...)
	return strings.TrimSpace(string(out)), nested, err
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// keepAs sees to it that a ref of the run reaches the commit, and returns it; "" where
// another ref than the task's branch does. No ref ever loses what it had.
func (t *Trees) keepAs(ctx context.Context, slug, run, commit string) (string, error) {
	out, err := t.Git.Output(ctx, "for-each-ref", "--contains", commit, "--format=%(refname)")
	if err != nil {
		return "", err
	}
	have := ""
	for _, ref := range strings.Fields(string(out)) {
		switch {
		case strings.HasPrefix(ref, KeptPrefix):
			return ref, nil
		case ref != "refs/heads/"+Branch(slug):
			have = ref
		}
	}
	if have != "" {
		return "", nil
	}
	gw, err := t.Git.Writer(ctx)
	if err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		ref := KeptPrefix + slug + "/" + run
		if n > 1 {
			ref += fmt.Sprintf("-%d", n)
		}
		old, err := t.Git.Resolve(ctx, ref)
		if err != nil {
			return "", err
		}
		if old != "" {
			if behind, err := t.Git.HasAncestor(ctx, old, commit); err != nil {
				return "", err
			} else if same, err := t.sameWork(ctx, old, commit); err != nil {
				return "", err
			} else if same {
				return ref, nil
			} else if !behind {
				continue
			}
		}
		return ref, gw.MoveRef(ctx, ref, commit, old, "keep "+slug)
	}
}

// KeepCommit sees to it that a ref other than the task's branch reaches the commit, under
// the run's name where there is none yet. It returns the kept ref, "" where another has it.
func (t *Trees) KeepCommit(ctx context.Context, slug, run, commit string) (ref string, err error) {
	ctx, unlock, err := t.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	return t.keepAs(ctx, slug, run, commit)
}

// sameWork tells whether two commits keep the same: content, what was staged, and what it
// stands on.
func (t *Trees) sameWork(ctx context.Context, a, b string) (bool, error) {
	var said [2]string
	for i, c := range []string{a, b} {
		out, err := t.Git.Output(ctx, "rev-parse", c+"^{tree}", c+"^@")
		if err != nil {
			return false, err
		}
		f := strings.Fields(string(out))
		if len(f) == 3 { // the second parent is what was staged
			if out, err = t.Git.Output(ctx, "rev-parse", f[2]+"^{tree}"); err != nil {
				return false, err
			}
			f[2] = strings.TrimSpace(string(out))
		}
		said[i] = strings.Join(f, " ")
	}
	return said[0] == said[1], nil
}

// logged are the commits at which a tree's HEAD and its task's branch once were. They are
// reachable as long as these logs are there, which go with tree and branch.
func (t *Trees) logged(admin, slug string) []string {
	names := []string{filepath.Join(t.Git.CommonDir, "logs/refs/heads", Branch(slug))}
	if admin != "" {
		names = append(names, filepath.Join(admin, "logs/HEAD"), filepath.Join(admin, "MERGE_HEAD"),
			filepath.Join(admin, "CHERRY_PICK_HEAD"), filepath.Join(admin, "ORIG_HEAD"))
	}
	var list []string
	seen := map[string]bool{}
	for _, name := range names {
		info, err := os.Lstat(name)
		if err != nil || !info.Mode().IsRegular() || info.Size() > 8<<20 {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(text), "\n") {
			head, _, _ := strings.Cut(line, "\t")
			for i, word := range strings.Fields(head) {
				if i < 2 && len(word) >= 40 && strings.Trim(word, "0") != "" && strings.Trim(word, "0123456789abcdef") == "" && !seen[word] {
					seen[word] = true
					list = append(list, word)
				}
			}
		}
	}
	return list
}

// keepMore keeps those of the commits that neither tip nor a ref but the task's branch
// reaches, as parents of one commit.
func (t *Trees) keepMore(ctx context.Context, slug, run, tip string, commits []string) error {
	args := []string{"rev-list", "--parents", "--ignore-missing", "--stdin"}
	feed := strings.Join(commits, "\n") + "\n^" + tip + "\n"
	refs, err := t.Git.RefsTo(ctx, "refs/")
	if err != nil {
		return err
	}
	for _, r := range refs {
		if r.Name != "refs/heads/"+Branch(slug) {
			feed += "^" + r.Hash + "\n"
		}
	}
	gw, err := t.Git.Writer(ctx)
	if err != nil {
		return err
	}
	out, err := gw.Feed(ctx, []byte(strings.ReplaceAll(feed, "\n\n", "\n")), args...)
	if err != nil {
		return err
	}
	parent := map[string]bool{}
	var all, tips []string
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		f := strings.Fields(line)
		for i, c := range f {
			if i == 0 {
				all = append(all, c)
			} else {
				parent[c] = true
			}
		}
	}
	make := []string{"commit-tree"}
	for _, c := range all {
		if !parent[c] {
			tips = append(tips, c)
			make = append(make, "-p", c)
		}
	}
	if len(tips) == 0 {
		return nil
	}
	made, err := gw.Feed(ctx, []byte(slug+": commits that its branch and its tree once were at\n\nTask: "+slug+"\nRun: "+run+"\n"), append(make, tip+"^{tree}")...)
	if err == nil {
		_, err = t.keepAs(ctx, slug, run+"-more", strings.TrimSpace(string(made)))
	}
	return err
}
