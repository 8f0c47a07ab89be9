package tracker

import (
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/task"
)

// Known is what may stand in the fields that refer to a file. A nil list means that
// there is no such folder, or nothing in it, and any name will do.
type Known struct {
	Owners      []string            // canonical, from tasks/team
	Milestones  []string            // from tasks/milestones
	Workstreams []string            // the folders of tasks/workstreams
	Initiatives map[string][]string // by workstream, for those that have any
}

// Known reads the names of the folders.
func (t *Tracker) Known() (Known, error) {
	owners, err := t.names(folder + "/team")
	if err != nil {
		return Known{}, err
	}
	for i := range owners {
		owners[i] = task.Owner(owners[i])
	}
	known := Known{Owners: owners, Initiatives: map[string][]string{}}
	if known.Milestones, err = t.names(folder + "/milestones"); err != nil {
		return Known{}, err
	}
	streams, err := t.list(folder + "/workstreams")
	for _, e := range streams {
		if err != nil || !e.Dir {
			continue
		}
		known.Workstreams = append(known.Workstreams, e.Name)
		var names []string
		if names, err = t.names(folder + "/workstreams/" + e.Name + "/initiatives"); len(names) > 0 {
			known.Initiatives[e.Name] = names
		}
	}
	return known, err
}

// list is what is in a folder, nothing where there is none.
func (t *Tracker) list(dir string) ([]repo.Entry, error) {
	list, err := t.repo.ReadDir(dir)
	switch fault.CodeOf(err) {
	case fault.NotFound, fault.Usage: // none, or a file of that name
		return nil, nil
	}
	return list, err
}

// names are the names of the markdown files in a folder, without .md.
func (t *Tracker) names(dir string) ([]string, error) {
	list, err := t.list(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range list {
		if name, is := strings.CutSuffix(e.Name, ".md"); is && !e.Dir && !strings.EqualFold(name, "readme") && !strings.EqualFold(name, "index") {
			names = append(names, name)
		}
	}
	return names, nil
}

// owner refuses an owner that the team does not have. Invalid with the team as hint.
func (k Known) owner(name string) error {
	if k.Owners == nil || slices.Contains(k.Owners, task.Owner(name)) {
		return nil
	}
	return fault.New(fault.Invalid, "the owner %q is not known: there is no tasks/team/%s.md", name, task.Owner(name)).
		WithHint("known owners: %s", strings.Join(k.Owners, ", "))
}

// milestone refuses a milestone that is not there.
func (k Known) milestone(name string) error {
	if k.Milestones == nil || slices.Contains(k.Milestones, name) {
		return nil
	}
	return fault.New(fault.Invalid, "the milestone %q is not known: there is no tasks/milestones/%s.md", name, name).
		WithHint("known milestones: %s", strings.Join(k.Milestones, ", "))
}

// workstream refuses a workstream that has no folder.
func (k Known) workstream(name string) error {
	if k.Workstreams == nil || slices.Contains(k.Workstreams, name) {
		return nil
	}
	return fault.New(fault.Invalid, "the workstream %q is not known: there is no tasks/workstreams/%s/", name, name).
		WithHint("known workstreams: %s", strings.Join(k.Workstreams, ", "))
}

// initiative refuses an initiative that the workstream does not have.
func (k Known) initiative(workstream, name string) error {
	names := k.Initiatives[workstream]
	if names == nil || slices.Contains(names, name) {
		return nil
	}
	return fault.New(fault.Invalid, "the initiative %q is not known: there is no tasks/workstreams/%s/initiatives/%s.md", name, workstream, name).
		WithHint("known initiatives of %s: %s", workstream, strings.Join(names, ", "))
}
