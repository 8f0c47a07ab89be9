package web

import (
	"html/template"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tasks/internal/docs"
	"tasks/internal/fault"
	"tasks/internal/markdown"
)

// folderPage is how many entries a page of a folder lists.
const folderPage = 500

// browse is /browse/<path>: a document, a folder, a text file, an image.
func (s *Server) browse(w http.ResponseWriter, r *request) error {
	name := r.rel()
	w.Header().Add("Vary", "Accept")
	if name == "" {
		return s.folder(w, r, name)
	}
	kind, image := imageTypes[strings.ToLower(path.Ext(name))]
	if r.URL.RawQuery == "source" && docs.IsMarkdown(name) && !r.slash && !wantsSource(r) {
		return s.lines(w, r, name)
	}
	if !image && !r.slash && !wantsSource(r) { // nearly always
		epoch := s.facts.epoch.Load()
		p, err := s.partOf(r, name)
		if to := r.URL.Query().Get("section"); err == nil && to != "" && len(p.Parts) > 0 {
			return s.toSection(w, r, name, to)
		}
		if err == nil {
			return s.document(w, r, p, epoch)
		}
		if fault.CodeOf(err) != fault.Usage { // it is no folder
			return missing(name, err)
		}
	}
	info, err := s.Repo.Stat(name)
	switch {
	case err != nil:
		return missing(name, err)
	case info.Dir:
		return s.folder(w, r, name)
	case r.slash:
		return missing(name+"/", nil)
	case image:
		return s.raw(w, r, name, kind)
	}
	return s.source(w, r, name)
}

// partOf is the page of a document, or the part of it that is asked for.
func (s *Server) partOf(r *request, name string) (*docs.Page, error) {
	if r.URL.RawQuery == "" {
		return s.Docs.Page(r.Context(), name)
	}
	q := r.URL.Query()
	if q.Has("whole") {
		return s.Docs.Whole(r.Context(), name)
	}
	if part := q.Get("part"); part != "" && docs.IsMarkdown(name) {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, fault.New(fault.NotFound, "there is no part %q", part)
		}
		return s.Docs.Part(r.Context(), name, n)
	}
	return s.Docs.Page(r.Context(), name)
}

// toSection leads to the part of a document that has a section.
func (s *Server) toSection(w http.ResponseWriter, r *request, name, id string) error {
	n := s.Docs.SectionPart(name, strings.TrimPrefix(id, markdown.IDPrefix))
	if n == 0 {
		return redirect(w, r, docs.Href(name))
	}
	return redirect(w, r, docs.Href(name)+"?part="+strconv.Itoa(n)+"#"+url.PathEscape(markdown.Fragment(id)))
}

// missing is the error of a path that has no page. What the policy refuses is not
// found: whether it is there is nobody's business.
func missing(name string, err error) error {
	switch fault.CodeOf(err) {
	case "", fault.NotFound, fault.Forbidden, fault.Usage:
		return fault.New(fault.NotFound, "there is no page for %s", strconv.Quote(name))
	}
	return err
}

// wantsSource tells whether a program asks for the markdown itself.
func wantsSource(r *request) bool {
	if r.URL.RawQuery == "raw" || r.URL.Query().Has("raw") {
		return true
	}
	accept := strings.Join(r.Header["Accept"], ",")
	if accept == "" {
		return false
	}
	source := quality(accept, "text/markdown")
	return source > 0 && source >= quality(accept, "text/html")
}

// source answers the file's bytes as text.
func (s *Server) source(w http.ResponseWriter, r *request, name string) error {
	f, err := s.Repo.ReadFile(name, 0)
	if err != nil {
		return err
	}
	kind := "text/plain; charset=utf-8"
	switch {
	case docs.IsMarkdown(name):
		kind = "text/markdown; charset=utf-8"
	case strings.IndexByte(string(f.Data[:min(len(f.Data), 8000)]), 0) >= 0:
		return s.raw(w, r, name, "application/octet-stream")
	}
	return send(w, r, http.StatusOK, kind, f.Data)
}

// lines is a document's source as numbered lines, so that a line of it has an address.
func (s *Server) lines(w http.ResponseWriter, r *request, name string) error {
	p, err := s.Docs.Lines(r.Context(), name)
	if err != nil {
		return missing(name, err)
	}
	return s.page(w, r, http.StatusOK, "doc", s.docPage(r, "doc", p))
}

// imageTypes are the files that are shown as images. Of SVG see drawingPolicy.
var imageTypes = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
	".webp": "image/webp", ".avif": "image/avif", ".svg": "image/svg+xml", ".ico": "image/x-icon", ".bmp": "image/bmp",
}

// raw serves a file as it is: an image to be shown, anything else to be saved.
func (s *Server) raw(w http.ResponseWriter, r *request, name, kind string) error {
	f, info, err := s.Repo.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+newAnswer("", []byte(info.Version)).etag+`"`)
	if kind == "image/svg+xml" {
		h.Set("Content-Security-Policy", drawingPolicy)
	}
	if !strings.HasPrefix(kind, "image/") {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(name)}))
	}
	http.ServeContent(w, r.Request, "", info.ModTime, io.NewSectionReader(f, 0, info.Size))
	return nil
}

