package web

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"tasks/internal/docs"
	"tasks/internal/edit"
	"tasks/internal/fault"
	"tasks/internal/markdown"
	"tasks/internal/repo"
	"tasks/internal/task"
)

// sectionJSON is /section.json?slug=&section=&line=: the text of one section as an
// editor begins with it, and the hash of the file that it was read from.
func (s *Server) sectionJSON(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	if err := required("slug", q.Get("slug"), "section", q.Get("section")); err != nil {
		return err
	}
	t, src, err := s.Tracker.Read(r.Context(), q.Get("slug"))
	if err != nil {
		return err
	}
	line, _ := strconv.Atoi(q.Get("line"))
	text, err := task.SectionText(src, q.Get("section"), line)
	if err != nil {
		return err
	}
	if !bytes.Equal(s.masked([]byte(text)), []byte(text)) {
		// No answer carries a key, and an editor that began without it would save it away.
		return fault.New(fault.Forbidden, "the section holds one of your keys, which is not sent to a page").
			WithHint("take the key out in an editor on your computer, and put it where git does not see it")
	}
	on, err := s.activeRun(r.Context(), t.Path)
	if err != nil {
		return err
	}
	warning := ""
	if on != nil {
		warning = heldBy(on)
	}
	return sendJSON(w, r, http.StatusOK, envelope("section", map[string]any{
		"warning": orNull(warning), "slug": t.Slug, "path": t.Path, "hash": t.Hash, "section": q.Get("section"), "text": text, "run": on.JSON(),
	}))
}

// setSection is POST /actions/set-section: another text for one section of a task.
func (s *Server) setSection(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug    string  `json:"slug"`
		Section string  `json:"section"`
		Line    int     `json:"line"`
		Text    *string `json:"text"`
		Hash    string  `json:"hash"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug, "section", in.Section, "hash", in.Hash); err != nil {
		return err
	}
	if in.Text == nil {
		return fault.New(fault.Usage, "the key %q is missing", "text")
	}
	t, src, err := s.Tracker.Read(r.Context(), in.Slug)
	if err != nil {
		return err
	}
	return s.writeText(w, r, t.Path, src, in.Hash, func() ([]byte, error) {
		return task.SetSection(src, in.Section, in.Line, *in.Text)
	})
}

// setBox is POST /actions/set-box: a box of a task or document is ticked or cleared.
func (s *Server) setBox(w http.ResponseWriter, r *request) error {
	var in struct {
		Path    string `json:"path"`
		Line    int    `json:"line"`
		Checked *bool  `json:"checked"`
		Hash    string `json:"hash"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("path", in.Path, "hash", in.Hash); err != nil {
		return err
	}
	if in.Checked == nil || in.Line < 1 {
		return fault.New(fault.Usage, "the key %q or %q is missing", "line", "checked")
	}
	if err := s.Editor.Allowed(in.Path); err != nil {
		return err
	}
	f, err := s.Repo.ReadFile(in.Path, 0)
	if err != nil {
		return err
	}
	return s.writeText(w, r, f.Path, f.Data, in.Hash, func() ([]byte, error) {
		return task.SetBox(f.Data, in.Line, *in.Checked)
	})
}

// writeText writes what change makes of a file's bytes, by the checked and journaled
// write, if the file is still the one with the hash. It answers with the task, or
// for another document with its path and new hash.
func (s *Server) writeText(w http.ResponseWriter, r *request, path string, src []byte, hash string, change func() ([]byte, error)) error {
	ctx := r.Context()
	if err := s.Editor.Allowed(path); err != nil {
		return err
	}
	if repo.Hash(src) != hash {
		return fault.New(fault.Conflict, "%s has changed since you began", path).WithHint("nothing was written; look at it as it is now")
	}
	after, err := change()
	if err != nil {
		return err
	}
	var made edit.Record
	if !bytes.Equal(src, after) {
		if made, err = s.Editor.Write(ctx, edit.Change{Path: path, Want: hash, After: after, Source: "page"}); err != nil {
			return err
		}
		s.Docs.Invalidate(path)
	}
	return s.textAnswer(w, r, path, after, made.ID)
}

// undo is POST /actions/undo: an edit of a section or a box is taken back, byte for byte.
func (s *Server) undo(w http.ResponseWriter, r *request) error {
	var in struct {
		Edit string `json:"edit"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("edit", in.Edit); err != nil {
		return err
	}
	made, err := s.Editor.Undo(r.Context(), "", in.Edit) // the pages' edits are of no conversation
	if err != nil {
		return err
	}
	s.Docs.Invalidate(made.Path)
	f, err := s.Repo.ReadFile(made.Path, 0)
	if err != nil {
		return err
	}
	return s.textAnswer(w, r, f.Path, f.Data, made.ID)
}

// textAnswer answers with the task that a file is now, or for another document with its path
// and hash, and with the edit that made it so, by which it can be undone.
func (s *Server) textAnswer(w http.ResponseWriter, r *request, path string, text []byte, made string) error {
	ctx := r.Context()
	t, is := task.Read(path, text)
	if !is {
		return sendJSON(w, r, http.StatusOK, map[string]any{"path": path, "hash": repo.Hash(text), "edit": orNull(made)})
	}
	t.Hash = repo.Hash(text)
	latest, err := s.Runs.Latest(ctx, t.Slug)
	if err != nil {
		return err
	}
	if latest != nil && !latest.State.Active() {
		latest = nil
	}
	s.Manager.TasksChanged()
	out, err := s.taskJSON(ctx, t, latest)
	if err != nil {
		return err
	}
	out["edit"] = orNull(made)
	return sendJSON(w, r, http.StatusOK, out)
}

// preview is POST /actions/preview: text as it would look in the document at path.
func (s *Server) preview(w http.ResponseWriter, r *request) error {
	var in struct {
		Path string `json:"path"`
		Text string `json:"text"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("path", in.Path); err != nil {
		return err
	}
	path, err := repo.Clean(in.Path)
	if err != nil {
		return err
	}
	if !docs.IsMarkdown(path) {
		return fault.New(fault.Invalid, "%s is no markdown document", path)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(in.Text, "\r\n", "\n"), "\r", "\n")
	page := markdown.Render([]byte(text), 1, s.Docs.Links(path))
	return sendJSON(w, r, http.StatusOK, map[string]any{"html": page.HTML})
}
