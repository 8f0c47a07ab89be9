package importer

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
)

// readTaskmd reads taskmd: one file a task in a folder and those below it.
func readTaskmd(s *source) error {
	if s.file != "" && s.file != ".taskmd.yaml" {
		return s.nothing("it is a file")
	}
	dir, scopes := taskmdConfig(s)
	switch {
	case s.has(".taskmd.yaml", false) && dir == "":
		data, err := s.read(".taskmd.yaml", maxText)
		if err == nil {
			_, _, err = s.parseYAML(data, 0)
		}
		if err != nil {
			return fault.New(fault.Invalid, ".taskmd.yaml cannot be read: %w", err)
		}
		if dir = "tasks"; !s.has(dir, true) {
			dir = "."
		}
	case dir != "":
	case s.has("tasks", true):
		dir = "tasks"
	case s.label == "":
		return s.nothing("there is neither .taskmd.yaml nor tasks/")
	default:
		dir = "."
	}
	if !filepath.IsLocal(filepath.FromSlash(dir)) || !s.has(dir, true) {
		return s.nothing("there is no folder %s in it", dir)
	}
	count := 0
	err := s.walk(dir, maxDeep, func(name string) error {
		if count++; count > maxEntries {
			return fault.New(fault.Invalid, "%s holds more than %d files", s.at, maxEntries)
		}
		return taskmdTask(s, dir, name, scopes)
	})
	if err != nil {
		return err
	}
	if len(s.list)+len(s.failed) == 0 {
		return s.nothing("no file in %s has the front matter of a task", dir)
	}
	return nil
}

// taskmdFolder is the folder of a project, "" where it has none that can be told.
func taskmdFolder(s *source) string {
	dir, _ := taskmdConfig(s)
	if dir == "" && s.has("tasks", true) {
		return "tasks"
	}
	return dir
}

// taskmdConfig is the folder of the tasks, "" where none is named, and the paths of
// each scope.
func taskmdConfig(s *source) (dir string, scopes map[string][]string) {
	data, err := s.read(".taskmd.yaml", maxText)
	if err != nil {
		return "", nil
	}
	b, _, err := s.parseYAML(data, 0)
	if err != nil {
		return "", nil
	}
	scopes = map[string][]string{}
	if n, ok := b.take("scopes"); ok {
		for _, f := range n.fields {
			of := bag{f.fields}
			scopes[f.key] = of.list("paths")
		}
	}
	if dir = b.text("task-dir", "task_dir", "dir"); dir == "" {
		return "", scopes
	}
	return path.Clean(filepath.ToSlash(dir)), scopes
}

func taskmdTask(s *source, dir, name string, scopes map[string][]string) error {
	base := path.Base(name)
	data, err := s.read(name, maxText)
	if err != nil {
		s.fail("", name, 0, "%s", err)
		return s.ctx.Err()
	}
	b, body, line, err := s.front(data)
	if err != nil {
		if line == 1 && strings.HasPrefix(err.Error(), "it has no front matter") && !numbered(base) {
			return nil // a page beside the tasks
		}
		s.fail("", name, line, "%s", err)
		return nil
	}
	if kind := b.text("type"); kind == "task" || b.text("imported_from") != "" {
		return nil // a worksheet of ours, where both live in tasks/
	} else if kind != "" {
		b.keep("type", kind)
	}
	r := newRecord(name, 0, b)
	r.digest = digest(data)
	l := &r.left
	if r.id = l.text("id"); r.id == "" {
		if !numbered(base) && !has(l, "status") {
			return nil
		}
		r.id, _, _ = strings.Cut(strings.TrimSuffix(base, ".md"), "-")
		r.note("it has no id: it is called by its file")
	}
	title := l.text("title")
	r.taskmdFields(title, scopes)
	if group := path.Dir(strings.TrimPrefix(name, dir+"/")); group != "." && !has(l, "group") {
		l.keep("group", group)
	}
	r.taskmdVerify()
	r.place(blocks(body, title), inProblem, inContext)
	r.addList("Files", l.list("context"))
	log := path.Join(path.Dir(name), ".worklogs", r.id+".md")
	if path.Base(log) == r.id+".md" && s.has(log, false) {
		if text, err := s.read(log, maxText); err == nil {
			r.add(inProgress, "Worklog", string(text))
			r.digest = digest(data, text)
		} else {
			r.note("its worklog cannot be read: %s", err)
		}
	}
	if s.label == "" && strings.HasPrefix(name, folder+"/") {
		r.note("%s itself is read as a task here too: remove it when you are content with the worksheet", name)
	}
	s.add(r)
	return nil
}

// taskmdFields takes what has a place of its own.
func (r *record) taskmdFields(title string, scopes map[string][]string) {
	l := &r.left
	r.setTitle(title)
	r.setStatus(l.text("status"))
	r.setPriority(l.text("priority"))
	r.setOwner("owner", l.list("owner"))
	r.labels = l.list("tags")
	r.deps = l.list("dependencies")
	r.parent = l.text("parent")
	r.setTime(&r.created, "created", l.text("created", "created_at"))
	r.setTime(&r.updated, "updated", l.text("updated", "updated_at"))
	r.setTime(&r.completed, "completed", l.text("completed", "completed_at"))
	r.taskmdScopes(l.list("touches"), scopes)
}

func has(b *bag, key string) bool {
	for _, f := range b.fields {
		if f.key == key {
			return true
		}
	}
	return false
}

// numbered tells whether a file is named as taskmd names tasks: 001-title.md.
func numbered(base string) bool {
	n, _, is := strings.Cut(base, "-")
	return is && n != "" && strings.Trim(n, "0123456789") == ""
}

// taskmdScopes turns scopes into globs where the configuration tells their paths.
func (r *record) taskmdScopes(names []string, scopes map[string][]string) {
	if len(names) == 0 {
		return
	}
	r.left.keep("touches", names...)
	for _, name := range names {
		for _, p := range scopes[name] {
			if strings.HasSuffix(p, "/") {
				p += "**"
			}
			r.touches = append(r.touches, p)
		}
	}
}

// taskmdVerify keeps the checks as text. Commands of strangers do not become ours:
// who wants them run writes them into verify.
func (r *record) taskmdVerify() {
	n, ok := r.left.take("verify")
	if !ok {
		return
	}
	var b strings.Builder
	for i := range n.items {
		step := bag{n.items[i].fields}
		what := step.text("run")
		if what != "" {
			what = "run `" + strings.ReplaceAll(oneLine(what), "`", "'") + "`"
		} else {
			what = oneLine(step.text("check"))
		}
		if what != "" {
			fmt.Fprintf(&b, "- [ ] %s\n", what)
		}
	}
	r.add(inQA, "Checks", b.String())
	r.left.put("verify", n)
	if len(n.items) > 0 || n.text != "" {
		r.note("its verify commands are kept as text: only you can make them run, by writing them into verify")
	}
}
