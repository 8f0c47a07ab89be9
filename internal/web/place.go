package web

import (
	"context"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/repo"
)

// place is the document or page that a message is about. A page with a file
// behind it is that file; who names nothing is at home, or where the conversation
// is.
func (s *Server) place(ctx context.Context, doc, page, conversation string) (string, string, error) {
	if doc != "" {
		name, err := repo.Clean(doc)
		return name, "", err
	}
	if page == "" {
		if conversation == "" || conversation == "new" {
			page = "/"
		}
		return "", page, nil
	}
	if !strings.HasPrefix(page, "/") || len(page) > 2048 || strings.ContainsAny(page, "\r\n\x00") {
		return "", "", fault.New(fault.Usage, "the page must be a path of this site, such as /status")
	}
	page, _, _ = strings.Cut(page, "#")
	return s.fileOf(ctx, page), page, nil
}

// fileOf is the file behind a page's path, "" where there is none.
func (s *Server) fileOf(ctx context.Context, page string) string {
	path, _, _ := strings.Cut(page, "?")
	if rest, ok := strings.CutPrefix(path, "/browse/"); ok {
		if name, err := unescapePath(rest); err == nil {
			if info, err := s.Repo.Stat(name); err == nil && !info.Dir {
				return name
			}
		}
	}
	if slug, ok := strings.CutPrefix(path, "/tasks/"); ok && slug != "" {
		if t, err := s.Tracker.Find(ctx, slug); err == nil {
			return t.Path
		}
	}
	return ""
}

// unescapePath decodes a path as the router does.
func unescapePath(escaped string) (string, error) {
	var parts []string
	for _, part := range strings.Split(escaped, "/") {
		name, err := segment(part)
		if err != nil {
			return "", err
		}
		parts = append(parts, name)
	}
	return strings.Join(parts, "/"), nil
}

// PageKind names the kind of the page at a URL path of this site that no file
// stands behind, as its data-page-kind says; "error" where there is none.
func PageKind(files *repo.Repo) func(page string) string {
	fixed := map[string]string{
		"/": "home", "/tasks": "tasks", "/board": "board", "/status": "status", "/activity": "activity",
		"/search": "search", "/browse": "folder", "/browse/": "folder",
	}
	return func(page string) string {
		path, _, _ := strings.Cut(page, "?")
		if kind := fixed[path]; kind != "" {
			return kind
		}
		if strings.HasPrefix(path, "/runs/") {
			return "run"
		}
		if rest, ok := strings.CutPrefix(path, "/browse/"); ok {
			if name, err := unescapePath(strings.TrimSuffix(rest, "/")); err == nil {
				if info, err := files.Stat(name); err == nil && info.Dir {
					return "folder"
				}
			}
		}
		return "error"
	}
}
