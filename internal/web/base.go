package web

import (
	"strings"

	"tasks/internal/docs"
	"tasks/internal/repo"
)

// base is the frame of a page about path ("" where no path is open).
func (s *Server) base(r *request, kind, title, path string) Base {
	f := s.frame(r.Context())
	nav, err := s.Docs.Tree(r.Context(), path)
	if err != nil {
		s.Log.Warn("the navigation cannot be read", "err", err)
	}
	b := Base{
		Title: title, Kind: kind, URL: r.URL.EscapedPath(),
		Repo: s.repoName, Place: repo.Hash([]byte(s.Repo.Root()))[:12], Branch: f.branch, Assets: s.assets.base(),
		Nav: nav, Counts: f.counts, Version: s.Version, Demo: s.Scripted,
	}
	b.Chat = s.chatInfo(r, kind)
	b.Chat.Page = b.URL
	return b
}

// file says that a file stands behind the page.
func (b *Base) file(path string) {
	b.DocRel, b.Chat.Doc = path, path
	b.Crumbs = crumbs(path)
}

// chatInfo is what the drawer shows before any script has run.
func (s *Server) chatInfo(r *request, kind string) ChatInfo {
	_, model, err := s.Settings.Assistant()
	info := ChatInfo{
		Ready: err == nil, Scripted: s.Scripted, Approve: s.Settings.Approve,
		NeedToken: r.needs, Starters: starters(kind),
	}
	if s.Starters != nil {
		info.Starters = s.Starters
	}
	if info.Ready {
		info.Model, info.Source = model.Model, model.Source
	}
	return info
}

// starters are three questions that fit a page of the kind.
func starters(kind string) []string {
	switch kind {
	case "doc":
		return []string{"Summarise this page in three sentences", "What is missing or unclear here?", "Which other pages touch on this?"}
	case "task":
		return []string{"What is the next step of this task?", "Does this worksheet pass the check, and what is missing?", "What does it depend on, and who waits for it?"}
	case "tasks", "board", "home":
		return []string{"Which tasks could be handed over now?", "What is blocked, and by what?", "What changed lately?"}
	case "status", "activity", "run":
		return []string{"What waits in the queue, and why?", "Which ready tasks are not queued?", "What should I look at first?"}
	case "search", "folder":
		return []string{"What is this folder about?", "Where is the way to get started described?", "Which documents are out of date?"}
	}
	return []string{"What is in this repository?", "Where do I find how to get started?", "Which tasks are open?"}
}

// crumbs are the parts of a path, each but the last with its folder's address.
func crumbs(path string) []Crumb {
	if path == "" {
		return nil
	}
	parts := strings.Split(path, "/")
	out := make([]Crumb, len(parts))
	for i, name := range parts {
		out[i].Name = name
		if i < len(parts)-1 {
			out[i].Href = docs.Href(strings.Join(parts[:i+1], "/"))
		}
	}
	return out
}
