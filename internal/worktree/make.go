package worktree

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
)

const (
	making     = ".making-" // prefix of the folders in which trees are made
	makingLock = "tasks: being made"
)

// step is where tests end the process; it does nothing else.
var step = func(string) {}

// ready makes the folder of the trees, has git ignore it, and sweeps away what a killed
// call left.
func (t *Trees) ready(ctx context.Context) error {
	dir := filepath.Join(t.Git.Root, Folder)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Unavailable, "cannot make %s: %w", dir, err)
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return place{dir: dir, why: "it is not a folder"}.inTheWay()
	}
	if err := t.exclude(ctx); err != nil {
		return err
	}
	return t.sweep()
}

// exclude sees to it that git ignores the trees: in the repository's own ignore file,
// where no other rule does.
func (t *Trees) exclude(ctx context.Context) error {
	if is, err := t.Git.Ignored(ctx, Folder+"/x"); is || err != nil {
		return err
	}
	name := t.Git.InfoExclude()
	text, err := readSmall(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Conflict, "cannot have git ignore %s/: %s is no plain small file", Folder, name).
			WithHint("add the line %s/ to .gitignore, or run tasks init", Folder)
	}
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, '\n')
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fault.New(fault.Unavailable, "cannot write %s: %w", name, err)
	}
	if err := replace(name, append(text, Folder+"/\n"...)); err != nil {
		return fault.New(fault.Unavailable, "cannot write %s: %w", name, err)
	}
	return nil
}

// sweep takes away the trees that a killed call was making; the lock is held. Nobody but
// us has ever seen them.
func (t *Trees) sweep() error {
	trees, err := t.linked()
	if err != nil {
		return err
	}
	for _, l := range trees {
		if l.lock == makingLock && filepath.Dir(l.tree) == filepath.Join(t.Git.Root, Folder) || strings.HasPrefix(l.tree, filepath.Join(t.Git.Root, Folder, making)) {
			if err := os.Remove(filepath.Join(l.admin, "locked")); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fault.New(fault.Unavailable, "cannot unlock a worktree: %w", err)
			}
		}
	}
	dir := filepath.Join(t.Git.Root, Folder)
	names, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Unavailable, "cannot look at %s: %w", dir, err)
	}
	for _, n := range names {
		if n.IsDir() && (strings.HasPrefix(n.Name(), making) || strings.HasPrefix(n.Name(), leaving)) {
			if err := removeAll(filepath.Join(dir, n.Name())); err != nil {
				return fault.New(fault.Unavailable, "cannot take away what was left of a worktree: %w", err)
			}
		}
	}
	return nil
}

// make makes the tree of a branch that is there and checked out nowhere: whole, beside
// its place, and then renamed.
func (t *Trees) make(ctx context.Context, w Want, b branch) (Tree, error) {
	k := Tree{Dir: t.dir(w.Slug), Branch: Branch(w.Slug), Run: w.Run, Begin: b.begin, Head: b.head, Created: true}
	staging, admin, err := t.stage(ctx, w.Slug)
	if err != nil {
		return Tree{}, err
	}
	defer os.RemoveAll(filepath.Dir(staging))
	step("staged")
	gw, err := t.Git.WriterAt(ctx, staging, admin)
	if err != nil {
		return Tree{}, err
	}
	if _, err := gw.Run(ctx, "read-tree", "-m", "-u", b.head); err != nil {
		return Tree{}, err
	}
	k.admin = admin
	step("filled")
	if err := t.settle(admin, k.Dir, mark{Run: w.Run, Slug: w.Slug, First: b.first, Begin: b.begin}); err != nil {
		return Tree{}, err
	}
	step("marked")
	if err := os.Rename(staging, k.Dir); err != nil {
		return Tree{}, fault.New(fault.Conflict, "%s cannot be made: %w", k.Dir, err)
	}
	step("renamed")
	if err := os.Remove(filepath.Join(admin, "locked")); err != nil {
		return Tree{}, fault.New(fault.Unavailable, "cannot unlock the worktree of %s: %w", w.Slug, err)
	}
	return k, nil
}

// stage has git make an empty tree of the task's branch beside its place, locked so that
// nobody prunes it, and finds git's folder for it.
func (t *Trees) stage(ctx context.Context, slug string) (staging, admin string, err error) {
	parent, err := os.MkdirTemp(filepath.Join(t.Git.Root, Folder), making)
	if err != nil {
		return "", "", fault.New(fault.Unavailable, "cannot make a worktree: %w", err)
	}
	staging = filepath.Join(parent, slug)
	gw, err := t.Git.Writer(ctx)
	if err == nil {
		_, err = gw.Run(ctx, "worktree", "add", "--quiet", "--no-checkout", "--lock", "--reason", makingLock, "--", staging, Branch(slug))
	}
	if err != nil {
		os.RemoveAll(parent)
		if strings.Contains(err.Error(), "already") {
			return "", "", fault.New(fault.Conflict, "cannot make the worktree of %s: its branch %s is checked out elsewhere", slug, Branch(slug)).
				WithHint("git worktree list shows where; switch that one to another branch")
		}
		return "", "", err
	}
	text, err := readLine(filepath.Join(staging, ".git"))
	if err != nil {
		return "", "", fault.New(fault.Internal, "git made no worktree: %w", err)
	}
	return staging, strings.TrimPrefix(text, "gitdir: "), nil
}

// settle marks git's folder of a tree as ours, and leads it to the tree's place.
func (t *Trees) settle(admin, dir string, m mark) error {
	err := writeMark(admin, m)
	if err == nil {
		err = replace(filepath.Join(admin, "gitdir"), []byte(filepath.Join(dir, ".git")+"\n"))
	}
	if err != nil {
		return fault.New(fault.Unavailable, "cannot mark the worktree of %s: %w", m.Slug, err)
	}
	return nil
}

// reattach gives a tree whose data is gone new data, where its branch tells whose it is.
// No file of the tree is touched.
func (t *Trees) reattach(ctx context.Context, w Want, p place) (place, error) {
	b, err := t.known(ctx, w.Slug)
	if err == nil && b.head == "" && w.Begin != "" {
		b, err = t.branch(ctx, w)
	}
	if err != nil {
		return p, err
	}
	if b.first == "" {
		p.is = foreign
		return p, nil
	}
	staging, admin, err := t.stage(ctx, w.Slug)
	if err != nil {
		return p, err
	}
	defer os.RemoveAll(filepath.Dir(staging))
	gw, err := t.Git.WriterAt(ctx, p.dir, admin)
	if err == nil {
		_, err = gw.Run(ctx, "read-tree", b.head)
	}
	if err == nil {
		err = t.settle(admin, p.dir, mark{Run: b.run, Slug: w.Slug, First: b.first, Begin: b.begin})
	}
	if err == nil {
		step("before reattach")
		err = replace(filepath.Join(p.dir, ".git"), []byte("gitdir: "+admin+"\n"))
	}
	if err == nil {
		err = os.Remove(filepath.Join(admin, "locked"))
	}
	if err != nil {
		return p, err
	}
	return t.look(w.Slug)
}
