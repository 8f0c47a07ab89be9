package docs

import (
	"net/url"
	"path"
	"strings"

	"tasks/internal/lazy"
	"tasks/internal/markdown"
	"tasks/internal/task"
)

// place is what is found under a name: a path and what it is.
type place struct {
	path string
	kind Kind // "" where nothing is that may be shown
	size size // of an image
}

// lookup is a question about the checkout that a link asks.
type lookup struct {
	name string
	wiki bool   // name is that of a wiki link
	near string // the folder from which a wiki link looks
}

// seen is a lookup with its answer.
type seen struct {
	lookup
	found place
}

// find answers a lookup from the files as they are.
func (l *Library) find(q lookup) place {
	if q.wiki {
		return l.findWiki(q.name, q.near)
	}
	info, err := l.repo.Stat(q.name)
	switch {
	case err != nil: // gone, refused or unusable: the same to a reader
		return place{}
	case info.Dir:
		return place{path: q.name, kind: Folder}
	case isImage(q.name):
		return place{q.name, Raw, l.sizeOf(q.name)}
	case !IsMarkdown(q.name):
		return place{path: q.name, kind: Text}
	}
	if h, err := l.headOf(q.name, info); err == nil && h.task {
		return place{path: q.name, kind: Task}
	}
	return place{path: q.name, kind: Doc}
}

// sizeOf is the size of an image, as far as its beginning tells.
func (l *Library) sizeOf(name string) size {
	f, err := l.repo.ReadFile(name, imageHead)
	if err != nil {
		return size{}
	}
	return imageSize(f.Data)
}

// href is the address of a place: a task has its own.
func (p place) href() string {
	if slug := task.SlugOf(p.path); p.kind == Task && task.ValidSlug(slug) {
		return "/tasks/" + slug
	}
	return Href(p.path)
}

// links resolves the links of one document, asking each question once. It is for
// one goroutine.
type links struct {
	lib  *Library
	file string // the document; "" where links stand in a folder
	dir  string // the document's folder
	stem string // the document without its extension
	memo map[lookup]place
	all  bool // look up every link, however many
}

// Links resolves links of answers and docs as if they stood in the file (or
// folder) from. For one goroutine.
func (l *Library) Links(from string) markdown.Links {
	if info, err := l.repo.Stat(from); from == "" || err == nil && info.Dir {
		return &links{lib: l, dir: from, memo: map[lookup]place{}}
	}
	return l.linksFrom(from)
}

func (l *Library) linksFrom(file string) *links {
	return &links{lib: l, file: file, dir: parent(file), stem: strings.TrimSuffix(file, path.Ext(file)), memo: map[lookup]place{}}
}

// parent is the folder of a path; "" is the root.
func parent(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i]
	}
	return ""
}

// found is what was looked up.
func (k *links) found() []seen {
	out := make([]seen, 0, len(k.memo))
	for q, p := range k.memo {
		out = append(out, seen{q, p})
	}
	return out
}

// maxLookups is how many different links of a document are looked up, and looked
// up again while its page is kept. Further ones are believed.
const maxLookups = 5000

func (k *links) find(q lookup) place {
	p, ok := k.memo[q]
	switch {
	case ok:
		return p
	case k.all || len(k.memo) < maxLookups:
		p = k.lib.find(q)
		k.memo[q] = p
		return p
	case q.wiki:
		return k.lib.find(q)
	case isImage(q.name):
		return place{path: q.name, kind: Raw}
	}
	return place{path: q.name, kind: Doc}
}

// within makes a name below the root of a path as a document writes it.
func (k *links) within(p string) (string, bool) {
	if rest, ok := strings.CutPrefix(p, "/"); ok {
		p = path.Clean(rest)
	} else {
		p = path.Join(k.dir, p)
	}
	if p == "." {
		p = ""
	}
	return p, p != ".." && !strings.HasPrefix(p, "../")
}

// Link resolves a relative address, or one that begins at the root: of the
// repository, or of this site.
func (k *links) Link(dest string) markdown.Target {
	to, fragment, t := k.locate(dest)
	if to.kind == "" {
		return t
	}
	return markdown.Target{Href: to.href() + fragmentOf(to.kind, fragment)}
}

