package manager

import (
	"cmp"

	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// person is who an owner is: a role leads to who fills it, else to the role's own owner.
// known is false where tasks/team has nobody of that name. A ring of roles leads nowhere
// and is the name itself.
func (w World) person(owner string) (name string, known bool) {
	name = task.Owner(owner)
	if name == "" || w.Team == nil {
		return name, true
	}
	first := name
	for range 8 {
		o, ok := w.Team[name]
		if !ok {
			return name, name != first // a role may be filled by somebody without a page
		}
		next := o.FilledBy
		if o.Kind == tracker.Role {
			next = cmp.Or(next, o.Owner)
		}
		if next == "" || next == name {
			return name, true
		}
		name = next
	}
	return first, true
}

// foreign says why the task is not this manager's to take, nil where it is.
func (w World) foreign(owner string) *run.Reason {
	if w.Owner == "" {
		return nil
	}
	who, known := w.person(owner)
	whose := "nobody's"
	switch {
	case who == w.Owner:
		return nil
	case owner != "" && !known:
		whose = owner + "'s, whom tasks/team does not know"
	case owner != "" && who != task.Owner(owner):
		whose = who + "'s (" + task.Owner(owner) + ")"
	case owner != "":
		whose = who + "'s"
	}
	return &run.Reason{Code: run.Owner, Text: "it is " + whose + ", this manager takes " + w.Owner + "'s"}
}
