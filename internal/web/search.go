package web

import (
	"cmp"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tasks/internal/fault"
	"tasks/internal/index"
	"tasks/internal/repo"
)

// searchFiles are shown on a page.
const searchFiles = 50

// readSearch reads what is searched for; ok is false where nothing is.
func readSearch(r *request) (q index.Request, ok bool, err error) {
	v := r.URL.Query()
	q = index.Request{Text: v.Get("q"), Glob: v.Get("glob"), Kind: v.Get("kind"), Files: searchFiles, Bare: true}
	if !utf8.ValidString(q.Text) || strings.ContainsRune(q.Text, 0) || len(q.Text) > 1000 || len(q.Glob) > 1000 {
		return q, false, fault.New(fault.Usage, "this cannot be searched for: it is not text, or longer than 1,000 characters")
	}
	q.Regex, _ = strconv.ParseBool(v.Get("regex"))
	if kindLabels[q.Kind] == "" {
		q.Kind = ""
	}
	return q, strings.TrimSpace(q.Text) != "", nil
}

// kindLabels are the kinds of files before people.
var kindLabels = map[string]string{"task": "Tasks", "doc": "Documents", "code": "Code"}

// search is the page of what was found.
func (s *Server) search(w http.ResponseWriter, r *request) error {
	q, ok, err := readSearch(r)
	if err != nil {
		return err
	}
	p := SearchPage{Base: s.base(r, "search", "Search", ""), Regex: q.Regex, Asked: ok, Chosen: q.Kind}
	p.Query = q.Text
	p.Hints = searchHints
	if ok {
		p.Title = "Search: " + q.Text
		began := time.Now()
		found, err := s.Index.Find(r.Context(), q)
		switch {
		case fault.CodeOf(err) == fault.Invalid, fault.CodeOf(err) == fault.Usage:
			p.Error, p.Advice = err.Error(), fault.HintOf(err)
			if q.Regex && fault.CodeOf(err) == fault.Invalid {
				p.Advice = "expressions are in the syntax of RE2; to search for the characters themselves untick “Regular expression”"
			}
		case err != nil:
			return err
		default:
			p.take(found, q)
			p.Files = s.searchFiles(r, found)
		}
		p.Took = time.Since(began)
	}
	return s.page(w, r, http.StatusOK, "search", p)
}

// searchHints are shown where nothing was asked or found.
var searchHints = hints(
	"dead letter", "both words, anywhere in a file",
	`"dead letter"`, "the words one behind the other",
	"status:ready", "tasks by status, also owner: workstream: milestone: priority: label:",
	"path:docs/ retry", "below a folder, or a glob such as path:**/*.go",
	"kind:code TODO", "only tasks, documents or code",
)

func hints(pairs ...string) (out []SearchHint) {
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, SearchHint{pairs[i], searchHref(index.Request{Text: pairs[i]}, ""), pairs[i+1]})
	}
	return out
}

// searchHref is the address of a search, of one kind of files.
func searchHref(q index.Request, kind string) string {
	v := url.Values{"q": {q.Text}}
	if q.Regex {
		v.Set("regex", "1")
	}
	if q.Glob != "" {
		v.Set("glob", q.Glob)
	}
	if kind != "" {
		v.Set("kind", kind)
	}
	return "/search?" + v.Encode()
}

// take takes over the counts.
func (p *SearchPage) take(found *index.Result, q index.Request) {
	p.Total, p.More, p.Late, p.Problems = found.Total, found.More, found.Late, found.Problems
	for _, n := range found.Counts {
		p.Found += n
	}
	p.Tabs = []SearchTab{{"All", searchHref(q, ""), p.Found, q.Kind == ""}}
	for _, kind := range index.Kinds {
		p.Tabs = append(p.Tabs, SearchTab{kindLabels[kind], searchHref(q, kind), found.Counts[kind], q.Kind == kind})
	}
}

// searchFiles are the files with addresses for each line.
func (s *Server) searchFiles(r *request, found *index.Result) []SearchFile {
	out := make([]SearchFile, 0, len(found.Files))
	for _, f := range found.Files {
		href := s.Docs.Entry(repo.Entry{Path: f.Path, Name: path.Base(f.Path)}).Href
		file := SearchFile{Path: f.Path, Title: cmp.Or(string(s.masked([]byte(f.Title))), f.Path), Href: href, Kind: f.Kind, Left: f.Lines - len(f.Hits)}
		if f.Task != nil {
			file.Status = f.Task.Status
		}
		at := s.anchors(r, f)
		for _, h := range f.Hits {
			file.Lines = append(file.Lines, SearchLine{h.Line, href + at(h.Line), s.searchParts(h)})
		}
		out = append(out, file)
	}
	return out
}

