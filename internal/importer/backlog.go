package importer

import (
	"bytes"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/lazy"
	"tasks/internal/task"
)

// readBacklog reads Backlog.md: one file a task below backlog/, the state of drafts,
// completed and archived ones told by their folder.
func readBacklog(s *source) error {
	dir := backlogFolder(s)
	switch {
	case s.file != "":
		return s.nothing("it is a file")
	case dir != "":
	case s.has("backlog.config.yml", false):
		return fault.New(fault.Invalid, "backlog.config.yml in %s cannot be read: it is too large or no yaml", s.at)
	case s.has("tasks", true) && s.has("config.yml", false):
		dir = "."
	default:
		return s.nothing("there is neither backlog/ nor backlog.config.yml")
	}
	if !filepath.IsLocal(filepath.FromSlash(dir)) || !s.has(dir, true) {
		return s.nothing("there is no folder %s in it", dir)
	}
	s.sameAs = backlogNumber
	milestones, err := backlogMilestones(s, dir)
	if err != nil {
		return err
	}
	for _, folder := range []struct{ name, state string }{
		{"tasks", ""}, {"drafts", "draft"}, {"completed", "completed"}, {"archive/tasks", "archived"}, {"archive/drafts", "archived"},
	} {
		files, _, err := s.names(path.Join(dir, folder.name))
		if err != nil {
			return err
		}
		for _, name := range files {
			if strings.HasSuffix(name, ".md") && !strings.EqualFold(path.Base(name), "readme.md") {
				if err := backlogTask(s, name, folder.state, milestones); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// backlogFolder is the folder of a project, "" where it has none that can be told.
func backlogFolder(s *source) string {
	switch {
	case s.has("backlog.config.yml", false):
		data, err := s.read("backlog.config.yml", maxText)
		if err != nil {
			return ""
		}
		config, _, err := s.parseYAML(data, 0)
		if err != nil {
			return ""
		}
		if dir := config.text("backlog_directory"); dir != "" {
			return path.Clean(filepath.ToSlash(dir))
		}
		return "backlog"
	case s.has("backlog", true):
		return "backlog"
	case s.has(".backlog", true):
		return ".backlog"
	}
	return ""
}

// backlogNumber is an id without its prefix. A project may change the prefix; the
// tool then renames the tasks, and not what refers to them.
func backlogNumber(id string) string {
	if i := strings.LastIndexByte(id, '-'); i > 0 && !strings.EqualFold(id[:i], "draft") {
		return strings.TrimLeft(id[i+1:], "0")
	}
	return ""
}

// backlogMilestones are the titles of the milestones by id.
func backlogMilestones(s *source, dir string) (map[string]string, error) {
	out := map[string]string{}
	for _, folder := range []string{"milestones", "archive/milestones"} {
		files, _, err := s.names(path.Join(dir, folder))
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			data, err := s.read(name, maxText)
			if err != nil || !strings.HasSuffix(name, ".md") {
				continue // the task that refers to it keeps the id
			}
			if b, _, _, err := s.front(data); err == nil {
				out[fold(b.text("id"))] = b.text("title")
			}
		}
	}
	return out, nil
}

func backlogTask(s *source, name, state string, milestones map[string]string) error {
	data, err := s.read(name, maxText)
	if err != nil {
		s.fail("", name, 0, "%s", err)
		return s.ctx.Err()
	}
	b, body, line, err := s.front(data)
	if err != nil {
		var failed error
		if b, body, _, failed = s.front(quoteNames(data)); failed != nil {
			s.fail("", name, line, "%s", err)
			return nil
		}
	}
	r := newRecord(name, 0, b)
	r.digest = digest(data)
	l := &r.left
	if r.id = l.text("id"); r.id == "" {
		// The file's name tells it as well: `task-7 - Title.md`.
		r.id, _, _ = strings.Cut(strings.TrimSuffix(path.Base(name), ".md"), " - ")
		r.note("it has no id: it is called by its file")
	}
	title := l.text("title")
	r.setTitle(title)
	r.backlogStatus(l.text("status"), state)
	r.setPriority(l.text("priority"))
	r.setOwner("assignee", l.list("assignee"))
	r.labels = l.list("labels")
	r.deps = l.list("dependencies")
	r.parent = l.text("parent_task_id", "parent")
	if m := l.text("milestone"); m != "" {
		title := milestones[fold(m)]
		if title == "" {
			title = m
		}
		r.setMilestone(m, title)
	}
	r.setTime(&r.created, "created_date", l.text("created_date", "created"))
	r.setTime(&r.updated, "updated_date", l.text("updated_date", "updated"))
	r.touches = l.list("modified_files")
	r.backlogBody(body, title)
	r.addList("References", l.list("references"))
	r.addList("Documentation", l.list("documentation"))
	s.add(r)
	return nil
}

var (
	bareNames = lazy.Regexp(`(?m)^((?:[ \t]*-|[a-z_]+:)[ \t]+|[a-z_]+:[ \t]*\[.*)@.*$`)
	bareName  = lazy.Regexp(`(^|[ \t\[,])(@[^ \t\[\],"'#:]+)`)
)

// quoteNames puts quotes round the names of people in the front matter, which early
// versions wrote as `assignee: @ana`. That is no yaml, but the tool still reads it.
func quoteNames(data []byte) []byte {
	end := bytes.Index(data, []byte("\n---"))
	if end < 0 {
		return data
	}
	head := bareNames().ReplaceAllFunc(data[:end], func(line []byte) []byte {
		return bareName().ReplaceAll(line, []byte(`$1"$2"`))
	})
	return append(head, data[end:]...)
}

// backlogStatus is the status with what the folder says.
func (r *record) backlogStatus(word, state string) {
	r.setStatus(word)
	switch state {
	case "completed":
		if r.status != task.Completed && r.status != task.Cancelled {
			r.status = task.Completed
			r.note("it lies among the completed ones: it is completed now")
		}
	case "archived":
		if r.status != task.Completed {
			r.status = task.Cancelled
			r.note("it was archived before it was done: it is cancelled now")
		}
	}
	if state != "" {
		r.left.keep("folder", state)
	}
}

func (r *record) backlogBody(body, title string) {
	var rest []block
	for _, b := range blocks(body, title) {
		if strings.EqualFold(b.heading, "comments") {
			r.add(inContext, "Comments", backlogComments(b.text))
			continue
		}
		rest = append(rest, b)
	}
	r.place(rest, inProblem, inContext)
}

var comment = lazy.Regexp(`(?ms)^author: ([^\n]*)\ncreated: ([^\n]*)\n((?:[a-z_]+: [^\n]*\n)*)---\n(.*?)\n---[ \t]*$`)

// backlogComments sets the comments as people write them; their form in the file
// would show as headings.
func backlogComments(text string) string {
	re := comment()
	return re.ReplaceAllStringFunc(text, func(c string) string { return commentOf(re, c) })
}

func commentOf(re *regexp.Regexp, c string) string {
	m := re.FindStringSubmatch(c)
	more := strings.Join(strings.Fields(strings.ReplaceAll(m[3], "\n", "; ")), " ")
	return "**" + m[1] + "**, " + strings.TrimSpace(m[2]+" "+more) + ":\n\n" + m[4] + "\n"
}
