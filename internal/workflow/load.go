package workflow

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"tasks/internal/fault"
	"tasks/internal/trust"
)

// maxFile bounds a file, in bytes.
const maxFile = 256 << 10

// UserDir is the user's configuration folder of this program, "" where the environment
// names none.
func UserDir(getenv func(string) (string, bool)) string {
	dir, _ := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home, _ := getenv("HOME")
		if !filepath.IsAbs(home) {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "tasks")
}

// Load reads the user's file in userDir ("" for none) and the root's. Invalid, with a
// Class, where one of them cannot be read or understood: nothing of either counts then.
// Forbidden where the user's file lies inside the root: a repository would speak for its
// user.
func Load(root, userDir string) (*Workflow, error) {
	mine, err := loadUser(root, userDir)
	if err != nil {
		return nil, err
	}
	theirs, err := loadRoot(root)
	if err != nil {
		return nil, err
	}
	return join(mine, theirs), nil
}

// part is one file, parsed.
type part struct {
	name     string // as it is told
	own      bool
	front    front
	template string
	warnings []string
}

func loadRoot(root string) (*part, error) {
	if root == "" {
		return nil, nil
	}
	// A link would let the repository have any file of the user's told to an agent, and a
	// pipe would hold us up.
	data, err := readRegular(filepath.Join(root, File), syscall.O_NOFOLLOW)
	if err != nil || data == nil {
		return nil, refuse(File, err)
	}
	return parse(File, root, false, data)
}

func loadUser(root, userDir string) (*part, error) {
	if userDir == "" {
		return nil, nil
	}
	name := filepath.Join(userDir, "workflow.md")
	data, err := readRegular(name, 0)
	if err != nil || data == nil {
		return nil, refuse(name, err)
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, refuse(name, err)
	}
	if root != "" && (within(name, root) || within(real, root)) {
		return nil, fault.New(fault.Forbidden, "%s is refused as the user's own: it lies inside the repository", name).
			WithHint("set XDG_CONFIG_HOME to a folder outside the repository")
	}
	return parse(name, filepath.Dir(name), true, data)
}

func refuse(name string, err error) error {
	if err == nil {
		return nil
	}
	return fail(Missing, name, "it cannot be read: %w", err)
}

// readRegular reads a regular file; nil, nil where there is none of that name.
func readRegular(name string, flags int) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|flags, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		return nil, nil
	case errors.Is(err, syscall.ELOOP):
		return nil, errors.New("it is a link")
	case err != nil:
		return nil, errors.Unwrap(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxFile:
		return nil, errors.New("it is larger than 256 KB")
	case data == nil:
		data = []byte{}
	}
	return data, nil
}

func within(name, root string) bool {
	if r, err := filepath.EvalSymlinks(root); err == nil {
		root = r
	}
	rel, err := filepath.Rel(root, name)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// join takes the two files together; either may be nil.
func join(mine, theirs *part) *Workflow {
	w := &Workflow{}
	for _, p := range []*part{mine, theirs} {
		if p == nil {
			continue
		}
		w.Files = append(w.Files, p.name)
		if w.Path == "" || w.Template == "" && p.template != "" {
			w.Path = p.name
		}
		for _, name := range hookNames {
			script, said := p.front.hooks[name]
			if !said || w.has(mine, p, name) {
				continue
			}
			*w.Hooks.at(name) = script
			w.command(p, trust.Kind(name), script)
		}
		if w.Template == "" && p.template != "" {
			w.Template = p.template
			w.command(p, trust.Prompt, p.template)
		}
		w.Config.add(p)
		w.Warnings = append(w.Warnings, p.warnings...)
	}
	w.Hooks.Timeout = w.Config.hookTimeout()
	w.Own = len(w.commands) == 0
	return w
}

// has tells whether the user's file, and not p, has the word about a hook.
func (w *Workflow) has(mine, p *part, name string) bool {
	if mine == nil || p == mine {
		return false
	}
	_, said := mine.front.hooks[name]
	return said
}

func (w *Workflow) command(p *part, kind trust.Kind, text string) {
	if !p.own && strings.TrimSpace(text) != "" {
		w.commands = append(w.commands, trust.Command{Kind: kind, Text: text, Path: p.name})
	}
}