// anchored is how large a document may be for its lines to lead to their headings.
const anchored = 256 << 10

// anchors gives the fragment by which a line is reached: the line in code, the
// heading above it in a document, "" where there is none.
func (s *Server) anchors(r *request, f index.File) func(line int) string {
	none := func(int) string { return "" }
	if f.Kind == "code" {
		return func(line int) string { return "#user-content-L" + strconv.Itoa(line) }
	}
	if f.Size > anchored || len(f.Hits) == 0 {
		return none
	}
	page, err := s.Docs.Page(r.Context(), f.Path)
	if err != nil || page.Rendered == nil {
		return none // it went away meanwhile: the link will say so
	}
	return func(line int) (id string) {
		for _, h := range page.Rendered.Headings {
			if h.Line > line {
				break
			}
			if id = ""; h.Level > 1 { // the first is the top of the page
				id = "#" + h.ID
			}
		}
		return id
	}
}

// searchParts cuts a line where its marks are. A line that holds a key is not marked:
// its parts would pass apart.
func (s *Server) searchParts(h repo.LineHit) []SearchPart {
	if text := string(s.masked([]byte(h.Text))); text != h.Text {
		return []SearchPart{{Text: text}}
	}
	var out []SearchPart
	at := 0
	add := func(to int, mark bool) {
		if to = min(max(to, at), len(h.Text)); to > at {
			out = append(out, SearchPart{h.Text[at:to], mark})
			at = to
		}
	}
	for _, m := range h.Marks {
		add(m[0], false)
		add(m[1], true)
	}
	add(len(h.Text), false)
	return out
}

// searchJSON is /search.json: the lines as `tasks search --json` prints them, and the
// files that the drop-down shows.
func (s *Server) searchJSON(w http.ResponseWriter, r *request) error {
	type hit struct {
		Path string `json:"path"`
		Line int    `json:"line"`
		Text string `json:"text"`
		Kind string `json:"kind"`
	}
	type file struct {
		Path    string       `json:"path"`
		Title   string       `json:"title"`
		Href    string       `json:"href"`
		Kind    string       `json:"kind"`
		Status  *string      `json:"status"`
		Lines   int          `json:"lines"`
		Line    *int         `json:"line"`
		Snippet []SearchPart `json:"snippet"`
	}
	q, ok, err := readSearch(r)
	if err != nil {
		return err
	}
	limit := 200
	if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && n > 0 {
		limit = min(n, 1000)
	}
	q.Lines = limit
	if n, err := strconv.Atoi(r.URL.Query().Get("files")); err == nil && n > 0 {
		q.Files, q.Lines = min(n, searchFiles), 1
	} else {
		q.Files = limit
	}
	found := &index.Result{}
	if ok {
		if found, err = s.Index.Find(r.Context(), q); err != nil {
			return err
		}
	}
	hits, files, truncated := []hit{}, []file{}, found.More || found.Late
	for _, f := range s.searchFiles(r, found) {
		one := file{Path: f.Path, Title: f.Title, Href: f.Href, Kind: f.Kind, Lines: f.Left + len(f.Lines), Snippet: []SearchPart{}}
		if f.Status != "" {
			status := string(f.Status)
			one.Status = &status
		}
		if len(f.Lines) > 0 {
			l := f.Lines[0]
			one.Line, one.Snippet, one.Href = &l.Line, l.Parts, l.Href
		}
		files = append(files, one)
		truncated = truncated || f.Left > 0
		for _, l := range f.Lines {
			if len(hits) == limit {
				truncated = true
				break
			}
			hits = append(hits, hit{f.Path, l.Line, l.Text(), f.Kind})
		}
	}
	counts := map[string]int{"task": found.Counts["task"], "doc": found.Counts["doc"], "code": found.Counts["code"]}
	problems := append([]string{}, found.Problems...)
	return sendJSON(w, r, http.StatusOK, envelope("search", map[string]any{
		"hits": hits, "truncated": truncated, "files": files, "counts": counts, "problems": problems,
	}))
}
