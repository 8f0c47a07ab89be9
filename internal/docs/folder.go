package docs

import (
	"context"
	"path"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"tasks/internal/repo"
)

// Listing is a folder's page.
type Listing struct {
	Path    string
	Entries []ListEntry
	Total   int
	Found   int      // of them with the filter's words
	Letters []Letter // where each first letter begins, without a filter
	Readme  *Page    // its README.md or index.md, or nil
}

// Letter is where the names with a first letter begin in a folder's order.
type Letter struct {
	Name string
	At   int
}

// lettersOf finds them. Folders come before files, so that a letter may stand twice.
func lettersOf(entries []repo.Entry) []Letter {
	var out []Letter
	last, dir := "", false
	for i, e := range entries {
		r, _ := utf8.DecodeRuneInString(e.Name)
		name := string(unicode.ToUpper(r))
		if !unicode.IsLetter(r) {
			name = "#"
		}
		if name != last || e.Dir != dir {
			out = append(out, Letter{name, i})
		}
		last, dir = name, e.Dir
	}
	return out
}

func matching(entries []repo.Entry, words []string) []repo.Entry {
	var out []repo.Entry
next:
	for _, e := range entries {
		name := strings.ToLower(e.Name)
		for _, w := range words {
			if !strings.Contains(name, w) {
				continue next
			}
		}
		out = append(out, e)
	}
	return out
}

// ListEntry is one line of a listing.
type ListEntry struct {
	Name, Title, Href, Path string
	Dir                     bool
}

// entryCache keeps what is in the folders last listed.
type entryCache struct {
	mu   sync.Mutex
	kept map[string]keptEntries
}

type keptEntries struct {
	version string
	gen     int64
	at      time.Time
	list    []repo.Entry
}

// entries is what is in a folder: asked of a folder of 20,000 for each page and for the
// tree beside it, it would be most of their cost. Names that came or went change the
// folder's own version; what a rule now hides is seen after recheck.
func (l *Library) entries(name string) ([]repo.Entry, error) {
	info, err := l.repo.Stat(name)
	if err != nil {
		return nil, err
	}
	gen, now := l.gen.Load(), time.Now()
	c := &l.listed
	c.mu.Lock()
	kept, ok := c.kept[name]
	c.mu.Unlock()
	if ok && kept.version == info.Version && kept.gen == gen && now.Sub(kept.at) < recheck {
		return kept.list, nil
	}
	list, err := l.repo.ReadDir(name)
	if err != nil || racy(info.ModTime, now) {
		return list, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= 64 {
		c.kept = map[string]keptEntries{}
	}
	c.kept[name] = keptEntries{info.Version, gen, now, list}
	return list, nil
}

// Folder lists a folder from offset, at most limit entries: folders first, each by
// name, documents with their titles.
func (l *Library) Folder(ctx context.Context, name string, offset, limit int) (*Listing, error) {
	return l.FolderOf(ctx, name, "", offset, limit)
}

// FolderOf is Folder with only those entries whose name holds all words of filter,
// without case.
func (l *Library) FolderOf(ctx context.Context, name, filter string, offset, limit int) (*Listing, error) {
	entries, err := l.entries(name)
	if err != nil {
		return nil, err
	}
	out := &Listing{Path: name, Total: len(entries)}
	if readme := readmeOf(entries); readme != "" {
		if p, err := l.Page(ctx, readme); err == nil && p.Rendered != nil {
			out.Readme = p
		}
	}
	out.Letters = lettersOf(entries)
	if words := strings.Fields(strings.ToLower(filter)); len(words) > 0 {
		entries = matching(entries, words)
	}
	out.Found = len(entries)
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
