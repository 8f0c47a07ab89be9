package docs

import (
	"context"
	"path"
	"slices"
	"strings"

	"tasks/internal/markdown"
)

// BrokenLink is a reference that leads nowhere.
type BrokenLink struct {
	Path   string // of the document
	Href   string // of its page
	Line   int
	Target string // as the document writes it
	Reason string
	Near   string // what it may mean, written as the document would; "" where nothing is like it
}

// LinkReport is what the links within the repository come to.
type LinkReport struct {
	Broken    []BrokenLink // by path and line, at most MaxBroken
	Total     int          // of broken links
	Documents int
	Links     int // that were followed
}

const (
	// MaxBroken is how many broken links a report lists.
	MaxBroken = 2000
	// maxNear is for how many of them something like it is looked for.
	maxNear = 200
)

// BrokenLinks follows every link within the repository, images and sections of other
// pages included, as the pages do. Addresses elsewhere are not asked for.
func (l *Library) BrokenLinks(ctx context.Context) (*LinkReport, error) {
	if err := l.freshLinks(ctx); err != nil {
		return nil, err
	}
	c := linkCheck{lib: l, memo: map[lookup]place{}, report: &LinkReport{}}
	for _, d := range l.links.all() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if d = l.stillLinks(d); d != nil {
			c.document(d)
		}
	}
	return c.report, nil
}

type linkCheck struct {
	lib    *Library
	memo   map[lookup]place
	report *LinkReport
	names  []string // of all documents, made when first needed
	looked int      // for how many something near was looked for
}

func (c *linkCheck) document(d *docLinks) {
	on := c.lib.linksFrom(d.path)
	on.memo, on.all = c.memo, true
	c.report.Documents++
	for _, r := range d.refs {
		c.report.Links++
		if reason, near := c.follow(on, d, r); reason != "" {
			c.add(d, r, reason, near)
		}
	}
}

func (c *linkCheck) add(d *docLinks, r markdown.Reference, reason string, near func() string) {
	c.report.Total++
	if len(c.report.Broken) == MaxBroken {
		return
	}
	b := BrokenLink{Path: d.path, Line: r.Line, Target: r.Dest, Reason: reason}
	_, b.Href = c.lib.titleAndHref(d.path)
	if r.Form == markdown.ToWiki {
		b.Target = "[[" + r.Dest + "]]"
	}
	if c.looked++; c.looked <= maxNear {
		b.Near = near()
	}
	c.report.Broken = append(c.report.Broken, b)
}

// follow is why a reference leads nowhere, "" where it does not, and how to find what
// it may mean.
func (c *linkCheck) follow(on *links, d *docLinks, r markdown.Reference) (reason string, near func() string) {
	if r.Form == markdown.ToSection {
		part := unescape(strings.TrimPrefix(r.Dest, "#"))
		if part == "" || markdown.MeantID(part, d.has) != "" {
			return "", nil
		}
		return "no section of this page has this name", func() string { return c.nearSection(d.path, part, "#") }
	}
	to, part, t := on.leads(r)
	switch {
	case t.Broken:
		return lowerFirst(t.Title), func() string { return c.nearPage(on, r) }
	case part == "" || to.kind != Doc && to.kind != Task:
		return "", nil
	}
	target := c.lib.links.of(c.lib.behind(to))
	if target == nil || markdown.MeantID(part, target.has) != "" {
		return "", nil
	}
	before, _, _ := strings.Cut(r.Dest, "#")
	return "no section of " + to.path + " has this name", func() string { return c.nearSection(to.path, part, before+"#") }
}

func lowerFirst(s string) string {
	if s == "" {
		return "nothing is there"
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// nearSection is the id of a section that is like part, after before.
func (c *linkCheck) nearSection(name, part, before string) string {
	f, err := c.lib.repo.ReadFile(name, maxDoc)
	if err != nil {
		return ""
	}
	_, body, line := splitFront(f.Data)
	_, ids := markdown.Survey(body, line)
	slices.Sort(ids)
	if best := nearest(markdown.Slug(part), ids); best != "" {
		return before + best
	}
	return ""
}

// nearPage is the document whose name is like that of the reference: of the same name
// elsewhere, else spelt alike; the nearest to the document.
func (c *linkCheck) nearPage(on *links, r markdown.Reference) string {
	key := refKey(r)
	if key == upward || r.Form == markdown.ToImage {
		return ""
	}
	if c.names == nil {
		for _, d := range c.lib.links.all() {
			c.names = append(c.names, d.path)
		}
	}
	best, cost := "", 1<<20
	for _, name := range c.names {
		for _, k := range keysOf(name) {
			far := unlike(key, k)
			if far > max(1, len(key)/4) {
				continue
			}
			if at := far*100 + distance(name, on.dir); at < cost {
				best, cost = name, at
			}
		}
	}
	switch {
	case best == "":
		return ""
	case r.Form == markdown.ToWiki:
		return "[[" + strings.TrimSuffix(path.Base(best), path.Ext(best)) + "]]"
	}
	return relativeTo(on.dir, best)
}

// relativeTo writes the path of a file as seen from a folder.
func relativeTo(dir, name string) string {
	up := ""
	for dir != "" && !strings.HasPrefix(name, dir+"/") {
		up += "../"
		dir = parent(dir)
	}
	return up + strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
}

// nearest is the word of the list that is most like word, "" where none is.
func nearest(word string, list []string) string {
	best, cost := "", max(1, len(word)/3)+1
	for _, w := range list {
		far := unlike(word, w)
		if len(word) > 3 && (strings.HasPrefix(w, word) || strings.HasPrefix(word, w) && len(w) > 3) {
			far = min(far, 1)
		}
		if far < cost {
			best, cost = w, far
		}
	}
	return best
}

// unlike is how many letters two words differ by: added, dropped or changed.
func unlike(a, b string) int {
	if a == b {
		return 0
	}
	if d := len(a) - len(b); d > 6 || d < -6 || len(a) > 80 {
		return 1 << 10
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := diagonal
			if a[i-1] != b[j-1] {
				change++
			}
			diagonal = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
