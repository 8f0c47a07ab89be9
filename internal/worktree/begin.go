package worktree

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/git"
)

// begun begins the subject of a branch's first commit.
const begun = "kickoff: "

// branch is what the branch of a task tells of itself.
type branch struct {
	head  string // "" where there is none
	first string // the commit that a run began it with, "" where no run did
	begin string // the one before that
	run   string
}

// branch sees to it that the task's branch is there and the run's own.
func (t *Trees) branch(ctx context.Context, w Want) (branch, error) {
	b, err := t.known(ctx, w.Slug)
	switch {
	case err != nil || b.first != "" && b.run == w.Run:
		return b, err
	case b.head != "" && b.first == "":
		return b, fault.New(fault.Conflict, "the branch %s is in the way: tasks did not make it", Branch(w.Slug)).
			WithHint("give it another name: git branch -m %s NAME", Branch(w.Slug))
	case b.head != "":
		if err := t.dropBranch(ctx, w.Slug, b.run, b.head); err != nil {
			return b, err
		}
		if at, err := t.Git.Resolve(ctx, "refs/heads/"+Branch(w.Slug)); err != nil || at != "" {
			return b, errors.Join(err, checkedOut(w.Slug))
		}
	}
	head, err := t.Git.Resolve(ctx, KeptPrefix+w.Slug+"/"+w.Run) // what was kept of this run
	if err == nil && head == "" {
		head, err = t.first(ctx, w)
	}
	if err != nil {
		return b, err
	}
	step("begun")
	gw, err := t.Git.Writer(ctx)
	if err != nil {
		return b, err
	}
	if err := gw.MoveRef(ctx, "refs/heads/"+Branch(w.Slug), head, git.Nothing, "begin "+w.Slug); err != nil {
		if fault.CodeOf(err) == fault.Conflict {
			err = fault.New(fault.Conflict, "the branch %s cannot be made: %w", Branch(w.Slug), errors.Unwrap(err)).
				WithHint("a branch named task is in its way, or it was made meanwhile; git branch shows it")
		}
		return b, err
	}
	step("branched")
	return t.known(ctx, w.Slug)
}

func checkedOut(slug string) error {
	return fault.New(fault.Conflict, "the branch %s is checked out elsewhere", Branch(slug)).
		WithHint("git worktree list shows where; switch that one to another branch")
}

// errFound ends a git whose answer is long enough.
var errFound = errors.New("found")

// known is what the task's branch tells of itself.
func (t *Trees) known(ctx context.Context, slug string) (branch, error) {
	head, err := t.Git.Resolve(ctx, "refs/heads/"+Branch(slug))
	if head == "" || err != nil {
		return branch{}, err
	}
	gw, err := t.Git.Writer(ctx)
	if err != nil {
		return branch{}, err
	}
	f := &firstFinder{slug: slug, found: branch{head: head}}
	err = gw.Pour(ctx, nil, f, "log", "-z", "-n", "2000", "--no-show-signature",
		"--format=%H%x01%P%x01%s%x01%(trailers:key=Task,valueonly,separator=%x01)%x01%(trailers:key=Run,valueonly,separator=%x01)", "--end-of-options", head, "--")
	if errors.Is(err, errFound) {
		err = nil
	}
	return f.found, err
}

// firstFinder looks for the first commit of a run of the task in git's log.
type firstFinder struct {
	slug  string
	found branch
	rest  []byte
}

func (f *firstFinder) Write(p []byte) (int, error) {
	f.rest = append(f.rest, p...)
	for {
		i := bytes.IndexByte(f.rest, 0)
		if i < 0 {
			if len(f.rest) > 1<<20 {
				return 0, io.ErrShortBuffer
			}
			return len(p), nil
		}
		s := strings.Split(string(f.rest[:i]), "\x01")
		f.rest = f.rest[i+1:]
		if len(s) == 5 && strings.HasPrefix(s[2], begun) && s[3] == f.slug && s[4] != "" {
			f.found.first, f.found.begin, f.found.run = s[0], s[1], s[4]
			return 0, errFound
		}
	}
}

