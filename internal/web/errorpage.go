package web

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"tasks/internal/docs"
	"tasks/internal/task"
)

// headings are what an error page says above its message.
var headings = map[int]string{
	http.StatusBadRequest:          "This request cannot be read",
	http.StatusForbidden:           "Not from here",
	http.StatusNotFound:            "There is nothing here",
	http.StatusMethodNotAllowed:    "Not like this",
	http.StatusConflict:            "Two things at once",
	http.StatusUnprocessableEntity: "A rule is broken",
	http.StatusServiceUnavailable:  "Not to be had now",
}

// errorPage renders an error; where even that fails it says so in plain words.
func (s *Server) errorPage(w http.ResponseWriter, r *request, status int, message, hint string) {
	p := ErrorPage{Code: status, Heading: headings[status], Message: message, Hint: hint}
	if p.Heading == "" {
		p.Heading = "Something went wrong"
	}
	p.Base = s.base(r, "error", p.Heading, "")
	if status == http.StatusNotFound {
		p.Near = s.nearPages(r)
	}
	html, err := s.templates.render("error", p)
	if err != nil {
		s.Log.Error("the error page cannot be made", "err", err)
		send(w, r, status, "text/plain; charset=utf-8", []byte(message+"\n"))
		return
	}
	send(w, r, status, "text/html; charset=utf-8", html)
}

// nearPages are pages whose name is like the one asked for: in the nearest folder
// that is there, and tasks.
func (s *Server) nearPages(r *request) []docs.ListEntry {
	if len(r.rest) == 0 {
		return nil
	}
	wanted := r.rest[len(r.rest)-1]
	if all, err := s.Tracker.All(r.Context()); err == nil && strings.HasPrefix(r.URL.Path, "/tasks/") {
		return near(wanted, all)
	}
	dir := ""
	for _, name := range r.rest[:len(r.rest)-1] { // downwards: an address may have any number of parts
		next := path.Join(dir, name)
		if info, err := s.Repo.Stat(next); err != nil || !info.Dir {
			break
		}
		dir = next
	}
	l, err := s.Docs.Folder(r.Context(), dir, 0, 2000)
	if err != nil {
		return nil
	}
	alike := slices.DeleteFunc(slices.Clone(l.Entries), func(e docs.ListEntry) bool { return !similar(wanted, e.Name) })
	return alike[:min(len(alike), 8)]
}

// near are tasks whose slug is like name.
func near(name string, all []*task.Task) []docs.ListEntry {
	var out []docs.ListEntry
	for _, t := range all {
		if len(out) < 5 && similar(name, t.Slug) {
			out = append(out, docs.ListEntry{Name: t.Slug, Title: t.Title, Href: taskHref(t), Path: t.Path})
		}
	}
	return out
}

// similar tells whether two names may have been mistaken for each other: without
// case and ending, one holds the other, or few letters differ.
func similar(a, b string) bool {
	a, b = bare(a), bare(b)
	if a == "" || b == "" {
		return false
	}
	if len(a) > 2 && len(b) > 2 && (strings.Contains(a, b) || strings.Contains(b, a)) {
		return true
	}
	return distance(a, b) <= max(len(a), len(b))/4+1 && max(len(a), len(b)) > 3
}

func bare(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, path.Ext(name)))
}

// distance is how many letters must be changed to make b of a (Levenshtein), for
// names up to 100 bytes; longer ones are far from everything.
func distance(a, b string) int {
	if len(a) > 100 || len(b) > 100 {
		return 100
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
