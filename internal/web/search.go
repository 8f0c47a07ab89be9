package web

import (
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tasks/internal/docs"
	"tasks/internal/fault"
	"tasks/internal/repo"
)

// query reads what is searched for; ok is false where nothing is.
func query(r *request) (q repo.Query, ok bool, err error) {
	v := r.URL.Query()
	q = repo.Query{Text: v.Get("q"), Glob: v.Get("glob"), Limit: 200}
	if !utf8.ValidString(q.Text) || strings.ContainsRune(q.Text, 0) || len(q.Text) > 1000 || len(q.Glob) > 1000 {
		return q, false, fault.New(fault.Usage, "this cannot be searched for: it is not text, or longer than 1,000 characters")
	}
	q.Regex, _ = strconv.ParseBool(v.Get("regex"))
	if n, err := strconv.Atoi(v.Get("limit")); err == nil && n > 0 {
		q.Limit = min(n, 1000)
	}
	return q, strings.TrimSpace(q.Text) != "", nil
}

// search is the page of hits.
func (s *Server) search(w http.ResponseWriter, r *request) error {
	p := SearchPage{Base: s.base(r, "search", "Search", "")}
	q, ok, err := query(r)
	if err != nil {
		return err
	}
	p.Query = q.Text
	if ok {
		p.Title = "Search: " + q.Text
		began := time.Now()
		hits, err := s.Repo.Search(r.Context(), q)
		switch {
		case fault.CodeOf(err) == fault.Invalid, fault.CodeOf(err) == fault.Usage:
			p.Error = err.Error()
		case err != nil:
			return err
		}
		p.Took = time.Since(began)
		p.Total, p.Truncated = len(hits.Hits), hits.Truncated
		p.Hits = s.hitGroups(hits.Hits)
	}
	return s.page(w, r, http.StatusOK, "search", p)
}

// hitGroups puts hits, which are in path order, together by file.
func (s *Server) hitGroups(hits []repo.Hit) []SearchGroup {
	var out []SearchGroup
	for _, h := range hits {
		if n := len(out); n == 0 || out[n-1].Path != h.Path {
			e := s.Docs.Entry(repo.Entry{Path: h.Path, Name: path.Base(h.Path)})
			out = append(out, SearchGroup{Path: h.Path, Title: e.Title, Href: e.Href, Kind: hitKind(e)})
		}
		g := &out[len(out)-1]
		if text := string(s.masked([]byte(h.Text))); text != h.Text { // its parts would pass apart
			h.Text, h.From, h.To = text, 0, 0
		}
		from := min(max(h.From, 0), len(h.Text))
		to := min(max(h.To, from), len(h.Text))
		g.Lines = append(g.Lines, SearchLine{Line: h.Line, Before: h.Text[:from], Match: h.Text[from:to], After: h.Text[to:]})
	}
	return out
}

// hitKind says what kind of file was hit: code, task or doc.
func hitKind(e docs.ListEntry) string {
	switch {
	case !docs.IsMarkdown(e.Path):
		return "code"
	case strings.HasPrefix(e.Href, "/tasks/"):
		return "task"
	}
	return "doc"
}

// searchJSON is /search.json, as `tasks search --json` prints it.
func (s *Server) searchJSON(w http.ResponseWriter, r *request) error {
	type hit struct {
		Path string `json:"path"`
		Line int    `json:"line"`
		Text string `json:"text"`
		Kind string `json:"kind"`
	}
	list := []hit{}
	q, ok, err := query(r)
	if err != nil {
		return err
	}
	var found repo.Hits
	if ok {
		if found, err = s.Repo.Search(r.Context(), q); err != nil {
			return err
		}
	}
	for _, g := range s.hitGroups(found.Hits) {
		for _, l := range g.Lines {
			list = append(list, hit{g.Path, l.Line, l.Before + l.Match + l.After, g.Kind})
		}
	}
	return sendJSON(w, r, http.StatusOK, envelope("search", map[string]any{"hits": list, "truncated": found.Truncated}))
}