// first makes the first commit of a run's branch: where it is to begin, with the worksheet
// as kicked off, also where that has it so already.
func (t *Trees) first(ctx context.Context, w Want) (string, error) {
	gw, err := t.Git.Writer(ctx)
	if err != nil {
		return "", err
	}
	begin, err := t.begin(ctx, gw, w)
	if err != nil {
		return "", err
	}
	tree, err := t.withFile(ctx, gw, begin, w.Path, w.Worksheet)
	if err != nil {
		return "", err
	}
	title := strings.Join(strings.Fields(w.Title), " ")
	if title == "" {
		title = w.Slug
	}
	out, err := gw.Feed(ctx, []byte(begun+title+"\n\nTask: "+w.Slug+"\nRun: "+w.Run+"\n"), "commit-tree", "-p", begin, tree)
	return strings.TrimSpace(string(out)), err
}

// begin is where the run's branch is to begin: where it did before, else at the base's
// head, or an empty commit where the branch checked out at the root is the base and has
// none yet.
func (t *Trees) begin(ctx context.Context, gw *git.Writer, w Want) (string, error) {
	for _, name := range []string{w.Begin, "refs/heads/" + w.Base} {
		if name == "" {
			continue
		}
		if at, err := t.Git.Resolve(ctx, name); err != nil || at != "" {
			return at, err
		}
	}
	if on, err := t.Git.Branch(ctx); err != nil || on != w.Base {
		return "", errors.Join(err, fault.New(fault.Conflict, "cannot begin %s: its base branch %s is not there any more", w.Slug, w.Base).
			WithHint("kick the task off again on the branch that it is to land on"))
	}
	empty, err := gw.Feed(ctx, []byte{}, "hash-object", "-t", "tree", "-w", "--stdin")
	if err != nil {
		return "", err
	}
	out, err := gw.Feed(ctx, []byte("begin\n"), "commit-tree", strings.TrimSpace(string(empty)))
	return strings.TrimSpace(string(out)), err
}

// withFile is the tree of a commit with one file's content put in.
func (t *Trees) withFile(ctx context.Context, gw *git.Writer, commit, path string, data []byte) (string, error) {
	blob, err := Blob(ctx, gw, path, data)
	if err != nil {
		return "", err
	}
	mode := "100644"
	if was, err := gw.Line(ctx, "ls-tree", commit, "--", path); err == nil && strings.HasPrefix(was, "100755 ") {
		mode = "100755"
	}
	return WithBlob(ctx, gw, commit, path, mode, blob)
}

// WithBlob is a tree with one file put in or changed. Conflict where there is no place
// for it: a part of its path is a file.
func WithBlob(ctx context.Context, gw *git.Writer, tree, path, mode, blob string) (string, error) {
	dir, err := os.MkdirTemp("", "tasks-index-")
	if err != nil {
		return "", fault.New(fault.Unavailable, "no place for a temporary index: %w", err)
	}
	defer os.RemoveAll(dir)
	iw := gw.Index(filepath.Join(dir, "index"))
	if _, err := iw.Run(ctx, "read-tree", tree); err != nil {
		return "", err
	}
	if _, err := iw.Run(ctx, "update-index", "--add", "--cacheinfo", mode+","+blob+","+path); err != nil {
		return "", fault.New(fault.Conflict, "the worksheet has no place at %s: %w", path, err)
	}
	return iw.Line(ctx, "write-tree")
}

// Blob stores data as git would a file at path: where its attributes ask for other line
// ends in the repository, so, if the very same bytes come out again; else byte for byte.
func Blob(ctx context.Context, gw *git.Writer, path string, data []byte) (string, error) {
	if data == nil {
		data = []byte{}
	}
	out, err := gw.Feed(ctx, data, "hash-object", "-w", "--stdin", "--path="+path)
	if err == nil {
		blob := strings.TrimSpace(string(out))
		back, err := gw.Run(ctx, "cat-file", "--filters", "--path="+path, blob)
		if err == nil && bytes.Equal(back, data) {
			return blob, nil
		}
	}
	out, err = gw.Feed(ctx, data, "hash-object", "-w", "--stdin", "--no-filters")
	return strings.TrimSpace(string(out)), err
}
