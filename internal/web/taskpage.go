package web

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"tasks/internal/chart"
	"tasks/internal/docs"
	"tasks/internal/markdown"
	"tasks/internal/task"
)

// neighbours is how many tasks the small graph of a task draws.
const neighbours = 24

// fill adds to a task's page what is made of its text and of the other tasks.
func (p *TaskPage) fill(src []byte, all []*task.Task) {
	t := p.Task
	if t.Broken == nil {
		have := map[string]bool{}
		for _, s := range p.Sections {
			have[s.Name] = true
		}
		for _, name := range task.SectionNames {
			if !have[name] {
				p.Missing = append(p.Missing, name)
			}
		}
		p.NextName, p.NextAdvice = nextStep(t, src)
	}
	p.Editable = p.Editable && t.Broken == nil && !p.Cut
	p.Body = sectioned(p.HTML, p.Sections, p.Outline, p.Editable)
	p.Graph = neighbourhood(t, all)
	p.Prev, p.Next = inWorkstream(t, all)
}

// nextStep is the section to write next. Of a task that is over there is none, and
// what is written during the work is no step before it.
func nextStep(t *task.Task, src []byte) (name, advice string) {
	if t.Status == task.Completed || t.Status == task.Cancelled {
		return "", ""
	}
	name, advice = task.Next(t, src)
	if t.Status != task.InProgress && slices.Index(task.SectionNames, name) > 3 {
		return "", ""
	}
	return name, advice
}

// inWorkstream are the tasks before and after t in its workstream, in the order of
// their files.
func inWorkstream(t *task.Task, all []*task.Task) (before, after *docs.Node) {
	var row []*task.Task
	for _, o := range all {
		if o.Workstream == t.Workstream {
			row = append(row, o)
		}
	}
	slices.SortFunc(row, func(a, b *task.Task) int { return strings.Compare(a.Path, b.Path) })
	at := slices.IndexFunc(row, func(o *task.Task) bool { return o.Path == t.Path })
	node := func(i int) *docs.Node {
		if at < 0 || i < 0 || i >= len(row) {
			return nil
		}
		return &docs.Node{Title: row[i].Name(), Href: taskHref(row[i]), Path: row[i].Path}
	}
	return node(at - 1), node(at + 1)
}

// neighbourhood draws what t waits for and what waits for it, up to two steps away.
func neighbourhood(t *task.Task, all []*task.Task) template.HTML {
	bySlug, neededBy := map[string]*task.Task{}, map[string][]string{}
	byID := map[string]string{}
	for _, o := range all {
		bySlug[o.Slug] = o
		byID[o.ID] = o.Slug
	}
	slug := func(name string) string {
		if bySlug[name] == nil && byID[name] != "" {
			return byID[name]
		}
		return name
	}
	for _, o := range all {
		for _, d := range o.DependsOn {
			neededBy[slug(d)] = append(neededBy[slug(d)], o.Slug)
		}
	}
	bySlug[t.Slug] = t
	needs := func(name string) (out []string) {
		if o := bySlug[name]; o != nil {
			for _, d := range o.DependsOn {
				out = append(out, slug(d))
			}
		}
		return out
	}
	keep, edges := []string{t.Slug}, []chart.Edge{}
	walk := func(next func(string) []string, edge func(a, b string) chart.Edge) {
		ring := []string{t.Slug}
		for range 2 {
			var far []string
			for _, from := range ring {
				for _, to := range next(from) {
					edges = append(edges, edge(from, to))
					if !slices.Contains(keep, to) {
						keep, far = append(keep, to), append(far, to)
					}
				}
			}
			ring = far
		}
	}
	walk(needs, func(a, b string) chart.Edge { return chart.Edge{From: b, To: a} })
	walk(func(name string) []string { return neededBy[name] }, func(a, b string) chart.Edge { return chart.Edge{From: a, To: b} })
	if len(edges) == 0 {
		return ""
	}
	var nodes []chart.Node
	for _, name := range keep {
		if o := bySlug[name]; o != nil {
			n := graphNode(o)
			n.Focus = name == t.Slug
			nodes = append(nodes, n)
		}
	}
	return template.HTML(chart.Graph(nodes, edges, chart.GraphOpts{
		ID: "near", Title: "What " + t.Name() + " waits for, and what waits for it", Compact: true, Max: neighbours,
	}))
}

// graphNode is a task as a box of a graph.
func graphNode(t *task.Task) chart.Node {
	return chart.Node{ID: t.Slug, Label: t.Title, Href: taskHref(t), Status: string(t.Status), Word: statusLabel(t.Status), Broken: t.Broken != nil}
}

// sectioned is a rendered worksheet with a bar below each section's heading: how full
// it is, and where it may be edited the button for it. An empty section says what
// belongs there.
func sectioned(doc template.HTML, sections []task.Section, outline []markdown.Heading, editable bool) template.HTML {
	body := string(lead(doc).Rest)
	names := map[string]int{}
	for _, s := range sections {
		names[s.Name]++
	}
	var b strings.Builder
	for _, s := range sections {
		at := slices.IndexFunc(outline, func(h markdown.Heading) bool { return h.Level == 2 && h.Line == s.Line })
		if at < 0 {
			continue
		}
		open := strings.Index(body, `<h2 id="`+template.HTMLEscapeString(outline[at].ID)+`"`)
		if open < 0 {
			continue
		}
		end := strings.Index(body[open:], "</h2>")
		if end < 0 {
			continue
		}
		end += open + len("</h2>")
		b.WriteString(body[:end])
		b.WriteString("\n")
		b.WriteString(sectionBar(s, names[s.Name] > 1, editable))
		body = body[end:]
	}
	b.WriteString(body)
	return template.HTML(b.String())
}

// sectionBar is what stands below the heading of a section.
func sectionBar(s task.Section, twice, editable bool) string {
	known := slices.Contains(task.SectionNames, s.Name)
	line := ""
	if twice {
		line = fmt.Sprintf(` data-line="%d"`, s.Line)
	}
	data := fmt.Sprintf(`data-edit-section="%s"%s`, template.HTMLEscapeString(s.Name), line)
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="section-bar" data-state="%s">`, s.State)
	if known && s.State != task.Filled {
		fmt.Fprintf(&b, `<span class="section-state"><span class="fill %s" aria-hidden="true"></span>%s</span>`, s.State, sentence(string(s.State)))
	}
	if editable && s.State != task.Empty {
		fmt.Fprintf(&b, `<button type="button" class="section-edit needs-js" %s aria-label="Edit %s">%s<span>Edit</span></button>`, data, template.HTMLEscapeString(s.Name), mustIcon("pencil"))
	}
	b.WriteString(`</div>`)
	if s.State == task.Empty {
		b.WriteString(invitation(s.Name, data, editable))
	}
	return b.String()
}

// invitation stands where a section holds nothing yet.
func invitation(name, data string, editable bool) string {
	var b strings.Builder
	b.WriteString(`<div class="section-invite">`)
	if advice := task.Advice(name); advice != "" {
		fmt.Fprintf(&b, `<p>%s.</p>`, template.HTMLEscapeString(sentence(advice)))
	} else {
		b.WriteString(`<p>Nothing is written here yet.</p>`)
	}
	if editable {
		fmt.Fprintf(&b, `<button type="button" class="button small needs-js" %s>%sWrite the %s</button>`, data, mustIcon("pencil"), template.HTMLEscapeString(name))
	}
	b.WriteString(`</div>`)
	return b.String()
}

// mustIcon is an icon that is known to be there.
func mustIcon(name string) template.HTML {
	out, err := icon(name)
	if err != nil {
		return ""
	}
	return out
}
