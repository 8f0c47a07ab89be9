package docs

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"tasks/internal/fault"
	"tasks/internal/markdown"
	"tasks/internal/repo"
)

// A document larger than maxWhole is shown in parts, so that the first of it is there
// at once and no browser has to hold all of it. A part ends before a heading, else at
// a blank line, never within a fence. Reference definitions of the whole document hold
// in each part; footnotes hold within theirs.
const (
	maxWhole = 2 << 20
	partSize = 256 << 10
)

// PartRef is one part of a large document.
type PartRef struct {
	Number int
	Title  string // its first heading, or ""
}

// partition is how a document falls into parts.
type partition struct {
	version string
	starts  []int // offsets in the file, of each part
	lines   []int // and their lines
	titles  []string
	refs    []byte // reference definitions
	title   string

	once     sync.Once      // sections are found when first asked for
	sections map[string]int // ids of headings, and in which part they first are
}

// partitions keeps the layout of the documents last looked at.
type partitions struct {
	mu   sync.Mutex
	kept map[string]*partition
}

// Part renders one part of a large document, from 1; the page itself of another.
// NotFound where it has no such part.
func (l *Library) Part(ctx context.Context, name string, number int) (*Page, error) {
	info, err := l.repo.Stat(name)
	if err != nil {
		return nil, err
	}
	if !inParts(info) {
		if number > 1 {
			return nil, fault.New(fault.NotFound, "%q has no part %d", name, number)
		}
		return l.Whole(ctx, name)
	}
	key := info.Path + "\x00" + strconv.Itoa(number)
	if kept := l.pages.get(key, info.Version); kept != nil && l.stillTrue(kept) {
		return kept.page, nil
	}
	read, gen := time.Now(), l.gen.Load()
	f, err := l.repo.ReadFile(name, 0)
	if err != nil {
		return nil, err
	}
	if isTask(f.Path, f.Data) {
		return l.Whole(ctx, name)
	}
	layout := l.layout(f)
	if number < 1 || number > len(layout.starts) {
		return nil, fault.New(fault.NotFound, "%q has %d parts, and no part %d", name, len(layout.starts), number)
	}
	page, on := l.renderPart(f, layout, number)
	if !racy(f.ModTime, read) {
		l.pages.put(&keptPage{key: key, page: page, version: f.Version, links: on.found(), gen: gen, checked: read})
	}
	return page, nil
}

// SectionPart is in which part of a large document a section is: 0 where it has no
// parts, or no such section.
func (l *Library) SectionPart(name, id string) int {
	info, err := l.repo.Stat(name)
	if err != nil || !inParts(info) {
		return 0
	}
	f, err := l.repo.ReadFile(name, 0)
	if err != nil {
		return 0
	}
	return l.layout(f).find(id, f.Data)
}

func inParts(info repo.Info) bool { return info.Size > maxWhole && IsMarkdown(info.Path) && !info.Dir }

func (l *Library) renderPart(f repo.File, layout *partition, number int) (*Page, *links) {
	from, to := layout.starts[number-1], len(f.Data)
	if number < len(layout.starts) {
		to = layout.starts[number]
	}
	on := &partLinks{links: l.linksFrom(f.Path), layout: layout, data: f.Data}
	body := append(append(bytes.Clone(f.Data[from:to]), "\n\n"...), layout.refs...)
	p := &Page{Kind: Doc, Path: f.Path, Title: layout.title, Source: f.Data[from:to], Hash: f.Hash, ModTime: f.ModTime, Cut: f.Cut, Part: number}
	for i, title := range layout.titles {
		p.Parts = append(p.Parts, PartRef{i + 1, title})
	}
	p.Rendered = markdown.Render(body, layout.lines[number-1], on)
	return p, on.links
}

// partLinks knows the sections of the other parts.
type partLinks struct {
	*links
	layout *partition
	data   []byte
}

