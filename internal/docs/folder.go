package docs

import (
	"context"
	"path"
	"strings"

	"tasks/internal/repo"
)

// Listing is a folder's page.
type Listing struct {
	Path    string
	Entries []ListEntry
	Total   int
	Readme  *Page // its README.md or index.md, or nil
}

// ListEntry is one line of a listing.
type ListEntry struct {
	Name, Title, Href, Path string
	Dir                     bool
}

// Folder lists a folder from offset, at most limit entries: folders first, each by
// name, documents with their titles.
func (l *Library) Folder(ctx context.Context, name string, offset, limit int) (*Listing, error) {
	entries, err := l.repo.ReadDir(name)
	if err != nil {
		return nil, err
	}
	out := &Listing{Path: name, Total: len(entries)}
	if readme := readmeOf(entries); readme != "" {
		if p, err := l.Page(ctx, readme); err == nil && p.Rendered != nil {
			out.Readme = p
		}
	}
	from := min(max(offset, 0), len(entries))
	for _, e := range entries[from:min(from+max(limit, 0), len(entries))] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out.Entries = append(out.Entries, l.Entry(e))
	}
	return out, nil
}

// Entry is the line of a listing for one name: a document goes by its title.
func (l *Library) Entry(e repo.Entry) ListEntry {
	x := ListEntry{Name: e.Name, Title: e.Name, Href: Href(e.Path), Path: e.Path, Dir: e.Dir}
	if e.Dir || !IsMarkdown(e.Name) {
		return x
	}
	x.Title, x.Href = l.titleAndHref(e.Path)
	return x
}

// titleAndHref are those of a document; its name where it has no title.
func (l *Library) titleAndHref(name string) (title, href string) {
	p := place{path: name, kind: Doc}
	h, err := l.head(name)
	if err == nil && h.task {
		p.kind = Task
	}
	if err != nil || h.title == "" {
		return path.Base(name), p.href()
	}
	return h.title, p.href()
}

// readmeOf is the document that stands for a folder, or "".
func readmeOf(entries []repo.Entry) string {
	found := ""
	for _, e := range entries {
		switch lower := strings.ToLower(e.Name); {
		case e.Dir:
		case lower == "readme.md" || lower == "readme.markdown":
			return e.Path
		case lower == "index.md":
			found = e.Path
		}
	}
	return found
}
