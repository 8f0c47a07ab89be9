package importer

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/lazy"
	"tasks/internal/repo"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// folder is where worksheets live.
const folder = "tasks"

// maxNeeds bounds the dependencies of one task.
const maxNeeds = 1000

// sheet is a record on its way to a worksheet.
type sheet struct {
	*record
	key, name string // imported_from; the path of the worksheet
	our       string // its id, where it may keep its own
	refs      []ref
	up        string   // slug of the parent
	earlier   []string // ids in use for others of today
	before    *origin
	result    string
	data      []byte
}

// ref is a dependency: their id, our slug.
type ref struct{ id, slug string }

// origin is a worksheet that was imported earlier.
type origin struct{ slug, path, digest string }

// plan is an import before anything is written.
type plan struct {
	repo   *repo.Repo
	o      Options
	src    *source
	known  tracker.Known
	all    []*task.Task
	before map[string]*origin  // by key
	taken  map[string]bool     // names of files and ids below tasks/, in lower case
	slugs  map[string]string   // ours, by their id
	alike  map[string][]*sheet // by what source.sameAs says of their id
	sheets []*sheet
	order  []*sheet // dependencies first
}

func newPlan(ctx context.Context, r *repo.Repo, t *tracker.Tracker, o Options, src *source) (*plan, error) {
	p := &plan{repo: r, o: o, src: src, before: map[string]*origin{}, taken: map[string]bool{}, slugs: map[string]string{}, alike: map[string][]*sheet{}}
	var err error
	if p.known, err = t.Known(); err != nil {
		return nil, err
	}
	if p.all, err = t.All(ctx); err != nil {
		return nil, err
	}
	if err := p.survey(ctx); err != nil {
		return nil, err
	}
	for _, rec := range src.list {
		p.name(rec)
	}
	for _, s := range p.sheets {
		if s.before == nil {
			p.refer(s)
		}
	}
	p.breakCycles()
	p.breakParents()
	p.sort()
	for _, s := range p.order {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.render(s)
	}
	p.forsake()
	return p, nil
}

var originLine = lazy.Regexp(`(?m)^imported_from:[ \t]*["']?(.*?)["']?[ \t\r]*$`)

// survey finds what is there: which names are taken, and what was imported before.
func (p *plan) survey(ctx context.Context) error {
	err := p.repo.Walk(ctx, folder, func(e repo.Entry) error {
		p.taken[strings.ToLower(strings.TrimSuffix(e.Name, ".md"))] = true
		return nil
	})
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return err
	}
	for _, t := range p.all {
		p.taken[strings.ToLower(t.ID)] = true
		f, err := p.repo.ReadFile(t.Path, 0)
		if err != nil || !bytes.Contains(f.Data, []byte("imported_from")) {
			continue // one that cannot be read is not from here
		}
		key := task.Value(f.Data, "imported_from")
		if m := originLine().FindSubmatch(f.Data); key == "" && t.Broken != nil && m != nil {
			key = string(m[1])
		}
		if key != "" {
			p.before[key] = &origin{t.Slug, t.Path, task.Value(f.Data, "imported_digest")}
		}
	}
	return nil
}

// keyOf is what a worksheet keeps of its origin.
func (p *plan) keyOf(r *record) string {
	id := oneLine(r.id)
	if len(id) > 200 {
		id = cut(id, 60) + "~" + digest([]byte(id))
	}
	if p.src.label != "" {
		id = oneLine(p.src.label) + "/" + id
	}
	if p.slugs[fold(r.id)] != "" {
		id += "@" + oneLine(r.path)
		r.note("its id %s is that of another task as well", r.id)
	}
	return p.src.tool + ":" + id
}

// name gives a record its slug, or finds that it was imported before.
func (p *plan) name(r *record) {
	s := &sheet{record: r, key: p.keyOf(r), result: Imported}
	p.sheets = append(p.sheets, s)
	if s.before = p.before[s.key]; s.before != nil {
		s.result, s.slug, s.name = Skipped, s.before.slug, s.before.path
		s.notes = nil
		if s.before.digest != "" && s.before.digest != r.digest {
			s.note("it has changed in %s since it was imported: %s is not overwritten", p.src.tool, s.before.path)
		}
	} else {
		s.slug = p.free(s)
		p.taken[s.slug] = true
		if s.name = path.Join(folder, s.slug+".md"); p.o.Workstream != "" {
			s.name = path.Join(folder, "workstreams", p.o.Workstream, "tasks", s.slug+".md")
		}
	}
	if id := fold(r.id); p.slugs[id] == "" {
		p.slugs[id] = s.slug
	}
	if p.src.sameAs != nil {
		if id := p.src.sameAs(r.id); id != "" {
			p.alike[id] = append(p.alike[id], s)
		}
	}
}

