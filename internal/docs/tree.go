package docs

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"tasks/internal/fault"
	"tasks/internal/repo"
)

const (
	// maxChildren is how many entries of a folder the tree shows; the folder's page
	// has the rest.
	maxChildren = 500
	// maxLook is how many files of a level's folders are looked at, as long as the
	// index is not made. What is not seen by then is believed to hold a page.
	maxLook = 300
)

// treeCache keeps what is right below each folder.
type treeCache struct {
	mu      sync.Mutex
	folders map[string]keptFolder
	nav     keptNav
}

type keptFolder struct {
	gen   int64
	at    time.Time
	nodes []Node // without their children
}

// Tree is the navigation with the way to current opened. Where tasks/mkdocs.yml
// has a nav, it comes first in that order; a page of it is not opened among the files
// as well. Only documents and folders that hold
// some are in it, and no name that begins with a dot.
func (l *Library) Tree(ctx context.Context, current string) ([]*Node, error) {
	nav := l.nav(current)
	for _, n := range nav {
		if n.Current || n.Open { // it is shown where it belongs, and once is enough
			current = ""
		}
	}
	files, err := l.level(ctx, "", current)
	if err != nil {
		return nil, err
	}
	if len(nav) > 0 && len(files) > 0 {
		files[0].Files = true
	}
	return append(nav, files...), nil
}

// level is the nodes of a folder, those on the way to current opened.
func (l *Library) level(ctx context.Context, dir, current string) ([]*Node, error) {
	kept, err := l.below(ctx, dir)
	if err != nil {
		return nil, err
	}
	out := make([]*Node, 0, min(len(kept), maxChildren+2))
	hidden := 0
	for i := range kept {
		n := kept[i]
		n.Children = nil
		n.Current = n.Path == current
		onWay := n.Current || n.Dir && strings.HasPrefix(current, n.Path+"/")
		if len(out) >= maxChildren && !onWay {
			hidden++
			continue
		}
		if n.Dir && onWay {
			n.Open = true
			if n.Children, err = l.level(ctx, n.Path, current); err != nil {
				if ctx.Err() != nil {
					return nil, err
				}
				n.Open, n.Children = false, nil // went away under us
			}
		}
		if !n.Dir {
			n = *l.titled(&n)
		}
		out = append(out, &n)
	}
	if hidden > 0 {
		out = append(out, &Node{Title: "… and " + strconv.Itoa(hidden) + " more", Href: Href(dir), Path: dir})
	}
	return out, nil
}

// below is what is right below a folder, in the tree's order.
func (l *Library) below(ctx context.Context, dir string) ([]Node, error) {
	gen, now := l.gen.Load(), time.Now()
	c := &l.tree
	c.mu.Lock()
	kept, ok := c.folders[dir]
	c.mu.Unlock()
	if ok && kept.gen == gen && now.Sub(kept.at) < recheck {
		return kept.nodes, nil
	}
	entries, err := l.entries(dir)
	if err != nil {
		return nil, err
	}
	nodes := make([]Node, 0, len(entries))
	looks := maxLook
	for _, e := range arrange(dir, entries) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if e.Dir {
			if l.holdsPages(ctx, e.Path, &looks) {
				nodes = append(nodes, Node{Title: e.Name, Href: Href(e.Path), Path: e.Path, Dir: true, Count: l.index.countIn(e.Path)})
			}
			continue
		}
		n := Node{Path: e.Path}
		if len(nodes) < maxChildren { // further ones are seldom shown
			n.Title, n.Href = l.titleAndHref(e.Path)
		}
		nodes = append(nodes, n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.folders == nil || len(c.folders) > 2000 {
		c.folders = map[string]keptFolder{}
	}
	c.folders[dir] = keptFolder{gen, now, nodes}
	return nodes, nil
}

// titled is a page's node with its title, which one far down a large folder lacks.
func (l *Library) titled(n *Node) *Node {
	if n.Title != "" {
		return n
	}
	c := *n
	c.Title, c.Href = l.titleAndHref(n.Path)
	return &c
}

// arrange leaves out what is no page, and puts README first, then tasks/ and
// docs/, then folders, then documents.
func arrange(dir string, entries []repo.Entry) []repo.Entry {
	readme := readmeOf(entries)
	var groups [4][]repo.Entry
	for _, e := range entries {
		at := 3
		switch {
		case strings.HasPrefix(e.Name, "."), !e.Dir && !IsMarkdown(e.Name):
			continue
		case e.Path == readme:
			at = 0
		case dir == "" && e.Dir && (e.Name == "tasks" || e.Name == "docs"):
			at = 1
		case e.Dir:
			at = 2
		}
		groups[at] = append(groups[at], e)
	}
	if g := groups[1]; len(g) == 2 { // tasks/ before docs/
		g[0], g[1] = g[1], g[0]
	}
	out := groups[0]
	for _, g := range groups[1:] {
		out = append(out, g...)
	}
	return out
}

var errFound = errors.New("found")

// holdsPages tells whether a document is anywhere below a folder. Until the index
// knows, it looks at files as long as there are looks left, and then believes in one.
func (l *Library) holdsPages(ctx context.Context, dir string, looks *int) bool {
	if has, known := l.index.hasPages(dir); known {
		return has
	}
	if *looks -= 10; *looks < 0 { // opening a folder costs as much as some files
		return true
	}
	err := l.repo.Walk(ctx, dir, func(e repo.Entry) error {
		if *looks--; *looks < 0 || IsMarkdown(e.Name) {
			return errFound
		}
		return nil
	})
	return errors.Is(err, errFound) || err != nil && fault.CodeOf(err) != fault.NotFound
}

// countIn is how many documents are right below a folder; 0 where the index is
// not made.
func (x *wikiIndex) countIn(dir string) int {
	if !x.mu.TryLock() {
		return 0
	}
	defer x.mu.Unlock()
	return x.direct[dir]
}
