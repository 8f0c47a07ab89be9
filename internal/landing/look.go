package landing

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"tasks/internal/fault"
)

// verdict is how a path stands in an index or on the disk.
type verdict int

const (
	bad   verdict = iota // somebody's own
	old                  // as in the old commit, or as good as
	fresh                // as in the new one
)

// sight is how the changed paths stand in a tree.
type sight struct {
	index, file map[string]verdict
	hidden      map[string]bool // marked as not to be on the disk: a sparse checkout
	raw         map[string]string
}

// look finds out how the changed paths stand. It changes nothing.
func (m *move) look(ctx context.Context, t tree) (*sight, error) {
	s := &sight{index: map[string]verdict{}, file: map[string]verdict{}, hidden: map[string]bool{}, raw: map[string]string{}}
	if err := m.lookIndex(ctx, t, s); err != nil {
		return nil, err
	}
	out, err := t.gw.Run(ctx, "diff-files", "-z", "--name-only", "--ignore-submodules=dirty")
	if err != nil {
		return nil, err
	}
	differs := map[string]bool{}
	for _, name := range fields(out) {
		differs[name] = true
	}
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "cannot look at %s: %w", t.dir, err)
	}
	defer root.Close()
	var hash []change
	for _, c := range m.changes {
		v, ask := m.lookFile(root, c, s, differs[c.path])
		s.file[c.path] = v
		if ask {
			hash = append(hash, c)
		}
	}
	return s, m.hashFiles(ctx, t, root, s, hash)
}

// lookIndex compares the index's entries with both commits.
func (m *move) lookIndex(ctx context.Context, t tree, s *sight) error {
	out, err := t.gw.Run(ctx, "ls-files", "-z", "-s", "-t")
	if err != nil {
		return err
	}
	entry, unmerged := map[string]string{}, map[string]bool{}
	for _, line := range fields(out) {
		head, name, _ := strings.Cut(line, "\t")
		f := strings.Fields(head) // tag, mode, blob, stage
		if len(f) != 4 {
			return fault.New(fault.Internal, "git ls-files: an answer that is not understood")
		}
		entry[name] = f[1] + " " + f[2]
		unmerged[name] = unmerged[name] || f[3] != "0"
		s.hidden[name] = f[0] == "S"
	}
	for _, c := range m.changes {
		now, there := entry[c.path]
		_, blob, _ := strings.Cut(now, " ")
		switch {
		case unmerged[c.path]:
			s.index[c.path] = bad
		case there == (c.newMode != "") && (!there || now == c.newMode+" "+c.newBlob):
			s.index[c.path] = fresh
		case there == (c.oldMode != "") && (!there || now == c.oldMode+" "+c.oldBlob):
			s.index[c.path] = old
		case there && slices.Contains(m.Also[c.path], blob):
			s.index[c.path] = old
		}
		s.raw[c.path] = now
	}
	return nil
}

// lookFile judges a path on the disk as far as that can be done without its content; ask
// tells that it cannot.
func (m *move) lookFile(root *os.Root, c change, s *sight, differs bool) (v verdict, ask bool) {
	if c.oldMode == link || c.newMode == link {
		return old, false // submodules are moved by those who want them moved
	}
	if s.hidden[c.path] {
		return fresh, false
	}
	if !m.wayClear(root, c.path) {
		return bad, false
	}
	info, err := root.Lstat(filepath.FromSlash(c.path))
	gone := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) // wayClear has seen to what is above it
	switch {
	case gone && c.newMode == "":
		return fresh, false
	case gone && c.oldMode == "":
		return old, false
	case err != nil:
		return bad, false
	case info.IsDir():
		if m.onlyOurs(root, c.path) {
			return old, false
		}
		return bad, false
	case !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0:
		return bad, false
	case !differs && c.oldMode != "" && s.raw[c.path] == c.oldMode+" "+c.oldBlob:
		return old, false
	case !differs && c.newMode != "" && s.raw[c.path] == c.newMode+" "+c.newBlob:
		return fresh, false
	}
	return bad, true
}

