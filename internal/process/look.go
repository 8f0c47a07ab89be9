package process

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
)

// Look finds a program on the PATH, or checks one given by its absolute path, and
// answers with its absolute path, links not resolved. What lies inside root, or leads
// there, and relative entries of the PATH are passed over, because a repository must
// not choose what we run: package runners put its folders in front. Where nothing
// else is left it is Forbidden; Unavailable where there is none at all. An empty root
// holds nothing.
func Look(name, root string) (string, error) { return LookIn(os.Getenv("PATH"), name, root) }

// LookIn is Look on a PATH of the caller's.
func LookIn(path, name, root string) (string, error) {
	candidates := []string{name}
	if !strings.ContainsRune(name, os.PathSeparator) {
		candidates = candidates[:0]
		for _, dir := range filepath.SplitList(path) {
			candidates = append(candidates, filepath.Join(dir, name))
		}
	}
	refused := ""
	for _, at := range candidates {
		if !filepath.IsAbs(at) {
			if _, err := os.Stat(at); err == nil {
				refused = at
			}
			continue
		}
		if _, err := exec.LookPath(at); err != nil {
			continue
		}
		real, err := filepath.EvalSymlinks(at)
		if err != nil {
			continue
		}
		if root != "" && (within(at, root) || within(real, root)) {
			refused = at
			continue
		}
		return at, nil
	}
	if refused != "" {
		return "", fault.New(fault.Forbidden, "%s is refused: %s lies inside the repository, or where a repository may put it", name, refused).
			WithHint("install %s outside the repository", filepath.Base(name))
	}
	if filepath.IsAbs(name) {
		return "", unfit(name)
	}
	return "", fault.New(fault.Unavailable, "%s was not found: it is not installed or not on the PATH", name)
}

// unfit says why the file that was named by its path is no program.
func unfit(name string) error {
	_, err := exec.LookPath(name)
	switch info, missing := os.Stat(name); {
	case missing != nil:
		err = missing
	case info.Mode().IsRegular() && info.Mode().Perm()&0o111 == 0:
		return fault.New(fault.Unavailable, "%s cannot be run: it is not executable", name).WithHint("chmod +x %s", name)
	}
	var path *fs.PathError
	var exe *exec.Error
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &exe):
		err = exe.Err
	}
	return fault.New(fault.Unavailable, "%s cannot be run: %w", name, err)
}

func within(name, root string) bool {
	if r, err := filepath.EvalSymlinks(root); err == nil {
		root = r
	}
	rel, err := filepath.Rel(root, name)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(os.PathSeparator))
}
