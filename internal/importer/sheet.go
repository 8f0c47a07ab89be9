package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/task"
)

// render makes the bytes of a worksheet and checks them by the rules. Where the rest
// cannot stand in the front matter it stands in Context.
func (p *plan) render(s *sheet) {
	fields := yamlOf(s.left.fields, "  ")
	for _, inFront := range []bool{true, false} {
		if inFront && len(fields) > maxFields {
			continue
		}
		data, err := p.draft(s, fields, inFront).Render()
		if err == nil {
			if found := task.Check(task.Parse(s.name, data), data, false); len(found) > 0 {
				err = fmt.Errorf("%s", found[0].Message)
			}
		}
		if err == nil {
			s.data = data
			return
		}
		if !inFront {
			s.result, s.notes = Failed, append(s.notes, clean("no worksheet can be made of it: "+err.Error()))
		}
	}
}

// forsake takes the references to worksheets that could not be made out of the
// others, and makes those again.
func (p *plan) forsake() {
	for again := true; again; {
		again = false
		failed := map[string]bool{}
		for _, s := range p.order {
			failed[s.slug] = s.result == Failed
		}
		for _, s := range p.order {
			refs := len(s.refs)
			s.refs = slices.DeleteFunc(s.refs, func(r ref) bool { return failed[r.slug] })
			if s.result == Failed || refs == len(s.refs) && !failed[s.up] {
				continue
			}
			if failed[s.up] {
				s.up = ""
			}
			s.note("a task that it refers to could not be imported: left out")
			p.render(s)
			again = s.result == Failed || again
		}
	}
}

func (p *plan) draft(s *sheet, fields string, inFront bool) task.Draft {
	more := []string{
		"imported_from: " + task.Scalar(s.key),
		"imported_path: " + task.Scalar(oneLine(s.where())),
		"imported_digest: " + task.Scalar(s.digest),
	}
	texts := s.sections()
	if fields != "" && inFront {
		more = append(more, "imported:", strings.TrimSuffix(fields, "\n"))
	} else if fields != "" {
		kept := "### Imported fields\n\n" + verbatim(strings.TrimSuffix(clean(fields), "\n"), "yaml")
		texts[inContext] = strings.TrimSpace(texts[inContext] + "\n\n" + kept)
	}
	depends := make([]string, len(s.refs))
	for i, r := range s.refs {
		depends[i] = r.slug
	}
	return task.Draft{
		ID: s.our, Title: s.title, Description: s.description, Status: s.status, Priority: s.priority,
		Milestone: s.milestone, Workstream: p.o.Workstream, Owner: s.owner,
		DependsOn: depends, Parent: s.up, Labels: words(s.labels), Touches: words(s.touches),
		Created: s.created, Updated: s.updated, Completed: s.completed,
		Sections: texts, More: []byte(strings.Join(more, "\n") + "\n"),
	}
}

// words are the items of a list that says something, each once.
func words(list []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, w := range list {
		if w = oneLine(w); w != "" && !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}

// write writes the worksheets, unless only asked what it would do. A name that was
// taken meanwhile fails that task; anything else that cannot be written ends it.
func (p *plan) write(ctx context.Context) error {
	if p.o.DryRun {
		return nil
	}
	written := 0
	for _, s := range p.order {
		if s.result != Imported {
			continue
		}
		_, err := p.repo.Replace(ctx, s.name, s.data, "")
		switch fault.CodeOf(err) {
		case "":
			written++
		case fault.Conflict:
			s.result = Failed
			s.note("%s was written by somebody else meanwhile: import again", s.name)
		default:
			return fault.New(fault.CodeOf(err), "the import stopped after %d of %d worksheets: %w", written, len(p.order), err).
				WithHint("mend it and import again: what is there is not imported twice")
		}
	}
	return nil
}
