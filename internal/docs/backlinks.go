package docs

import (
	"context"
	"slices"
	"strings"

	"tasks/internal/markdown"
)

// Ref is a document that refers to another.
type Ref struct {
	Title string
	Path  string
	Href  string // of its page
	Kind  Kind   // Doc or Task
	Line  int    // of the first reference, in the file
	Count int    // of references
}

// Backlinks are the documents that refer to the file or folder at name, by title: to
// a README also those that refer to its folder. What leads there is decided as the
// pages decide it, from the files as they are: none is missing whose file was saved
// two seconds ago or of which Invalidate was told, and none is given that does not
// refer. A reference by a symbolic link's name counts only where that name ends the
// same. The first call reads every document; NotFound and Forbidden as repo says.
func (l *Library) Backlinks(ctx context.Context, name string) ([]Ref, error) {
	info, err := l.repo.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := l.freshLinks(ctx); err != nil {
		return nil, err
	}
	targets, keys := map[string]bool{info.Path: true}, []string{upward}
	if info.Path != "" {
		keys = append(keys, keysOf(info.Path)...)
	}
	if stem := strings.TrimSuffix(info.Path, ".html"); stem != info.Path {
		keys = append(keys, keysOf(stem)...)
	}
	if l.standsForFolder(info.Path) {
		targets[parent(info.Path)] = true
	}
	memo := map[lookup]place{}
	var out []Ref
	for _, d := range l.links.referring(keys) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if d = l.stillLinks(d); d == nil || targets[d.path] {
			continue
		}
		if ref, ok := l.refersTo(d, keys, targets, memo); ok {
			out = append(out, ref)
		}
	}
	slices.SortFunc(out, func(a, b Ref) int {
		if c := strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)); c != 0 {
			return c
		}
		return strings.Compare(a.Path, b.Path)
	})
	return out, nil
}

// stillLinks is what a document refers to now; nil where it is gone.
func (l *Library) stillLinks(d *docLinks) *docLinks {
	info, err := l.repo.Stat(d.path)
	if err != nil || info.Path != d.path {
		return nil
	}
	return l.survey(d.path, info.Version)
}

// refersTo counts the references of a document that lead to one of the targets.
func (l *Library) refersTo(d *docLinks, keys []string, targets map[string]bool, memo map[lookup]place) (Ref, bool) {
	on := l.linksFrom(d.path)
	on.memo, on.all = memo, true
	ref := Ref{Path: d.path, Kind: Doc}
	for _, r := range d.refs {
		if r.Form == markdown.ToSection || !slices.Contains(keys, refKey(r)) {
			continue
		}
		if to, _, _ := on.leads(r); to.kind == "" || !targets[l.behind(to)] {
			continue
		}
		if ref.Count++; ref.Count == 1 {
			ref.Line = r.Line
		}
	}
	if ref.Count == 0 {
		return ref, false
	}
	ref.Title, ref.Href = l.titleAndHref(d.path)
	if h, err := l.head(d.path); err == nil && h.task {
		ref.Kind = Task
	}
	return ref, true
}

// leads is where a reference leads, as the document's page resolves it, with the
// fragment that it asks for; t says why where nothing is there.
func (k *links) leads(r markdown.Reference) (to place, fragment string, t markdown.Target) {
	switch r.Form {
	case markdown.ToWiki:
		name, part := wikiParts(r.Dest)
		if to = k.find(lookup{name: name, wiki: true, near: k.dir}); to.kind == "" {
			t = k.Wiki(r.Dest)
		}
		return to, part, t
	case markdown.ToImage:
		if t = k.Image(r.Dest); t.Broken {
			return place{}, "", t
		}
		to, _, _ = k.locate(r.Dest)
		return to, "", t
	}
	return k.locate(r.Dest)
}

// behind is the file that a place is: a link within the repository is the file it
// leads to.
func (l *Library) behind(to place) string {
	if info, err := l.repo.Stat(to.path); err == nil {
		return info.Path
	}
	return to.path
}

// standsForFolder tells whether a document is the one that its folder's page shows.
func (l *Library) standsForFolder(name string) bool {
	if key := wikiKey(name[strings.LastIndexByte(name, '/')+1:]); key != "readme" && key != "index" {
		return false
	}
	entries, err := l.repo.ReadDir(parent(name))
	return err == nil && readmeOf(entries) == name
}
