package docs

import (
	"context"
	"errors"
	"strings"

	"tasks/internal/repo"
)

// SitePage is one document in the site's order.
type SitePage struct {
	Section string // of the nav, or the folder of the top level
	Title   string
	Path    string
}

// Pages are the documents of the checkout but its tasks: those of the nav first, in
// its order, then the others by path; at most limit, and how many more there are.
func (l *Library) Pages(ctx context.Context, limit int) (pages []SitePage, more int, err error) {
	seen := map[string]bool{}
	add := func(section, title, name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		if len(pages) >= limit {
			more++
			return
		}
		pages = append(pages, SitePage{section, title, name})
	}
	for _, n := range l.keptNav().nodes {
		for _, p := range flat([]Node{n}) {
			if !IsMarkdown(p.Path) {
				continue
			}
			section := "Docs"
			if n.Dir {
				section = n.Title
			}
			add(section, p.Title, p.Path)
		}
	}
	var rest []string
	if err := l.repo.Walk(ctx, "", func(e repo.Entry) error {
		if IsMarkdown(e.Path) && !seen[e.Path] && !strings.HasPrefix(e.Name, ".") {
			rest = append(rest, e.Path)
		}
		if len(rest) > 200_000 {
			return errors.New("more documents than can be listed")
		}
		return nil
	}); err != nil {
		return nil, 0, err
	}
	for _, name := range rest {
		section, _, below := strings.Cut(name, "/")
		if !below {
			section = "Top level"
		}
		if len(pages) >= limit {
			more++ // its title would cost a file
			continue
		}
		h, err := l.head(name)
		if err != nil || h.task {
			continue
		}
		title := h.title
		if title == "" {
			title = name[strings.LastIndexByte(name, '/')+1:]
		}
		add(section, title, name)
	}
	return pages, more, nil
}
