// Package docs is the library of pages over the checkout: tree, page, links.
//
// Nothing is read before it is asked for. A rendered page is kept under its
// file's repo.Info.Version and checked by stat on each request, so a page is
// never older than the request, watcher or not. What a page says about others
// (that a link is broken, that it leads to a task) is checked again when
// Invalidate has told of any change, and else after two seconds; so is the tree.
//
//	/browse/<path>  the file <path>, or the folder's listing with its README
//	/tasks/<slug>   the task
//
// A relative link to a .md file or a folder below the root becomes its page's
// address; one to nothing is marked broken.
package docs

import (
	"context"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tasks/internal/markdown"
	"tasks/internal/repo"
)

// Kind is what a page shows.
type Kind string

// The kinds of pages with a file or folder behind them.
const (
	Doc    Kind = "doc"
	Task   Kind = "task"
	Folder Kind = "folder"
	Text   Kind = "text" // any other text file, shown as code
	Raw    Kind = "raw"  // an image or binary file: served, not shown
)

// Page is one document, rendered. It is shared: nothing of it is to be changed.
type Page struct {
	Kind     Kind
	Path     string // after links
	Title    string // front matter's title, first H1, or the file's name
	Source   []byte // the file's bytes; of Raw, none
	Hash     string // of the file; "" where Cut
	ModTime  time.Time
	Rendered *markdown.Page // nil for Raw
	Cut      bool           // too large to render whole: the first 10 MB (text: 1 MB; in parts: 64 MB)
	Part     int            // which part of the document it is, from 1; 0: all of it
	Parts    []PartRef      // of a document in parts
}

// Node is one entry of the navigation tree.
type Node struct {
	Title    string
	Href     string
	Path     string
	Dir      bool
	Open     bool // its children are listed
	Current  bool
	Count    int    // of pages right below a folder; 0 when not counted
	External bool   // Href leads to another site
	Missing  string // why nothing is there; Href is then ""
	Files    bool   // the files on the disk begin here, behind the site's own order
	Children []*Node
}

const (
	maxDoc  = 10 << 20
	maxText = 1 << 20
	// recheck is how long what a page says about others is believed without a
	// word from the watcher.
	recheck = 2 * time.Second
)

// Library is the pages of one checkout. Safe for concurrent use.
type Library struct {
	repo   *repo.Repo
	gen    atomic.Int64 // grows with every change that Invalidate tells of
	pages  pageCache
	heads  headCache
	index  wikiIndex
	tree   treeCache
	links  linkIndex
	parts  partitions
	listed entryCache
	large  sync.Mutex // one large document is rendered at a time, so that others find a core
}

// New makes a library.
func New(r *repo.Repo) *Library {
	return &Library{repo: r, links: linkIndex{turn: make(chan struct{}, 1)}}
}

// Invalidate says that files were made, changed or removed.
func (l *Library) Invalidate(paths ...string) {
	if len(paths) == 0 {
		return
	}
	l.index.invalidate(l.repo, paths)
	l.links.tell(paths)
	l.gen.Add(1)
}

// Page renders the page of a file. NotFound, Forbidden as repo says; Usage for a
// folder. As long as nothing has changed it gives the same *Page. Of a document larger
// than 2 MB it is the first part; a task is always whole.
func (l *Library) Page(ctx context.Context, name string) (*Page, error) {
	return l.page(ctx, name, false)
}

// Whole renders all of a document, up to 10 MB, however long that takes.
func (l *Library) Whole(ctx context.Context, name string) (*Page, error) {
	return l.page(ctx, name, true)
}

func (l *Library) page(ctx context.Context, name string, whole bool) (*Page, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	info, err := l.repo.Stat(name)
	if err != nil {
		return nil, err
	}
	if !whole && inParts(info) {
		return l.Part(ctx, name, 1)
	}
	if kept := l.pages.get(info.Path, info.Version); kept != nil && l.stillTrue(kept) {
		return kept.page, nil
	}
	read := time.Now()
	gen := l.gen.Load()
	f, err := l.read(name)
	if err != nil {
		return nil, err
	}
	if f.Size > 1<<20 {
		l.large.Lock()
		defer l.large.Unlock()
		if kept := l.pages.get(f.Path, f.Version); kept != nil && l.stillTrue(kept) {
			return kept.page, nil // rendered while we waited
		}
	}
	page, links := l.render(f)
	if !racy(f.ModTime, read) {
		l.pages.put(&keptPage{key: f.Path, page: page, version: f.Version, links: links.found(), gen: gen, checked: read})
	}
	return page, nil
}

// Lines is a file's source as numbered lines, a document's too.
func (l *Library) Lines(ctx context.Context, name string) (*Page, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := l.repo.ReadFile(name, maxText)
	if err != nil {
		return nil, err
	}
	return l.renderText(f), nil
}

// racy tells whether a file changed so shortly before it was read that another
// change may leave all of its version the same: the kernel's clock for file times
// ticks every few milliseconds.
func racy(changed, read time.Time) bool {
	const tick = 20 * time.Millisecond
	age := read.Sub(changed)
	return age > -tick && age < tick
}

// read reads as much of a file as is shown.
func (l *Library) read(name string) (repo.File, error) {
	if IsMarkdown(name) {
		return l.repo.ReadFile(name, maxDoc)
	}
	return l.repo.ReadFile(name, maxText)
}

// IsMarkdown tells whether a file is a document, by its name.
func IsMarkdown(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown":
		return true
	}
	return false
}
