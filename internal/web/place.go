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
	return s.planFile(path)
}

// planFile is the file behind a page of the plan, "" where none is.
func (s *Server) planFile(page string) string {
	parts := strings.Split(strings.TrimPrefix(page, "/"), "/")
	for i := range parts {
		name, err := segment(parts[i])
		if err != nil {
			return ""
		}
		parts[i] = name
	}
	file := ""
	switch kind := parts[0]; {
	case kind == "workstreams" && len(parts) == 2:
		file = "tasks/workstreams/" + parts[1] + "/README.md"
	case (kind == "milestones" || kind == "team") && len(parts) == 2:
		file = "tasks/" + kind + "/" + parts[1] + ".md"
	case kind == "initiatives" && len(parts) == 3:
		file = "tasks/workstreams/" + parts[1] + "/initiatives/" + parts[2] + ".md"
	}
	if file == "" {
		return ""
	}
	if info, err := s.Repo.Stat(file); err != nil || info.Dir {
		return ""
	}
	return file
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
		if under(path, "/workstreams", "/milestones", "/initiatives", "/team") {
			return "tasks"
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
