package docs

import (
	"context"
	"strings"
)

// Around are the pages before and after a document: in the nav's order where it is in
// the nav, else in the order of the tree, within the same folder of the top level. nil
// where there is none.
func (l *Library) Around(ctx context.Context, name string) (prev, next *Node) {
	pages := l.keptNav().pages
	for i := range pages {
		if pages[i].Path != name {
			continue
		}
		if i > 0 {
			prev = &pages[i-1]
		}
		if i+1 < len(pages) {
			next = &pages[i+1]
		}
		return prev, next
	}
	return l.step(ctx, name, -1), l.step(ctx, name, +1)
}

// step is the page before (-1) or after (+1) name in the tree.
func (l *Library) step(ctx context.Context, name string, by int) *Node {
	for at := name; ; {
		dir := parent(at)
		list, err := l.below(ctx, dir)
		if err != nil {
			return nil
		}
		here := indexOf(list, at)
		if here < 0 {
			return nil
		}
		for i := here + by; i >= 0 && i < len(list); i += by {
			if dir == "" && (list[i].Dir || strings.Contains(name, "/")) {
				continue // not over to another folder of the top level
			}
			if n := l.end(ctx, &list[i], -by, 0); n != nil {
				return n
			}
		}
		if dir == "" {
			return nil
		}
		at = dir
	}
}

func indexOf(list []Node, name string) int {
	for i := range list {
		if list[i].Path == name {
			return i
		}
	}
	return -1
}

// end is the last page of a node (side +1), or its first (-1); a page is its own.
func (l *Library) end(ctx context.Context, n *Node, side, depth int) *Node {
	if !n.Dir {
		return l.titled(n)
	}
	list, err := l.below(ctx, n.Path)
	if err != nil || depth > 40 {
		return nil
	}
	for i := range list {
		if side > 0 {
			i = len(list) - 1 - i
		}
		if found := l.end(ctx, &list[i], side, depth+1); found != nil {
			return found
		}
	}
	return nil
}
