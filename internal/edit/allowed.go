package edit

import (
	"path"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/repo"
)

// Allowed tells whether name may be edited: Forbidden with the reason if not. The
// file need not exist.
func (e *Editor) Allowed(name string) error {
	_, err := e.allowed(name)
	return err
}

// allowed judges name and the name it leads to, and answers with that.
func (e *Editor) allowed(name string) (real string, err error) {
	clean, err := repo.Clean(name)
	if err != nil {
		return "", err
	}
	if err := e.byName(clean); err != nil {
		return "", err
	}
	real, _, err = e.repo.Target(clean)
	if err != nil {
		return "", err
	}
	if real != clean {
		if err := e.byName(real); err != nil {
			return "", fault.New(fault.Forbidden, "%q may not be edited: it is a link: %s", clean, err).WithHint("%s", fault.HintOf(err))
		}
	}
	return real, nil
}

func (e *Editor) byName(clean string) error {
	for part := range strings.SplitSeq(clean, "/") {
		if strings.HasPrefix(repo.Fold(part), ".") {
			return fault.New(fault.Forbidden, "%q may not be edited: %s is a dot file or dot folder, which may steer tools", clean, part)
		}
	}
	base := path.Base(clean)
	if repo.Steers(base) {
		return fault.New(fault.Forbidden, "%q may not be edited: it steers coding agents", clean).WithHint("edit it by hand")
	}
	if !strings.EqualFold(path.Ext(base), ".md") {
		return fault.New(fault.Forbidden, "%q may not be edited: only .md files may", clean)
	}
	for _, p := range e.prefixes {
		if strings.HasPrefix(clean, p+"/") {
			return nil
		}
	}
	if len(e.prefixes) == 0 {
		return fault.New(fault.Forbidden, "%q may not be edited: no folder is open to edits", clean)
	}
	return fault.New(fault.Forbidden, "%q may not be edited: it is not under %s/", clean, strings.Join(e.prefixes, "/, "))
}
