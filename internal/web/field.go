package web

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// settable are the fields that a page may change, and whether they hold a list.
// `tasks update --set` takes every key; a page has a control for each of these.
var settable = map[string]bool{
	"title": false, "description": false, "status": false, "priority": false, "owner": false, "milestone": false,
	"workstream": false, "initiative": false, "labels": true, "depends_on": true,
}

// setField is POST /actions/set-field, the same as `tasks update` of one field. An
// empty value takes a field away; a list is changed item by item or set whole.
func (s *Server) setField(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug  string          `json:"slug"`
		Field string          `json:"field"`
		Value json.RawMessage `json:"value"`
		Hash  string          `json:"hash"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug, "field", in.Field, "value", string(in.Value)); err != nil {
		return err
	}
	list, known := settable[in.Field]
	if !known {
		return fault.New(fault.Usage, "there is no field %q to set here", in.Field).WithHint("fields: %s", strings.Join(keysOf(settable), ", "))
	}
	value, err := fieldValue(in.Field, in.Value, list)
	if err != nil {
		return err
	}
	if in.Field == "status" {
		status, _ := value.(string)
		if err := required("value", status); err != nil {
			return err
		}
		return s.writeStatus(w, r, in.Slug, status, in.Hash)
	}
	on, err := s.activeRun(r.Context(), in.Slug)
	if err != nil {
		return err
	}
	if err := s.mayEdit(r, in.Slug); err != nil {
		return err
	}
	if err := s.inItsFolder(r, in.Slug, in.Field, value); err != nil {
		return err
	}
	t, err := s.Tracker.UpdateFrom(r.Context(), in.Slug, in.Hash, task.Change{Key: in.Field, Value: value})
	if err != nil {
		return err
	}
	s.Manager.TasksChanged()
	return s.taskAnswer(w, r, t, on)
}

// mayEdit refuses a worksheet that steers an agent, as every edit from a page does.
func (s *Server) mayEdit(r *request, slug string) error {
	t, err := s.Tracker.Find(r.Context(), slug)
	if err != nil {
		return err
	}
	return s.Editor.Allowed(t.Path)
}

// inItsFolder refuses a workstream that is not the one in whose folder the file lies:
// the path says it, and two places would say two things.
func (s *Server) inItsFolder(r *request, slug, field string, value any) error {
	if field != "workstream" {
		return nil
	}
	t, err := s.Tracker.Find(r.Context(), slug)
	if err != nil {
		return err
	}
	at := task.Parse(t.Path, nil).Workstream
	if at == "" || value == nil || value == at {
		return nil
	}
	return fault.New(fault.Invalid, "the workstream of %s is %s: it lies in that folder", t.Slug, at).
		WithHint("move the file to tasks/workstreams/%v/tasks/", value)
}

// fieldValue is the value of a change as the tracker takes it: nil for an empty one.
func fieldValue(field string, raw json.RawMessage, list bool) (any, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		switch {
		case !list && text == "":
			return nil, nil
		case !list:
			return text, nil
		case text == "":
			return []string{}, nil
		}
		item := strings.TrimSpace(text[1:])
		switch text[0] {
		case '+':
			return tracker.Delta{Add: []string{item}}, nil
		case '-':
			return tracker.Delta{Drop: []string{item}}, nil
		}
		return nil, fault.New(fault.Usage, "the value %q of %s begins neither with + nor with -", text, field).
			WithHint(`send "+name", "-name", a list, or {"add":[],"drop":[]}`)
	}
	if !list {
		return nil, fault.New(fault.Usage, "the value of %s must be a string", field)
	}
	var whole []string
	if json.Unmarshal(raw, &whole) == nil {
		return append([]string{}, whole...), nil
	}
	return delta(field, raw)
}

// delta reads {"add":[],"drop":[]}, and nothing else.
func delta(field string, raw json.RawMessage) (any, error) {
	var parts map[string][]string
	err := json.Unmarshal(raw, &parts)
	for key := range parts {
		if key != "add" && key != "drop" {
			err = fault.New(fault.Usage, "there is no key %q here", key)
		}
	}
	var once struct {
		Add  []string `json:"add"`
		Drop []string `json:"drop"`
	}
	if err == nil { // the same, where no key may stand twice
		err = decodeObject(raw, reflect.ValueOf(&once).Elem(), field+".")
	}
	if err != nil || len(parts) == 0 {
		return nil, fault.New(fault.Usage, `the value of %s must be a list of strings or {"add":[],"drop":[]}`, field)
	}
	for _, items := range parts {
		if slices.ContainsFunc(items, func(s string) bool { return strings.TrimSpace(s) == "" }) {
			return nil, fault.New(fault.Invalid, "an item of %s is empty", field)
		}
	}
	return tracker.Delta{Add: parts["add"], Drop: parts["drop"]}, nil
}

func keysOf[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
