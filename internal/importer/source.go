package importer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"tasks/internal/fault"
)

// The bounds of what is read.
const (
	maxText    = 2 << 20  // bytes of a markdown or yaml file
	maxData    = 64 << 20 // bytes of a JSON file
	maxEntries = 50_000   // names in one folder, files of one tool
	maxDeep    = 12       // folders within each other
	maxNested  = 64       // values within each other
	maxValues  = 5_000_000
	maxTotal   = 512 << 20 // bytes of all files
)

// source is the folder that is read, and what its reader has found.
type source struct {
	ctx  context.Context
	tool string
	root *os.Root
	budget
	total  int64
	file   string // the file of it that was named, "" where a folder was
	at     string // as the user knows it
	label  string // of a project that is not the checkout itself
	list   []*record
	failed []Item
	sameAs func(id string) string // what ids of one task have in common, "" for nothing; may be nil
}

// tails are the folders and files by which a tool is known within a project: a path
// that ends in one names the project.
var tails = map[string][]string{
	"backlog":    {"backlog", ".backlog"},
	"taskmd":     {".taskmd.yaml"},
	"beads":      {".beads"},
	"taskmaster": {".taskmaster/tasks/tasks.json", ".taskmaster/tasks", ".taskmaster", "tasks/tasks.json"},
	"openspec":   {"openspec/changes", "openspec"},
}

// open finds the project that o.Path names.
func open(ctx context.Context, checkout string, o Options) (*source, error) {
	at := o.Path
	if at == "" {
		at = checkout
	}
	project, err := filepath.EvalSymlinks(at)
	if err != nil {
		return nil, notThere(at, err)
	}
	project, file := projectOf(o.From, project)
	info, err := os.Stat(project)
	if err != nil {
		return nil, notThere(at, err)
	}
	s := &source{ctx: ctx, tool: o.From, at: at, file: file}
	if !info.IsDir() {
		project, s.file = filepath.Split(project)
		project = filepath.Clean(project)
	}
	if s.root, err = os.OpenRoot(project); err != nil {
		return nil, notThere(at, err)
	}
	rel, err := filepath.Rel(checkout, project)
	switch {
	case err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)):
		s.label = filepath.Base(project)
	case rel != ".":
		s.label = filepath.ToSlash(rel)
	}
	return s, nil
}

// projectOf is the project that p, the folder or file of a tool, belongs to, or p. A
// project is to be the same however it is named: its name is in what is kept of the
// origin.
func projectOf(tool, p string) (project, file string) {
	if isProject(tool, p) {
		return p, ""
	}
	if tool == "beads" && strings.HasSuffix(p, ".jsonl") && filepath.Base(filepath.Dir(p)) == ".beads" {
		return filepath.Dir(filepath.Dir(p)), ".beads/" + filepath.Base(p)
	}
	for _, tail := range tails[tool] {
		if up, is := strings.CutSuffix(filepath.ToSlash(p), "/"+tail); is && up != "" {
			return filepath.FromSlash(up), ""
		}
	}
	folderOf := map[string]func(*source) string{"taskmd": taskmdFolder, "backlog": backlogFolder}[tool]
	if folderOf == nil {
		return p, ""
	}
	// The folder may have any name: a configuration above it tells.
	for up, n := filepath.Dir(p), 0; n < 4; up, n = filepath.Dir(up), n+1 {
		s, err := look(up)
		if err != nil {
			break
		}
		dir := folderOf(s)
		s.close()
		if dir != "" && filepath.Join(up, filepath.FromSlash(dir)) == p {
			return up, ""
		}
	}
	return p, ""
}

// isProject tells whether the folder p holds what the tool is known by, whatever p
// itself is called.
func isProject(tool, p string) bool {
	s, err := look(p)
	if err != nil {
		return false
	}
	defer s.close()
	switch tool {
	case "backlog":
		return backlogFolder(s) != ""
	case "taskmd":
		return s.has(".taskmd.yaml", false)
	case "beads":
		return s.has(".beads", true)
	case "taskmaster":
		return s.has(".taskmaster", true)
	}
	return s.has("openspec/changes", true)
}

// look opens a folder just to look.
func look(dir string) (*source, error) {
	root, err := os.OpenRoot(dir)
	return &source{ctx: context.Background(), root: root}, err
}

func (s *source) close() { s.root.Close() }

