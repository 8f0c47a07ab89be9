package process

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
)

// Look finds a program on the PATH, or checks one given by its absolute path, and
// answers with its absolute path. One that lies inside root, or is found through a
// relative entry of the PATH, is refused (forbidden): a repository must not choose
// what we run. Unavailable where there is none. An empty root checks nothing.
func Look(name, root string) (string, error) {
	found, err := exec.LookPath(name)
	switch {
	case errors.Is(err, exec.ErrDot):
		return "", fault.New(fault.Forbidden, "%s is refused: the PATH finds it in the current folder", name).
			WithHint("take relative entries out of PATH")
	case err != nil:
		return "", fault.New(fault.Unavailable, "%s was not found: it is not installed or not on the PATH", name)
	case !filepath.IsAbs(found):
		return "", fault.New(fault.Forbidden, "%s is refused: it is not named by an absolute path", name)
	}
	real, err := filepath.EvalSymlinks(found)
	if err != nil {
		return "", fault.New(fault.Unavailable, "%s cannot be run: %w", name, err)
	}
	if root != "" && (within(found, root) || within(real, root)) {
		return "", fault.New(fault.Forbidden, "%s is refused: %s lies inside the repository", name, found).
			WithHint("install %s outside the repository, or take that folder out of PATH", name)
	}
	return found, nil
}

func within(name, root string) bool {
	if r, err := filepath.EvalSymlinks(root); err == nil {
		root = r
	}
	rel, err := filepath.Rel(root, name)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(os.PathSeparator))
}
