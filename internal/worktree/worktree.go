// Package worktree is the checkout and the branch of a run: made, checked, kept and
// removed without losing a byte of anybody's work.
//
// A run works in .worktrees/<slug> on the branch task/<slug>, whose first commit is the
// worksheet as it was kicked off. What is there is ours only where git's own records of the
// work tree say so: its folder is where we make them, its admin folder lies in this
// repository and leads back to it, and holds our mark. Nothing else is ever removed or
// reset. A branch moves only from the commit where we saw it. Whatever is taken away, and
// has commits or bytes that are nowhere else, is kept first under refs/tasks/kept/.
package worktree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/git"
)

const (
	// Folder at the root holds the work trees.
	Folder = ".worktrees"
	// BranchPrefix stands before a slug in the name of its branch.
	BranchPrefix = "task/"
	// KeptPrefix stands before the slug in the refs of what was kept.
	KeptPrefix = "refs/tasks/kept/"
	// markFile in git's folder of a work tree holds the id of the run that it was made for.
	markFile = "tasks-run"
)

// Trees are the work trees of runs in one repository.
type Trees struct {
	Git      *git.Checkout
	StateDir string
}

// Want is the tree that a run asks for.
type Want struct {
	Run, Slug, Base string
	Path            string // of the worksheet
	Worksheet       []byte // as kicked off
	Title           string
	Begin           string // of an earlier attempt of this run; "" for none
}

// Tree is a run's checkout.
type Tree struct {
	Dir, Branch string // absolute; without refs/heads/
	Run         string // whose it is
	Begin, Head string // where the branch began, before the worksheet; where it is
	Created     bool   // by this call
	admin       string
}

// Admin is git's folder for the tree.
func (t Tree) Admin() string { return t.admin }

func (t *Trees) dir(slug string) string { return filepath.Join(t.Git.Root, Folder, slug) }
func ref(slug string) string            { return "refs/heads/" + BranchPrefix + slug }

// at is the checkout of a tree, by git's own records.
func (t *Trees) at(tree Tree) *git.Checkout { return t.Git.Linked(tree.Dir, tree.admin) }

// Ensure is the tree of the run: the one that it has, as it is, or a new one. Conflict, and
// nothing touched, where something that is not ours stands in the way.
func (t *Trees) Ensure(ctx context.Context, w Want) (Tree, error) {
	if err := t.folder(ctx); err != nil {
		return Tree{}, err
	}
	if err := t.Prune(ctx); err != nil {
		return Tree{}, err
	}
	tree, found, err := t.find(ctx, w.Slug)
	if err != nil {
		return Tree{}, err
	}
	if found && tree.Run == w.Run {
		tree.Begin = w.Begin
		if err := t.Check(ctx, tree); err != nil {
			return Tree{}, err
		}
		if tree.Begin == "" {
			tree.Begin, err = t.beginOf(ctx, tree.Head, w)
		}
		return tree, err
	}
	if found { // of an earlier run, which is over
		if _, err := t.Remove(ctx, tree, tree.Run); err != nil {
			return Tree{}, err
		}
	}
	return t.make(ctx, w)
}

// folder makes .worktrees, and has git pass over it.
func (t *Trees) folder(ctx context.Context) error {
	dir := filepath.Join(t.Git.Root, Folder)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Unavailable, "the folder for work trees cannot be made: %w", err)
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return fault.New(fault.Conflict, "no work tree can be made: %s is not a folder", dir).WithHint("move it aside")
	}
	if _, err := t.Git.Output(ctx, "--no-literal-pathspecs", "check-ignore", "-q", "--", Folder+"/x"); err == nil {
		return nil
	} else if git.ExitStatus(err) != 1 {
		return err
	}
	name := t.Git.InfoExclude()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fault.New(fault.Unavailable, "%s cannot be made: %w", filepath.Dir(name), err)
	}
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Unavailable, "%s cannot be read: %w", name, err)
	}
	if len(old) > 0 && old[len(old)-1] != '\n' {
		old = append(old, '\n')
	}
	if err := os.WriteFile(name, append(old, Folder+"/\n"...), 0o644); err != nil {
		return fault.New(fault.Unavailable, "%s cannot be written: %w", name, err)
	}
	return nil
}

// Prune lets git forget the work trees whose folders are gone. Their branches stay.
func (t *Trees) Prune(ctx context.Context) error {
	_, err := t.Git.Write(ctx, git.Call{Args: []string{"worktree", "prune"}})
	return err
}

