package importer

import (
	"fmt"
	"strings"

	"tasks/internal/fault"
)

// readTaskmaster reads Task Master: one JSON file of all tasks, by tag.
func readTaskmaster(s *source) error {
	name := s.file
	if name == "" {
		for _, n := range []string{".taskmaster/tasks/tasks.json", "tasks/tasks.json", "tasks.json"} {
			if s.has(n, false) {
				name = n
				break
			}
		}
	}
	if name == "" {
		return s.nothing("there is no .taskmaster/tasks/tasks.json")
	}
	data, err := s.read(name, maxData)
	if err != nil {
		return fault.New(fault.Invalid, "%s cannot be read: %w", name, err)
	}
	n, line, err := s.parseJSON(data)
	if err != nil {
		return fault.New(fault.Invalid, "%s:%d: %w", name, line, err)
	}
	all := bag{n.fields}
	if list, ok := all.take("tasks"); ok && list.list { // as it was before there were tags
		return s.taskmasterList(name, "", list)
	}
	for _, f := range n.fields {
		of := bag{f.fields}
		list, ok := of.take("tasks")
		if !f.object || !ok || !list.list {
			s.fail("", name, f.line, "%q is no tag: it holds no list of tasks", f.key)
			continue
		}
		tag := f.key
		if tag == "master" {
			tag = ""
		}
		if err := s.taskmasterList(name, tag, list); err != nil {
			return err
		}
	}
	if n.list || !n.object {
		return fault.New(fault.Invalid, "%s is no object of tags or tasks", name)
	}
	return nil
}

func (s *source) taskmasterList(name, tag string, list node) error {
	if len(list.items)+len(s.list) > maxEntries {
		return fault.New(fault.Invalid, "%s holds more than %d tasks", name, maxEntries)
	}
	seen := map[string]int{}
	for i := range list.items {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		s.taskmasterTask(name, tag, &list.items[i], seen)
	}
	return nil
}

// taskmasterID is an id that is unique over all tags.
func taskmasterID(tag, id string) string {
	if tag == "" || id == "" {
		return id
	}
	return tag + "/" + id
}

func (s *source) taskmasterTask(name, tag string, n *node, seen map[string]int) {
	if !n.object {
		s.fail("", name, n.line, "it is no object")
		return
	}
	r := newRecord(name, n.line, bag{n.fields})
	r.digest = n.sum()
	l := &r.left
	id := l.text("id")
	r.id = taskmasterID(tag, id)
	switch {
	case id == "":
		s.fail("", name, n.line, "it has no id")
		return
	case seen[fold(id)] > 0:
		s.fail(r.id, name, n.line, "the id %s stands a second time: the first is in line %d", id, seen[fold(id)])
		return
	}
	seen[fold(id)] = n.line
	r.setTitle(l.text("title"))
	r.setStatus(l.text("status"))
	r.setPriority(l.text("priority"))
	r.setOwner("assignee", l.list("assignee"))
	r.labels = append(l.list("labels"), l.list("tags")...)
	if tag != "" {
		r.labels = append(r.labels, tag)
		l.keep("tag", tag)
	}
	for _, d := range l.list("dependencies") {
		whole, _, part := strings.Cut(d, ".")
		if part && whole == id {
			continue // on a step of its own
		}
		if part {
			r.note("it depends on the step %s: a worksheet depends on whole tasks, on %s now", d, whole)
			l.keep("depends_on_step", d)
		}
		r.deps = append(r.deps, taskmasterID(tag, whole))
	}
	r.setTime(&r.created, "createdAt", l.text("createdAt"))
	r.setTime(&r.updated, "updatedAt", l.text("updatedAt"))
	r.setTime(&r.completed, "completedAt", l.text("completedAt"))
	r.add(inProblem, "", l.text("description"))
	r.add(inPlan, "", l.text("details"))
	r.add(inQA, "Test strategy", l.text("testStrategy"))
	if subs, ok := l.take("subtasks"); ok {
		r.steps(id, subs)
	}
	s.add(r)
}

// steps writes subtasks as boxes of the plan: they are parts of one piece of work,
// done in one run. What has no place in a box is kept under subtasks.
func (r *record) steps(id string, list node) {
	if !list.list {
		r.left.put("subtasks", list)
		return
	}
	var b strings.Builder
	rest := node{list: true}
	for i := range list.items {
		n := &list.items[i]
		if !n.object {
			rest.items = append(rest.items, *n)
			continue
		}
		l := bag{n.fields}
		sub := id + "." + oneLine(l.text("id"))
		word := l.text("status")
		status, _ := statusOf(word)
		box := " "
		if status == "completed" || status == "cancelled" {
			box = "x"
		}
		var told []string
		if word != "" && word != "pending" && word != "done" {
			told = append(told, oneLine(word))
		}
		if deps := l.list("dependencies"); len(deps) > 0 {
			told = append(told, "after "+oneLine(strings.Join(deps, ", ")))
		}
		fmt.Fprintf(&b, "- [%s] %s %s", box, sub, oneLine(l.text("title")))
		if len(told) > 0 {
			fmt.Fprintf(&b, " (%s)", strings.Join(told, "; "))
		}
		b.WriteString("\n")
		told = nil
		for _, key := range []string{"description", "details", "testStrategy"} {
			if text := l.text(key); text != "" {
				told = append(told, indent(shape(text, 4), "  "))
			}
		}
		if len(told) > 0 {
			b.WriteString("\n" + strings.Join(told, "\n\n") + "\n\n")
		}
		if len(l.fields) > 0 {
			of := bag{append([]field{{"id", textNode(sub)}}, l.fields...)}
			rest.items = append(rest.items, node{object: true, fields: of.fields})
		}
	}
	r.add(inPlan, "Subtasks", b.String())
	r.left.put("subtasks", rest)
}
