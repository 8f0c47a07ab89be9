package importer

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/task"
)

// maxLine bounds one record of JSON lines.
const maxLine = 4 << 20

// readBeads reads the JSON lines that Beads writes (or exports) beside its database.
func readBeads(s *source) error {
	name := s.file
	if name == "" {
		for _, n := range []string{".beads/issues.jsonl", ".beads/beads.jsonl", "issues.jsonl", "beads.jsonl"} {
			if s.has(n, false) {
				name = n
				break
			}
		}
	}
	if name == "" {
		if s.has(".beads", true) {
			return fault.New(fault.NotFound, "%s has .beads without JSON lines: its issues are in a database, which is not read", s.at).
				WithHint("bd export -o .beads/issues.jsonl writes them")
		}
		return s.nothing("there is no .beads/issues.jsonl")
	}
	data, err := s.read(name, maxData)
	if err != nil {
		return fault.New(fault.Invalid, "%s cannot be read: %w", name, err)
	}
	seen := map[string]int{}
	for at, line := 0, 1; at < len(data); line++ {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		text := data[at:]
		if end := bytes.IndexByte(text, '\n'); end >= 0 {
			text = text[:end]
		}
		at += len(text) + 1
		text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
		switch {
		case len(text) == 0:
		case len(text) > maxLine:
			s.fail("", name, line, "the line is longer than %d MB", maxLine>>20)
		case len(seen) > maxEntries:
			return fault.New(fault.Invalid, "%s holds more than %d issues", name, maxEntries)
		default:
			s.bead(name, line, text, seen)
		}
	}
	return nil
}

// bead reads one line.
func (s *source) bead(name string, line int, text []byte, seen map[string]int) {
	n, _, err := s.parseJSON(text)
	if err != nil {
		s.fail("", name, line, "%s", err)
		return
	}
	r := newRecord(name, line, bag{n.fields})
	r.digest = n.sum()
	l := &r.left
	r.id = l.text("id")
	kind := l.text("_type")
	switch {
	case !n.object:
		s.fail("", name, line, "it is no object")
		return
	case kind != "" && kind != "issue":
		s.skip(clean(kind+":"+l.text("key", "id")), r, "it is a %s, not an issue", kind)
		return
	case r.id == "":
		s.fail("", name, line, "it has no id")
		return
	case seen[fold(r.id)] > 0:
		s.fail(r.id, name, line, "the id %s stands a second time: the first is in line %d", r.id, seen[fold(r.id)])
		return
	}
	seen[fold(r.id)] = line
	status := l.text("status")
	if status == "tombstone" {
		s.skip(clean(r.id), r, "it was deleted in beads")
		return
	}
	r.setTitle(l.text("title"))
	r.setStatus(status)
	r.setPriority(l.text("priority"))
	r.setOwner("assignee", l.list("assignee"))
	r.labels = l.list("labels")
	r.setTime(&r.created, "created_at", l.text("created_at"))
	r.setTime(&r.updated, "updated_at", l.text("updated_at"))
	r.setTime(&r.completed, "closed_at", l.text("closed_at"))
	if r.status != task.Completed && !r.completed.IsZero() {
		r.left.keep("closed_at", r.completed.Format("2006-01-02T15:04:05Z07:00"))
		r.completed = time.Time{}
	}
	r.add(inProblem, "", l.text("description"))
	r.add(inOptions, "Design", l.text("design"))
	r.add(inQA, "Acceptance criteria", l.text("acceptance_criteria"))
	r.add(inProgress, "", l.text("notes"))
	r.add(inProgress, "Closed", l.text("close_reason"))
	r.beadLinks()
	r.beadComments()
	s.add(r)
}

// skip notes a record that is no task.
func (s *source) skip(id string, r *record, format string, args ...any) {
	s.failed = append(s.failed, Item{ID: id, Source: r.where(), Result: Skipped, Notes: []string{clean(fmt.Sprintf(format, args...))}})
}

// beadLinks takes the edges: those that block are dependencies, one to a parent is
// the parent, the others are told in Context. All are kept as they are as well, for
// they say who made them, and when.
func (r *record) beadLinks() {
	if up := strings.LastIndexByte(r.id, '.'); up > 0 {
		r.parent = "?" + r.id[:up] // a dotted id is that of a child, if the rest is one
	}
	n, ok := r.left.take("dependencies")
	if !ok {
		return
	}
	var related strings.Builder
	for i := range n.items {
		edge := bag{n.items[i].fields}
		to, kind := edge.text("depends_on_id"), edge.text("type")
		switch {
		case to == "":
		case kind == "parent-child":
			r.parent = to
		case kind == "" || kind == "blocks" || kind == "conditional-blocks" || kind == "waits-for":
			r.deps = append(r.deps, to)
		default:
			fmt.Fprintf(&related, "- %s: %s\n", oneLine(kind), oneLine(to))
		}
	}
	r.add(inContext, "Related", related.String())
	r.left.put("dependencies", n)
}

func (r *record) beadComments() {
	n, ok := r.left.take("comments")
	if !ok {
		return
	}
	if !n.list {
		r.left.put("comments", n)
		return
	}
	var b strings.Builder
	rest := node{list: true}
	for i := range n.items {
		if !n.items[i].object {
			rest.items = append(rest.items, n.items[i])
			continue
		}
		c := bag{n.items[i].fields}
		author, at, text := c.text("author"), c.text("created_at"), c.text("text")
		if text != "" {
			fmt.Fprintf(&b, "**%s**, %s:\n\n%s\n\n", oneLine(author), oneLine(at), shape(text, 4))
		} else {
			c = bag{n.items[i].fields}
		}
		if id := c.text("issue_id"); id != "" && id != r.id {
			c.keep("issue_id", id)
		}
		if of := (node{object: true, fields: c.fields}); len(of.fields) > 0 {
			rest.items = append(rest.items, of)
		}
	}
	r.add(inContext, "Comments", b.String())
	r.left.put("comments", rest)
}
