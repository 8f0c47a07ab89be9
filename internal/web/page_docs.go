package web

import "tasks/internal/docs"

// LinksPage is the report of links that lead nowhere.
type LinksPage struct {
	Base
	Files     []BrokenFile
	Total     int // of broken links
	Listed    int // of them, at most docs.MaxBroken
	Documents int
	Links     int
}

// BrokenFile is the broken links of one document.
type BrokenFile struct {
	Path, Href, Source string // Source is the page of its lines
	Links              []docs.BrokenLink
}

// PageLink is one page of a long list.
type PageLink struct {
	Label, Href string
	Current     bool
}