func notThere(at string, err error) error {
	code, why := fault.NotFound, err
	if errors.Is(err, fs.ErrPermission) {
		code = fault.Forbidden
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		why = p.Err
	}
	return fault.New(code, "%s cannot be read: %w", at, why)
}

// nothing is the error of a reader that finds no trace of its tool.
func (s *source) nothing(format string, args ...any) error {
	return fault.New(fault.NotFound, "%s keeps no tasks in %s: %s", s.tool, s.at, fmt.Sprintf(format, args...)).
		WithHint("name the project, or the folder of the tool: tasks import %s PATH", s.tool)
}

// read is the text of a file: at most limit bytes, a regular file and no link. The
// line ends become those of Unix.
func (s *source) read(name string, limit int64) ([]byte, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	info, err := s.root.Lstat(filepath.FromSlash(name))
	switch {
	case err != nil:
		return nil, plainError(err)
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, errors.New("it is a link, and links are not followed")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	}
	f, err := s.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, plainError(err)
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(info, now) {
		return nil, errors.New("it changed while it was read")
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, plainError(err)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("it is longer than %d MB", limit>>20)
	case s.total+int64(len(data)) > maxTotal:
		return nil, fmt.Errorf("there are more than %d MB in all", maxTotal>>20)
	case !utf8.Valid(data):
		return nil, errors.New("it is not UTF-8")
	}
	s.total += int64(len(data))
	return data, nil
}

// plainError is the cause of err, without names.
func plainError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// has tells whether there is a file, or a folder, of that name.
func (s *source) has(name string, dir bool) bool {
	info, err := s.root.Lstat(filepath.FromSlash(name))
	return err == nil && info.IsDir() == dir && (dir || info.Mode().IsRegular())
}

// names lists a folder, sorted; nothing for a folder that is not there. Links are
// reported as failed, for what they lead to is not read.
func (s *source) names(dir string) (files, folders []string, err error) {
	if info, err := s.root.Lstat(filepath.FromSlash(dir)); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		s.fail("", dir, 0, "it is a link, and links are not followed")
	}
	if !s.has(dir, true) {
		return nil, nil, nil
	}
	f, err := s.root.Open(filepath.FromSlash(dir))
	if err != nil {
		return nil, nil, notThere(path.Join(s.at, dir), err)
	}
	defer f.Close()
	list, err := f.ReadDir(maxEntries + 1)
	if err != nil && err != io.EOF {
		return nil, nil, notThere(path.Join(s.at, dir), err)
	}
	if len(list) > maxEntries {
		return nil, nil, fault.New(fault.Invalid, "%s holds more than %d names", path.Join(s.at, dir), maxEntries)
	}
	for _, e := range list {
		switch name := path.Join(dir, e.Name()); {
		case e.IsDir():
			folders = append(folders, name)
		case e.Type().IsRegular():
			files = append(files, name)
		default:
			if strings.HasSuffix(e.Name(), ".md") {
				s.fail("", name, 0, "it is a link or no regular file, and is not read")
			}
		}
	}
	slices.Sort(files)
	slices.Sort(folders)
	return files, folders, nil
}

// walk calls fn for the markdown files below dir, dot folders left out.
func (s *source) walk(dir string, deep int, fn func(name string) error) error {
	files, folders, err := s.names(dir)
	if err != nil {
		return err
	}
	for _, name := range files {
		if strings.HasSuffix(name, ".md") {
			if err := fn(name); err != nil {
				return err
			}
		}
	}
	for _, name := range folders {
		if strings.HasPrefix(path.Base(name), ".") {
			continue
		}
		if deep == 0 {
			s.fail("", name, 0, "the folders lie too deep within each other")
			continue
		}
		if err := s.walk(name, deep-1, fn); err != nil {
			return err
		}
	}
	return nil
}

// fail notes a task that cannot be read. Line 0 is the file as a whole.
func (s *source) fail(id, name string, line int, format string, args ...any) {
	if line > 0 {
		name = fmt.Sprintf("%s:%d", name, line)
	}
	s.failed = append(s.failed, Item{ID: clean(id), Source: clean(name), Result: Failed, Notes: []string{clean(fmt.Sprintf(format, args...))}})
}

// add takes a record that was read.
func (s *source) add(r *record) { s.list = append(s.list, r) }

// digest tells later whether a task has changed since.
func digest(texts ...[]byte) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d\n", len(t))
		h.Write(t)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