// slugOf is our slug for an id that s refers to, "" for none. An id that nothing has
// may be an earlier one of a task, if that is the only one; it is kept and said.
func (p *plan) slugOf(s *sheet, id string) string {
	if slug := p.slugs[fold(id)]; slug != "" || p.src.sameAs == nil || id == "" {
		return slug
	}
	same := p.alike[p.src.sameAs(id)]
	if len(same) != 1 {
		return ""
	}
	if !slices.Contains(s.earlier, id) {
		s.note("it refers to %s, which is not there: taken for %s", id, same[0].id)
		s.earlier = append(s.earlier, id)
	}
	return same[0].slug
}

// free is a slug that nothing has: of the title, then with the origin's id, then
// with a number.
func (p *plan) free(s *sheet) string {
	base, id := s.record.slug, task.Slugify(s.id)
	if base == "" {
		base = task.Slugify(s.title)
	}
	if base == "" {
		base = strings.Trim(p.src.tool+"-"+id, "-")
	}
	if !p.taken[base] && !repo.Steers(base+".md") {
		return base
	}
	if id != "" && !p.taken[base+"-"+id] && len(base)+1+len(id) <= 128 {
		return base + "-" + id
	}
	for n := 2; ; n++ {
		if slug := fmt.Sprintf("%s-%d", base[:min(len(base), 100)], n); !p.taken[slug] {
			return slug
		}
	}
}

var plainID = lazy.Regexp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// refer resolves what a record refers to.
func (p *plan) refer(s *sheet) {
	if id := strings.ToLower(s.id); plainID().MatchString(s.id) && !p.taken[id] {
		s.our, p.taken[id] = s.id, true
	} else if s.id != s.slug && !strings.Contains(s.key, s.id) {
		s.left.keep("id", s.id)
	}
	var lost []string
	if len(s.deps) > maxNeeds {
		s.note("it depends on %d tasks: the first %d are taken, the others kept under imported", len(s.deps), maxNeeds)
		s.deps, lost = s.deps[:maxNeeds], s.deps[maxNeeds:]
	}
	for _, id := range s.deps {
		slug := p.slugOf(s, id)
		switch {
		case slug == "":
			lost = append(lost, id)
			s.note("it depends on %s, which is not there: kept under imported", id)
		case slug == s.slug:
			lost = append(lost, id)
			s.note("it depends on itself: left out")
		case !slices.ContainsFunc(s.refs, func(r ref) bool { return r.slug == slug }):
			s.refs = append(s.refs, ref{id, slug})
		}
	}
	if len(lost) > 0 {
		s.left.keep("dependencies_left_out", lost...)
	}
	guess := strings.HasPrefix(s.parent, "?")
	parent := strings.TrimPrefix(s.parent, "?")
	switch s.up = p.slugOf(s, parent); {
	case parent == "" || s.up != "" && s.up != s.slug:
	case guess:
		s.up = ""
	default:
		s.up = ""
		s.left.keep("parent_left_out", parent)
		s.note("its parent %s is not there: kept under imported", parent)
	}
	if len(s.earlier) > 0 {
		s.left.keep("refers_to", s.earlier...)
	}
	p.knownOnly(s)
}

// knownOnly takes out an owner or a milestone that the checkout does not know.
func (p *plan) knownOnly(s *sheet) {
	if s.owner != "" && p.known.Owners != nil && !slices.Contains(p.known.Owners, s.owner) {
		s.note("the owner %s is not in tasks/team: kept under imported", s.owner)
		s.left.keep("owner", s.owner)
		s.owner = ""
	}
	if s.milestone == "" || p.known.Milestones == nil {
		return
	}
	i := slices.IndexFunc(p.known.Milestones, func(m string) bool { return task.Slugify(m) == s.milestone })
	if i >= 0 {
		s.milestone = p.known.Milestones[i]
		return
	}
	s.note("the milestone %s is not in tasks/milestones: kept under imported", s.milestone)
	s.left.keep("milestone_left_out", s.milestone)
	s.milestone = ""
}

// report is what came of it: the tasks in the order of the source, then what could
// not be read.
func (p *plan) report() *Report {
	out := &Report{From: p.src.tool, DryRun: p.o.DryRun}
	for _, s := range p.sheets {
		out.Items = append(out.Items, Item{
			ID: oneLine(s.id), Slug: s.slug, Path: s.name, Source: oneLine(s.where()),
			Result: s.result, Notes: s.notes, Content: s.data,
		})
	}
	out.Items = append(out.Items, p.src.failed...)
	return out
}
