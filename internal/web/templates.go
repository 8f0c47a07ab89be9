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

// templates are the pages' templates. templates/shell.html is the frame,
// templates/parts/ what pages share; each other file is a page of its name, which
// defines "main" over the shell. A page's own template is parsed when it is first
// asked for, because the first page after the start must not wait for the others;
// in dev mode for each page.
type templates struct {
	files  fs.FS
	dev    bool
	byName map[string]func() (*template.Template, error)
	parts  func() (*template.Template, error) // what pages share, for pieces of a page
}

const shell = "shell.html"

func newTemplates(files fs.FS, dev bool) (*templates, error) {
	t := &templates{files: files, dev: dev, byName: map[string]func() (*template.Template, error){}}
	frame, err := template.New(shell).Funcs(templateFuncs).ParseFS(files, "templates/"+shell, "templates/parts/*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	t.parts = sync.OnceValues(frame.Clone) // the frame itself is cloned for each page, and so never executed
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	for _, file := range names {
		if path.Base(file) == shell {
			continue
		}
		t.byName[strings.TrimSuffix(path.Base(file), ".html")] = sync.OnceValues(func() (*template.Template, error) {
			own, err := frame.Clone()
			if err != nil {
				return nil, err
			}
			return own.ParseFS(files, file)
		})
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
	parse := t.byName[name]
	if parse == nil {
		return nil, fmt.Errorf("template %s: there is none", name)
	}
	set, err := parse()
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	if err := set.ExecuteTemplate(buf, shell, data); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return bytes.Clone(buf.Bytes()), nil
}

// part renders one template of templates/parts into bytes of its own.
func (t *templates) part(name string, data any) ([]byte, error) {
	if t.dev {
		fresh, err := newTemplates(t.files, false)
		if err != nil {
			return nil, err
		}
		t = fresh
	}
	set, err := t.parts()
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	if err := set.ExecuteTemplate(buf, name, data); err != nil {
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
