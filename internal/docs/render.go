package docs

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf8"

	"tasks/internal/markdown"
	"tasks/internal/repo"
	"tasks/internal/task"
)

// render makes the page of a file that was read.
func (l *Library) render(f repo.File) (*Page, *links) {
	p := &Page{Kind: Doc, Path: f.Path, Title: path.Base(f.Path), Source: f.Data, Hash: f.Hash, ModTime: f.ModTime, Cut: f.Cut}
	on := l.linksFrom(f.Path)
	if f.Cut {
		p.Source = wholeLines(f.Data)
	}
	switch {
	case isImage(f.Path) || !isText(f.Path, p.Source):
		p.Kind, p.Source = Raw, nil
		return p, on
	case !IsMarkdown(f.Path):
		return l.renderText(f), on
	}
	if isTask(f.Path, p.Source) {
		p.Kind = Task
	}
	front, body, line := splitFront(p.Source)
	p.Rendered = markdown.Render(body, line, on)
	if t := frontTitle(front); t != "" {
		p.Title = t
	} else if p.Rendered.Title != "" {
		p.Title = p.Rendered.Title
	}
	return p, on
}

// renderText makes a file's page of numbered lines.
func (l *Library) renderText(f repo.File) *Page {
	p := &Page{Kind: Text, Path: f.Path, Title: path.Base(f.Path), Source: f.Data, Hash: f.Hash, ModTime: f.ModTime, Cut: f.Cut}
	if f.Cut {
		p.Source = wholeLines(f.Data)
	}
	src := p.Source
	if !utf8.Valid(src) {
		src = bytes.ToValidUTF8(src, []byte("\ufffd"))
	}
	p.Rendered = markdown.RenderText(f.Path, src)
	return p
}

// isTask tells whether a document is a task: only below tasks/ is the question
// asked.
func isTask(name string, src []byte) bool {
	return strings.HasPrefix(name, "tasks/") && task.IsTask(name, src)
}

// wholeLines is data up to its last line's end.
func wholeLines(data []byte) []byte {
	if i := bytes.LastIndexByte(data, '\n'); i > 0 {
		return data[:i+1]
	}
	for n := 1; n <= utf8.UTFMax && n <= len(data); n++ { // one line: at least whole characters
		if utf8.Valid(data[len(data)-n:]) {
			break
		}
		if utf8.RuneStart(data[len(data)-n]) {
			return data[:len(data)-n]
		}
	}
	return data
}

// isText tells whether a file is text. Markdown is not refused for a stray byte: it is
// shown as such.
func isText(name string, data []byte) bool {
	if bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 {
		return false
	}
	return IsMarkdown(name) || utf8.Valid(data)
}

var imageTypes = map[string]bool{
	".png": true, ".jpg": true, ".jpeg": true, ".gif": true, ".webp": true, ".avif": true, ".svg": true, ".ico": true, ".bmp": true,
}

func isImage(name string) bool { return imageTypes[strings.ToLower(path.Ext(name))] }