// find is the tree at the slug's place. Conflict where there is something else.
func (t *Trees) find(ctx context.Context, slug string) (Tree, bool, error) {
	dir := t.dir(slug)
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Tree{}, false, nil
	}
	foreign := func(why string) (Tree, bool, error) {
		return Tree{}, false, fault.New(fault.Conflict, "no work tree can be made for %s: %s %s", slug, dir, why).WithHint("move it aside, then try again")
	}
	if err != nil || !info.IsDir() {
		return foreign("is there, and is not a folder")
	}
	trees, err := t.Git.WorkTrees(ctx)
	if err != nil {
		return Tree{}, false, err
	}
	i := slices.IndexFunc(trees, func(w git.WorkTree) bool { return w.Dir == dir })
	if i < 0 {
		if os.Remove(dir) == nil { // only an empty folder goes
			return Tree{}, false, nil
		}
		return foreign("is not a work tree of this repository")
	}
	w := trees[i]
	mark, err := t.mark(w)
	if err != nil {
		return foreign(err.Error())
	}
	if mark == "" {
		// One that was cut off while it was made: no agent was ever in it.
		if run := t.intended(slug); run != "" {
			return Tree{}, false, t.undo(ctx, w)
		}
		return foreign("is a work tree that this program did not make")
	}
	return Tree{Dir: dir, Branch: BranchPrefix + slug, Run: mark, Head: w.Head, admin: w.Admin}, true, nil
}

