// Package docs is the library of pages over the checkout: tree, page, links.
//
// Nothing is read before it is asked for. A rendered page is kept under its
// file's repo.Info.Version and checked by stat on each request, so a page is
// never older than the request, watcher or not.
//
//	/browse/<path>  the file <path>, or the folder's listing with its README
//	/tasks/<slug>   the task
//
// A relative link to a .md file or a folder below the root becomes its page's
// address; one to nothing is marked broken.
package docs

import (
	"context"
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

// Page is one document, rendered.
type Page struct {
	Kind     Kind
	Path     string
	Title    string // front matter's title, first H1, or the file's name
	Source   []byte // the file's bytes; not to be changed
	Hash     string
	ModTime  time.Time
	Rendered *markdown.Page
	Cut      bool // too large to render whole: the first 10 MB
}

// Node is one entry of the navigation tree.
type Node struct {
	Title    string
	Href     string
	Path     string
	Dir      bool
	Open     bool // its children are listed
	Current  bool
	Count    int // of pages right below a folder; 0 when not counted
	Children []*Node
}

// Library is the pages of one checkout. Safe for concurrent use.
type Library struct{}

// New makes a library.
func New(r *repo.Repo) *Library { panic("skeleton") }

// Page renders the page of a file. NotFound, Forbidden as repo says.
func (l *Library) Page(ctx context.Context, path string) (*Page, error) { panic("skeleton") }

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

// Folder lists a folder from offset, at most limit entries.
func (l *Library) Folder(ctx context.Context, path string, offset, limit int) (*Listing, error) {
	panic("skeleton")
}

// Tree is the navigation with the way to current opened. Where tasks/mkdocs.yml
// has a nav, it comes first in that order.
func (l *Library) Tree(ctx context.Context, current string) ([]*Node, error) { panic("skeleton") }

// Href is the page address of a path below the root, escaped.
func Href(path string) string { panic("skeleton") }

// Links resolves links of answers and docs as if they stood in the file from.
func (l *Library) Links(from string) markdown.Links { panic("skeleton") }