// Section is where a section of the document is that is not in this part.
func (k *partLinks) Section(id string) (markdown.Target, bool) {
	n := k.layout.find(id, k.data)
	if n == 0 {
		return markdown.Target{}, false
	}
	return markdown.Target{Href: Href(k.file) + "?part=" + strconv.Itoa(n) + fragmentOf(Doc, id)}, true
}

func (x *partition) find(id string, data []byte) int {
	x.once.Do(func() { x.sections = cutUp(data, true).sections })
	return x.sections[markdown.MeantID(id, func(id string) bool { return x.sections[id] > 0 })]
}

// layout finds the parts of a document, or remembers them.
func (l *Library) layout(f repo.File) *partition {
	c := &l.parts
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept := c.kept[f.Path]; kept != nil && kept.version == f.Version {
		return kept
	}
	if c.kept == nil || len(c.kept) >= 16 {
		c.kept = map[string]*partition{}
	}
	x := cutUp(f.Data, false)
	if x.version = f.Version; x.title == "" {
		x.title = f.Path[strings.LastIndexByte(f.Path, '/')+1:]
	}
	c.kept[f.Path] = x
	return x
}

// cutUp goes over a document once, and where they are wanted finds its sections.
func cutUp(data []byte, sections bool) *partition {
	front, body, line := splitFront(data)
	at := len(data) - len(body)
	x := &partition{starts: []int{at}, lines: []int{line}, titles: []string{""}, title: frontTitle(front)}
	if sections {
		x.sections = map[string]int{}
	}
	var fence []byte
	blank := true
	for ; at < len(data); line++ {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		text := bytes.TrimLeft(data[at:end], " ")
		indent := end - at - len(text)
		switch {
		case fence != nil:
			if bytes.HasPrefix(text, fence) && indent < 4 {
				fence = nil
			}
			at = end
			continue
		case indent > 3 || len(text) == 0:
		case text[0] == '`' || text[0] == '~':
			if n := len(text) - len(bytes.TrimLeft(text, string(text[:1]))); n >= 3 {
				fence = text[:n]
			}
		case text[0] == '[':
			if i := bytes.Index(text, []byte("]:")); i > 0 && len(x.refs) < 256<<10 && text[1] != '^' {
				x.refs = append(x.refs, bytes.TrimRight(data[at:end], "\r\n")...)
				x.refs = append(x.refs, '\n')
			}
		}
		size := at - x.starts[len(x.starts)-1]
		if heading := headingOf(text, indent); heading > 0 {
			if size >= partSize {
				x.cut(at, line)
			}
			if x.sections != nil || x.titles[len(x.titles)-1] == "" || x.title == "" {
				x.heading(heading, string(bytes.Trim(text, "# \t\r\n")))
			}
		} else if blank && size >= 2*partSize && indent == 0 && len(bytes.TrimSpace(text)) > 0 && fence == nil {
			x.cut(at, line)
		}
		blank = len(bytes.TrimSpace(text)) == 0
		at = end
	}
	return x
}

// headingOf is the level of the heading that a line is, or 0.
func headingOf(text []byte, indent int) int {
	n := len(text) - len(bytes.TrimLeft(text, "#"))
	if n == 0 || n > 6 || indent > 3 || n < len(text) && text[n] != ' ' && text[n] != '\t' && text[n] != '\n' && text[n] != '\r' {
		return 0
	}
	return n
}

func (x *partition) cut(at, line int) {
	x.starts, x.lines, x.titles = append(x.starts, at), append(x.lines, line), append(x.titles, "")
}

func (x *partition) heading(level int, text string) {
	n := len(x.starts)
	if x.titles[n-1] == "" || x.title == "" && level == 1 {
		clear := oneLine(plain(text))
		if x.titles[n-1] == "" {
			x.titles[n-1] = clear
		}
		if x.title == "" && level == 1 {
			x.title = clear
		}
	}
	if x.sections == nil || len(x.sections) >= 100_000 {
		return
	}
	if len(x.sections) < 5000 {
		text = plain(text) // markup in it costs a parser
	}
	if id := markdown.Slug(text); x.sections[id] == 0 {
		x.sections[id] = n
	}
}
