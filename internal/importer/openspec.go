package importer

import (
	"path"
	"strings"

	"tasks/internal/lazy"
	"tasks/internal/task"
)

var archived = lazy.Regexp(`^(\d{4}-\d{2}-\d{2})-(.+)$`)

// readOpenSpec reads OpenSpec: a folder for each change, the archived ones apart.
func readOpenSpec(s *source) error {
	dir := "openspec/changes"
	switch {
	case s.file != "":
		return s.nothing("it is a file")
	case s.has(dir, true):
	case s.has("changes", true):
		dir = "changes"
	default:
		return s.nothing("there is no openspec/changes")
	}
	_, folders, err := s.names(dir)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, f := range folders {
		if name := path.Base(f); name != "archive" && !strings.HasPrefix(name, ".") {
			seen[name] = true
			if err := openSpecChange(s, f, name, ""); err != nil {
				return err
			}
		}
	}
	_, folders, err = s.names(path.Join(dir, "archive"))
	if err != nil {
		return err
	}
	for _, f := range folders {
		// A change keeps its name when it is archived, so that it is known again; only
		// where the name is in use again it is called by its date too.
		name, date := path.Base(f), ""
		if m := archived().FindStringSubmatch(name); m != nil {
			date = m[1]
			if !seen[m[2]] {
				name = m[2]
			}
		}
		seen[name] = true
		if err := openSpecChange(s, f, name, date); err != nil {
			return err
		}
	}
	return nil
}

func openSpecChange(s *source, dir, name, date string) error {
	r := newRecord(dir, 0, bag{})
	r.id = name
	inArchive := path.Base(path.Dir(dir)) == "archive"
	var texts [][]byte
	var others, order []string
	found := map[string]string{}
	err := s.files(dir, maxDeep, func(file string) error {
		rel := strings.TrimPrefix(file, dir+"/")
		if !strings.HasSuffix(rel, ".md") && rel != ".openspec.yaml" {
			others = append(others, file)
			return nil
		}
		data, err := s.read(file, maxText)
		if err != nil {
			s.fail(name, file, 0, "%s", err)
			return s.ctx.Err()
		}
		texts = append(texts, []byte(rel), data)
		found[rel] = strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
		if rel == ".openspec.yaml" {
			b, line, err := s.parseYAML(data, 0)
			if err != nil {
				s.fail(name, file, line, "%s", err)
				return nil
			}
			r.left = b
			return nil
		}
		order = append(order, rel)
		return nil
	})
	if err != nil {
		return err
	}
	if len(found) == 0 && len(others) == 0 {
		s.fail(name, dir, 0, "the change is an empty folder")
		return nil
	}
	r.digest = digest(texts...)
	r.openSpecHead(found["proposal.md"], name)
	r.openSpecParts(order, found)
	r.openSpecStatus(found["tasks.md"], inArchive, date)
	if len(others) > 0 {
		r.addList("Files that stayed where they are", others)
		r.note("files beside the change are named in Context and stay where they are: %d", len(others))
	}
	s.add(r)
	return nil
}

// files calls fn for every file below dir, links left out.
func (s *source) files(dir string, deep int, fn func(name string) error) error {
	files, folders, err := s.names(dir)
	if err != nil {
		return err
	}
	for _, name := range files {
		if err := fn(name); err != nil {
			return err
		}
	}
	for _, name := range folders {
		if deep == 0 {
			s.fail("", name, 0, "the folders lie too deep within each other")
			continue
		}
		if err := s.files(name, deep-1, fn); err != nil {
			return err
		}
	}
	return nil
}

// openSpecHead is the title, the goal and the rest of the metadata.
func (r *record) openSpecHead(proposal, name string) {
	title := ""
	for _, l := range strings.Split(proposal, "\n") {
		if m := heading().FindStringSubmatch(l); m != nil && len(m[1]) == 1 {
			title = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(m[2], "Change:"), "Proposal:"))
			break
		}
	}
	if title == "" || strings.EqualFold(title, "proposal") {
		words := strings.ReplaceAll(name, "-", " ")
		title = strings.ToUpper(cut(words, 1)) + strings.TrimPrefix(words, cut(words, 1))
	}
	r.setTitle(title)
	if r.slug = name; !task.ValidSlug(name) {
		r.slug = ""
	}
	r.setTime(&r.created, "created", r.left.text("created"))
	if goal := r.left.text("goal"); goal != "" {
		if r.description = cut(oneLine(goal), 300); r.description != goal {
			r.add(inProblem, "Goal", goal)
		}
	}
}

// openSpecParts puts the files into the sections.
func (r *record) openSpecParts(order []string, found map[string]string) {
	for _, rel := range order {
		text := found[rel]
		switch {
		case rel == "proposal.md":
			r.place(blocks(dropTitle(text, r.title), ""), inProblem, inContext)
		case rel == "design.md":
			r.place(blocks(dropTitle(text, "design"), ""), inOptions, inOptions)
		case rel == "tasks.md":
			r.add(inPlan, "", dropTitle(text, "tasks"))
		case strings.HasPrefix(rel, "specs/"):
			r.add(inQA, "Spec "+strings.TrimSuffix(strings.TrimPrefix(rel, "specs/"), "/spec.md"), dropTitle(text, "spec delta"))
		case rel == "README.md":
			r.add(inContext, "README", dropTitle(text, r.id))
		default:
			r.add(inContext, rel, text)
		}
	}
}

// dropTitle leaves a first heading out that says no more than title.
func dropTitle(text, title string) string {
	text = strings.TrimLeft(text, "\n")
	first, rest, _ := strings.Cut(text, "\n")
	m := heading().FindStringSubmatch(first)
	if m == nil || len(m[1]) != 1 {
		return text
	}
	if said := oneLine(m[2]); strings.EqualFold(said, title) || strings.EqualFold(said, "proposal") {
		return rest
	}
	return text
}

// openSpecStatus tells the status by the boxes, as the tool does.
func (r *record) openSpecStatus(tasks string, inArchive bool, date string) {
	open, done, fence := 0, 0, ""
	for _, l := range strings.Split(tasks, "\n") {
		if m := box().FindStringSubmatch(l); m != nil && fence == "" {
			if m[1] == " " {
				open++
			} else {
				done++
			}
		}
		fence = fenced(fence, l)
	}
	switch {
	case inArchive:
		r.status = task.Completed
		r.setTime(&r.completed, "archived", date)
		if open > 0 {
			r.note("it was archived with open boxes: %d", open)
		}
	case done == 0:
		r.status = task.NotStarted
	case open == 0:
		r.status = task.Completed
		r.note("every box is ticked, so it is completed, though it was not archived")
	default:
		r.status = task.InProgress
	}
}

var box = lazy.Regexp(`^[ \t]*[-*+][ \t]+\[([ xX])\]`)