// locate is where an address leads and with which fragment; where that is no place in
// the repository, t says the rest.
func (k *links) locate(dest string) (to place, fragment string, t markdown.Target) {
	rest, fragment, _ := strings.Cut(dest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	p := unescape(rest)
	if p == "" {
		return place{}, "", markdown.Target{} // a query alone asks nothing of a document
	}
	name, ok := k.within(p)
	if !ok {
		return place{}, "", markdown.Target{Broken: true, Title: "It leads out of the repository"}
	}
	if name == "" {
		return place{path: "", kind: Folder}, "", t
	}
	to = k.findPage(name)
	if to.kind == "" && p[0] != '/' && k.stem != "" {
		// On a published site the page is a folder: ../other/ is beside it.
		to = k.findPage(path.Join(k.stem, p))
	}
	if to.kind == "" && p[0] == '/' {
		if to, t, ok = k.sitePage(name); ok {
			return to, "", t
		}
	}
	if to.kind == "" {
		return to, "", markdown.Target{Broken: true, Title: "There is no " + name}
	}
	return to, unescape(fragment), t
}

// findPage is what is at a name, or what a published site would have there: guide,
// guide/ and guide.html are guide.md.
func (k *links) findPage(name string) place {
	to := k.find(lookup{name: name})
	if to.kind == "" {
		to = k.find(lookup{name: strings.TrimSuffix(name, ".html") + ".md"})
	}
	return to
}

// sitePage resolves an address of this site, as answers write it: to a place of the
// repository, or to a page that has none.
func (k *links) sitePage(name string) (to place, t markdown.Target, ok bool) {
	switch name {
	case "board", "status", "search", "activity", "links", "graph":
		return to, markdown.Target{Href: "/" + name}, true
	}
	first, rest, _ := strings.Cut(name, "/")
	switch {
	case rest == "":
	case first == "browse":
		to = k.find(lookup{name: rest})
	case first == "tasks" && task.ValidSlug(rest):
		if to = k.find(lookup{name: rest, wiki: true, near: "tasks"}); to.kind != Task {
			to = place{}
		}
	}
	return to, t, to.kind != ""
}

// Wiki resolves [[name]] and [[name#part]].
func (k *links) Wiki(name string) markdown.Target {
	name, part := wikiParts(name)
	to := k.find(lookup{name: name, wiki: true, near: k.dir})
	if to.kind == "" {
		return markdown.Target{Broken: true, Title: "No page is named " + name}
	}
	fragment := ""
	if part != "" {
		fragment = fragmentOf(to.kind, markdown.Slug(part))
	}
	return markdown.Target{Href: to.href() + fragment}
}

// wikiParts are the name of [[name#part]] and its part.
func wikiParts(name string) (page, part string) {
	page, part, _ = strings.Cut(name, "#")
	return strings.TrimSpace(page), strings.TrimSpace(part)
}

// Image resolves the address of an image in the repository.
func (k *links) Image(dest string) markdown.Target {
	rest, _, _ := strings.Cut(dest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	name, ok := k.within(unescape(rest))
	if !ok || name == "" {
		return markdown.Target{Broken: true, Title: "It leads out of the repository"}
	}
	switch to := k.find(lookup{name: name}); to.kind {
	case Raw:
		return markdown.Target{Href: to.href(), Width: to.size.width, Height: to.size.height}
	case "":
		return markdown.Target{Broken: true, Title: "There is no " + name}
	}
	return markdown.Target{Broken: true, Title: name + " is not an image that can be shown"}
}

// codeSpan is a path, maybe with a line or a range of lines.
var codeSpan = lazy.Regexp(`^([^:#]+?)(?:(?::|#L)([0-9]{1,7})(?:-L?[0-9]{1,7}|:[0-9]{1,5})?)?$`)

// Code resolves a code span that is exactly the path of something that is there.
func (k *links) Code(span string) (markdown.Target, bool) {
	m := codeSpan().FindStringSubmatch(span)
	if m == nil {
		return markdown.Target{}, false
	}
	p := strings.TrimPrefix(m[1], "/")
	for _, q := range []string{path.Clean(p), path.Join(k.dir, p)} {
		if q == "." || strings.HasPrefix(q, "..") {
			continue
		}
		to := k.find(lookup{name: q})
		if to.kind == "" || to.kind == Folder && !strings.Contains(span, "/") {
			continue
		}
		href := to.href()
		if m[2] != "" && to.kind == Text {
			href += fragmentOf(Text, "L"+m[2])
		}
		return markdown.Target{Href: href}, true
	}
	return markdown.Target{}, false
}

// lineFragment is how line 12, or lines 12 to 20, of a file are named on forges.
var lineFragment = lazy.Regexp(`^L([0-9]+)(?:[-:C].*)?$`)

// fragmentOf is "#" and the id that a fragment means on a page of the kind, or "".
func fragmentOf(kind Kind, fragment string) string {
	switch {
	case fragment == "" || kind == Raw:
		return ""
	case kind == Text:
		m := lineFragment().FindStringSubmatch(fragment)
		if m == nil {
			return ""
		}
		fragment = "L" + m[1]
	}
	return "#" + url.PathEscape(markdown.Fragment(fragment))
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
