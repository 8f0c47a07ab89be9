package repo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"tasks/internal/fault"
)

// errLink says that a component of a name is a link, or became one meanwhile.
var errLink = errors.New("a link is in the way")

// maxHops bounds the links followed for one name.
const maxHops = 32

// resolve follows the links of name and applies the whole policy to the name given
// and to the name it leads to. At the moment of asking, no component of real is a
// link; opening it proves that again, so a swap in between leads nowhere.
func (r *Repo) resolve(name string) (real string, m meta, err error) {
	given, err := r.cleanOrRoot(name)
	if err != nil {
		return "", m, err
	}
	real = given
	m, err = r.disk.plain(real)
	for tries := 0; errors.Is(err, errLink); tries++ {
		if tries == maxHops {
			return "", m, changing(name)
		}
		if real, err = r.follow(name, given); err != nil {
			return "", m, err
		}
		if real, err = r.cleanOrRoot(real); err != nil {
			return "", m, fault.New(fault.Forbidden, "%q is refused: it is a link to what may not be read: %w", name, err)
		}
		m, err = r.disk.plain(real)
	}
	if err != nil {
		return "", m, r.failed(name, err)
	}
	if err := r.kind(name, m); err != nil {
		return "", m, err
	}
	if err := r.hidden(name, real, m.mode.IsDir()); err != nil {
		return "", m, err
	}
	if real != given {
		if err := r.hidden(name, given, m.mode.IsDir()); err != nil {
			return "", m, err
		}
	}
	return real, m, nil
}

// cleanOrRoot is Clean that lets the root itself pass.
func (r *Repo) cleanOrRoot(name string) (string, error) {
	if name == "" || name == "." {
		return "", nil
	}
	return Clean(name)
}

// follow walks name component by component and answers with the name without links.
func (r *Repo) follow(given, name string) (string, error) {
	todo := strings.Split(name, "/")
	var done []string
	own := len(todo) // so many parts at the end of todo are name's own, not a link's
	for hops := 0; len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		ofLink := len(todo) >= own
		own = min(own, len(todo))
		switch part {
		case "", ".":
			continue
		case "..":
			if len(done) == 0 {
				return "", leadsOut(given)
			}
			done = done[:len(done)-1]
			continue
		}
		here := strings.Join(append(done, part), "/")
		info, err := r.root.Lstat(here)
		switch {
		case errors.Is(err, fs.ErrNotExist) && ofLink:
			return "", fault.New(fault.Forbidden, "%q is refused: it is a link that leads nowhere", given)
		case err != nil:
			return "", r.failed(given, err)
		case info.Mode()&fs.ModeSymlink == 0:
			done = append(done, part)
			continue
		}
		if hops++; hops > maxHops {
			return "", fault.New(fault.Forbidden, "%q is refused: its links go round in a circle", given)
		}
		target, err := r.root.Readlink(here)
		if err != nil {
			return "", r.failed(given, err)
		}
		if filepath.IsAbs(target) || strings.HasPrefix(target, "/") {
			return "", leadsOut(given)
		}
		todo = append(strings.Split(filepath.ToSlash(target), "/"), todo...)
	}
	return strings.Join(done, "/"), nil
}

// kind refuses what is neither a folder nor a file of one name.
func (r *Repo) kind(name string, m meta) error {
	switch {
	case m.mode.IsDir():
		return nil
	case !m.mode.IsRegular():
		return fault.New(fault.Forbidden, "%q is refused: it is not a regular file", name)
	case m.link > 1:
		return fault.New(fault.Forbidden, "%q is refused: the file has %d names (hard links), and another may lie outside the repository", name, m.link).
			WithHint("make it a file of its own: cp it to a new name and move that over it")
	}
	return nil
}

// hidden refuses what git ignores and what lies in a bare repository. real has no
// links and has passed Clean.
func (r *Repo) hidden(name, real string, dir bool) error {
	if real == "" {
		return nil
	}
	if r.inBare(real, dir) {
		return fault.New(fault.Forbidden, "%q is refused: it is inside a bare git repository", name)
	}
	hidden, err := r.ignored(context.Background(), real, dir)
	if err != nil {
		return fault.New(fault.Forbidden, "%q is refused: git ignores it, unless it is tracked, which could not be asked: %w", name, err)
	}
	if hidden {
		return fault.New(fault.Forbidden, "%q is refused: git ignores it", name).
			WithHint("take it out of .gitignore, or add it to git, if it belongs to the repository")
	}
	return nil
}

// inBare tells whether a folder on the way to real is a git folder by what it holds.
func (r *Repo) inBare(real string, dir bool) bool {
	for i := 0; i <= len(real); i++ {
		if i < len(real) && real[i] != '/' || i == len(real) && !dir {
			continue
		}
		at := real[:i]
		if _, err := r.disk.lstat(at + "/HEAD"); err != nil {
			continue
		}
		if r.isDir(at+"/objects") && r.isDir(at+"/refs") {
			return true
		}
	}
	return false
}

func (r *Repo) isDir(name string) bool {
	m, err := r.disk.lstat(name)
	return err == nil && m.mode.IsDir()
}

// failed gives an error of the file system its meaning.
func (r *Repo) failed(name string, err error) error {
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fault.New(fault.NotFound, "%q was not found: no such file or folder", name)
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Forbidden, "%q is refused: this user may not touch it: %w", name, cause(err))
	case errors.Is(err, syscall.ENAMETOOLONG):
		return fault.New(fault.Usage, "%q is not a path: it is too long", name)
	case errors.Is(err, errLink), swapped(err) == errLink && !errors.Is(err, fs.ErrClosed):
		return changing(name)
	}
	return fault.New(fault.Internal, "%q could not be used: %w", name, cause(err))
}

func leadsOut(name string) error {
	return fault.New(fault.Forbidden, "%q is refused: it is a link that leads out of the repository", name)
}

func changing(name string) error {
	return fault.New(fault.Forbidden, "%q is refused: links on its way change while it is opened", name)
}

// cause strips the operation and path that package os adds.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