// document is the page of a document or text file. A task keeps its header here
// as well. epoch is of before p was read.
func (s *Server) document(w http.ResponseWriter, r *request, p *docs.Page, epoch int64) error {
	switch p.Kind {
	case docs.Raw:
		return s.raw(w, r, p.Path, "application/octet-stream")
	case docs.Task:
		return s.taskPage(w, r, p)
	}
	s.frame(r.Context()) // has the frame's facts read again where they are old
	if kept := s.pages.get(r, p, epoch, s.factsAge()); kept != nil {
		return kept.send(w, r, http.StatusOK)
	}
	html, err := s.templates.render("doc", s.docPage(r, "doc", p))
	if err != nil {
		return err
	}
	a := newAnswer("text/html; charset=utf-8", s.masked(html))
	s.pages.put(r, p, epoch, a)
	return a.send(w, r, http.StatusOK)
}

// docPage fills the struct of a document.
func (s *Server) docPage(r *request, kind string, p *docs.Page) DocPage {
	d := DocPage{Base: s.base(r, kind, p.Title, p.Path), Path: p.Path, ModTime: p.ModTime, Hash: p.Hash, Cut: p.Cut, Part: p.Part, Parts: p.Parts}
	d.file(p.Path)
	if m := p.Rendered; m != nil {
		d.HTML = template.HTML(m.HTML)
		d.Outline, d.Broken, d.Words = m.Headings, m.Broken, m.Words
		d.Minutes = (m.Words + 199) / 200
	}
	d.OpenIn = template.URL(s.Settings.EditorURL(filepath.Join(s.Repo.Root(), filepath.FromSlash(p.Path)), 1))
	d.Editable = p.Hash != "" && docs.IsMarkdown(p.Path) && s.Editor.Allowed(p.Path) == nil
	d.LinksHere = s.linksHere(r.Context(), p.Path)
	if p.Kind == docs.Doc {
		d.Prev, d.Next = s.Docs.Around(r.Context(), p.Path)
	}
	d.LastAuthor, d.LastWhen = s.lastChange(r.Context(), p.Path, p.Hash)
	return d
}

// folder is the page of a folder.
func (s *Server) folder(w http.ResponseWriter, r *request, name string) error {
	from, _ := strconv.Atoi(r.URL.Query().Get("from"))
	from = max(from, 0)
	filter := strings.ToValidUTF8(r.URL.Query().Get("filter"), "")
	l, err := s.Docs.FolderOf(r.Context(), name, filter[:min(len(filter), 200)], from, folderPage)
	if err != nil {
		return err
	}
	if from > 0 && len(l.Entries) == 0 && l.Found > 0 { // it has become shorter
		return redirect(w, r, docs.Href(name))
	}
	title := path.Base(name)
	if name == "" {
		title = s.repoName
	}
	p := FolderPage{Base: s.base(r, "folder", title, name), Path: name, Entries: l.Entries, Total: l.Total, Found: l.Found, From: from, Filter: filter}
	p.Crumbs = crumbs(name)
	if l.Readme != nil && l.Readme.Rendered != nil && from == 0 && filter == "" {
		p.Readme = template.HTML(l.Readme.Rendered.HTML)
		p.Outline = l.Readme.Rendered.Headings
	}
	p.turnPages(l, from)
	return s.page(w, r, http.StatusOK, "folder", p)
}

// turnPages fills in what leads through a folder that one page does not hold.
func (p *FolderPage) turnPages(l *docs.Listing, from int) {
	at := func(from int) string {
		q := url.Values{}
		if p.Filter != "" {
			q.Set("filter", p.Filter)
		}
		if from > 0 {
			q.Set("from", strconv.Itoa(from))
		}
		if len(q) == 0 {
			return p.URL
		}
		return p.URL + "?" + q.Encode()
	}
	if from > 0 {
		p.PrevHref = at(max(from-folderPage, 0))
	}
	if from+len(l.Entries) < l.Found {
		p.NextHref = at(from + folderPage)
	}
	if l.Found > folderPage {
		p.Pages = []PageLink{{"First", at(0), from == 0}, {"Last", at((l.Found - 1) / folderPage * folderPage), from+folderPage >= l.Found}}
	}
	if l.Total <= folderPage || p.Filter != "" {
		return
	}
	seen := map[string]bool{}
	for i := len(l.Letters) - 1; i >= 0; i-- { // of a letter that stands twice the files
		letter := l.Letters[i]
		if !seen[letter.Name] && len(p.Letters) < 60 {
			seen[letter.Name] = true
			p.Letters = append(p.Letters, PageLink{letter.Name, at(letter.At), letter.At == from})
		}
	}
	slices.Reverse(p.Letters)
}

// docsAlias is /docs/<path>, where readers of the published site look first: it
// leads to the page of docs/<path>, or of <path> where only that is there.
func (s *Server) docsAlias(w http.ResponseWriter, r *request) error {
	rest := r.rel()
	for _, name := range []string{path.Join("docs", rest), rest} {
		if _, err := s.Repo.Stat(name); err != nil || name == "" {
			continue
		}
		to := docs.Href(name)
		if r.slash && !strings.HasSuffix(to, "/") && rest != "" {
			to += "/"
		}
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		return redirect(w, r, to)
	}
	return missing("docs/"+rest, nil)
}

// redirect leads to another page of ours.
func redirect(w http.ResponseWriter, r *request, to string) error {
	if u, err := url.Parse(to); err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
		return fault.New(fault.Internal, "a redirect to %q is not one within the site", to)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	http.Redirect(w, r.Request, to, http.StatusFound)
	return nil
}