// mark is the run that a work tree was made for, "" where it is not ours. The error says
// what is wrong with it.
func (t *Trees) mark(w git.WorkTree) (string, error) {
	admins := filepath.Join(t.Git.CommonDir, "worktrees")
	switch {
	case w.Admin == "" || filepath.Dir(w.Admin) != admins:
		return "", errors.New("has no record in this repository")
	case filepath.Dir(w.Dir) != filepath.Join(t.Git.Root, Folder):
		return "", errors.New("is not below " + Folder)
	}
	data, err := os.ReadFile(filepath.Join(w.Admin, markFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", errors.New("has a mark that cannot be read")
	}
	info, err := os.Lstat(filepath.Join(w.Dir, ".git"))
	if !w.Missing && (err != nil || !info.Mode().IsRegular()) {
		return "", errors.New("has no .git file of a work tree")
	}
	return strings.TrimSpace(string(data)), nil
}

// make makes branch and tree.
func (t *Trees) make(ctx context.Context, w Want) (Tree, error) {
	if err := t.intend(w); err != nil {
		return Tree{}, err
	}
	tree := Tree{Dir: t.dir(w.Slug), Branch: BranchPrefix + w.Slug, Run: w.Run, Begin: w.Begin, Created: true}
	head, err := t.Git.Resolve(ctx, ref(w.Slug))
	if err != nil {
		return Tree{}, err
	}
	if head != "" && w.Begin == "" {
		if err := t.clear(ctx, w, head); err != nil {
			return Tree{}, err
		}
		head = ""
	}
	if head == "" {
		if tree.Begin == "" {
			if tree.Begin, err = t.begin(ctx, w); err != nil {
				return Tree{}, err
			}
		}
		if head, err = t.first(ctx, w, tree.Begin); err != nil {
			return Tree{}, err
		}
		if err := t.Git.MoveRef(ctx, ref(w.Slug), head, git.Zero, "kickoff of "+w.Slug); err != nil {
			return Tree{}, err
		}
	}
	if _, err := t.Git.Write(ctx, git.Call{Args: []string{"worktree", "add", "--quiet", tree.Dir, tree.Branch}}); err != nil {
		return Tree{}, err
	}
	trees, err := t.Git.WorkTrees(ctx)
	if err != nil {
		return Tree{}, err
	}
	i := slices.IndexFunc(trees, func(l git.WorkTree) bool { return l.Dir == tree.Dir })
	if i < 0 || trees[i].Admin == "" {
		return Tree{}, fault.New(fault.Internal, "git made no work tree at %s", tree.Dir)
	}
	tree.admin, tree.Head = trees[i].Admin, trees[i].Head
	return tree, os.WriteFile(filepath.Join(tree.admin, markFile), []byte(w.Run+"\n"), 0o600)
}

// begin is the commit that the branch starts from: the base's, or an empty one where the
// base has none yet.
func (t *Trees) begin(ctx context.Context, w Want) (string, error) {
	head, err := t.Git.Resolve(ctx, "refs/heads/"+w.Base)
	if err != nil || head != "" {
		return head, err
	}
	if on, err := t.Git.Branch(ctx); err != nil || on != w.Base {
		return "", errors.Join(fault.New(fault.Conflict, "the base %s of %s is not there any more", w.Base, w.Slug), err)
	}
	empty, err := t.Git.Write(ctx, git.Call{Args: []string{"mktree"}, Stdin: strings.NewReader("")})
	if err != nil {
		return "", err
	}
	return t.Git.Write(ctx, git.Call{Args: []string{"commit-tree", "-m", "begin", empty}})
}

// beginOf is where the branch of a tree began, where its run does not know: the parent of
// the first commit that is not the base's.
func (t *Trees) beginOf(ctx context.Context, head string, w Want) (string, error) {
	base, err := t.Git.Resolve(ctx, "refs/heads/"+w.Base)
	if err != nil {
		return "", err
	}
	own, err := t.Git.Range(ctx, base, head, 1)
	if err != nil || len(own) == 0 {
		return head, err
	}
	if parent, err := t.Git.Resolve(ctx, own[0].Hash+"^"); err != nil || parent != "" {
		return parent, err
	}
	return own[0].Hash, nil
}

// first is the first commit of the branch: the worksheet, byte for byte as kicked off.
func (t *Trees) first(ctx context.Context, w Want, begin string) (string, error) {
	blob, err := t.Git.Write(ctx, git.Call{Args: []string{"hash-object", "-w", "--no-filters", "--stdin"}, Stdin: strings.NewReader(string(w.Worksheet))})
	if err != nil {
		return "", err
	}
	index := filepath.Join(t.StateDir, "index-"+w.Run)
	defer os.Remove(index)
	tree, err := t.Git.WithBlob(ctx, index, begin, w.Path, blob)
	if err != nil {
		return "", err
	}
	title := w.Title
	if title == "" {
		title = w.Slug
	}
	return t.Git.Write(ctx, git.Call{Args: []string{"commit-tree", "-p", begin, "-F", "-", tree},
		Stdin: strings.NewReader(fmt.Sprintf("kickoff: %s\n\nTask: %s\nRun: %s\n", oneLine(title), w.Slug, w.Run))})
}

// clear keeps and deletes a branch that an earlier run left. Conflict where it is
// checked out, or is nobody's that we know.
func (t *Trees) clear(ctx context.Context, w Want, head string) error {
	trees, err := t.Git.WorkTrees(ctx)
	if err != nil {
		return err
	}
	for _, l := range trees {
		if l.Branch == ref(w.Slug) {
			return fault.New(fault.Conflict, "no work tree can be made for %s: its branch %s is checked out at %s", w.Slug, BranchPrefix+w.Slug, l.Dir)
		}
	}
	out, err := t.Git.Output(ctx, "log", "--max-count=1", "--format=%H", "--fixed-strings", "--grep=Task: "+w.Slug, "--end-of-options", head)
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(out)) == "" {
		return fault.New(fault.Conflict, "no branch can be made for %s: there is a branch %s already, and no run of the task made it", w.Slug, BranchPrefix+w.Slug).
			WithHint("rename it, then try again")
	}
	if err := t.keepRef(ctx, w.Slug, "before-"+w.Run, head); err != nil {
		return err
	}
	return t.Git.MoveRef(ctx, ref(w.Slug), "", head, "an earlier run's branch is kept")
}

// keepRef keeps a commit under refs/tasks/kept/.
func (t *Trees) keepRef(ctx context.Context, slug, name, commit string) error {
	_, err := t.Git.Write(ctx, git.Call{Args: []string{"update-ref", "-m", "tasks: kept", KeptPrefix + slug + "/" + name, commit}})
	return err
}

// intend writes down that a tree is being made, so that one that was cut off is known
// as ours.
func (t *Trees) intend(w Want) error {
	dir := filepath.Join(t.StateDir, "trees")
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, w.Slug), []byte(w.Run+"\n"), 0o600)
	}
	if err != nil {
		return fault.New(fault.Unavailable, "the state folder cannot be written: %w", err)
	}
	return nil
}

func (t *Trees) intended(slug string) string {
	data, err := os.ReadFile(filepath.Join(t.StateDir, "trees", slug))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// undo removes a tree that was cut off while it was made.
func (t *Trees) undo(ctx context.Context, w git.WorkTree) error {
	if w.Locked {
		if _, err := t.Git.Write(ctx, git.Call{Args: []string{"worktree", "unlock", w.Dir}}); err != nil {
			return err
		}
	}
	_, err := t.Git.Write(ctx, git.Call{Args: []string{"worktree", "remove", "--force", w.Dir}})
	return err
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