// wayClear tells whether the folders above a path are folders, not there, or files that
// the move takes away.
func (m *move) wayClear(root *os.Root, name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		info, err := root.Lstat(filepath.FromSlash(dir))
		if err != nil || info.IsDir() {
			continue
		}
		if !m.takesAway(dir) {
			return false
		}
	}
	return true
}

func (m *move) takesAway(name string) bool {
	return slices.ContainsFunc(m.changes, func(c change) bool { return c.path == name && c.oldMode != "" && c.newMode == "" })
}

// onlyOurs tells whether a folder holds nothing but what the move takes away.
func (m *move) onlyOurs(root *os.Root, dir string) bool {
	ours := true
	fs.WalkDir(root.FS(), dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() && !m.takesAway(name) {
			ours = false
			return fs.SkipAll
		}
		return nil
	})
	return ours
}

// hashFiles judges files by what git would make of their content.
func (m *move) hashFiles(ctx context.Context, t tree, root *os.Root, s *sight, list []change) error {
	var feed bytes.Buffer
	var asked []change
	blobs := map[string]string{}
	for _, c := range list {
		info, err := root.Lstat(filepath.FromSlash(c.path))
		if err != nil {
			continue
		}
		if info.Mode()&fs.ModeSymlink == 0 && !strings.ContainsAny(c.path, "\n\"") {
			feed.WriteString(c.path + "\n")
			asked = append(asked, c)
			continue
		}
		args := []string{"hash-object", "--stdin", "--path=" + c.path}
		text, err := root.ReadFile(filepath.FromSlash(c.path))
		if info.Mode()&fs.ModeSymlink != 0 {
			args = []string{"hash-object", "--stdin", "--no-filters"}
			var to string
			to, err = root.Readlink(filepath.FromSlash(c.path))
			text = []byte(to)
		}
		if err != nil {
			continue
		}
		if text == nil {
			text = []byte{}
		}
		out, err := t.gw.Feed(ctx, text, args...)
		if err != nil {
			return err
		}
		blobs[c.path] = strings.TrimSpace(string(out))
	}
	if len(asked) > 0 {
		out, err := t.gw.Feed(ctx, feed.Bytes(), "hash-object", "--stdin-paths")
		if err != nil {
			return err
		}
		lines := strings.Fields(string(out))
		if len(lines) != len(asked) {
			return fault.New(fault.Internal, "git hash-object: %d answers for %d files", len(lines), len(asked))
		}
		for i, c := range asked {
			blobs[c.path] = lines[i]
		}
	}
	modes, err := t.gw.Line(ctx, "config", "--type=bool", "--get", "core.fileMode")
	if err != nil {
		modes = "true"
	}
	for _, c := range list {
		info, err := root.Lstat(filepath.FromSlash(c.path))
		if err == nil && blobs[c.path] != "" {
			s.file[c.path] = m.judge(c, info.Mode(), blobs[c.path], modes == "true")
		}
	}
	return nil
}

// judge compares a file on the disk with both commits.
func (m *move) judge(c change, now fs.FileMode, blob string, modes bool) verdict {
	as := func(want string) bool {
		if isLink := now&fs.ModeSymlink != 0; isLink != (want == "120000") {
			return false
		}
		return want == "120000" || !modes || (now&0o100 != 0) == (want == "100755")
	}
	switch {
	case c.newMode != "" && blob == c.newBlob && as(c.newMode):
		return fresh
	case c.oldMode != "" && blob == c.oldBlob && as(c.oldMode):
		return old
	case c.newMode != "" && blob == c.newBlob && c.oldMode == "" && as("100644"):
		return old // the new bytes, untracked: only the mode is to follow
	case slices.Contains(m.Also[c.path], blob) && now.IsRegular():
		return old
	}
	return bad
}
