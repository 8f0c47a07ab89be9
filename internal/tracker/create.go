package tracker

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/task"
)

// Draft is a new task.
type Draft struct {
	Title, Slug, Workstream, Priority, Milestone, Owner, Initiative, Description string
	DependsOn                                                                    []string          // slugs, ids or paths of tasks that are there
	Sections                                                                     map[string]string // text by section name
	From                                                                         []byte            // a whole body in place of the template's; nil for none
	Usual                                                                        bool              // nobody chose the priority: that of From's own front matter goes before it
}

// Render makes the path and the bytes of the worksheet that Create would write.
// Invalid for a bad field; Conflict where the slug is taken.
//
// Where From has front matter of its own it is kept, and the draft's fields are set
// in it.
func (t *Tracker) Render(ctx context.Context, d Draft) (name string, data []byte, err error) {
	d.Title = strings.Join(strings.Fields(d.Title), " ")
	if d.Title == "" {
		return "", nil, fault.New(fault.Invalid, "a task needs a title")
	}
	if d.Slug == "" {
		if d.Slug = task.Slugify(d.Title); d.Slug == "" {
			return "", nil, fault.New(fault.Invalid, "the title %q gives no slug: it has no letter that ASCII can spell", d.Title).
				WithHint("give one with --slug")
		}
	}
	if err := t.checkDraft(&d); err != nil {
		return "", nil, err
	}
	name = path.Join(folder, d.Slug+".md")
	if d.Workstream != "" {
		name = path.Join(folder, "workstreams", d.Workstream, "tasks", d.Slug+".md")
	}
	if err := t.free(ctx, d.Slug, name); err != nil {
		return "", nil, err
	}
	if real, _, err := t.repo.Target(name); err == nil && real != name { // what err says, the write says
		return "", nil, throughLink(name, real)
	}
	for i, ref := range d.DependsOn {
		k, err := t.Find(ctx, ref)
		if err != nil {
			return "", nil, unknownRef(err)
		}
		d.DependsOn[i] = k.Slug
	}
	data, err = d.render(task.Draft{
		Title: d.Title, Description: strings.TrimSpace(d.Description),
		Priority: d.Priority, Milestone: d.Milestone, Workstream: d.Workstream,
		Initiative: d.Initiative, Owner: d.Owner, DependsOn: d.DependsOn,
		Sections: d.Sections, Created: t.now(),
	})
	if err != nil {
		return "", nil, err
	}
	k := task.Parse(name, data)
	for _, id := range slices.Compact([]string{d.Slug, k.ID}) { // one name would mean two tasks
		if err := t.freeID(ctx, k, id); err != nil {
			return "", nil, err
		}
	}
	return name, data, nil
}

func (t *Tracker) checkDraft(d *Draft) error {
	if !task.ValidSlug(d.Slug) {
		return fault.New(fault.Invalid, "%q is not a slug: small letters, digits and hyphens, at most 128", d.Slug)
	}
	if repo.Steers(d.Slug + ".md") { // and where AGENTS.md is the same file, it would be obeyed
		return fault.New(fault.Invalid, "%s cannot be the slug of a task: coding agents take %s.md for orders", d.Slug, d.Slug).
			WithHint("give another with --slug, or say more in the title")
	}
	if d.Workstream != "" && !task.ValidSlug(d.Workstream) {
		return fault.New(fault.Invalid, "%q is not the name of a workstream: small letters, digits and hyphens", d.Workstream)
	}
	known, err := t.Known()
	if err != nil {
		return err
	}
	if d.Owner != "" {
		if err := known.owner(d.Owner); err != nil {
			return err
		}
	}
	if d.Initiative != "" {
		if err := known.initiative(d.Workstream, d.Initiative); err != nil {
			return err
		}
	}
	if d.Milestone != "" {
		return known.milestone(d.Milestone)
	}
	return nil
}

// free refuses a slug that a task has, and a path that any file has.
func (t *Tracker) free(ctx context.Context, slug, name string) error {
	files, err := t.files(ctx, func(file string) bool { return strings.EqualFold(file, slug+".md") })
	if err != nil {
		return err
	}
	for _, e := range files {
		k, err := t.load(e, nil)
		if err != nil {
			return err
		}
		if k != nil || e.Path == name {
			return taken(slug, e.Path)
		}
	}
	return nil
}

func taken(slug, at string) error {
	return fault.New(fault.Conflict, "the slug %s is taken: %s is there", slug, at).
		WithHint("give another with --slug")
}

// unknownRef makes a dependency that is not there a broken rule, with the same hint.
func unknownRef(err error) error {
	if fault.CodeOf(err) != fault.NotFound {
		return err
	}
	return fault.New(fault.Invalid, "a dependency is not known: %w", err).WithHint("%s", fault.HintOf(err))
}

func (d Draft) render(td task.Draft) ([]byte, error) {
	if d.From == nil {
		return td.Render()
	}
	first, _, _ := bytes.Cut(bytes.TrimPrefix(d.From, []byte("\ufeff")), []byte("\n"))
	if string(bytes.TrimRight(first, " \t\r")) != "---" {
		td.Body = bytes.TrimLeft(d.From, "\r\n")
		data, err := td.Render()
		if err != nil {
			return nil, err
		}
		if bytes.Contains(td.Body, []byte("\r\n")) { // the head follows the text's line ends
			head := data[:len(data)-len(td.Body)]
			data = slices.Concat(bytes.ReplaceAll(head, []byte("\n"), []byte("\r\n")), td.Body)
		}
		return task.Whole(data)
	}
	if own := task.Parse("", d.From); own.Broken != nil {
		return nil, fault.New(fault.Invalid, "the front matter of the text does not parse, line %d: %s", own.Broken.Line, own.Broken.Reason).
			WithHint("mend that line; where the text only begins with a rule, put an empty front matter before it")
	}
	data, err := task.Set(d.From, d.missing(td)...)
	if err != nil {
		return nil, err
	}
	return task.Whole(data)
}

// missing are the fields of the draft that the text's own front matter does not settle.
func (d Draft) missing(td task.Draft) (changes []task.Change) {
	own := task.Parse("", d.From)
	for _, c := range td.Changes() {
		l, isList := c.Value.([]string)
		switch {
		case c.Key == "status" && own.Status != "", c.Key == "priority" && d.Usual && own.Priority != "", isList && len(l) == 0 && own.DependsOn != nil:
			continue
		}
		changes = append(changes, c)
	}
	return changes
}

// Create writes a whole worksheet and returns it.
func (t *Tracker) Create(ctx context.Context, d Draft) (*task.Task, error) {
	name, data, err := t.Render(ctx, d)
	if err != nil {
		return nil, err
	}
	if _, err := t.repo.Replace(ctx, name, data, ""); err != nil {
		if fault.CodeOf(err) == fault.Conflict {
			return nil, taken(task.SlugOf(name), name)
		}
		if fault.CodeOf(err) == fault.Usage { // a file or a folder in the way
			return nil, fault.New(fault.Conflict, "%s cannot be written: %w", name, err)
		}
		return nil, err
	}
	k := task.Parse(name, data)
	k.Hash = repo.Hash(data)
	return k, nil
}
