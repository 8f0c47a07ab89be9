package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

// templates are the pages' templates, parsed once, or for each page in dev mode.
// templates/shell.html is the frame, templates/parts/ what pages share; each other
// file is a page of its name, which defines "main" over the shell.
type templates struct {
	files  fs.FS
	dev    bool
	byName map[string]*template.Template
}

const shell = "shell.html"

func newTemplates(files fs.FS, dev bool) (*templates, error) {
	t := &templates{files: files, dev: dev, byName: map[string]*template.Template{}}
	frame, err := template.New(shell).Funcs(templateFuncs).ParseFS(files, "templates/"+shell, "templates/parts/*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	for _, file := range names {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if path.Base(file) == shell {
			continue
		}
		own, err := frame.Clone()
		if err == nil {
			own, err = own.ParseFS(files, file)
		}
		if err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		}
		t.byName[name] = own
	}
	return t, nil
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render renders a page into bytes of its own.
func (t *templates) render(name string, data any) ([]byte, error) {
	if t.dev {
		fresh, err := newTemplates(t.files, false)
		if err != nil {
			return nil, err
		}
		t = fresh
	}
	set := t.byName[name]
	if set == nil {
		return nil, fmt.Errorf("template %s: there is none", name)
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	if err := set.ExecuteTemplate(buf, shell, data); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return bytes.Clone(buf.Bytes()), nil
}

// page renders a page and sends it.
func (s *Server) page(w http.ResponseWriter, r *request, status int, name string, data any) error {
	html, err := s.templates.render(name, data)
	if err != nil {
		return err
	}
	return send(w, r, status, "text/html; charset=utf-8", html)
}
